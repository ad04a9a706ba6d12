"""A coil's report: what is known of it, and its grade, as the message that says so."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable, Sequence
from dataclasses import fields

from consumer.coils.facts import AnyDefect, CoilFacts
from consumer.coils.grading.grade import Grade
from consumer.coils.ledger.state import CoilState
from contracts.reports import Closing, CoilDefect, CoilLane, CoilReport, RollMark
from contracts.topics import MAX_MESSAGE_BYTES
from contracts.totals import totals_of

MOST_DEFECTS = 5_000
"""That a report lists unless told otherwise: about 2 MB of JSON."""

ROOM_BYTES = 64 * 1024
"""Of a message's limit, for key, headers and Kafka's own framing."""


MOST_OF_ALL_ELSE = 1000


class ReportTooLarge(Exception):
    """Not even without its defects the report fits its topic: a bug of ours."""


def facts(
    state: CoilState,
    closing: Closing,
    marks: Sequence[RollMark],
    lanes: Sequence[CoilLane],
    *,
    defects: Sequence[AnyDefect] | None = None,
) -> CoilFacts:
    """What the rules may ask. `defects`: those of `state.defects()`, where they are at hand already."""
    return CoilFacts(
        line_id=state.line_id,
        coil_id=state.coil_id,
        length_mm=state.length_mm,
        width_mm=state.width_mm,
        complete=state.complete,
        closed_because=closing,
        ledger_by_camera=state.ledger(),
        defects=state.defects() if defects is None else defects,
        marks=tuple(marks),
        lanes=tuple(lanes),
        notes=state.notes(),
    )


def build_report(
    state: CoilState,
    facts: CoilFacts,
    grade: Grade,
    *,
    now_ns: int,
    version: int,
    rules_version: str,
    max_defects: int = MOST_DEFECTS,
) -> CoilReport:
    """The report, small enough for its topic whatever the coil: it lists fewer defects if it must.

    No time in it lies after `reported_at_ns`, so that a clock that goes backwards gives no negative slack.
    Raises ReportTooLarge.
    """
    report = _report(state, facts, grade, now_ns=now_ns, version=version, rules_version=rules_version)
    listed = max_defects
    while listed:
        shown = report.model_copy(update={"defects": largest(facts.defects, listed)})
        if _fits(shown):
            return shown
        listed //= 2
    shown = report if _fits(report) else _shortened(report)
    if not _fits(shown):
        raise ReportTooLarge(f"the report of coil {state.coil_id} does not fit its topic, however short")
    return shown


def _fits(report: CoilReport) -> bool:
    return len(report.model_dump_json().encode()) <= MAX_MESSAGE_BYTES - ROOM_BYTES


def _shortened(report: CoilReport) -> CoilReport:
    """Without defects, and with the first thousand of all else: only nonsense from the line has more."""
    ledgers = dict(itertools.islice(report.ledger_by_camera.items(), MOST_OF_ALL_ELSE))
    left_out = len(report.ledger_by_camera) - len(ledgers)
    return report.model_copy(
        update={
            "ledger_by_camera": ledgers,
            "class_totals": report.class_totals[:MOST_OF_ALL_ELSE],
            "marks": report.marks[:MOST_OF_ALL_ELSE],
            "lanes": report.lanes[:MOST_OF_ALL_ELSE],
            "bundles": report.bundles[:MOST_OF_ALL_ELSE],
            "notes": (*report.notes, f"shortened to fit its topic: {left_out:,} cameras are left out"),
        }
    )


def largest(defects: Iterable[AnyDefect], number: int) -> tuple[CoilDefect, ...]:
    """The `number` largest by area, the largest first; of equals the one nearer to the coil's head."""
    return tuple(map(_message, heapq.nsmallest(number, defects, key=_size_then_place)))


def _report(
    state: CoilState, facts: CoilFacts, grade: Grade, *, now_ns: int, version: int, rules_version: str
) -> CoilReport:
    ended_at_ns = None if state.ended is None else state.ended.ended_at_ns
    reported_at_ns = max(now_ns, state.started_at_ns, ended_at_ns or 0)
    left_s = (state.deadline_at_ns - reported_at_ns) / 1e9
    return CoilReport(
        line_id=facts.line_id,
        coil_id=facts.coil_id,
        report_version=version,
        complete=facts.complete,
        in_time=left_s >= 0,
        slack_s=max(0.0, left_s),
        late_by_s=max(0.0, -left_s),
        closed_because=facts.closed_because,
        started_at_ns=state.started_at_ns,
        ended_at_ns=ended_at_ns,
        deadline_at_ns=state.deadline_at_ns,
        reported_at_ns=reported_at_ns,
        length_mm=facts.length_mm or None,
        width_mm=facts.width_mm or None,
        ledger_by_camera=dict(facts.ledger_by_camera),
        defects=(),
        defects_total=len(facts.defects),
        class_totals=totals_of(facts.defects),
        marks=tuple(facts.marks),
        lanes=tuple(facts.lanes),
        verdict=grade.verdict,
        rules_version=rules_version,
        rules_fired=tuple(finding.rule for finding in grade.findings),
        findings=grade.findings,
        bundles=state.bundles,
        notes=tuple(facts.notes),
    )


def _message(defect: AnyDefect) -> CoilDefect:
    if isinstance(defect, CoilDefect):
        return defect
    return CoilDefect(**{field.name: getattr(defect, field.name) for field in fields(defect)})


def _size_then_place(defect: AnyDefect) -> tuple[float, float, float, int, float, float]:
    return (
        -defect.area_mm2,
        defect.along_min_mm,
        defect.across_min_mm,
        defect.class_id,
        defect.along_max_mm,
        defect.across_max_mm,
    )
