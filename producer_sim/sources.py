"""Where frames come from: a source gives the picture of each exposure, the same for the same exposure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from contracts.frames import Encoding
from producer_sim.arrangement import Exposure
from producer_sim.manifest import Truth
from producer_sim.roll_marks import PutMark


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """An encoded image and what is known of it."""

    encoded: bytes
    encoding: Encoding
    width_px: int
    height_px: int
    truth: Truth | None
    origin: str


class FrameSource(Protocol):
    """Gives pictures; `height_px` and `width_px` are those of its frames as a rule."""

    name: str
    width_px: int
    height_px: int

    def picture(self, exposure: Exposure) -> Picture:
        """What the camera saw."""

    def marks_of(self, line: int, coil: int) -> tuple[PutMark, ...]:
        """The roll marks that this coil's pictures show; both counted from 0."""

    def let_go(self, line: int, coil: int) -> None:
        """The coil has passed: forget what was kept for it alone."""
