"""`train` from end to end, with hardly any frames and no time: what comes out is a bundle that runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from model.bundle import BundleRefused, verify
from model.load import load_inspector
from model.training.command import RECIPES, export_bundle, train_bundle
from model.training.recipes import Budget, FrameSplit
from model.training.synthetic import SyntheticRecipe


def test_training_ends_in_a_verified_measured_bundle_and_leaves_nothing_in_it(tmp_path: Path) -> None:
    recipe = SyntheticRecipe(train_seeds=range(1), judged_seeds=range(1, 3))
    (tmp_path / "work").mkdir()
    budget = Budget(minutes=0, weights=None, work=tmp_path / "work")
    card = train_bundle(recipe, None, budget, tmp_path / "bundle")
    assert verify(tmp_path / "bundle").metrics == json.loads(json.dumps(card.metrics))
    assert "0 steps" in card.data["trained"]["gate"]
    gate = card.metrics["as_shipped"]["gate"]
    assert gate["defective_frames"] + gate["clean_frames"] == 16
    assert gate["defective_missed"] == 0
    frame = recipe.read(None).judged[0].pixels
    assert len(load_inspector(tmp_path / "bundle", threads=1).inspect([frame])) == 1


def test_a_folder_without_frames_is_refused_in_one_sentence(tmp_path: Path) -> None:
    budget = Budget(minutes=0, weights=None, work=tmp_path)
    with pytest.raises(BundleRefused, match=r"lacks .*train\.csv"):
        train_bundle(RECIPES["severstal"], tmp_path, budget, tmp_path / "out")
    with pytest.raises(BundleRefused, match="--frames"):
        train_bundle(RECIPES["severstal"], None, budget, tmp_path / "out")


def test_export_without_weights_is_refused_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BundleRefused, match=r"lacks gate\.safetensors"):
        export_bundle(RECIPES["synthetic"], FrameSplit(train=[], judged=[]), tmp_path, tmp_path / "out")
