"""What both designs with one encoder have in common: `shared_backbone` and `two_head`, on any engine.

The gate's scores come from a head on the segmenter's encoder. What the decoder needs of a frame, or in
`two_head` what it has said already, is kept for the frames that pass, and used up by `segment`.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from model.card import Card, OperatingPoint
from model.inspector import Gated, Inspector, Pixels, Region
from model.regions import RegionFinder

T = TypeVar("T")

AT_ONCE: Final = 64
"""So many frames without anything kept are seen again at a time: what they keep lies in memory together."""


class Kept:
    """What one inspector keeps of one frame, until it is used: a frame's features can be 1.4 MB."""

    __slots__ = ("_of", "_values")

    def __init__(self, of: object, values: Any) -> None:
        self._of = of
        self._values = values

    def take(self, by: object) -> Any:
        """The values, once, for the inspector that kept them; None for any other, and ever after."""
        if self._of is not by:
            return None
        values, self._values = self._values, None
        return values


class SharedInspector(Inspector):
    """One encoder for gate and segmenter; it runs once a frame, and again only where nothing was kept."""

    def __init__(self, card: Card, point: OperatingPoint) -> None:
        self.card = card
        self.point = point
        self._regions = RegionFinder(card.input, [kind.class_id for kind in card.classes], point.masks)

    def gate(self, frames: Sequence[Pixels]) -> list[Gated]:
        """See Inspector. Frames at or above the operating point's threshold keep what `segment` needs.

        Raises RuntimeError when the network fails, ValueError for a wrong shape.
        """
        return self._see(frames, self.point.gate_threshold)

    def segment(self, frames: Sequence[Pixels], gated: Sequence[Gated]) -> list[tuple[Region, ...]]:
        """See Inspector. A frame whose gate kept nothing here, or whose kept was used, is seen again."""
        return self._finish(frames, gated, self._regions.find)

    def probabilities(self, frames: Sequence[Pixels]) -> list[NDArray[np.float32]]:
        """See Inspector."""
        return self._finish(frames, [_UNSEEN] * len(frames), np.array)

    @abstractmethod
    def _see(self, frames: Sequence[Pixels], keep_from: float) -> list[Gated]:
        """Scores; frames at or above `keep_from` keep values for `_decode`."""

    @abstractmethod
    def _decode(self, kept: Sequence[Any], then: Callable[[NDArray[np.float32]], T]) -> list[T]:
        """`then` of each frame's probabilities, (classes, h, w), which are only valid meanwhile."""

    def _finish(
        self, frames: Sequence[Pixels], gated: Sequence[Gated], then: Callable[[NDArray[np.float32]], T]
    ) -> list[T]:
        if len(frames) != len(gated):
            raise ValueError(f"{len(frames)} frames to segment, and the gate's word on {len(gated)}")
        results: list[T] = []
        for first in range(0, len(frames), AT_ONCE):
            chunk = range(first, min(first + AT_ONCE, len(frames)))
            kept = {i: self._taken(gated[i]) for i in chunk}
            unseen = [i for i in chunk if kept[i] is None]
            seen = self._see([frames[i] for i in unseen], keep_from=0.0) if unseen else []
            kept |= {i: self._taken(again) for i, again in zip(unseen, seen, strict=True)}
            results += self._decode([kept[i] for i in chunk], then)
        return results

    def _taken(self, gated: Gated) -> Any:
        return gated.kept.take(self) if isinstance(gated.kept, Kept) else None


_UNSEEN: Final = Gated(score=1.0)
