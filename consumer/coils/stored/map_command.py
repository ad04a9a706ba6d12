"""`python -m consumer.coils map`: one coil as a picture, from the topics alone."""

from __future__ import annotations

import os
from pathlib import Path

from consumer.coils.drawing.strip_drawing import StripDrawing
from consumer.coils.drawing.strip_map import draw_strip_map
from consumer.coils.drawing.strip_raster import StripCanvas
from consumer.coils.grading.words import counted
from consumer.coils.stored.coils import StoredCoil, read_coil, read_events
from consumer.coils.stored.records import StoredTopics
from consumer.coils.stored.regrade import known_of
from consumer.coils.verdicts import VerdictPolicy
from contracts.alarms import Alarm, AlarmKind, LaneRecurrence
from contracts.reports import Closing, CoilReport

FORMS = ("png", "svg")
CLOSED = {
    Closing.COMPLETE: "every frame inspected",
    Closing.SETTLED: "closed when nothing came any more",
    Closing.DEADLINE: "closed by its deadline",
    Closing.TIMED_OUT: "closed without an end",
    Closing.UNANNOUNCED: "closed without a start",
}


class MapRefused(Exception):
    """No map can be drawn; one sentence that says why."""


def draw_map(topics: StoredTopics, coil_id: str, out: Path, policy: VerdictPolicy) -> None:
    """Write the coil's map to `out`, whose ending says the form; it is there whole or not at all.

    Raises MapRefused, TopicMissing, StoredUnreadable.
    """
    form = form_of(out)
    coil = read_coil(topics, coil_id)
    if coil is None:
        raise MapRefused(f"no topic holds a record of coil {coil_id}; is the topic prefix right?")
    drawing = drawing_of(coil, policy)
    canvas = StripCanvas(drawing.length_mm, drawing.width_mm)
    for event in read_events(topics, coil_id):
        if event.line_id == drawing.line_id:
            canvas.add(event)
    _write(drawing, canvas, out, form)


def form_of(out: Path) -> str:
    """Png or svg, by the file's ending. Raises MapRefused."""
    form = out.suffix.lower().lstrip(".")
    if form not in FORMS:
        raise MapRefused(f"{out}: a map is a .png or a .svg; name the file so")
    return form


def drawing_of(coil: StoredCoil, policy: VerdictPolicy) -> StripDrawing:
    """What the map shows of a stored coil: its report where there is one, else what is known by now."""
    known = known_of(coil, Closing.TIMED_OUT, policy)
    report = coil.report
    told = "nobody has closed it yet" if report is None else timing(report)
    if not coil.whole_as_reported:
        told += "   ·   its frames are no longer stored"
    return StripDrawing(
        line_id=known.line_id if report is None else report.line_id,
        coil_id=known.coil_id,
        length_mm=known.length_mm or (report.length_mm if report and report.length_mm else 0.0),
        width_mm=known.width_mm or (report.width_mm if report and report.width_mm else 0.0),
        defects=known.defects if report is None or coil.whole_as_reported else report.defects,
        marks=known.marks,
        lanes=known.lanes,
        recurring=_recurring(coil.alarms),
        ledger_by_camera=known.ledger_by_camera if report is None else report.ledger_by_camera,
        fates=coil.state.fates() if coil.whole_as_reported else None,
        verdict=None if report is None else report.verdict,
        findings=() if report is None else report.findings,
        timing=told,
    )


def timing(report: CoilReport) -> str:
    """One line: why it was closed, how far from its deadline, and by which rules."""
    budget_s = (report.deadline_at_ns - report.started_at_ns) / 1e9
    if report.in_time:
        when = f"reported {report.slack_s:,.1f} s before its deadline, of {budget_s:,.0f} s"
    else:
        when = f"reported {report.late_by_s:,.1f} s AFTER its deadline of {budget_s:,.0f} s"
    said = [
        "closed" if report.closed_because is None else CLOSED[report.closed_because],
        when,
        f"rules {report.rules_version}",
    ]
    if report.report_version > 1:
        said.append(f"version {report.report_version} of its report")
    if report.notes:
        said.append(counted(len(report.notes), "oddity"))
    return "   ·   ".join(said)


def _recurring(alarms: list[Alarm]) -> tuple[LaneRecurrence, ...]:
    """The last word of each lane's alarm."""
    latest = {
        alarm.alarm_id: alarm.lane
        for alarm in sorted(alarms, key=lambda alarm: alarm.changed_at_ns)
        if alarm.kind is AlarmKind.LANE
    }
    return tuple(lane for _, lane in sorted(latest.items()) if lane is not None)


def _write(drawing: StripDrawing, canvas: StripCanvas, out: Path, form: str) -> None:
    """Beside it first: nobody sees half a picture."""
    beside = out.with_name(f".{out.name}.{os.getpid()}")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("wb") as file:
            draw_strip_map(drawing, canvas, file, form)
        beside.replace(out)
    except OSError as failure:
        raise MapRefused(f"{out} cannot be written: {failure.strerror or failure}") from failure
    finally:
        beside.unlink(missing_ok=True)
