"""Small labelled frames for training tests: a defect is where pixels are brighter."""

from __future__ import annotations

from typing import Final

import numpy as np

from model.frames.frames import JudgedFrame, LabelledFrame, Truth
from model.inspector import FrameResult

SHAPE: Final = (64, 160)


def labelled_frame(image_id: str, class_id: int) -> LabelledFrame:
    """64x160; in the defect (columns 32-63) pixels are 100 + class, elsewhere 50. Class 0: a clean frame."""
    class_map = np.zeros(SHAPE, np.uint8)
    if class_id:
        class_map[:, 32:64] = class_id
    return LabelledFrame(
        image_id=image_id,
        truth="mask" if class_id else "clean",
        fold=None,
        classes=(class_id,) if class_id else (),
        pixels=np.where(class_map > 0, 100 + class_map, 50).astype(np.uint8),
        class_map=class_map,
    )


LABELLED: Final = [labelled_frame("clean", 0), *(labelled_frame(str(c), c) for c in (1, 2, 3, 4))]


def judged_frame(truth: Truth, masks: dict[int, tuple[slice, slice]] | None = None) -> JudgedFrame:
    """A held-out 256x1600 frame whose masks are rectangles."""
    full = {}
    for class_id, where in (masks or {}).items():
        full[class_id] = np.zeros((256, 1600), np.bool_)
        full[class_id][where] = True
    return JudgedFrame(image_id="x", truth=truth, pixels=np.zeros((128, 800), np.uint8), masks=full)


def scored(gate_score: float, *, defective: bool) -> FrameResult:
    """A result without regions."""
    return FrameResult(gate_score=gate_score, defective=defective, regions=())
