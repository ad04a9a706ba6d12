"""A damaged roll as the simulator is told of it: what it prints, where, how often, and how regularly."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from producer_sim.refused import SimulatorRefused

MARK_KEYS = ("diameter", "class", "lane", "jitter", "miss", "from", "to")
_REQUIRED = ("diameter", "class", "lane")
_MOST_JITTER = 0.5
"""Of a period, one standard deviation: beyond it nothing repeats any more."""

_STREAM = 5
"""Keeps these draws apart from the faults' and the frames'."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RollMark:
    """What `--roll-mark` asked for. Positions in mm along the coil, the lane in mm across it."""

    diameter_mm: float
    class_id: int
    lane_mm: float
    jitter: float = 0.0  # one standard deviation of a hit's position, as a share of the period
    miss: float = 0.0  # probability that a turn leaves no mark
    from_mm: float = 0.0
    to_mm: float = math.inf

    @property
    def period_mm(self) -> float:
        """The roll's circumference: what one turn puts onto the strip."""
        return math.pi * self.diameter_mm


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """One turn of a roll: where its mark belongs on the coil, and whether it is there."""

    along_mm: float
    missed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class PutMark:
    """What was put onto one coil for one mark: the truth that a search for roll marks is held against."""

    mark: RollMark
    period_mm: float  # as sent: on real frames a whole number of frames
    hits_mm: tuple[float, ...]
    missed_mm: tuple[float, ...]
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Marking:
    """All marks of a run, and the strip that they go onto."""

    marks: tuple[RollMark, ...]
    seed: int
    mm_per_px: float
    cameras: int
    frames_per_coil: int

    def check(self, *, width_px: int, height_px: int) -> None:
        """Raises SimulatorRefused when a mark does not fit a strip of frames of this size."""
        across_mm, frame_mm = self.cameras * width_px * self.mm_per_px, height_px * self.mm_per_px
        for mark in self.marks:
            if mark.lane_mm >= across_mm:
                raise SimulatorRefused(
                    f"--roll-mark lane={mark.lane_mm:g} lies beside the strip, "
                    f"which is {across_mm:g} mm wide: choose a lane within it."
                )
            if mark.period_mm < frame_mm:
                raise SimulatorRefused(
                    f"--roll-mark diameter={mark.diameter_mm:g} prints every {mark.period_mm:.1f} mm, "
                    f"less than a frame's {frame_mm:g} mm: choose {frame_mm / math.pi:.1f} mm or more."
                )

    def turns(
        self, number: int, place: tuple[int, int], *, length_mm: float, period_mm: float, phase_mm: float
    ) -> Iterator[Turn]:
        """The turns of mark `number` on the coil at `place` (line, coil); the first one lies at `phase_mm`.

        A turn depends on seed, place, mark and its own number alone: a longer coil has the same ones first.
        """
        mark = self.marks[number]
        rng = self._rng(number, place, 1)
        for turn in range(math.ceil((length_mm - phase_mm) / period_mm)):
            shift, luck = rng.normal(), rng.random()
            along_mm = phase_mm + (turn + mark.jitter * shift) * period_mm
            if mark.from_mm <= along_mm < min(mark.to_mm, length_mm):
                yield Turn(along_mm=along_mm, missed=luck < mark.miss)

    def phase(self, number: int, place: tuple[int, int]) -> float:
        """Where on its circumference a mark is when the coil begins, as a share of a turn."""
        return float(self._rng(number, place, 0).random())

    def _rng(self, number: int, place: tuple[int, int], part: int) -> np.random.Generator:
        return np.random.default_rng([self.seed, _STREAM, *place, number, part])


def parse_roll_mark(text: str) -> RollMark:
    """Read `diameter=MM,class=N,lane=MM[,jitter=SHARE][,miss=SHARE][,from=MM][,to=MM]`. Raises ValueError."""
    said = _pairs(text)
    for name in _REQUIRED:
        if name not in said:
            raise ValueError(f"'{text}' does not say {name}=: a roll mark needs {', '.join(_REQUIRED)}")
    if not said["class"].isdecimal() or int(said["class"]) < 1:
        raise ValueError(f"'class={said['class']}' is no class: give a whole number from 1 up")
    mark = RollMark(
        diameter_mm=_number(said, "diameter", least=1.0, most=1e5),
        class_id=int(said["class"]),
        lane_mm=_number(said, "lane", least=0.0, most=1e5),
        jitter=_number(said, "jitter", least=0.0, most=_MOST_JITTER) if "jitter" in said else 0.0,
        miss=_number(said, "miss", least=0.0, most=1.0) if "miss" in said else 0.0,
        from_mm=_number(said, "from", least=0.0, most=1e8) if "from" in said else 0.0,
        to_mm=_number(said, "to", least=0.0, most=1e8) if "to" in said else math.inf,
    )
    if mark.from_mm >= mark.to_mm:
        raise ValueError(f"from={mark.from_mm:g} is not before to={mark.to_mm:g}")
    return mark


def _pairs(text: str) -> dict[str, str]:
    said: dict[str, str] = {}
    for part in text.split(","):
        name, equals, value = (piece.strip() for piece in part.partition("="))
        if name not in MARK_KEYS or not equals:
            raise ValueError(f"'{part}' is none of {'=, '.join(MARK_KEYS)}=")
        if name in said:
            raise ValueError(f"{name}= is given twice")
        said[name] = value
    return said


def _number(said: dict[str, str], name: str, *, least: float, most: float) -> float:
    try:
        value = float(said[name])
    except ValueError:
        value = math.nan
    if not least <= value <= most:
        raise ValueError(f"'{name}={said[name]}' is not a number within {least:g}..{most:g}")
    return value
