"""Figures, times and places as the page says them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from contracts.reports import Closing, CoilReport, RollMark

CLOSED = {
    Closing.COMPLETE: "every frame inspected",
    Closing.SETTLED: "nothing more came",
    Closing.DEADLINE: "the deadline came",
    Closing.TIMED_OUT: "no end was announced",
    Closing.UNANNOUNCED: "no start was announced",
}


def utc(at_ns: int | None) -> str:
    """'2026-01-01 00:00:10'."""
    if at_ns is None:
        return "not announced"
    return datetime.fromtimestamp(at_ns // 1_000_000_000, UTC).strftime("%Y-%m-%d %H:%M:%S")


def counted(number: int, noun: str) -> str:
    """'1 defect', '1,203 defects'."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def size(length_mm: float | None, width_mm: float | None) -> str:
    """'123.4 m × 1,250 mm'."""  # noqa: RUF002
    along = "length not known" if length_mm is None else f"{length_mm / 1e3:,.1f} m"
    return along if width_mm is None else f"{along} × {width_mm:,.0f} mm"  # noqa: RUF001


def area(mm2: float) -> str:
    """'12 mm²', '120 cm²', '1.20 m²'."""
    if mm2 >= 1e5:
        return f"{mm2 / 1e6:,.2f} m²"
    return f"{mm2 / 100:,.0f} cm²" if mm2 >= 1e4 else f"{mm2:,.0f} mm²"


def per_100_m(number: int, length_mm: float | None) -> str:
    """'1.25', or a dash where the length is not known."""
    if not length_mm:
        return "–"  # noqa: RUF001
    rate = number / (length_mm / 1e5)
    return f"{rate:,.0f}" if rate >= 100 else f"{rate:.2f}"


def share(part: float, whole: float | None) -> str:
    """'0.12 %', or a dash."""
    if not whole:
        return "–"  # noqa: RUF001
    percent = 100 * part / whole
    return "< 0.01 %" if 0 < percent < 0.01 else f"{percent:.2f} %"


def duration(seconds: float) -> str:
    """'12.3 s', '12 min 5 s', '3 h 4 min'."""
    if seconds < 120:
        return f"{seconds:.1f} s"
    minutes, rest_s = divmod(round(seconds), 60)
    if minutes < 120:
        return f"{minutes} min {rest_s} s"
    return f"{minutes // 60:,} h {minutes % 60} min"


def timing(report: CoilReport) -> str:
    """How the report lies to its deadline."""
    if report.in_time:
        return f"in time, {duration(report.slack_s)} left"
    return f"LATE by {duration(report.late_by_s)}"


def listed(names: Sequence[str], most: int = 1) -> str:
    """'a', 'a and 2 more'."""
    if not names:
        return "not said"
    said = ", ".join(names[:most])
    return said if len(names) <= most else f"{said} and {len(names) - most} more"


def mark_name(mark: RollMark) -> str:
    """The roll that fits, and those that fit as well."""
    others = [roll for roll in mark.rolls if roll != mark.roll]
    if mark.roll is None:
        return "no roll of the table fits"
    return f"{mark.roll} (or {', '.join(others)})" if others else mark.roll


def mark_evidence(mark: RollMark) -> str:
    """What it is, how often, where and how sure."""
    kind = mark.class_name or f"class {mark.class_id}"
    apart = "" if mark.period_uncertainty_mm is None else f" ± {mark.period_uncertainty_mm:,.1f}"
    turns = "" if mark.revolutions is None else f" of {mark.revolutions:,} turns"
    said = [
        f"{kind} each {mark.period_mm:,.1f}{apart} mm",
        f"{counted(mark.count, 'hit')}{turns}",
        f"at {mark.lane_mm:,.0f} mm across",
    ]
    if mark.first_mm is not None and mark.last_mm is not None:
        said.append(f"{mark.first_mm / 1e3:,.1f} m to {mark.last_mm / 1e3:,.1f} m")
    said.append(f"by chance: {mark.false_alarm_probability:.1g}")
    return ", ".join(said)
