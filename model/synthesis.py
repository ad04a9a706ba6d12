"""A synthetic steel strip with exact truth, for whoever has no frames of their own.

numpy and OpenCV only: the simulator sends it, training learns from it. A frame depends on (seed, index)
alone, never on which frames were drawn before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from model.synthesis_defects import DRAWERS, Canvas, Mask
from model.synthesis_stamps import Hit, press
from model.synthesis_texture import Look, black_edges, draw_look, faint_marks, splashes, steel, water_stain

WIDTH_PX, HEIGHT_PX = 1600, 256

CLASS_SHARES: Mapping[int, float] = {1: 897, 2: 247, 3: 5150, 4: 801}
"""Frames per class in the Severstal set; only their ratio counts."""

SECOND_CLASS_SHARE = 427 / 6666
"""Share of the set's defective frames that show more than one class."""

_LOOK, _FRAME = 0, 1


@dataclass(frozen=True, slots=True, kw_only=True)
class SyntheticFrame:
    """One exposure and its truth."""

    pixels: NDArray[np.uint8]  # (H, W)
    masks: dict[int, Mask]  # class_id -> (H, W) bool, only classes that are there, no pixel in two
    defective: bool


class SyntheticStrip:
    """One coil of synthetic steel.

    Frames share the coil's look (steel, lamps, edges); take many seeds for variety. `class_shares` weighs the
    defect classes 1-4 (default: as in the Severstal set); `defect_share` of the frames are defective, 0..1.
    """

    def __init__(
        self,
        seed: int,
        defect_share: float = 0.05,
        *,
        class_shares: Mapping[int, float] = CLASS_SHARES,
        width_px: int = WIDTH_PX,
        height_px: int = HEIGHT_PX,
    ) -> None:
        if not 0 <= defect_share <= 1:
            raise ValueError(f"defect_share must be within 0..1, not {defect_share}")
        if not class_shares or not set(class_shares) <= set(DRAWERS) or sum(class_shares.values()) <= 0:
            raise ValueError(f"class_shares must weigh some of the classes {sorted(DRAWERS)}")
        self.seed, self.defect_share = seed, defect_share
        self.width_px, self.height_px = width_px, height_px
        self._class_ids = np.array(sorted(class_shares))
        weights = np.array([class_shares[int(c)] for c in self._class_ids], dtype=float)
        self._class_weights = weights / weights.sum()
        self._look: Look = draw_look(np.random.default_rng([seed, _LOOK]), width_px)

    def classes_at(self, index: int) -> tuple[int, ...]:
        """The classes that frame shows, without drawing it; empty: a clean frame."""
        return self._draw_classes(np.random.default_rng([self.seed, _FRAME, index]))

    @property
    def steel_px(self) -> tuple[int, int]:
        """First and past-the-last column that show steel."""
        return self._look.left_px, self._look.right_px

    def frame(self, index: int, hits: Sequence[Hit] = ()) -> SyntheticFrame:
        """Draw frame `index` (0-based) of the coil, and on top of it what of the `hits` lies on it."""
        rng = np.random.default_rng([self.seed, _FRAME, index])
        class_ids = self._draw_classes(rng)
        grey = steel(self._look, rng, self.height_px, self.width_px)
        self._soil(grey, rng)
        canvas = Canvas(
            grey=grey,
            taken=np.zeros(grey.shape, np.bool_),
            left_px=self._look.left_px,
            right_px=self._look.right_px,
            rng=rng,
        )
        masks = {class_id: DRAWERS[class_id](canvas) for class_id in class_ids}
        for hit in hits:
            pressed = press(canvas, hit, index * self.height_px)
            masks[hit.stamp.class_id] = masks.get(hit.stamp.class_id, False) | pressed
        black_edges(grey, self._look, rng)
        pixels = np.clip(grey, 0, 255).astype(np.uint8)
        masks = {class_id: mask for class_id, mask in masks.items() if mask.any()}
        return SyntheticFrame(pixels=pixels, masks=masks, defective=bool(masks))

    def _draw_classes(self, rng: np.random.Generator) -> tuple[int, ...]:
        if rng.random() >= self.defect_share:
            return ()
        count = 2 if rng.random() < SECOND_CLASS_SHARE and np.count_nonzero(self._class_weights) > 1 else 1
        drawn = rng.choice(self._class_ids, size=count, replace=False, p=self._class_weights)
        return tuple(sorted(int(c) for c in drawn))

    @staticmethod
    def _soil(grey: NDArray[np.float32], rng: np.random.Generator) -> None:
        """What a gate must learn to pass: marks that are no defects, on clean and defective frames alike."""
        if rng.random() < 0.25:
            water_stain(grey, rng)
        if rng.random() < 0.08:
            splashes(grey, rng)
        if rng.random() < 0.6:
            faint_marks(grey, rng)
