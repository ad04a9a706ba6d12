from __future__ import annotations

from pathlib import Path

import pytest

from local.kafka.prerequisites import PrerequisiteMissing, java, maven


def _program(folder: Path, name: str, says: str) -> None:
    script = folder / name
    script.write_text(f"#!/bin/sh\necho '{says}' >&2\n", encoding="ascii")
    script.chmod(0o755)


@pytest.mark.parametrize("says", ['openjdk version "17.0.15" 2025-04-15', 'java version "25" 2025-09-16'])
def test_a_java_that_is_new_enough_is_taken(tmp_path: Path, says: str) -> None:
    _program(tmp_path, "java", says)
    assert java(str(tmp_path)) == str(tmp_path / "java")


@pytest.mark.parametrize("says", ['openjdk version "11.0.2"', 'java version "1.8.0_292"', "what?"])
def test_an_older_java_is_named_with_what_to_install(tmp_path: Path, says: str) -> None:
    _program(tmp_path, "java", says)
    with pytest.raises(
        PrerequisiteMissing, match=r"Kafka 4 needs 17.*apt-get install openjdk-17.*docker compose up kafka"
    ):
        java(str(tmp_path))


def test_what_is_missing_is_named_with_both_ways_out(tmp_path: Path) -> None:
    with pytest.raises(
        PrerequisiteMissing, match=r"java is not .* apt-get install openjdk-17.* docker compose up kafka"
    ):
        java(str(tmp_path))
    with pytest.raises(
        PrerequisiteMissing, match=r"mvn is not .* apt-get install maven, .* docker compose up kafka"
    ):
        maven(str(tmp_path))
