"""How the defects of each class develop from coil to coil."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.reports import Verdict
from station.history.summary import CoilSummary


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassTrend:
    """One class over the coils."""

    class_id: int
    class_name: str
    per_100_m: tuple[float | None, ...]
    """Defects, one figure a coil; None where the coil's length is not known."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """Columns: one entry a coil, the oldest first."""

    coil_ids: tuple[str, ...]
    started_at_ns: tuple[int, ...]
    verdicts: tuple[Verdict, ...]
    length_mm: tuple[float | None, ...]
    classes: tuple[ClassTrend, ...]
    """By class id; every class that any of the coils has."""


def trend_of(coils: Sequence[CoilSummary]) -> Trend:
    """`coils`: in the order in which they shall stand."""
    names = {each.class_id: each.class_name for coil in coils for each in coil.classes}
    return Trend(
        coil_ids=tuple(coil.coil_id for coil in coils),
        started_at_ns=tuple(coil.started_at_ns for coil in coils),
        verdicts=tuple(coil.verdict for coil in coils),
        length_mm=tuple(coil.length_mm for coil in coils),
        classes=tuple(
            ClassTrend(
                class_id=class_id,
                class_name=names[class_id],
                per_100_m=tuple(_per_100_m(coil, class_id) for coil in coils),
            )
            for class_id in sorted(names)
        ),
    )


def _per_100_m(coil: CoilSummary, class_id: int) -> float | None:
    if not coil.length_mm:
        return None
    number = sum(each.defects for each in coil.classes if each.class_id == class_id)
    return number / (coil.length_mm / 1e5)
