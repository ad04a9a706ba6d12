"""Defects counted by class: what a report says of all of them."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable
from typing import Protocol

from contracts.reports import ClassTotal


class Sized(Protocol):
    """A defect, merged or as a report lists it."""

    @property
    def class_id(self) -> int:
        """Of the model's classes."""

    @property
    def class_name(self) -> str:
        """For a person."""

    @property
    def area_mm2(self) -> float:
        """Of all its pixels."""


def totals_of(defects: Iterable[Sized]) -> tuple[ClassTotal, ...]:
    """Of every class that was seen, by its id."""
    areas: dict[int, list[float]] = defaultdict(list)
    names: dict[int, str] = {}
    for defect in defects:
        areas[defect.class_id].append(defect.area_mm2)
        names[defect.class_id] = defect.class_name
    return tuple(
        ClassTotal(
            class_id=class_id,
            class_name=names[class_id],
            defects=len(areas[class_id]),
            area_mm2=math.fsum(areas[class_id]),
        )
        for class_id in sorted(areas)
    )
