from __future__ import annotations

from pathlib import Path

import pytest
from rich.console import Console

from contracts.results import Fate
from local.cli import kafka_port, local_home, main
from local.demo import failures
from local.kafka.prerequisites import BrokerUnavailable
from local.plan import DemoPlan, simulator_arguments
from local.report import coil_table, stage_report
from local.stages import Stage
from local.summary import summarise
from local.truth import Found
from producer_sim.arguments import parse
from tests.support.coil_run import ended, event, inspection, observed, started

PLAN = DemoPlan(
    frames=None, bundle="b", coils=2, frames_per_coil=30, fps=12.5, defect_share=0.2, out=Path("out")
)


def test_the_simulator_understands_its_command_line() -> None:
    given = parse(simulator_arguments(PLAN, "h:1", "p.", Path("m")))
    assert (given.coils, given.frames_per_coil, given.fps, given.defect_share) == (2, 30, 12.5, 0.2)
    assert (given.bootstrap_servers, given.topic_prefix, given.manifest) == ("h:1", "p.", Path("m"))
    assert given.frames is None


def test_the_simulator_is_given_the_folder() -> None:
    plan = DemoPlan(
        frames=Path("f"), bundle="b", coils=1, frames_per_coil=1, fps=1, defect_share=None, out=Path("out")
    )
    given = parse(simulator_arguments(plan, "h:1", "p.", Path("m")))
    assert (given.frames, given.defect_share) == (Path("f"), None)


def test_all_is_well_when_every_frame_is_accounted_for() -> None:
    run = observed(started(), inspection(0), ended({"top": 1}))
    assert failures([summarise(run.coils["C1"])], []) == []


def test_what_is_wrong_is_said() -> None:
    late = observed(started(), inspection(0), ended({"top": 2}), after_s=400.0)
    assert failures([summarise(late.coils["C1"])], []) == ["C1: 1 frames missing", "C1: past its deadline"]
    many = [f"frame {n}" for n in range(8)]
    assert failures([], many) == [*many[:5], "and 3 frames more"]


def test_the_tables_hold_the_figures() -> None:
    run = observed(
        started(),
        inspection(0, Fate.DEFECTIVE),
        inspection(1),
        event(0, (3, (0, 4), (0, 4))),
        ended({"top": 2}),
    )
    truth = {"C1": Found(defective=1, defective_found=1, clean=1, clean_passed=0, unknown=0)}
    stage = Stage(name="gate_wait", frames=2, mean_s=0.0125, p50_s=0.01, p95_s=0.02)
    console = Console(width=120)
    with console.capture() as said:
        console.print(coil_table([summarise(run.coils["C1"])], truth))
        console.print(stage_report([stage]))
    lines = [[cell.strip() for cell in line.split("│")[1:-1]] for line in said.get().splitlines()]
    rows = {line[0]: " ".join(line[1:]) for line in lines if line}
    assert "yes" in rows["sums"]
    assert "1 on 1 frames" in rows["kind 3"]
    assert "0.200 s" in rows["p99"]
    assert "1 of 1 (100.0%)" in rows["defective found"]
    assert "0 of 1 (0.0%)" in rows["clean passed"]
    assert "12.5 ms" in rows["gate wait"]


@pytest.mark.parametrize("said", ["x", "0", "80", "65535", ""])
def test_an_impossible_port_is_refused(said: str) -> None:
    with pytest.raises(BrokerUnavailable, match="COILWATCH_LOCAL_KAFKA_PORT"):
        kafka_port({"COILWATCH_LOCAL_KAFKA_PORT": said})


def test_settings_have_defaults() -> None:
    assert kafka_port({}) == 19092
    assert local_home({}).name == ".local"
    assert local_home({"COILWATCH_LOCAL_HOME": "here"}) == Path("here")


def test_the_command_line_refuses_nonsense(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["demo", "--coils", "0"])
    assert "not a number of at least 1" in capsys.readouterr().err
