"""Recipes: the shipped ones load, and what cannot be is refused with file, line and what is allowed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from model.frames.refused import TrainingRefused
from model.training.recipe import RECIPES, Recipe, load_recipe
from tests.support.tiny_recipes import SAMPLING, tiny_recipe, tiny_stage, write_recipe


@pytest.mark.parametrize("name", ["severstal", "synthetic"])
def test_a_shipped_recipe_is_known_by_its_name(name: str) -> None:
    recipe = load_recipe(name)
    assert recipe.name == name
    assert {stage.network for stage in recipe.stages} == {"segmenter", "gate"}
    assert (recipe.synthetic is None) is (name == "severstal")


def test_a_file_of_ones_own_is_loaded_by_its_path(tmp_path: Path) -> None:
    recipe = load_recipe(write_recipe(tmp_path, tiny_recipe()))
    assert recipe.stages[1].teacher == "segmenter"
    with pytest.raises(
        TrainingRefused, match="no recipe 'other': give one of severstal, synthetic, or a YAML"
    ):
        load_recipe("other")


def test_a_recipe_is_read_without_torch() -> None:
    code = (
        "import sys, model.training.recipe as r; r.load_recipe('severstal'); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=Path(__file__).parents[3]).returncode == 0


@pytest.mark.parametrize(
    ("was", "becomes", "said"),
    [
        (
            "steps: 4000",
            "steps: 0",
            r"line 43: stages\.1\.steps is 0: input should be greater than or equal to 1",
        ),
        (
            "batch_size: 12",
            "batch: 12",
            r"line \d+: stages\.2\.sampling\.batch is not a key here, .*batch_size",
        ),
        ("teacher: segmenter", "teacher: gate", r"stages\.2\.teacher is 'gate': input should be 'segmenter'"),
        (
            "mean: 88.0",
            "mean: .nan",
            r"line 12: input\.mean is nan: input should be (greater|less)",
        ),
        ("name: pit", "nam: pit", r"line 8: classes\.0\.name is missing"),
        (
            "crop_width_px: 448",
            "crop_width_px: 450",
            r"crop_width_px is 450: input should be a multiple of 32",
        ),
        ("crop_width_px: 448", "crop_width_px: 1024", "stage joint1: crop_width_px must be at most 800"),
        ("class_id: 4", "class_id: 5", "classes must have the ids 1, 2, 3"),
        ("height_px: 256", "height_px: 260", "shows its networks 130x800: both must be multiples of 32"),
        ("name: joint2", "name: joint1", "each stage needs a name of its own"),
        ("steps: 4000", "steps: [4000", "is not YAML"),
    ],
)
def test_a_mistake_is_named_with_its_line_and_what_is_allowed(
    was: str, becomes: str, said: str, tmp_path: Path
) -> None:
    text = (RECIPES / "severstal.yaml").read_text()
    assert was in text
    path = tmp_path / "own.yaml"
    path.write_text(text.replace(was, becomes))
    with pytest.raises(TrainingRefused, match=said) as refused:
        load_recipe(path)
    assert str(path) in str(refused.value)
    assert "\n" not in str(refused.value)


JOINT, GATE = tiny_stage("joint", "segmenter"), tiny_stage("gate", "gate")


@pytest.mark.parametrize(
    ("stages", "said"),
    [
        pytest.param([JOINT, JOINT | {"name": "more"}], "must train a segmenter and a gate", id="no gate"),
        pytest.param([JOINT | {"start": "previous"}, GATE], "needs an earlier stage", id="nothing before"),
        pytest.param([GATE | {"teacher": "segmenter"}, JOINT], "needs an earlier stage", id="no teacher yet"),
        pytest.param(
            [JOINT | {"fill_boxes": True}, GATE], "needs an earlier stage", id="nothing to fill with"
        ),
        pytest.param([JOINT, GATE | {"fill_boxes": True}], "for stages of the segmenter", id="gate fills"),
        pytest.param([JOINT | {"teacher": "segmenter"}, GATE], "only a gate", id="taught by itself"),
        pytest.param(
            [JOINT, GATE | {"sampling": SAMPLING | {"class_weights": [1]}}],
            "one number for each class",
            id="3 left",
        ),
    ],
)
def test_stages_that_do_not_follow_from_one_another_are_refused(
    stages: list[dict[str, Any]], said: str, tmp_path: Path
) -> None:
    with pytest.raises(TrainingRefused, match=said):
        load_recipe(write_recipe(tmp_path, tiny_recipe(stages=stages)))


def test_a_gate_starts_from_the_segmenter_only_with_its_encoder(tmp_path: Path) -> None:
    stages = [JOINT, GATE | {"start": "segmenter"}]
    gate = {"architecture": "dense", "encoder": "tu-mobilenetv2_100"}
    assert Recipe.model_validate(tiny_recipe(stages=stages)).stages[1].start == "segmenter"
    with pytest.raises(TrainingRefused, match="same encoder"):
        load_recipe(write_recipe(tmp_path, tiny_recipe(stages=stages, gate=gate)))


def test_seeds_to_judge_by_are_not_trained_on(tmp_path: Path) -> None:
    drawn = {"train_seeds": [0, 12], "judged_seeds": [10, 14]}
    with pytest.raises(
        TrainingRefused, match=r"line 2: synthetic: train_seeds and judged_seeds must not overlap"
    ):
        load_recipe(write_recipe(tmp_path, tiny_recipe(synthetic=drawn)))
