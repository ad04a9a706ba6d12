"""Labelled frames as a study's networks see them: resized, or in crops side by side, with their truth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from model.card import CropsView, InputSpec, ResizedView
from model.frames.frames import UNKNOWN, LabelledFrame


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """One picture. pixels, class_map: (h, w) uint8, the map as in LabelledFrame.

    defective: None where only part of a box with an unknown mask lies on it. masked: no pixel is unknown.
    of_clean: its whole frame is clean.
    """

    image_id: str
    pixels: NDArray[np.uint8]
    class_map: NDArray[np.uint8]
    defective: bool | None
    masked: bool
    of_clean: bool


def pictures_of(frame: LabelledFrame, spec: InputSpec) -> list[Picture]:
    """The frame's pictures from left to right; crops share the frame's memory."""
    view = spec.view
    if isinstance(view, ResizedView):
        size = view.width_px, view.height_px
        pixels = cv2.resize(frame.pixels, size, interpolation=cv2.INTER_LINEAR)
        truth = cv2.resize(frame.class_map, size, interpolation=cv2.INTER_NEAREST)
        return [_picture(frame, np.asarray(pixels, np.uint8), np.asarray(truth, np.uint8), frame.defective)]
    width = view.width_px if isinstance(view, CropsView) else frame.pixels.shape[1]
    lefts = range(0, frame.pixels.shape[1], width)
    return [
        _picture(
            frame,
            frame.pixels[:, left : left + width],
            frame.class_map[:, left : left + width],
            _crop_defective(frame, left, left + width),
        )
        for left in lefts
    ]


def pictures_of_all(frames: Iterable[LabelledFrame], spec: InputSpec) -> list[Picture]:
    """The pictures of all frames, in their order."""
    return [picture for frame in frames for picture in pictures_of(frame, spec)]


def _picture(
    frame: LabelledFrame, pixels: NDArray[np.uint8], truth: NDArray[np.uint8], defective: bool | None
) -> Picture:
    return Picture(
        image_id=frame.image_id,
        pixels=pixels,
        class_map=truth,
        defective=defective,
        masked=not (truth == UNKNOWN).any(),
        of_clean=not frame.defective,
    )


def _crop_defective(frame: LabelledFrame, left: int, right: int) -> bool | None:
    """A box is of one component: defective where the whole box is; part of a box may hold nothing."""
    truth = frame.class_map[:, left:right]
    if ((truth != 0) & (truth != UNKNOWN)).any():
        return True
    boxes: Sequence[tuple[int, int, int, int]] = [b for bs in frame.boxes_by_class.values() for b in bs]
    touching = [(c0, c1) for _, c0, _, c1 in boxes if c0 < right and c1 >= left]
    if any(left <= c0 and c1 < right for c0, c1 in touching):
        return True
    return None if touching else False
