"""The frames of a recipe: drawn where it says so, else read from a folder; checked, and split by fold."""

from __future__ import annotations

from pathlib import Path

from model.frames.frames import FrameSplit
from model.frames.reading import read_frames
from model.frames.refused import TrainingRefused
from model.training.recipe import Recipe
from model.training.synthetic_frames import draw_split


def read_split(recipe: Recipe, root: Path | None) -> FrameSplit:
    """Frames to learn from and frames to be judged by; `root` is the folder from --frames.

    Raises TrainingRefused, FramesRefused among it, with all that is wrong with the frames.
    """
    if recipe.synthetic is not None:
        if root is not None:
            raise TrainingRefused(f"the recipe {recipe.name} draws its own frames: leave --frames out")
        return draw_split(recipe.synthetic, recipe.input)
    if root is None:
        raise TrainingRefused(
            f"the recipe {recipe.name} needs --frames: a folder with train_images/ and train.csv"
        )
    held_out = recipe.held_out_fold
    return read_frames(root, recipe.input, recipe.classes, held_out_fold=held_out).split(held_out)
