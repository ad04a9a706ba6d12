from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
import yaml
from rich.console import Console

from contracts.results import Fate
from local.cli import kafka_port, local_home, main
from local.demo import failures
from local.kafka.prerequisites import BrokerUnavailable
from local.observing.mark_truth import MarkOutcome
from local.observing.stages import Stage
from local.observing.summary import summarise
from local.observing.truth import Found
from local.plan import REAL_ROLL_MARK, ROLLS, SYNTHETIC_ROLL_MARK, DemoPlan, simulator_arguments
from local.report import ShownCoil, coil_table, stage_report
from producer_sim.arguments import parse
from producer_sim.manifest import MarkLine
from producer_sim.roll_marks import parse_roll_mark
from tests.support.coil_run import (
    alarm,
    ended,
    event,
    inspection,
    ledger,
    observed,
    report,
    roll_mark,
    started,
)

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


def test_the_simulator_is_given_budget_and_roll_mark() -> None:
    plan = replace(PLAN, budget_s=45.5, roll_mark=REAL_ROLL_MARK)
    given = parse(simulator_arguments(plan, "h:1", "p.", Path("m")))
    assert given.budget_s == 45.5
    (mark,) = given.roll_mark
    assert (mark.class_id, mark.lane_mm, round(mark.period_mm)) == (1, 640.0, 1024)
    assert parse(simulator_arguments(PLAN, "h:1", "p.", Path("m"))).roll_mark == []


@pytest.mark.parametrize(
    ("mark", "name"), [(SYNTHETIC_ROLL_MARK, "looper roll"), (REAL_ROLL_MARK, "deflector roll")]
)
def test_a_default_mark_fits_one_roll_of_the_demos_line(mark: str, name: str) -> None:
    """Its period is that roll's alone, so that the report can name it."""
    period_mm = parse_roll_mark(mark).period_mm
    fits = []
    for roll in yaml.safe_load(ROLLS)["rolls"]:
        least, most = (math.pi * roll.get(key, roll["diameter_mm"]) for key in ("worn_to_mm", "diameter_mm"))
        fits += [roll["name"]] if least * 0.99 <= period_mm <= most * 1.01 else []
    assert fits == [name]


def test_only_wishes_that_nobody_uttered_give_way() -> None:
    uttered = replace(PLAN, frames=Path("f"), roll_mark=REAL_ROLL_MARK)
    plan = replace(uttered, share_may_give_way=True, mark_may_give_way=True)
    mark, share = "coilwatch-sim: --roll-mark class=1: none", "coilwatch-sim: --defect-share 0.2 needs more"
    assert uttered.giving_way(mark) is None
    assert uttered.giving_way(share) is None
    assert plan.giving_way("coilwatch-sim: --coil-prefix is odd") is None
    without_mark, why = plan.giving_way(mark) or (plan, "")
    assert without_mark == replace(plan, roll_mark=None, mark_may_give_way=False)
    assert "labels know no frame for it" in why
    without_share, why = plan.giving_way(share) or (plan, "")
    assert without_share == replace(plan, defect_share=None, share_may_give_way=False)
    assert "as they are" in why


def test_all_is_well_when_every_frame_is_accounted_for() -> None:
    run = observed(started(), inspection(0), ended({"top": 1}), report(ledgers={"top": ledger(clean=1)}))
    assert failures(run, [summarise(run.coils["C1"])], []) == []


def test_what_is_wrong_is_said() -> None:
    late = observed(
        started(),
        inspection(0),
        ended({"top": 2}),
        report(ledgers={"top": ledger(clean=1, missing=1)}, in_time=False, late_by_s=2.0),
    )
    many = [f"frame {n}" for n in range(8)]
    assert failures(late, [summarise(late.coils["C1"])], many) == [
        "C1: its verdict came 2.0 s after its deadline",
        *many[:5],
        "and 3 frames more",
    ]


def test_the_tables_hold_the_figures() -> None:
    run = observed(
        started(),
        inspection(0, Fate.DEFECTIVE),
        inspection(1),
        event(0, (3, (0, 4), (0, 4)), (3, (8, 9), (0, 4))),
        ended({"top": 2}),
    )
    said_of_it = report(
        ledgers={"top": ledger(clean=1, defective=1)},
        verdict="hold",
        rules_fired=("scratches", "roll mark"),
        slack_s=281.5,
    )
    line = MarkLine(
        line_id="line-1", coil_id="C1", class_id=1, lane_mm=50, diameter_mm=51, period_mm=160,
        hits_mm=(1.0,), missed_mm=(161.0,), origin="synthetic",
    )  # fmt: skip
    mark = MarkOutcome(
        sent=line,
        alarm=alarm(after_s=1.0),
        raised_at_mm=9_800.0,
        length_mm=41_000.0,
        reported=roll_mark(roll="looper roll"),
    )
    coil = ShownCoil(
        report=said_of_it,
        summary=summarise(run.coils["C1"]),
        found=Found(defective=1, defective_found=1, clean=1, clean_passed=0, unknown=0),
        marks=(mark,),
    )
    stage = Stage(name="gate_wait", frames=2, mean_s=0.0125, p50_s=0.01, p95_s=0.02)
    console = Console(width=120)
    with console.capture() as said:
        console.print(coil_table([coil]))
        console.print(stage_report([stage]))
    lines = [[cell.strip() for cell in line.split("│")[1:-1]] for line in said.get().splitlines()]
    rows = {line[0]: " ".join(line[1:]) for line in lines if line}
    assert rows["verdict"] == "hold"
    assert rows["rules that fired"] == "scratches"
    assert (rows["complete"], rows["in time"]) == ("yes", "yes")
    assert rows["slack"] == "281.5 of 300 s"
    assert (rows["announced"], rows["defective"]) == ("2", "1")
    assert rows["the reader counts the same"] == "yes"
    assert rows["kind 3"] == "1 from 2 regions"
    assert rows["sent"] == "160.0 mm, 1 of 2 turns"
    assert rows["alarm"] == "at 9.8 of 41.0 m"
    assert rows["found"] == "160.2 mm"
    assert rows["roll"] == "looper roll"
    assert rows["p99"] == "0.200 s"
    assert "1 of 1 (100.0%)" in rows["defective found"]
    assert "0 of 1 (0.0%)" in rows["clean passed"]
    assert "12.5 ms" in rows["gate wait"]


def test_a_coil_without_a_verdict_has_a_column_too() -> None:
    run = observed(started(), inspection(0), ended({"top": 1}))
    coil = ShownCoil(
        report=None,
        summary=summarise(run.coils["C1"]),
        found=Found(defective=0, defective_found=0, clean=0, clean_passed=0, unknown=1),
        marks=(),
    )
    console = Console(width=120)
    with console.capture() as said:
        console.print(coil_table([coil]))
    assert "the reader counts the same" in said.get()
    assert "NO" in said.get()


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
