"""A study's networks, built for training; what its encoder cannot serve is refused with line and reason."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import torch
from segmentation_models_pytorch.encoders import get_encoder

from model.bundle import GATE_WEIGHTS, SEGMENTER_WEIGHTS
from model.frames.refused import TrainingRefused
from model.nets import GateNet, SegmenterNet, build_gate, build_segmenter
from model.study.recipe import StudyRecipe, load_recipe, recipe_file
from model.training.recipe_file import read_yaml

Net = GateNet | SegmenterNet

STRIDES: Final = (2, 4, 8, 16, 32)
"""Of the five features that a Unet and a LinkNet join, from the first on."""

_PROBE_PX: Final = 64


def load_trainable(name_or_path: str | Path) -> StudyRecipe:
    """As `load_recipe`, and its encoder serves its design. Raises TrainingRefused with line and reason."""
    recipe = load_recipe(name_or_path)
    reason = _why_not(recipe)
    if reason is None:
        return recipe
    path = recipe_file(name_or_path)
    line = read_yaml(path)[1].get(("encoder",), 1)
    raise TrainingRefused(f"{path}, line {line}: encoder {recipe.encoder} {reason}")


def _why_not(recipe: StudyRecipe) -> str | None:
    """What keeps the recipe's encoder from serving its design; None where nothing does."""
    try:
        encoder = get_encoder(recipe.encoder, in_channels=1, depth=5, weights=None).eval()
    except (KeyError, ValueError, RuntimeError) as unknown:
        return f"is none of segmentation-models-pytorch's: {str(unknown)[:120].strip()}"
    with torch.inference_mode():
        features = encoder(torch.zeros(1, 1, _PROBE_PX, _PROBE_PX))
    found = tuple(
        _PROBE_PX // f.shape[-1] if f.shape[1] and f.shape[-1] else None for f in features[-len(STRIDES) :]
    )
    if recipe.decoder is None:
        return None if found[-1:] == STRIDES[-1:] else f"ends at stride {found[-1]}, not {STRIDES[-1]}"
    if found != STRIDES:
        strides = ", ".join("none" if stride is None else str(stride) for stride in found)
        return (
            f"cannot serve a {recipe.decoder} in design {recipe.design}: its features have strides "
            f"{strides}, the decoder joins {', '.join(map(str, STRIDES))}"
        )
    try:
        build(recipe)
    except ValueError as unfit:
        return f"cannot serve a {recipe.decoder}: {unfit}"
    return None


def build(recipe: StudyRecipe) -> Net:
    """The recipe's network with random weights; seed torch before for the same ones again."""
    count = len(recipe.classes)
    if recipe.gate is not None:
        return build_gate(recipe.gate, recipe.input, count)
    assert recipe.segmenter is not None
    return build_segmenter(recipe.segmenter, recipe.input, count)


def weights_file(recipe: StudyRecipe) -> str:
    """What a trained network's weights are called, in a run's folder as in a bundle."""
    return SEGMENTER_WEIGHTS if recipe.gate is None else GATE_WEIGHTS
