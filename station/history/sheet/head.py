"""The page's head: which coil, its verdict, and the facts that identify both."""

from __future__ import annotations

from contracts.reports import CoilReport, Verdict
from station.history.sheet.paper import FAINT, INK, LEFT_MM, PAPER, RIGHT_MM, Paper, clipped, fitted_pt
from station.history.sheet.words import CLOSED, counted, listed, size, timing, utc

BADGES = {
    Verdict.RELEASE: ("✓  RELEASE", "#12507B", PAPER),
    Verdict.HOLD: ("‖  HOLD", "#F0E442", INK),
    Verdict.REJECT: ("✕  REJECT", "#A3172C", PAPER),
}
"""Sign, word and a colour that no class has: each of them alone tells the verdict."""

TITLE_PT, LEAST_TITLE_PT, BADGE_PT = 22.0, 6.5, 24.0
BADGE_MM = 62.0
CELLS, ROW_MM = 4, 9.8


def draw_head(paper: Paper, report: CoilReport, top_mm: float) -> float:
    """Returns where it ends, in mm."""
    _draw_badge(paper, report.verdict, top_mm)
    beside_mm = RIGHT_MM - BADGE_MM - 6 - LEFT_MM
    paper.write(LEFT_MM, top_mm + 3.2, "COIL REPORT", 8.0, bold=True, colour=FAINT)
    title_pt = fitted_pt(report.coil_id, beside_mm, TITLE_PT, LEAST_TITLE_PT, True)
    name = clipped(report.coil_id, beside_mm, title_pt, True)
    paper.write(LEFT_MM, top_mm + 13.0, name, title_pt, bold=True)
    paper.write(LEFT_MM, top_mm + 18.6, clipped(because(report), beside_mm, 8.5), 8.5, colour=FAINT)
    return _draw_facts(paper, report, top_mm + 24.0)


def because(report: CoilReport) -> str:
    """One line: what the verdict rests on."""
    by = f"by rules {report.rules_version}"
    if not report.rules_fired:
        return f"No rule fired, {by}"
    return f"{counted(len(report.rules_fired), 'rule')} fired, {by}"


def facts(report: CoilReport) -> list[tuple[str, str]]:
    """Label and value, in reading order."""
    frames = sum(ledger.announced for ledger in report.ledger_by_camera.values())
    whole = "all inspected" if report.complete else "NOT ALL INSPECTED"
    closed = "" if report.closed_because is None else CLOSED[report.closed_because]
    return [
        ("Line", report.line_id),
        ("Length × width", size(report.length_mm, report.width_mm)),  # noqa: RUF001
        ("Started", utc(report.started_at_ns)),
        ("Ended", utc(report.ended_at_ns)),
        ("Frames", f"{frames:,}, {whole}"),
        ("Closed because", closed or "not said"),
        ("Verdict due", utc(report.deadline_at_ns)),
        ("Verdict given", utc(report.reported_at_ns)),
        ("Rules", report.rules_version),
        ("Model", listed(report.bundles)),
        ("Report version", _version(report)),
        ("Deadline", timing(report)),
    ]


def _version(report: CoilReport) -> str:
    return "1" if report.report_version == 1 else f"{report.report_version} (replaces earlier ones)"


def _draw_badge(paper: Paper, verdict: Verdict, top_mm: float) -> None:
    words, colour, ink = BADGES[verdict]
    left_mm = RIGHT_MM - BADGE_MM
    paper.box(left_mm, top_mm, BADGE_MM, 18.6, fill=colour, edge=INK, radius_mm=1.6)
    paper.write(left_mm + BADGE_MM / 2, top_mm + 12.4, words, BADGE_PT, bold=True, colour=ink, align="center")


def _draw_facts(paper: Paper, report: CoilReport, top_mm: float) -> float:
    cell_mm = (RIGHT_MM - LEFT_MM) / CELLS
    paper.rule(top_mm)
    told = facts(report)
    for index, (label, value) in enumerate(told):
        x_mm = LEFT_MM + index % CELLS * cell_mm
        y_mm = top_mm + index // CELLS * ROW_MM
        paper.write(x_mm, y_mm + 4.4, label, 6.5, colour=FAINT)
        loud = value.startswith("LATE") or "NOT ALL" in value
        paper.write(x_mm, y_mm + 8.2, clipped(value, cell_mm - 2, 8.0, loud), 8.0, bold=loud)
    bottom_mm = top_mm + -(-len(told) // CELLS) * ROW_MM + 1.2
    paper.rule(bottom_mm)
    return bottom_mm
