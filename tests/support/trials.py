"""What tests of "try an image" share: two bundles that know defects by grey level, pictures, one run."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import cv2
import numpy as np

from station.trial.result import TrialResult
from station.trial.trial import Trial
from tests.support.bundles import (
    LEVEL_BY_CLASS,
    STRIP_LEVEL,
    Painted,
    level_bundle,
    painted_frame,
    rule,
    whole_card,
    whole_point,
    with_point,
)

CLEAN: Final = painted_frame()
SCRATCH: Final = Painted(class_id=3, rows=(64, 128), cols=(400, 640))


def trial_bundles(folder: Path) -> Path:
    """Write `level`, and `strict`, whose class 3 must have 20,000 px."""
    level_bundle(folder / "level")
    masks = (rule(), rule(), rule(area_px=20_000), rule())
    level_bundle(folder / "strict", card=with_point(whole_card(name="strict"), whole_point(masks=masks)))
    return folder


def png(pixels: np.ndarray) -> bytes:
    coded, buffer = cv2.imencode(".png", pixels)
    assert coded
    return buffer.tobytes()


def painted_picture(width_px: int, height_px: int, *defects: Painted) -> bytes:
    """A picture of any size, for `level` and `strict`."""
    pixels = np.full((height_px, width_px), STRIP_LEVEL, np.uint8)
    for defect in defects:
        pixels[slice(*defect.rows), slice(*defect.cols)] = LEVEL_BY_CLASS[defect.class_id]
    return png(pixels)


def tried(trial: Trial, image: bytes, bundle: str = "level", preset: str = "line") -> TrialResult:
    return asyncio.run(trial.run(image, bundle, preset))
