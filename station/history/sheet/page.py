"""A coil report as one A4 page: verdict, why, where on the strip, the figures, and room to sign."""

from __future__ import annotations

from threading import Lock

from contracts.reports import CoilReport
from station.history.sheet import foot
from station.history.sheet.findings import (
    HEADING_MM,
    LINE_MM,
    draw_findings,
    draw_notes,
    findings_mm,
    notes_mm,
)
from station.history.sheet.head import draw_head
from station.history.sheet.paper import Paper
from station.history.sheet.strip import draw_strip, strip_mm
from station.history.sheet.tables import draw_classes, draw_ledger, draw_repeats

TOP_MM = 13.0
GAP_MM = 3.6
_ONE_AT_A_TIME = Lock()
"""matplotlib shares fonts and settings between figures, and may be called from several threads here."""


def report_pdf(report: CoilReport) -> bytes:
    """From the report alone, whatever it holds; the same bytes for the same report."""
    with _ONE_AT_A_TIME:
        paper = draw_page(report)
        return paper.pdf(f"Coil {report.coil_id}", f"{report.verdict}, {report.line_id}")


def draw_page(report: CoilReport) -> Paper:
    """Findings and oddities share what the rest leaves them."""
    paper = Paper()
    y_mm = draw_head(paper, report, TOP_MM) + GAP_MM
    free_mm = foot.TOP_MM - y_mm - _fixed_mm(report)
    notes = min(notes_mm(report.notes), max(free_mm - findings_mm(report), _LEAST_NOTES_MM))
    spare_mm = free_mm - notes - findings_mm(report)
    y_mm = draw_findings(paper, report, y_mm, free_mm - notes) + GAP_MM
    y_mm = draw_strip(paper, report, y_mm, strip_mm(spare_mm)) + GAP_MM
    y_mm = max(draw_classes(paper, report, y_mm), draw_repeats(paper, report, y_mm)) + GAP_MM
    y_mm = draw_ledger(paper, report, y_mm) + GAP_MM
    draw_notes(paper, report.notes, y_mm, notes)
    foot.draw_foot(paper, report)
    return paper


_LEAST_NOTES_MM = HEADING_MM + 3 * LINE_MM


def _fixed_mm(report: CoilReport) -> float:
    """What strip and tables take, with the gaps: measured on a page of their own."""
    scratch = Paper()
    tables_mm = max(draw_classes(scratch, report, 0.0), draw_repeats(scratch, report, 0.0))
    return strip_mm() + tables_mm + draw_ledger(scratch, report, 0.0) + 5 * GAP_MM
