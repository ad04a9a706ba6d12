"""What a live line is asked to be, and what it says before it starts anything."""

from __future__ import annotations

import io
import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from local.arguments import command_line, up_plan
from local.kafka.broker import LocalBroker
from local.kafka.ports import free_pair
from local.live.addresses import Ports, PortsRefused
from local.live.up import run_up
from local.live.up_table import address_table, what_to_type
from local.packages import PackagesMissing
from local.plan import REAL_ROLL_MARK, SYNTHETIC_ROLL_MARK, SYNTHETIC_RULES, endless_arguments
from local.processes.interruption import Interruption
from local.stack import Place
from producer_sim.arguments import parse

HOME = Path("home")
PORTS = Ports(station=8480, worker=9464, tracker=9465, prometheus=9090, alertmanager=9093, alerts=9466)


def test_the_simulator_understands_the_command_line_of_a_live_line() -> None:
    plan = up_plan(command_line().parse_args(["up"]), HOME)
    given = parse(endless_arguments(plan, "h:1"))

    assert (given.endless, given.cameras, given.frames_per_coil) == (True, 2, 1000)
    assert (given.speed_mps, given.budget_s, given.bootstrap_servers) == (5.0, 300.0, "h:1")
    assert (given.coil_prefix, given.topic_prefix, given.manifest) == (None, "", None)
    (mark,) = given.roll_mark
    assert mark.lane_mm == 640.0
    assert (plan.bundle, plan.roll_mark, plan.watched) == ("synthetic", SYNTHETIC_ROLL_MARK, True)


def test_wishes_are_passed_on() -> None:
    words = ["--frames", "f", "--speed-mps", "2.5", "--cameras", "1", "--line-only", "--budget-s", "60"]
    plan = up_plan(command_line().parse_args(["up", *words, "--defect-share", ".2"]), HOME)
    given = parse(endless_arguments(plan, "h:1"))

    assert (given.frames, given.speed_mps, given.cameras, given.budget_s) == (Path("f"), 2.5, 1, 60.0)
    assert given.defect_share == 0.2
    assert (plan.bundle, plan.roll_mark, plan.watched) == ("severstal", REAL_ROLL_MARK, False)
    without_mark, _ = plan.giving_way("coilwatch-sim: --roll-mark class=1: none") or (plan, "")
    assert without_mark.roll_mark is None
    assert up_plan(command_line().parse_args(["up", "--roll-mark", "none"]), HOME).roll_mark is None


@pytest.mark.parametrize(
    ("words", "rules"),
    [([], SYNTHETIC_RULES), (["--bundle", "severstal"], None), (["--frames", "f"], None)],
)
def test_only_the_synthetic_strip_has_rules_of_its_own(words: list[str], rules: Path | None) -> None:
    assert up_plan(command_line().parse_args(["up", *words]), HOME).rules == rules


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--cameras", "0"], "not a number of at least 1"),
        (["--speed-mps", "0"], "not a number of m/s above 0, at most 100"),
        (["--budget-s", "x"], "not a number of seconds above 0, at most 86400"),
    ],
)
def test_nonsense_is_refused(words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        command_line().parse_args(["up", *words])
    assert sentence in capsys.readouterr().err


def test_every_address_is_in_the_table() -> None:
    plan = up_plan(command_line().parse_args(["up"]), HOME)
    console = Console(width=80, file=io.StringIO())
    with console.capture() as said:
        console.print(address_table(PORTS, "127.0.0.1:19092", plan, "http://127.0.0.1:9090/alerts"))
    for port in (8480, 9464, 9465, 9090, 9093, 9466, 19092):
        assert f"127.0.0.1:{port}" in said.get()
    assert "home/alerts.log" in said.get()
    rows = [line for line in said.get().splitlines() if "127.0.0.1" in line]
    assert "http://127.0.0.1:8480/" in rows[0], "a person comes for the page"
    typed = "\n".join(what_to_type(PORTS, "127.0.0.1:19092", plan))
    assert "BOOTSTRAP" not in typed
    assert "monitoring preview --url http://127.0.0.1:9090" in typed
    assert "docker compose" in typed
    elsewhere = "\n".join(what_to_type(PORTS, "h:1", plan))
    assert "COILWATCH_BOOTSTRAP_SERVERS=h:1 " in elsewhere


# --- before anything is started ---


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """Where no broker runs, and none has been fetched."""
    return Place(
        command="up",
        broker=LocalBroker(free_pair(), tmp_path / "kafka", local_home=tmp_path),
        environment={},
        console=Console(file=io.StringIO()),
        interruption=Interruption(),
    )


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder where programs are looked for."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setitem(os.environ, "PATH", str(folder))
    return folder


def _program(folder: Path, name: str) -> None:
    (folder / name).write_text("#!/bin/sh\necho 'version \"21\"'\n")
    (folder / name).chmod(0o755)


@pytest.mark.parametrize(
    ("there", "words", "sentence"),
    [
        (
            [],
            [],
            "Java 17, Maven, Prometheus and Alertmanager are not on this machine: apt-get install "
            "openjdk-17-jre-headless maven prometheus prometheus-alertmanager, "
            "or leave what watches the line out: --line-only",
        ),
        (["java", "mvn", "prometheus"], [], "Alertmanager is not on this machine: apt-get install prom"),
        (["java"], ["--line-only"], "Maven is not on this machine: apt-get install maven"),
    ],
)
def test_what_is_missing_is_named_at_once(
    there: list[str], words: list[str], sentence: str, place: Place, programs: Path, tmp_path: Path
) -> None:
    for name in there:
        _program(programs, name)
    plan = up_plan(command_line().parse_args(["up", *words]), tmp_path / "up")
    with pytest.raises(PackagesMissing) as missing:
        run_up(plan, PORTS, place)
    assert str(missing.value).startswith(sentence)
    assert not (tmp_path / "up").exists()


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_taken_port_is_named_before_anything_is_started(
    place: Place, programs: Path, tmp_path: Path, taken: int
) -> None:
    for name in ("java", "mvn"):
        _program(programs, name)
    plan = up_plan(command_line().parse_args(["up", "--line-only"]), tmp_path / "up")
    ports = Ports(
        station=free_pair(), worker=taken, tracker=free_pair(), prometheus=1, alertmanager=2, alerts=3
    )
    with pytest.raises(PortsRefused, match=rf"^port {taken} of the worker's metrics is in use.*METRICS_PORT"):
        run_up(plan, ports, place)
    assert not (tmp_path / "up").exists()
    assert not (tmp_path / "kafka").exists()
