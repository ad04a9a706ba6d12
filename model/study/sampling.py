"""What a study learns from: pictures drawn by kind, flipped and rotated as the reference did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray

from model.frames.refused import TrainingRefused
from model.study.pictures import Picture
from model.study.recipe import StudyRecipe, StudyStage
from model.training.sampling import Batch

ROTATED, MOST_DEGREES = 0.25, 10.0

OF_CLEAN_FRAMES: Final = 0.6
"""Of clean crops, those of clean frames: 29,510 of about 48,000 in the whole set (5,902 frames are clean).

Where a folder holds few clean frames, the clean crops of its defective ones would drown them.
"""

Pixels = NDArray[np.uint8]


class PictureSampler:
    """Draws batches for ever, each from its own random numbers, so that a run can be resumed exactly."""

    def __init__(
        self, pictures: Sequence[Picture], recipe: StudyRecipe, stage: StudyStage, *, seed: int
    ) -> None:
        """Raises TrainingRefused where the pictures hold nothing for the stage."""
        usable = [p for p in pictures if p.defective is not None and (p.masked or stage.learns == "gate")]
        self._defective = [p for p in usable if p.defective]
        clean = [p for p in usable if not p.defective]
        self._clean_shares = [
            ([p for p in clean if p.of_clean], OF_CLEAN_FRAMES),
            ([p for p in clean if not p.of_clean], 1 - OF_CLEAN_FRAMES),
        ]
        self._clean_share = recipe.clean_share if stage.learns != "masks" else 0.0
        self._batch_size, self._varied, self._seed = recipe.batch_size, recipe.augmentations, seed
        if not self._defective:
            raise TrainingRefused(f"the frames hold no defective picture to learn {stage.learns} from")
        if self._clean_share and not clean:
            raise TrainingRefused(f"the frames hold no clean picture to learn {stage.learns} from")

    def batch(self, step: int) -> Batch:
        """The batch of a step, whatever was drawn before it."""
        rng = np.random.default_rng((self._seed, step))
        drawn = [self._one(rng) for _ in range(self._batch_size)]
        return Batch(
            frames=torch.from_numpy(np.stack([pixels for pixels, _ in drawn]))[:, None].float(),
            class_maps=torch.from_numpy(np.stack([truth for _, truth in drawn])),
        )

    def _one(self, rng: np.random.Generator) -> tuple[Pixels, Pixels]:
        pool = self._pool(rng)
        picture = pool[int(rng.integers(len(pool)))]
        if not self._varied:
            return picture.pixels, picture.class_map
        return vary(rng, picture.pixels, picture.class_map)

    def _pool(self, rng: np.random.Generator) -> list[Picture]:
        if rng.random() >= self._clean_share:
            return self._defective
        (of_clean, share), (of_defective, _) = self._clean_shares
        if not of_clean or not of_defective:
            return of_clean or of_defective
        return of_clean if rng.random() < share else of_defective


def vary(rng: np.random.Generator, pixels: Pixels, truth: Pixels) -> tuple[Pixels, Pixels]:
    """Both flips with p .5 each, a rotation by up to 10 degrees with p .25; what turns in is mirrored."""
    axes = tuple(axis for axis in (0, 1) if rng.random() < 0.5)
    pixels, truth = np.flip(pixels, axes), np.flip(truth, axes)
    if rng.random() < ROTATED:
        height, width = pixels.shape
        centre = (width - 1) / 2, (height - 1) / 2
        turn = cv2.getRotationMatrix2D(centre, float(rng.uniform(-MOST_DEGREES, MOST_DEGREES)), 1.0)
        pixels = _turned(pixels, turn, cv2.INTER_LINEAR)
        truth = _turned(truth, turn, cv2.INTER_NEAREST)
    return np.ascontiguousarray(pixels), np.ascontiguousarray(truth)


def _turned(plane: Pixels, turn: NDArray[np.float64], interpolation: int) -> Pixels:
    height, width = plane.shape
    turned = cv2.warpAffine(
        np.ascontiguousarray(plane),
        turn,
        (width, height),
        flags=interpolation,
        borderMode=cv2.BORDER_REFLECT_101,
    )
    return np.asarray(turned, np.uint8)
