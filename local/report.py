"""What a demo tells a person: one column a coil, then where the time went."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.table import Table

from contracts.reports import CoilReport
from local.observing.mark_truth import MarkOutcome
from local.observing.stages import WHOLE, Stage
from local.observing.summary import CoilSummary
from local.observing.truth import Found
from local.observing.verdicts import COLOURS

ABSENT = "-"


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCoil:
    """All that is known of one coil."""

    report: CoilReport | None
    summary: CoilSummary
    found: Found
    marks: tuple[MarkOutcome, ...]


Cell = Callable[[ShownCoil], str]
ReportCell = Callable[[CoilReport], str]


def coil_table(coils: Sequence[ShownCoil]) -> Table:
    """Verdict, ledger, defects, roll marks, latency and truth of every coil."""
    table = Table(title="Coils", title_justify="left", title_style="bold", header_style="bold")
    table.add_column("")
    for coil in coils:
        table.add_column(coil.summary.coil_id, justify="right")
    for title, rows in (
        ("the tracker says", _verdict_rows()),
        ("ledger, as reported", _ledger_rows()),
        ("defects, merged over frames", _class_rows(coils)),
        ("roll mark put in", _mark_rows(coils)),
        ("latency, exposure to readable", _latency_rows()),
        ("against the truth, by picture", _truth_rows()),
    ):
        if rows:
            table.add_section()
            table.add_row(f"[bold]{title}[/bold]")
        for name, cell in rows:
            table.add_row(f"  {name}", *(cell(coil) for coil in coils))
    return table


def stage_report(stages: Sequence[Stage]) -> Table:
    """The worker's own measure of the same way, by stage."""
    table = Table(title="Where the time goes", title_justify="left", title_style="bold", header_style="bold")
    table.add_column("stage")
    for name in ("mean", "share", "p50", "p95"):
        table.add_column(name, justify="right")
    whole_s = next((stage.mean_s for stage in stages if stage.name == WHOLE), 0.0)
    for stage in stages:
        if stage.name == WHOLE:
            table.add_section()
        share = f"{stage.mean_s / whole_s:.0%}" if whole_s else ABSENT
        quantiles = (f"{_ms(stage.p50_s)}", f"{_ms(stage.p95_s)}")
        table.add_row(stage.name.replace("_", " "), _ms(stage.mean_s), share, *quantiles)
    return table


def _reported(cell: ReportCell) -> Cell:
    return lambda coil: ABSENT if coil.report is None else cell(coil.report)


def _verdict_rows() -> list[tuple[str, Cell]]:
    return [
        (
            "verdict",
            _reported(lambda r: f"[bold {COLOURS[r.verdict]}]{r.verdict}[/bold {COLOURS[r.verdict]}]"),
        ),
        ("rules that fired", _reported(lambda r: "\n".join(r.rules_fired) or "none")),
        ("complete", _reported(lambda r: _yes(r.complete))),
        ("in time", _reported(lambda r: _yes(r.in_time))),
        ("slack", _slack),
    ]


def _slack(coil: ShownCoil) -> str:
    if coil.report is None:
        return ABSENT
    budget = "" if coil.summary.budget_s is None else f" of {coil.summary.budget_s:.0f}"
    return f"{coil.report.slack_s:.1f}{budget} s"


def _ledger_rows() -> list[tuple[str, Cell]]:
    columns = ("announced", "clean", "defective", "unsegmented", "dead_lettered", "missing", "duplicates")
    rows = [(column.replace("_", "-"), _reported(_total(column))) for column in columns]
    return [*rows, ("the reader counts the same", lambda coil: _yes(_agrees(coil)))]


def _total(column: str) -> ReportCell:
    return lambda report: f"{sum(getattr(each, column) for each in report.ledger_by_camera.values()):,}"


def _agrees(coil: ShownCoil) -> bool:
    return coil.report is not None and coil.report.ledger_by_camera == coil.summary.ledger_by_camera


def _class_rows(coils: Sequence[ShownCoil]) -> list[tuple[str, Cell]]:
    totals = [total for coil in coils if coil.report for total in coil.report.class_totals]
    names = {total.class_id: total.class_name for total in totals}
    return [(names[class_id], _defects_of(class_id)) for class_id in sorted(names)]


def _defects_of(class_id: int) -> Cell:
    def cell(coil: ShownCoil) -> str:
        totals = coil.report.class_totals if coil.report else ()
        defects = sum(total.defects for total in totals if total.class_id == class_id)
        regions = sum(c.regions for c in coil.summary.classes if c.class_id == class_id)
        return f"{defects:,} from {regions:,} regions"

    return cell


def _mark_rows(coils: Sequence[ShownCoil]) -> list[tuple[str, Cell]]:
    """One mark a coil has a row for each fact; several have their facts below each other."""
    if not any(coil.marks for coil in coils):
        return []

    def each(fact: Callable[[MarkOutcome], str]) -> Cell:
        return lambda coil: "\n".join(fact(mark) for mark in coil.marks) or ABSENT

    return [
        ("sent", each(_sent)),
        ("alarm", each(_raised)),
        ("found", each(lambda m: ABSENT if m.reported is None else f"{m.reported.period_mm:,.1f} mm")),
        ("roll", each(lambda m: (m.reported and m.reported.roll) or ABSENT)),
    ]


def _sent(mark: MarkOutcome) -> str:
    hits, missed = len(mark.sent.hits_mm), len(mark.sent.missed_mm)
    return f"{mark.sent.period_mm:,.1f} mm, {hits} of {hits + missed} turns"


def _raised(mark: MarkOutcome) -> str:
    if mark.raised_at_mm is None:
        return "none" if mark.certain else "none, too few turns"
    return f"at {mark.raised_at_mm / 1e3:.1f} of {mark.length_mm / 1e3:.1f} m"


def _latency_rows() -> list[tuple[str, Cell]]:
    def cell(name: str) -> Cell:
        return lambda coil: (
            ABSENT if coil.summary.latency is None else f"{getattr(coil.summary.latency, name):.3f} s"
        )

    return [("p50", cell("p50_s")), ("p95", cell("p95_s")), ("p99", cell("p99_s"))]


def _truth_rows() -> list[tuple[str, Cell]]:
    return [
        ("defective found", lambda coil: _share(coil.found.defective_found, coil.found.defective)),
        ("clean passed", lambda coil: _share(coil.found.clean_passed, coil.found.clean)),
        ("truth unknown", lambda coil: f"{coil.found.unknown:,}"),
    ]


def _yes(it_is: bool) -> str:
    return "[green]yes[/green]" if it_is else "[red]NO[/red]"


def _share(part: int, whole: int) -> str:
    return f"{part:,} of {whole:,} ({part / whole:.1%})" if whole else "none known"


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:,.1f} ms"
