"""The tracker's report, said to a person and held against the reader's own count."""

from __future__ import annotations

import re

import pytest
from rich.text import Text

from contracts.alarms import AlarmState
from contracts.reports import Finding
from contracts.results import Fate
from local.observing.summary import summarise
from local.observing.verdicts import mark_line, told, verdict_lines, wrong_with
from tests.support.coil_run import Told, alarm, ended, event, inspection, ledger, observed, report, roll_mark

COIL: list[Told] = [inspection(0), inspection(1, Fate.DEFECTIVE), event(1), ended({"top": 2})]
RIGHT = {"top": ledger(clean=1, defective=1)}


def wrong(*messages: Told) -> list[str]:
    coil = observed(*messages).coils["C1"]
    return list(wrong_with(coil, summarise(coil)))


def test_a_report_that_agrees_is_all_right() -> None:
    assert wrong(*COIL, report(ledgers=RIGHT)) == []


@pytest.mark.parametrize(
    ("reports", "says"),
    [
        ([], "no verdict was published"),
        ([report(ledgers={"top": ledger(clean=2)})], "top: the report says .*clean=2.* counted .*clean=1"),
        ([report(ledgers={})], "top: the report says nothing"),
        ([report(ledgers=RIGHT | {"side": ledger()})], "side: .* this reader counted nothing"),
        ([report(ledgers=RIGHT, in_time=False, late_by_s=3.2)], "came 3.2 s after its deadline"),
        (
            [report(ledgers=RIGHT, complete=False, closed_because="deadline")],
            "incomplete: closed because deadline",
        ),
        ([report(ledgers=RIGHT), report(ledgers=RIGHT)], r"more than once: versions \[1, 1\]"),
        (
            [
                report(ledgers=RIGHT, in_time=False, late_by_s=1.0),
                report(ledgers=RIGHT, report_version=2),
            ],
            "came 1.0 s after its deadline",
        ),
    ],
    ids=["none", "differs", "lacks a camera", "invents one", "late", "incomplete", "twice", "amended, late"],
)
def test_what_is_wrong_with_a_verdict_is_said(reports: list[Told], says: str) -> None:
    (sentence,) = wrong(*COIL, *reports)
    assert re.search(says, sentence), sentence


def test_a_verdict_is_told_with_its_rules_marks_and_notes() -> None:
    findings = (Finding(rule="scratches", verdict="hold", evidence="3 within [0, 1] m"),)
    mark = roll_mark(
        class_name="pit", roll="looper roll", period_uncertainty_mm=0.31, revolutions=34, class_id=1
    )
    said = [
        Text.from_markup(line).plain
        for line in verdict_lines(
            report(verdict="hold", findings=findings, marks=(mark,), notes=("a second start",))
        )
    ]
    assert said == [
        "C1: hold by rules 1",
        "  scratches (hold): 3 within [0, 1] m",
        "  roll mark: pit every 160.2 ± 0.3 mm at 52 mm across, 30 hits of 34 turns, by chance 1e-09: "
        "looper roll",
        "  note: a second start",
    ]


def test_an_amended_verdict_says_so() -> None:
    (line,) = verdict_lines(report(report_version=2))
    assert line.endswith(", version 2 of its report")


def test_a_mark_that_fits_no_roll_is_told_too() -> None:
    assert mark_line(roll_mark()).startswith("roll mark: class 1 every 160.2 mm")
    assert mark_line(roll_mark()).endswith("no roll of the table fits")


def test_an_alarm_is_told_with_where_its_coil_was() -> None:
    (running,) = observed(event(3), alarm(after_s=1.0, state=AlarmState.UPDATED)).alarms
    (over,) = observed(ended({"top": 1}), alarm(after_s=1.0)).alarms
    assert Text.from_markup(told(running)).plain == (
        "C1 (updated): a roll mark (read at metre 0.1, the coil still runs)"
    )
    assert Text.from_markup(told(over)).plain == "C1: a roll mark (the coil has ended)"
