"""A coil's defects as columns: a rule looks at 200,000 of them at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from consumer.coils.facts import AnyDefect

Column = NDArray[np.float64]
Chosen = NDArray[np.bool_]
Kind = tuple[int, str]
"""Class id and name."""

_MEASURES = ("along_min_mm", "across_min_mm", "along_max_mm", "across_max_mm", "area_mm2")


@dataclass(frozen=True, slots=True, kw_only=True)
class DefectColumns:
    """One row a defect, by where it begins; ties broken by all else: the input's order never shows."""

    kinds: tuple[Kind, ...]
    """The classes that occur."""
    kind: NDArray[np.int64]
    """Each row's place in `kinds`."""
    area_mm2: Column
    along_min_mm: Column
    along_max_mm: Column
    across_min_mm: Column
    across_max_mm: Column

    def __len__(self) -> int:
        return int(self.kind.size)

    @property
    def length_mm(self) -> Column:
        """Along the strip."""
        return self.along_max_mm - self.along_min_mm

    @property
    def width_mm(self) -> Column:
        """Across the strip."""
        return self.across_max_mm - self.across_min_mm

    def of_classes(self, classes: Collection[str | int]) -> Chosen:
        """Rows of these classes, by name or id; all rows when none is named."""
        wanted = [not classes or class_id in classes or name in classes for class_id, name in self.kinds]
        return np.array(wanted, np.bool_)[self.kind]

    def only(self, chosen: Chosen) -> DefectColumns:
        """These rows."""
        rest = {f.name: getattr(self, f.name)[chosen] for f in fields(self) if f.name != "kinds"}
        return DefectColumns(kinds=self.kinds, **rest)

    def numbers_by_class(self) -> Counter[str]:
        """How many rows of each class's name."""
        numbers: Counter[str] = Counter()
        for (_, name), rows in zip(
            self.kinds, np.bincount(self.kind, minlength=len(self.kinds)).tolist(), strict=True
        ):
            numbers[name] += rows
        return +numbers


def columns(defects: Sequence[AnyDefect]) -> DefectColumns:
    """The columns of these defects, in one order whatever theirs was."""
    kinds = sorted({(d.class_id, d.class_name) for d in defects})
    place = {kind: index for index, kind in enumerate(kinds)}
    kind = np.array([place[d.class_id, d.class_name] for d in defects], np.int64)
    measures = {name: np.array([getattr(d, name) for d in defects], np.float64) for name in _MEASURES}
    order = np.lexsort([kind, *(measures[name] for name in reversed(_MEASURES))])
    return DefectColumns(
        kinds=tuple(kinds), kind=kind[order], **{name: column[order] for name, column in measures.items()}
    )
