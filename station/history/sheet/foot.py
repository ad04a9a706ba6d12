"""The page's foot: what a person decides by hand, and where the page comes from."""

from __future__ import annotations

from contracts.reports import CoilReport
from station.history.sheet.paper import FAINT, INK, LEFT_MM, RIGHT_MM, Paper, clipped, fitted_pt

TOP_MM = 264.0
"""Where it begins."""
DECISIONS = ("release", "rework", "downgrade", "scrap")
_BLANKS = (("Name", LEFT_MM, 62.0), ("Date", 84.0, 118.0), ("Signature", 124.0, RIGHT_MM))


def draw_foot(paper: Paper, report: CoilReport) -> None:
    """At the bottom of every page, however full it is."""
    paper.rule(TOP_MM)
    paper.write(LEFT_MM, TOP_MM + 6.2, "Decision of quality", 8.5, bold=True)
    for index, decision in enumerate(DECISIONS):
        x_mm = LEFT_MM + 44 + index * 30
        paper.box(x_mm, TOP_MM + 3.2, 3.6, 3.6, edge=INK)
        paper.write(x_mm + 5.2, TOP_MM + 6.2, decision, 8.0)
    for label, left_mm, right_mm in _BLANKS:
        paper.rule(TOP_MM + 17.0, left_mm, right_mm, width_pt=0.6)
        paper.write(left_mm, TOP_MM + 20.0, label, 6.5, colour=FAINT)
    said = f"coilwatch · {report.line_id} / {report.coil_id} · report version {report.report_version}"
    size_pt = fitted_pt(said, 140, 6.5, 4.5)
    paper.write(LEFT_MM, TOP_MM + 27.0, clipped(said, 140, size_pt), size_pt, colour=FAINT)
    paper.write(RIGHT_MM, TOP_MM + 27.0, "times are UTC · page 1 of 1", 6.5, colour=FAINT, align="right")
