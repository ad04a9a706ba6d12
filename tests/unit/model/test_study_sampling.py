"""What a batch holds: who learns masks sees defective pictures only, a gate its share of clean ones."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from model.frames.refused import TrainingRefused
from model.study.pictures import Picture, pictures_of_all
from model.study.recipe import StudyRecipe, load_recipe
from model.study.sampling import PictureSampler
from tests.support.labelled import LABELLED
from tests.support.study_runs import segmenter_recipe, study_recipe

VIEW = {
    "width_px": 160, "height_px": 64, "reduce": 1, "mean": 0.0, "std": 1.0,
    "view": {"kind": "crops", "width_px": 32},
}  # fmt: skip


@pytest.fixture
def gate(tmp_path: Path) -> StudyRecipe:
    return load_recipe(study_recipe(tmp_path, input=VIEW, batch_size=200, clean_share=0.3))


def pictures(recipe: StudyRecipe) -> list[Picture]:
    return pictures_of_all(LABELLED, recipe.input)


def defective_share(recipe: StudyRecipe, shown: list[Picture]) -> float:
    batch = PictureSampler(shown, recipe, recipe.stages[0], seed=1).batch(0)
    assert batch.frames.shape == (200, 1, 64, 32)
    return float((batch.class_maps != 0).flatten(1).any(dim=1).float().mean())


def test_a_gate_sees_its_share_of_clean_pictures_whatever_the_folder_holds(gate: StudyRecipe) -> None:
    assert defective_share(gate, pictures(gate)) == pytest.approx(0.7, abs=0.1)


def test_most_clean_crops_are_of_clean_frames(gate: StudyRecipe) -> None:
    marked = [
        Picture(
            image_id=p.image_id, pixels=p.pixels * 0 + (200 if p.of_clean else 20), class_map=p.class_map,
            defective=p.defective, masked=p.masked, of_clean=p.of_clean,
        )
        for p in pictures(gate)
        if not p.defective
    ] + [p for p in pictures(gate) if p.defective]  # fmt: skip
    batch = PictureSampler(marked, gate, gate.stages[0], seed=2).batch(0)
    clean = (batch.class_maps == 0).flatten(1).all(dim=1)
    of_clean = (batch.frames[clean] == 200).flatten(1).all(dim=1).float().mean()
    assert float(of_clean) == pytest.approx(0.6, abs=0.15)


def test_masks_are_learnt_from_defective_pictures_alone(tmp_path: Path) -> None:
    recipe = load_recipe(segmenter_recipe(tmp_path, input=VIEW, batch_size=200))
    assert defective_share(recipe, pictures(recipe)) == 1


def test_a_batch_is_the_same_whatever_was_drawn_before(gate: StudyRecipe) -> None:
    one, other = (PictureSampler(pictures(gate), gate, gate.stages[0], seed=3) for _ in range(2))
    one.batch(0)
    assert torch.equal(one.batch(5).frames, other.batch(5).frames)


@pytest.mark.parametrize("kind", ["clean", "defective"])
def test_frames_without_what_a_stage_learns_from_are_refused(gate: StudyRecipe, kind: str) -> None:
    left = [p for p in pictures(gate) if p.defective is (kind == "clean")]
    with pytest.raises(TrainingRefused, match=f"hold no {kind} picture to learn gate from"):
        PictureSampler(left, gate, gate.stages[0], seed=0)
