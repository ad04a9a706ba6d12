"""The tracker's word on a coil: as a person reads it, and held against what this reader counted itself."""

from __future__ import annotations

from collections.abc import Iterator

from rich.markup import escape

from contracts.alarms import AlarmState
from contracts.reports import CoilReport, RollMark, Verdict
from local.observing.observed import ObservedCoil, SeenAlarm
from local.observing.summary import CoilSummary

COLOURS = {Verdict.RELEASE: "green", Verdict.HOLD: "yellow", Verdict.REJECT: "red"}


def told(seen: SeenAlarm) -> str:
    """An alarm as one line, with where its coil was."""
    alarm = seen.alarm
    state = "" if alarm.state is AlarmState.RAISED else f" ({alarm.state})"
    where = "the coil still runs" if seen.running else "the coil has ended"
    if seen.reached_mm is not None:
        where = f"read at metre {seen.reached_mm / 1e3:.1f}, {where}"
    return f"{alarm.coil_id}{state}: {escape(alarm.summary)} [dim]({where})[/dim]"


def verdict_lines(report: CoilReport) -> Iterator[str]:
    """The verdict with the rules that fired and their evidence, then the roll marks, then what was odd."""
    colour = COLOURS[report.verdict]
    version = "" if report.report_version == 1 else f", version {report.report_version} of its report"
    yield (
        f"{report.coil_id}: [bold {colour}]{report.verdict}[/bold {colour}] "
        f"by rules {report.rules_version}{version}"
    )
    for finding in report.findings:
        yield f"  {finding.rule} ({finding.verdict}): {escape(finding.evidence)}"
    for mark in report.marks:
        yield f"  {escape(mark_line(mark))}"
    for note in report.notes:
        yield f"  note: {escape(note)}"


def mark_line(mark: RollMark) -> str:
    """A roll mark: what, where, how often, how sure, and whose."""
    sure = "" if mark.period_uncertainty_mm is None else f" ± {mark.period_uncertainty_mm:.1f}"
    turns = "" if mark.revolutions is None else f" of {mark.revolutions} turns"
    return (
        f"roll mark: {mark.class_name or f'class {mark.class_id}'} every {mark.period_mm:,.1f}{sure} mm at "
        f"{mark.lane_mm:.0f} mm across, {mark.count} hits{turns}, by chance "
        f"{mark.false_alarm_probability:.0e}: {mark.roll or 'no roll of the table fits'}"
    )


def wrong_with(coil: ObservedCoil, summary: CoilSummary) -> Iterator[str]:
    """What of a coil's verdict is missing, late or does not agree with this reader's own count."""
    yield from summary.refusals
    report = coil.report
    if report is None:
        yield "no verdict was published"
        return
    versions = [each.report_version for each in coil.reports]
    if len(set(versions)) < len(versions):
        yield f"its report was published more than once: versions {sorted(versions)}"
    first = min(coil.reports, key=lambda each: each.report_version)
    if not first.in_time:
        yield f"its verdict came {first.late_by_s:.1f} s after its deadline"
    if not report.complete:
        yield f"its report is incomplete: closed because {report.closed_because}"
    for camera in sorted(report.ledger_by_camera.keys() | summary.ledger_by_camera.keys()):
        said, counted = report.ledger_by_camera.get(camera), summary.ledger_by_camera.get(camera)
        if said != counted:
            yield f"{camera}: the report says {said or 'nothing'}, this reader counted {counted or 'nothing'}"
