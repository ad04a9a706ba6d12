"""Roll marks that the simulator put in, held against the alarms: each must come before its coil's end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from contracts.alarms import Alarm, AlarmKind
from contracts.reports import RollMark
from local.observing.observed import ObservedCoil, ObservedRun
from producer_sim.manifest import Manifest, MarkLine

SHOWN_HITS = 20
"""Fewer do not have to be found: at one miss in ten an alarm takes about a dozen."""

NEAR_LANE_MM = 50.0
NEAR_PERIOD = 0.01
"""Of the period sent."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkOutcome:
    """A mark that was put in, and what was said of it."""

    sent: MarkLine
    alarm: Alarm | None  # its first
    raised_at_mm: float | None  # where the coil was when it was raised; None without an alarm
    length_mm: float
    reported: RollMark | None  # the report's

    @property
    def in_time(self) -> bool:
        """Raised while the coil still ran."""
        return self.raised_at_mm is not None and self.raised_at_mm < self.length_mm

    @property
    def certain(self) -> bool:
        """Sent often enough that it must be found."""
        return len(self.sent.hits_mm) >= SHOWN_HITS


def outcomes(manifest: Manifest, run: ObservedRun) -> tuple[MarkOutcome, ...]:
    """Every mark of the manifest, on the coils that were seen."""
    return tuple(
        _outcome(line, run.coils[line.coil_id]) for line in manifest.marks if line.coil_id in run.coils
    )


def without_alarm(marks: tuple[MarkOutcome, ...]) -> Iterator[str]:
    """Marks that had to raise an alarm before their coil's end and did not, a sentence each."""
    for mark in marks:
        if mark.certain and not mark.in_time:
            sent = mark.sent
            what = f"class {sent.class_id} every {sent.period_mm:.0f} mm at {sent.lane_mm:.0f} mm across"
            when = "raised no alarm" if mark.alarm is None else "raised its alarm after the coil's end"
            yield f"{sent.coil_id}: the roll mark put in ({what}, {len(sent.hits_mm)} hits) {when}"


def _outcome(sent: MarkLine, coil: ObservedCoil) -> MarkOutcome:
    alarms = [
        seen.alarm
        for seen in coil.alarms
        if seen.alarm.kind is AlarmKind.ROLL_MARK and seen.alarm.mark and _fits(seen.alarm.mark, sent)
    ]
    first = min(alarms, key=lambda alarm: alarm.raised_at_ns, default=None)
    found = [mark for mark in (coil.report.marks if coil.report else ()) if _fits(mark, sent)]
    return MarkOutcome(
        sent=sent,
        alarm=first,
        raised_at_mm=None if first is None else _position_mm(coil, first.raised_at_ns),
        length_mm=0.0 if coil.ended is None else coil.ended.length_mm,
        reported=max(found, key=lambda mark: mark.count, default=None),
    )


def _fits(mark: RollMark, sent: MarkLine) -> bool:
    return (
        mark.class_id == sent.class_id
        and abs(mark.lane_mm - sent.lane_mm) <= NEAR_LANE_MM
        and abs(mark.period_mm - sent.period_mm) <= NEAR_PERIOD * sent.period_mm
    )


def _position_mm(coil: ObservedCoil, at_ns: int) -> float | None:
    """How much of the coil had passed the cameras: it runs at one speed. Beyond its length: after its end."""
    if coil.started is None or coil.ended is None:
        return None
    lasted_ns = coil.ended.ended_at_ns - coil.started.started_at_ns
    return coil.ended.length_mm * (at_ns - coil.started.started_at_ns) / max(1, lasted_ns)
