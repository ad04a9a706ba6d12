"""Facts of a coil, and rules of a few lines: what the tests of the grade are made of."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

from consumer.coils.facts import CoilFacts
from consumer.coils.grading.rules import Rules, load_rules
from contracts.reports import CameraLedger, Closing, CoilDefect, CoilLane, RollMark

CLASS_NAMES = {1: "pit", 2: "crack", 3: "scratch", 4: "scab"}
LENGTH_MM, WIDTH_MM = 100_000.0, 1000.0


def defect(
    class_id: int = 4,
    along_mm: float = 50_000.0,
    across_mm: float = 500.0,
    *,
    length_mm: float = 10.0,
    width_mm: float = 10.0,
    area_mm2: float = 100.0,
    name: str | None = None,
) -> CoilDefect:
    """A defect by its class and its nearest corner to the head and to the drive side."""
    return CoilDefect(
        class_id=class_id,
        class_name=name or CLASS_NAMES.get(class_id, f"kind {class_id}"),
        along_min_mm=along_mm,
        along_max_mm=along_mm + length_mm,
        across_min_mm=across_mm,
        across_max_mm=across_mm + width_mm,
        area_mm2=area_mm2,
        frames=1,
    )


def ledger(**counts: int) -> CameraLedger:
    """A ledger that sums: 1,000 frames, clean unless said otherwise."""
    numbers = dict.fromkeys(CameraLedger.model_fields, 0) | {"announced": 1000} | counts
    numbers["received"] = numbers["announced"] - numbers["missing"]
    seen = ("defective", "unsegmented", "dead_lettered")
    numbers["clean"] = numbers["received"] - sum(numbers[fate] for fate in seen)
    return CameraLedger(**numbers)


def mark(**changes: object) -> RollMark:
    """A scab each 1,885 mm at 400 mm across."""
    fields: dict[str, object] = {
        "class_id": 4,
        "class_name": "scab",
        "lane_mm": 400.0,
        "period_mm": 1885.0,
        "count": 9,
        "false_alarm_probability": 1e-6,
        "roll": None,
    }
    return RollMark.model_validate(fields | changes)


def lane(**changes: object) -> CoilLane:
    """Twelve scratches at 400-420 mm across."""
    fields: dict[str, object] = {
        "class_id": 3,
        "class_name": "scratch",
        "across_min_mm": 400.0,
        "across_max_mm": 420.0,
        "count": 12,
    }
    return CoilLane.model_validate(fields | changes)


def facts(*defects: CoilDefect, **changes: object) -> CoilFacts:
    """A whole coil of 100 m x 1 m with these defects."""
    fields: dict[str, object] = {
        "line_id": "line-1",
        "coil_id": "C1",
        "length_mm": LENGTH_MM,
        "width_mm": WIDTH_MM,
        "complete": True,
        "closed_because": Closing.COMPLETE,
        "ledger_by_camera": {"top": ledger()},
        "defects": defects,
        "marks": (),
        "lanes": (),
        "notes": (),
    }
    return CoilFacts(**(fields | changes))  # type: ignore[arg-type]


def rules_of(folder: Path, text: str) -> Rules:
    """The rules of this YAML text."""
    path = folder / "rules.yaml"
    path.write_text(dedent(text), encoding="utf-8")
    return load_rules(path)


def one_rule(folder: Path, when: str, verdict: str = "hold") -> Rules:
    """The rules of one condition, in YAML's flow style: `defects: {class: scab}`."""
    return rules_of(
        folder, f'version: "1"\nrules:\n  - {{name: asked, verdict: {verdict}, when: {{{when}}}}}\n'
    )
