"""The figures behind the verdict: defects by class, what repeats, frames by camera."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.reports import CameraLedger, ClassTotal, CoilLane, CoilReport, RollMark
from station.history.sheet.classes import look_of
from station.history.sheet.findings import HEADING_MM, heading
from station.history.sheet.paper import FAINT, INK, LEFT_MM, RIGHT_MM, Paper, clipped, paragraph
from station.history.sheet.words import area, counted, mark_evidence, mark_name, per_100_m, share
from station.history.summary import class_totals, defects_total

ROW_MM = 4.5
MOST_CLASSES, MOST_CAMERAS = 6, 4
MOST_MARKS, MOST_LANES = 2, 1
HALF_MM = 84.0
RIGHT_HALF_MM = RIGHT_MM - HALF_MM
EVIDENCE_MM = 3.2

_CLASS_COLUMNS = ((38.0, "defects"), (51.5, "per 100 m"), (69.0, "area"), (HALF_MM, "of surface"))
_LEDGER_COLUMNS = (
    "announced",
    "received",
    "missing",
    "clean",
    "defective",
    "unsegmented",
    "dead-lettered",
    "duplicates",
    "surplus",
)


def class_rows(report: CoilReport) -> list[tuple[ClassTotal, bool]]:
    """What the table shows; the last one may stand for several classes: then it is True."""
    totals = sorted(class_totals(report), key=lambda total: (-total.defects, total.class_id))
    if len(totals) <= MOST_CLASSES:
        return [(total, False) for total in sorted(totals, key=lambda total: total.class_id)]
    shown = sorted(totals[: MOST_CLASSES - 1], key=lambda total: total.class_id)
    rest = totals[MOST_CLASSES - 1 :]
    others = ClassTotal(
        class_id=rest[0].class_id,
        class_name=f"{len(rest):,} other classes",
        defects=sum(total.defects for total in rest),
        area_mm2=sum(total.area_mm2 for total in rest),
    )
    return [*((total, False) for total in shown), (others, True)]


def shown_marks(report: CoilReport) -> tuple[RollMark, ...]:
    """Those that have a name on the page, the surest first: M1, M2."""
    return tuple(sorted(report.marks, key=lambda mark: mark.false_alarm_probability)[:MOST_MARKS])


def shown_lanes(report: CoilReport) -> tuple[CoilLane, ...]:
    """Those that have a name on the page, the fullest first: L1, L2."""
    return tuple(sorted(report.lanes, key=lambda lane: -lane.count)[:MOST_LANES])


def draw_classes(paper: Paper, report: CoilReport, top_mm: float) -> float:
    """Returns where it ends."""
    heading(paper, "Defects by class", top_mm)
    y_mm = top_mm + HEADING_MM
    for right_mm, name in _CLASS_COLUMNS:
        paper.write(LEFT_MM + right_mm, y_mm + 2.4, name, 6.5, colour=FAINT, align="right")
    y_mm += ROW_MM
    rows = class_rows(report)
    for total, several in rows:
        paper.rule(y_mm - 1.0, LEFT_MM, LEFT_MM + HALF_MM, width_pt=0.3)
        if not several:
            marker, colour = look_of(total.class_id)
            paper.symbol(LEFT_MM + 1.8, y_mm + 1.3, marker, colour)
        _draw_class(paper, report, total, y_mm + 2.4)
        y_mm += ROW_MM
    paper.rule(y_mm - 1.0, LEFT_MM, LEFT_MM + HALF_MM, width_pt=0.8)
    everything = ClassTotal(
        class_id=1,
        class_name="all" if rows else "none found",
        defects=defects_total(report),
        area_mm2=sum(total.area_mm2 for total, _ in rows),
    )
    _draw_class(paper, report, everything, y_mm + 2.4, bold=True)
    return y_mm + ROW_MM


def _draw_class(
    paper: Paper, report: CoilReport, total: ClassTotal, y_mm: float, *, bold: bool = False
) -> None:
    surface_mm2 = (report.length_mm or 0.0) * (report.width_mm or 0.0)
    figures = (
        f"{total.defects:,}",
        per_100_m(total.defects, report.length_mm),
        area(total.area_mm2),
        share(total.area_mm2, surface_mm2),
    )
    paper.write(LEFT_MM + 5, y_mm, clipped(total.class_name, 22, 7.5, bold), 7.5, bold=bold)
    for (right_mm, _), text in zip(_CLASS_COLUMNS, figures, strict=True):
        paper.write(LEFT_MM + right_mm, y_mm, text, 7.5, bold=bold, align="right")


def draw_repeats(paper: Paper, report: CoilReport, top_mm: float) -> float:
    """Roll marks and lanes, on the right half. Returns where it ends."""
    heading(paper, "What repeats", top_mm, RIGHT_HALF_MM)
    y_mm = top_mm + HEADING_MM + 0.6
    for number, mark in enumerate(shown_marks(report), 1):
        y_mm = _draw_repeat(paper, f"M{number}", mark_name(mark), mark_evidence(mark), y_mm)
    for number, lane in enumerate(shown_lanes(report), 1):
        y_mm = _draw_repeat(paper, f"L{number}", f"lane: {lane.class_name}", _lane_evidence(lane), y_mm)
    more = len(report.marks) - len(shown_marks(report)), len(report.lanes) - len(shown_lanes(report))
    said = [
        counted(number, f"more {noun}") for number, noun in zip(more, ("mark", "lane"), strict=True) if number
    ]
    if said:
        paper.write(RIGHT_HALF_MM + 8, y_mm + 2.4, f"and {', '.join(said)}", 7.0, colour=FAINT)
        y_mm += ROW_MM
    if not report.marks and not report.lanes:
        paper.write(RIGHT_HALF_MM, y_mm + 2.4, "No roll mark and no lane was found.", 7.5)
        y_mm += ROW_MM
    return y_mm


def _lane_evidence(lane: CoilLane) -> str:
    return f"{lane.count:,} defects at {lane.across_min_mm:,.0f} to {lane.across_max_mm:,.0f} mm across"


def _draw_repeat(paper: Paper, tag: str, name: str, evidence: str, top_mm: float) -> float:
    paper.box(RIGHT_HALF_MM, top_mm - 0.7, 6, 3.9, edge=INK, radius_mm=0.6)
    paper.write(RIGHT_HALF_MM + 3, top_mm + 2.3, tag, 6.5, bold=True, align="center")
    text_mm, wide_mm = RIGHT_HALF_MM + 8, HALF_MM - 8
    paper.write(text_mm, top_mm + 2.4, clipped(name, wide_mm, 7.5, True), 7.5, bold=True)
    y_mm = top_mm + 2.4
    for line in paragraph(evidence, wide_mm, 7.0, 2):
        y_mm += EVIDENCE_MM
        paper.write(text_mm, y_mm, line, 7.0)
    return y_mm + 2.6


def camera_rows(report: CoilReport) -> list[tuple[str, CameraLedger]]:
    """By camera; of many cameras those with most frames that were not inspected, the others as one row."""
    ledgers = sorted(report.ledger_by_camera.items())
    if len(ledgers) <= MOST_CAMERAS:
        return ledgers
    worst = sorted(ledgers, key=lambda item: (-_not_inspected(item[1]), item[0]))
    shown, rest = worst[: MOST_CAMERAS - 1], worst[MOST_CAMERAS - 1 :]
    return [*sorted(shown), (f"{len(rest):,} others", summed([ledger for _, ledger in rest]))]


def summed(ledgers: Sequence[CameraLedger]) -> CameraLedger:
    """One ledger over all of them."""
    return CameraLedger.model_construct(
        **{name: sum(getattr(ledger, name) for ledger in ledgers) for name in CameraLedger.model_fields}
    )


def draw_ledger(paper: Paper, report: CoilReport, top_mm: float) -> float:
    """Returns where it ends."""
    heading(
        paper,
        "Frames by camera",
        top_mm,
        aside="announced = received + missing;  received = clean + defective + unsegmented + dead-lettered",
    )
    y_mm = top_mm + HEADING_MM
    for column, name in enumerate(_LEDGER_COLUMNS):
        paper.write(_column_mm(column), y_mm + 2.4, name, 6.5, colour=FAINT, align="right")
    for camera, ledger in camera_rows(report):
        y_mm += ROW_MM
        paper.rule(y_mm - 1.0, width_pt=0.3)
        _draw_camera(paper, camera, ledger, y_mm + 2.4)
    if len(report.ledger_by_camera) != 1:
        y_mm += ROW_MM
        paper.rule(y_mm - 1.0, width_pt=0.8)
        _draw_camera(paper, "all", summed(list(report.ledger_by_camera.values())), y_mm + 2.4, bold=True)
    return y_mm + ROW_MM


def _column_mm(column: int) -> float:
    return RIGHT_MM - (len(_LEDGER_COLUMNS) - 1 - column) * 17.3


def _draw_camera(paper: Paper, name: str, ledger: CameraLedger, y_mm: float, *, bold: bool = False) -> None:
    paper.write(LEFT_MM, y_mm, clipped(name, 24, 7.5, bold), 7.5, bold=bold)
    for column, field in enumerate(_LEDGER_COLUMNS):
        number = getattr(ledger, field.replace("-", "_"))
        loud = bold or (number > 0 and field in ("missing", "unsegmented", "dead-lettered"))
        paper.write(_column_mm(column), y_mm, f"{number:,}", 7.5, bold=loud, align="right")


def _not_inspected(ledger: CameraLedger) -> int:
    return ledger.missing + ledger.dead_lettered + ledger.unsegmented
