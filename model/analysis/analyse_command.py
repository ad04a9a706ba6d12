"""`python -m model analyse`: what a labelled dataset is like; prints its table, writes a JSON and a page."""

from __future__ import annotations

import argparse
import json
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from model.analysis import charts, counts, duplicates, examples, margins, shapes, suspicious
from model.analysis.dataset import Dataset, read_dataset
from model.analysis.images import Seen, see_all
from model.analysis.report import render_report
from model.analysis.scored import open_card, score
from model.analysis.shapes import Shape, areas_of, read_shapes
from model.card import LINE, Card
from model.evaluation.machine import now
from model.frames.annotations import Areas
from model.frames.problems import Problems
from model.frames.refused import TrainingRefused
from model.staging import staged, take_place

log = logging.getLogger(__name__)

ANALYSIS_FILE: Final = "analysis.json"
REPORT_FILE: Final = "report.html"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `analyse` takes."""
    parser.add_argument(
        "folder", type=Path, metavar="FOLDER", help="in the competition's layout, or its tables"
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="DIR",
        default=Path("out/analysis"),
        help="a new folder, or an earlier result (default: %(default)s)",
    )
    parser.add_argument("--bundle", help="also list labels that this bundle contradicts: a name or a folder")
    parser.add_argument("--preset", default=LINE, help="how to run the bundle (default: %(default)s)")
    parser.add_argument(
        "--threads", type=int, metavar="N", help="CPU threads of the bundle; default: all cores"
    )
    parser.add_argument(
        "--no-pictures", action="store_true", help="name frames, do not show them: for what is published"
    )


def run(args: argparse.Namespace) -> int:
    """Read, measure, write, and print the table; what is wrong with the tables is refused at once."""
    check_replaceable(args.out)
    dataset = read_dataset(args.folder)
    card = open_card(args.bundle, dataset) if args.bundle else None
    problems = Problems(dataset.root)
    drawn = read_shapes(dataset, problems)
    problems.refuse_if_any()
    areas_px = areas_of(dataset, drawn)
    seen = see_all(dataset, problems)
    problems.refuse_if_any()
    scored = (
        score(args.bundle, args.preset, dataset, args.threads) if args.bundle and dataset.entries else None
    )
    names = _names(areas_px, drawn, card)
    analysis = analyse(dataset, areas_px, drawn, seen, scored)
    pictures = {} if args.no_pictures or not seen else _pictures(dataset, areas_px, seen, analysis, names)
    report = render_report(analysis, charts.draw_all(analysis, areas_px, names), names, pictures)
    write(args.out, analysis, report)
    print(counts.as_text(analysis["table"], names))
    print(f"Written to {args.out}")
    return 0


def _names(areas_px: Areas, drawn: list[Shape], card: Card | None) -> dict[str, str]:
    """Class id -> what it is called; the tables have only numbers, a bundle's card has names."""
    classes = {c for areas in areas_px.values() for c in areas} | {shape.class_id for shape in drawn}
    known = {k.class_id: f"{k.class_id} {k.name}" for k in card.classes} if card else {}
    return {str(c): known.get(c, f"class {c}") for c in sorted(classes)}


def analyse(
    dataset: Dataset,
    areas_px: Areas,
    drawn: list[Shape],
    seen: list[Seen],
    scored: Mapping[str, Any] | None,
) -> dict[str, Any]:
    """Every figure, as analysis.json holds it; parts that nothing is known for are None or empty."""
    alike = duplicates.find(dataset, seen) if len(seen) > 1 else None
    odd = suspicious.collect(dataset, drawn, seen, alike, scored)
    listed = {item for found in odd.values() for item in found.pop("image_ids")}
    return {
        "made_at": now(),
        "folder": dataset.root.resolve().name,
        "height_px": dataset.height_px,
        "width_px": dataset.width_px,
        "counted_from": dataset.counted_from,
        "clean_is_known": dataset.clean_is_known,
        "masks": len(drawn),
        "images": len(dataset.entries),
        "table": counts.count(areas_px, dataset.height_px * dataset.width_px),
        "positions": shapes.positions(dataset, drawn),
        "positions_from_boxes": bool(dataset.boxes),
        "shapes": shapes.describe(dataset, drawn),
        "margins": margins.describe(
            [m for one in seen for m in one.masks], [m for one in seen for m in one.lent]
        ),
        "duplicates": alike,
        "bundle": dict(scored) if scored else None,
        "suspicious": odd,
        "suspicious_frames": len(listed),
    }


def _pictures(
    dataset: Dataset,
    areas_px: Areas,
    seen: list[Seen],
    analysis: Mapping[str, Any],
    names: Mapping[str, str],
) -> dict[str, Any]:
    return {
        "typical": examples.typical(dataset, areas_px, names),
        "wide": examples.drawn_wide(dataset, seen, names),
        "duplicates": examples.duplicates(dataset, analysis["duplicates"]) if analysis["duplicates"] else [],
        "suspicious": examples.suspicious(dataset, analysis["suspicious"]),
    }


def write(out: Path, analysis: Mapping[str, Any], report: str) -> None:
    """Both files at once, in place of an earlier result."""
    with staged(out) as fresh:
        text = json.dumps(analysis, indent=1, ensure_ascii=False) + "\n"
        (fresh / ANALYSIS_FILE).write_text(text, "utf-8")
        (fresh / REPORT_FILE).write_text(report, "utf-8")
        check_replaceable(out)
        take_place(fresh, out)


def check_replaceable(out: Path) -> None:
    """Raises TrainingRefused when `out` holds what no analysis has written."""
    if not out.exists():
        return
    if not out.is_dir():
        raise TrainingRefused(f"{out} is a file: give another folder for --out")
    ours = {ANALYSIS_FILE, REPORT_FILE}
    if others := sorted(entry.name for entry in out.iterdir() if entry.name not in ours):
        raise TrainingRefused(
            f"{out} holds {others[0]}, which is no earlier analysis: give --out a new or an empty folder"
        )
