"""From a segmenter's probabilities to regions: one class a pixel, small masks dropped, components coded.

Follows what won the Severstal competition (two thresholds and a least area for each class); holes stay.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

from model import rle
from model.card import InputSpec, MaskRule
from model.inspector import Region

Probabilities = NDArray[np.float32]

_EIGHT: Final = 8
"""Neighbours that count as touching; the data set's own boxes are of 8-connected components."""


class RegionFinder:
    """Post-processing of one bundle: probabilities of a frame in, its regions out."""

    def __init__(self, input_spec: InputSpec, class_ids: Sequence[int], rules: Sequence[MaskRule]) -> None:
        """`rules` are in the order of `class_ids`. Raises ValueError when they are not as many."""
        self._width_px = input_spec.width_px
        self._height_px = input_spec.height_px
        self._class_ids = tuple(class_ids)
        self._rules = tuple(rules)
        if len(self._class_ids) != len(self._rules):
            raise ValueError(f"{len(self._rules)} mask rules for {len(self._class_ids)} classes")

    def find(self, probabilities: Probabilities) -> tuple[Region, ...]:
        """Regions of one frame, in class order, largest first.

        `probabilities` is (C, h, w) float32 at any resolution, upsampled bilinearly to the full size.
        """
        if probabilities.ndim != 3 or probabilities.shape[0] != len(self._class_ids):
            raise ValueError(f"probabilities of {len(self._class_ids)} classes, not {probabilities.shape}")
        full = self._upsample(probabilities)
        regions: list[Region] = []
        for index, mask in self._masks(full).items():
            regions += self._components(self._class_ids[index], mask, full[index])
        return tuple(regions)

    def _upsample(self, probabilities: Probabilities) -> dict[int, Probabilities]:
        """Class index -> full-size probabilities, only for classes that reach their top threshold anywhere.

        Bilinear upsampling never exceeds its input, so a class that is below its threshold stays there.
        """
        peaks = probabilities.max(axis=(1, 2))
        if not (
            peaks <= 1 + 1e-3
        ).all():  # also where one is NaN: the network has failed, this is no clean frame
            raise RuntimeError(f"the segmenter gave probabilities up to {peaks.tolist()}")
        size = (self._width_px, self._height_px)
        return {
            index: cv2.resize(np.ascontiguousarray(plane), size, interpolation=cv2.INTER_LINEAR)
            for index, plane in enumerate(probabilities)
            if peaks[index] >= self._rules[index].top_threshold
        }

    def _masks(self, full: dict[int, Probabilities]) -> dict[int, NDArray[np.uint8]]:
        """Class index -> full-size mask, for the classes that are there by their own probabilities.

        Only those compete for pixels: a class that is not there takes none from one that is.
        """
        there = {i: plane for i, plane in full.items() if self._is_there(self._rules[i], plane)}
        above = {i: _reach(plane, self._rules[i].bottom_threshold) for i, plane in there.items()}
        return self._exclusive(above, there)

    @staticmethod
    def _is_there(rule: MaskRule, plane: Probabilities) -> bool:
        return cv2.countNonZero(_reach(plane, rule.top_threshold)) >= max(1, rule.min_area_px)

    @staticmethod
    def _exclusive(
        above: dict[int, NDArray[np.uint8]], full: dict[int, Probabilities]
    ) -> dict[int, NDArray[np.uint8]]:
        """Give each pixel to the most probable class above its threshold there; ties go to the lower."""
        if len(above) < 2:
            return above
        # Only where masks overlap: ranking whole frames took 7 ms, most of the post-processing.
        contested = np.flatnonzero(sum(above.values(), np.zeros((), np.uint8)) > 1)
        if contested.size == 0:
            return above
        ranked = np.stack(
            [
                np.where(above[i].ravel()[contested], plane.ravel()[contested], np.float32(-1))
                for i, plane in full.items()
            ]
        )
        winner = ranked.argmax(axis=0)
        for rank, i in enumerate(full):
            above[i].ravel()[contested] &= winner == rank
        return above

    def _components(self, class_id: int, mask: NDArray[np.uint8], probability: Probabilities) -> list[Region]:
        # Labelling only where the mask is, in 16 bits where they suffice, takes half the time: it is the
        # memory written that costs, 1.6 MB for a whole frame's 32-bit labels.
        left, top, width, height = cv2.boundingRect(mask)
        if not width:
            return []  # other classes were more probable everywhere
        crop = np.ascontiguousarray(mask[top : top + height, left : left + width])
        most_labels = (height + 1) // 2 * ((width + 1) // 2)
        depth = cv2.CV_16U if most_labels < 2**16 - 1 else cv2.CV_32S
        count, labels, stats, _ = cv2.connectedComponentsWithStats(crop, connectivity=_EIGHT, ltype=depth)
        largest_first = sorted(range(1, count), key=lambda label: -int(stats[label, cv2.CC_STAT_AREA]))
        regions: list[Region] = []
        for label in largest_first:
            col, row, cols, rows, _ = (int(value) for value in stats[label])
            inside = labels[row : row + rows, col : col + cols] == label
            regions.append(self._region(class_id, inside, top + row, left + col, probability))
        return regions

    def _region(
        self, class_id: int, inside: NDArray[np.bool_], row: int, col: int, probability: Probabilities
    ) -> Region:
        """`inside` is the region's mask within its box, whose corner lies at `row, col` of the frame."""
        rows, cols = inside.shape
        within = probability[row : row + rows, col : col + cols][inside]
        return Region(
            class_id=class_id,
            score=min(1.0, float(within.mean(dtype=np.float64))),
            area_px=within.size,
            row_min=row,
            col_min=col,
            row_max=row + rows - 1,
            col_max=col + cols - 1,
            rle=rle.encode_crop(inside, row_px=row, col_px=col, height_px=self._height_px),
        )


def _reach(plane: Probabilities, threshold: float) -> NDArray[np.uint8]:
    return (plane >= threshold).view(np.uint8)


def class_masks(regions: Sequence[Region], height_px: int, width_px: int) -> dict[int, NDArray[np.bool_]]:
    """Class id -> (height_px, width_px) bool mask: a frame's regions put together again."""
    masks: dict[int, NDArray[np.bool_]] = {}
    for region in regions:
        mask = rle.decode(region.rle, height_px, width_px)
        masks[region.class_id] = masks[region.class_id] | mask if region.class_id in masks else mask
    return masks
