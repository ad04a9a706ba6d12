"""What a demo tells a person: one column a coil, then where the time went."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from rich.table import Table

from local.stages import WHOLE, Stage
from local.summary import CoilSummary
from local.truth import Found

ABSENT = "-"
Cell = Callable[[CoilSummary], str]


def coil_table(summaries: Sequence[CoilSummary], found: Mapping[str, Found]) -> Table:
    """Ledger, defects, latency, slack and truth of every coil. `found` by coil_id, where truth is known."""
    table = Table(title="Coils", title_justify="left", title_style="bold", header_style="bold")
    table.add_column("")
    for summary in summaries:
        table.add_column(summary.coil_id, justify="right")
    for title, rows in (
        ("ledger", _ledger_rows()),
        ("defects", _class_rows(summaries)),
        ("latency, exposure to readable", _latency_rows()),
        ("against the truth, by picture", _truth_rows(found)),
    ):
        table.add_section()
        table.add_row(f"[bold]{title}[/bold]")
        for name, cell in rows:
            table.add_row(f"  {name}", *(cell(summary) for summary in summaries))
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


def _ledger_rows() -> list[tuple[str, Cell]]:
    columns = ("announced", "clean", "defective", "unsegmented", "dead_lettered", "missing", "duplicates")
    rows: list[tuple[str, Cell]] = [
        (column.replace("_", "-"), lambda summary, c=column: f"{summary.total(c):,}")  # type: ignore[misc]
        for column in columns
    ]
    return [*rows, ("sums", lambda s: "[green]yes[/green]" if s.sums else "[red]NO[/red]")]


def _class_rows(summaries: Sequence[CoilSummary]) -> list[tuple[str, Cell]]:
    names = {c.class_id: c.class_name for summary in summaries for c in summary.classes}
    return [(names[class_id], _regions_of(class_id)) for class_id in sorted(names)]


def _regions_of(class_id: int) -> Cell:
    def cell(summary: CoilSummary) -> str:
        counted = [c for c in summary.classes if c.class_id == class_id]
        return f"{counted[0].regions:,} on {counted[0].frames:,} frames" if counted else "0"

    return cell


def _latency_rows() -> list[tuple[str, Cell]]:
    return [
        ("p50", lambda s: ABSENT if s.latency is None else f"{s.latency.p50_s:.3f} s"),
        ("p95", lambda s: ABSENT if s.latency is None else f"{s.latency.p95_s:.3f} s"),
        ("p99", lambda s: ABSENT if s.latency is None else f"{s.latency.p99_s:.3f} s"),
        ("slack", lambda s: ABSENT if s.slack_s is None else f"{s.slack_s:.1f} of {s.budget_s:.0f} s"),
    ]


def _truth_rows(found: Mapping[str, Found]) -> list[tuple[str, Cell]]:
    def cell(of: Callable[[Found], str]) -> Cell:
        return lambda summary: of(found[summary.coil_id]) if summary.coil_id in found else ABSENT

    return [
        ("defective found", cell(lambda f: _share(f.defective_found, f.defective))),
        ("clean passed", cell(lambda f: _share(f.clean_passed, f.clean))),
        ("truth unknown", cell(lambda f: f"{f.unknown:,}")),
    ]


def _share(part: int, whole: int) -> str:
    return f"{part:,} of {whole:,} ({part / whole:.1%})" if whole else "none known"


def _ms(seconds: float) -> str:
    return f"{seconds * 1e3:,.1f} ms"
