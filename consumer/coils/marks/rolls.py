"""The rolls of the line, and which of them a period fits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from consumer.coils.yaml_lines import YamlRefused, read_yaml

SLACK = 0.005
"""A period may lie so far outside a roll's range: what the encoder's scale is trusted to."""

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Roll(BaseModel):
    """One roll. A mark of it returns each circumference, longer by what the strip is stretched afterwards.

    Volume is constant and the width hardly changes, so a strip that is reduced from `entry_thickness_mm` to
    `exit_thickness_mm` AFTER the roll has marked it grows by entry / exit in length, and the mark's period
    with it (Lenard, Primer on Flat Rolling, 2nd ed. 2014, mass conservation). Give both thicknesses, or
    `elongation` itself, or neither: 1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str = Field(min_length=1, max_length=100)
    diameter_mm: Positive
    worn_to_mm: Positive | None = None
    """The least diameter that grinding may leave."""
    entry_thickness_mm: Positive | None = None
    exit_thickness_mm: Positive | None = None
    elongation: Annotated[float, Field(ge=1, allow_inf_nan=False)] | None = None

    @model_validator(mode="after")
    def _makes_sense(self) -> Roll:
        if self.worn_to_mm is not None and self.worn_to_mm > self.diameter_mm:
            raise ValueError("worn_to_mm must not be above diameter_mm")
        if (self.entry_thickness_mm is None) != (self.exit_thickness_mm is None):
            raise ValueError("give entry_thickness_mm and exit_thickness_mm, or neither")
        if self.entry_thickness_mm is not None and self.elongation is not None:
            raise ValueError("give the two thicknesses or elongation, not both")
        if (self.entry_thickness_mm or 1) < (self.exit_thickness_mm or 1):
            raise ValueError("entry_thickness_mm must not be below exit_thickness_mm: rolling makes thinner")
        return self

    @property
    def stretched(self) -> float:
        """How much longer the strip is at the cameras than under the roll, >= 1."""
        if self.entry_thickness_mm is not None and self.exit_thickness_mm is not None:
            return self.entry_thickness_mm / self.exit_thickness_mm
        return self.elongation or 1.0

    @property
    def period_range_mm(self) -> tuple[float, float]:
        """Of its marks at the cameras: ground down as far as allowed, and new."""
        least = self.diameter_mm if self.worn_to_mm is None else self.worn_to_mm
        return math.pi * least * self.stretched, math.pi * self.diameter_mm * self.stretched


def load_rolls(path: Path) -> tuple[Roll, ...]:
    """The line's rolls. Raises YamlRefused with file, line and reason."""
    return read_yaml(path, _RollsFile).rolls


def fitting(period_mm: float, uncertainty_mm: float, rolls: Sequence[Roll]) -> tuple[str, ...]:
    """The names of the rolls whose marks may return each `period_mm`, the best one first.

    A roll's range is widened by two standard deviations of the period and by SLACK. Best: nearest to the
    range's middle, measured in half widths of the widened range, so that a worn roll does not win by its wide
    range against one that fits exactly.
    """
    fits = [(_distance(period_mm, uncertainty_mm, roll), roll.name) for roll in rolls]
    return tuple(name for distance, name in sorted(fits) if distance <= 1)


def _distance(period_mm: float, uncertainty_mm: float, roll: Roll) -> float:
    """From the middle of the roll's range, in half widths: above 1 is outside."""
    least, most = roll.period_range_mm
    half = (most - least) / 2 + 2 * uncertainty_mm + SLACK * period_mm
    return abs(period_mm - (least + most) / 2) / half


def _named_once(rolls: tuple[Roll, ...]) -> tuple[Roll, ...]:
    names = [roll.name for roll in rolls]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"these names are there twice: {', '.join(twice)}")
    return rolls


class _RollsFile(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    rolls: Annotated[tuple[Roll, ...], AfterValidator(_named_once)]


__all__ = ["Roll", "YamlRefused", "fitting", "load_rolls"]
