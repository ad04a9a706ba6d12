"""Recipes that train in a second: synthetic 64x96 frames, the smallest encoder, few steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tests.support.tiny_nets import ENCODER

SAMPLING = {"batch_size": 2, "class_weights": [1, 1, 1, 1], "crop_width_px": 64}


def tiny_recipe(**changes: Any) -> dict[str, Any]:
    """What a YAML file of such a recipe says; `changes` at the top."""
    stated: dict[str, Any] = {
        "name": "tiny",
        "synthetic": {"train_seeds": [0, 4], "judged_seeds": [10, 14], "frames_a_seed": 4},
        "classes": [{"class_id": c, "name": n} for c, n in enumerate(("pit", "crack", "scratch", "scab"), 1)],
        "input": {"width_px": 192, "height_px": 128, "reduce": 2, "mean": 88.0, "std": 50.0},
        "gate": {"architecture": "dense", "encoder": ENCODER},
        "segmenter": {
            "architecture": "fpn",
            "encoder": ENCODER,
            "pyramid_channels": 16,
            "segmentation_channels": 32,
        },
        "precision": "float32",
        "stages": [
            tiny_stage("joint", "segmenter", steps=6),
            tiny_stage("gate", "gate", steps=4, teacher="segmenter"),
        ],
    }
    return stated | changes


def tiny_stage(name: str, network: str, **changes: Any) -> dict[str, Any]:
    """One stage of it."""
    stage = {"name": name, "network": network, "start": "random", "steps": 4, "learning_rate": 1e-3}
    return stage | {"sampling": SAMPLING} | changes


def write_recipe(folder: Path, stated: dict[str, Any]) -> Path:
    """As a file."""
    path = folder / f"{stated['name']}.yaml"
    path.write_text(yaml.safe_dump(stated, sort_keys=False))
    return path
