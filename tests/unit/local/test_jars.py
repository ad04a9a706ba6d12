from __future__ import annotations

from pathlib import Path

import pytest

from local.kafka.jars import POM, fetch_jars, kafka_version
from local.kafka.prerequisites import BrokerUnavailable


class Copies:
    """Stands for Maven: one jar, and how often it was asked."""

    def __init__(self) -> None:
        self.times = 0

    def __call__(self, pom: Path, into: Path) -> None:
        self.times += 1
        (into / "kafka_2.13-4.jar").write_bytes(b"jar")


def _pom(folder: Path, version: str) -> Path:
    pom = folder / "pom.xml"
    pom.write_text(f"<kafka.version>{version}</kafka.version>", encoding="ascii")
    return pom


def test_jars_are_fetched_once_and_again_for_another_pom(tmp_path: Path) -> None:
    said: list[str] = []
    copies = Copies()
    home = tmp_path / "home"
    first = fetch_jars(home, said.append, _pom(tmp_path, "4.2.2"), copies)
    again = fetch_jars(home, said.append, _pom(tmp_path, "4.2.2"), copies)
    other = fetch_jars(home, said.append, _pom(tmp_path, "4.3.0"), copies)
    assert first == again != other
    assert copies.times == 2
    assert len(said) == 2
    assert "4.2.2" in said[0]
    assert [jar.name for jar in first.iterdir()] == ["kafka_2.13-4.jar"]


def test_a_failed_fetch_leaves_nothing_that_looks_complete(tmp_path: Path) -> None:
    def fails(pom: Path, into: Path) -> None:
        (into / "half.jar").write_bytes(b"")
        raise BrokerUnavailable("no network")

    home = tmp_path / "home"
    with pytest.raises(BrokerUnavailable, match="no network"):
        fetch_jars(home, lambda _: None, _pom(tmp_path, "4.2.2"), fails)
    assert list(home.iterdir()) == []


def test_the_pom_pins_a_kafka_4() -> None:
    assert kafka_version(POM).startswith("4.")
