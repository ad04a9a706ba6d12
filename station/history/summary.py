"""A report in a few figures: what a list of coils shows of each, and what is kept of thousands."""

from __future__ import annotations

from dataclasses import dataclass

from contracts.reports import ClassTotal, Closing, CoilReport, Verdict
from contracts.totals import totals_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassCount:
    """Defects of one class on one coil."""

    class_id: int
    class_name: str
    defects: int
    area_mm2: float


@dataclass(frozen=True, slots=True, kw_only=True)
class CoilSummary:
    """One coil, without its defects."""

    line_id: str
    coil_id: str
    report_version: int
    verdict: Verdict
    complete: bool
    in_time: bool
    slack_s: float
    late_by_s: float
    closed_because: Closing | None
    started_at_ns: int
    ended_at_ns: int | None
    deadline_at_ns: int
    reported_at_ns: int
    length_mm: float | None
    width_mm: float | None
    frames: int
    """That all cameras announced."""
    missing: int
    dead_lettered: int
    unsegmented: int
    defects: int
    """All of them, also those that the report does not list."""
    classes: tuple[ClassCount, ...]
    marks: int
    lanes: int
    rules_fired: tuple[str, ...]
    notes: int

    @property
    def order(self) -> tuple[int, str]:
        """Newest is highest. By its start: a later version of its report leaves a coil where it is."""
        return self.started_at_ns, self.coil_id

    @property
    def version(self) -> tuple[int, int]:
        """Of two reports of the coil the one with the higher version counts."""
        return self.report_version, self.reported_at_ns


def summary_of(report: CoilReport) -> CoilSummary:
    """What is kept of the report when its defects are not."""
    ledgers = report.ledger_by_camera.values()
    classes = class_totals(report)
    return CoilSummary(
        line_id=report.line_id,
        coil_id=report.coil_id,
        report_version=report.report_version,
        verdict=report.verdict,
        complete=report.complete,
        in_time=report.in_time,
        slack_s=report.slack_s,
        late_by_s=report.late_by_s,
        closed_because=report.closed_because,
        started_at_ns=report.started_at_ns,
        ended_at_ns=report.ended_at_ns,
        deadline_at_ns=report.deadline_at_ns,
        reported_at_ns=report.reported_at_ns,
        length_mm=report.length_mm,
        width_mm=report.width_mm,
        frames=sum(ledger.announced for ledger in ledgers),
        missing=sum(ledger.missing for ledger in ledgers),
        dead_lettered=sum(ledger.dead_lettered for ledger in ledgers),
        unsegmented=sum(ledger.unsegmented for ledger in ledgers),
        defects=defects_total(report),
        classes=tuple(
            ClassCount(
                class_id=total.class_id,
                class_name=total.class_name,
                defects=total.defects,
                area_mm2=total.area_mm2,
            )
            for total in classes
        ),
        marks=len(report.marks),
        lanes=len(report.lanes),
        rules_fired=report.rules_fired,
        notes=len(report.notes),
    )


def defects_total(report: CoilReport) -> int:
    """All defects of the coil. Reports of the first form do not count them: then those that are listed."""
    return len(report.defects) if report.defects_total is None else report.defects_total


def class_totals(report: CoilReport) -> tuple[ClassTotal, ...]:
    """By class, by its id. Reports of the first form do not say: then those of the listed defects."""
    if report.class_totals or not report.defects:
        return report.class_totals
    return totals_of(report.defects)
