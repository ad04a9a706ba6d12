"""Why the verdict is what it is: the rules that fired with their evidence, and what was odd."""

from __future__ import annotations

from collections.abc import Sequence

from contracts.reports import CoilReport, Finding, Verdict
from station.history.sheet.head import BADGES
from station.history.sheet.paper import FAINT, INK, LEFT_MM, RIGHT_MM, Paper, clipped, paragraph, wrapped

LINE_MM = 3.7
HEADING_MM = 6.2
BETWEEN_MM = 1.3
TAG_MM = 17.0
TEXT_PT = 7.5
MOST_LINES, CROWDED_LINES = 4, 2
"""Of one finding, and of one among many: the others want to be seen too."""


def draw_findings(paper: Paper, report: CoilReport, top_mm: float, most_mm: float) -> float:
    """The worst first, as many as there is room for. Returns where it ends."""
    heading(paper, "Findings", top_mm)
    y_mm = top_mm + HEADING_MM
    if not report.findings:
        said = (
            "No rule fired." if not report.rules_fired else f"Rules fired: {', '.join(report.rules_fired)}."
        )
        for line in paragraph(said, RIGHT_MM - LEFT_MM, TEXT_PT, 3):
            paper.write(LEFT_MM, y_mm + 2.6, line, TEXT_PT)
            y_mm += LINE_MM
        return y_mm
    ordered = worst_first(report.findings)
    crowded = findings_mm(report) > most_mm
    blocks = [finding_lines(finding, CROWDED_LINES if crowded else MOST_LINES) for finding in ordered]
    shown = fitting([_block_mm(lines) for lines in blocks], most_mm - HEADING_MM, LINE_MM)
    for finding, lines in zip(ordered[:shown], blocks, strict=False):
        y_mm = _draw_finding(paper, finding, lines, y_mm)
    if shown < len(ordered):
        paper.write(LEFT_MM, y_mm + 2.6, f"and {len(ordered) - shown:,} more", TEXT_PT, colour=FAINT)
        y_mm += LINE_MM
    return y_mm


def findings_mm(report: CoilReport) -> float:
    """How much room it would like."""
    if not report.findings:
        return HEADING_MM + 3 * LINE_MM
    return HEADING_MM + sum(_block_mm(finding_lines(finding)) for finding in report.findings)


def worst_first(findings: Sequence[Finding]) -> list[Finding]:
    """Reject, hold, release; as they fired within each."""
    severity = list(Verdict)
    return sorted(findings, key=lambda finding: -severity.index(finding.verdict))


def finding_lines(finding: Finding, most: int = MOST_LINES) -> list[str]:
    """Its evidence, without the rule's name."""
    said = finding.evidence.replace("mm2", "mm²")
    return paragraph(said, RIGHT_MM - LEFT_MM - TAG_MM, TEXT_PT, most)


def fitting(blocks_mm: Sequence[float], most_mm: float, more_mm: float) -> int:
    """How many of these stand in the room, with a line that counts the others where there are any."""
    if sum(blocks_mm) <= most_mm:
        return len(blocks_mm)
    used_mm = more_mm
    for shown, block_mm in enumerate(blocks_mm):
        used_mm += block_mm
        if used_mm > most_mm:
            return shown
    return len(blocks_mm)


def draw_notes(paper: Paper, notes: Sequence[str], top_mm: float, most_mm: float) -> float:
    """What was odd about the coil, as much as there is room for. Returns where it ends."""
    if not notes:
        return top_mm
    heading(paper, "Odd about this coil", top_mm)
    y_mm = top_mm + HEADING_MM
    blocks = [paragraph(note, RIGHT_MM - LEFT_MM - 4, TEXT_PT, 2) for note in notes]
    shown = fitting([len(lines) * LINE_MM for lines in blocks], most_mm - HEADING_MM, LINE_MM)
    for lines in blocks[:shown]:
        paper.write(LEFT_MM, y_mm + 2.6, "•", TEXT_PT)
        for line in lines:
            paper.write(LEFT_MM + 4, y_mm + 2.6, line, TEXT_PT)
            y_mm += LINE_MM
    if shown < len(blocks):
        paper.write(LEFT_MM + 4, y_mm + 2.6, f"and {len(blocks) - shown:,} more", TEXT_PT, colour=FAINT)
        y_mm += LINE_MM
    return y_mm


def notes_mm(notes: Sequence[str]) -> float:
    """How much room they would like."""
    lines = sum(min(2, len(wrapped(note, RIGHT_MM - LEFT_MM - 4, TEXT_PT))) for note in notes)
    return HEADING_MM + lines * LINE_MM if notes else 0.0


def heading(paper: Paper, text: str, top_mm: float, x_mm: float = LEFT_MM, aside: str = "") -> None:
    """A section's name; `aside` stands at the right in small print."""
    paper.write(x_mm, top_mm + 3.4, text, 9.5, bold=True)
    if aside:
        paper.write(RIGHT_MM, top_mm + 3.4, aside, 6.5, colour=FAINT, align="right")


def _block_mm(lines: Sequence[str]) -> float:
    return LINE_MM * (1 + len(lines)) + BETWEEN_MM


def _draw_finding(paper: Paper, finding: Finding, lines: Sequence[str], top_mm: float) -> float:
    _, colour, ink = BADGES[finding.verdict]
    paper.box(LEFT_MM, top_mm - 0.4, TAG_MM - 3, 3.9, fill=colour, edge=INK, radius_mm=0.6)
    middle_mm = LEFT_MM + (TAG_MM - 3) / 2
    paper.write(middle_mm, top_mm + 2.5, finding.verdict.upper(), 6.5, bold=True, colour=ink, align="center")
    text_mm = LEFT_MM + TAG_MM
    paper.write(text_mm, top_mm + 2.6, clipped(finding.rule, RIGHT_MM - text_mm, 8.0, True), 8.0, bold=True)
    for index, line in enumerate(lines, 1):
        paper.write(text_mm, top_mm + 2.6 + index * LINE_MM, line, TEXT_PT)
    return top_mm + _block_mm(lines)
