"""The ten rows are there; a recipe that cannot be is refused with its line and the reason."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from model.frames.refused import TrainingRefused
from model.study.nets import load_trainable
from model.study.recipe import load_recipe, shipped_recipes
from tests.support.study_runs import CROPS, segmenter_recipe, study_recipe

TABLES = {
    "classifier": [0.895, 0.921, 0.943, 0.955, 0.958],
    "segmenter": [0.639, 0.592, 0.621, 0.640, 0.731],
}


def test_the_shipped_recipes_are_the_ten_rows_in_their_order() -> None:
    recipes = shipped_recipes()
    for table, figures in TABLES.items():
        rows = [recipe for recipe in recipes if recipe.row.table == table]
        assert [recipe.row.figure for recipe in rows] == figures
        for recipe in rows:
            effnet = "efficientnet-b2" if "B2" in recipe.row.label else "efficientnet-b1"
            assert recipe.encoder == effnet
            assert recipe.input.seen_px == ((256, 320) if "crop" in recipe.row.label else (256, 512))
            assert "random" in recipe.note
            assert recipe.start == "random"
            assert bool(recipe.pixel_weights) == ("pixel weights" in recipe.row.label)


def test_a_row_keeps_to_the_references_numbers() -> None:
    crop = load_recipe("s5-linknet-crop")
    assert crop.pixel_weights == (1, 10, 0.05, 0.25)
    assert crop.learning_rate == 1e-3
    assert crop.input == load_recipe("c5-crop").input


def refused(path: Path) -> str:
    with pytest.raises(TrainingRefused) as caught:
        load_trainable(path)
    return str(caught.value).removeprefix(f"{path}, ")


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"epochs": 5}, r"line \d+: epochs is not a key here, allowed are name, row, .*"),
        ({"start": "noisy"}, r"line \d+: start is 'noisy': input should be 'random' or 'imagenet'"),
        ({"encoder": "resnet999"}, r"line \d+: encoder resnet999 is none of segmentation-models-pytorch's"),
        ({"pixel_weights": [1.0]}, "line 1: pixel_weights need one number for each class"),
        ({"decoder": "unet"}, "line 1: stages of design separate learn the masks: the gate is another row"),
        ({"design": "two_head"}, "line 1: design two_head needs a decoder on the classifier's encoder"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else "",
)
def test_what_cannot_be_is_refused_with_line_and_reason(
    tmp_path: Path, changes: dict[str, Any], says: str
) -> None:
    assert re.match(says, refused(study_recipe(tmp_path, **changes)))


def view_of(width_px: int) -> dict[str, Any]:
    stated = {"width_px": 192, "height_px": 64, "reduce": 1, "mean": 88.0, "std": 50.0}
    return stated | {"view": CROPS | {"width_px": width_px}}


@pytest.mark.parametrize(
    ("width_px", "says"),
    [
        (100, r"input: crops of 100 px do not fill a decoded width of 192 px"),
        (48, r"a crop of 64x48 is impossible: both sides must be multiples of 32"),
    ],
)
def test_an_impossible_crop_is_refused(tmp_path: Path, width_px: int, says: str) -> None:
    said = refused(study_recipe(tmp_path, input=view_of(width_px)))
    assert said.startswith("line ")
    assert says in said


def test_a_design_that_its_encoder_cannot_serve_is_refused(tmp_path: Path) -> None:
    path = segmenter_recipe(
        tmp_path, encoder="mit_b0", design="shared_backbone", decoder="unet",
        stages=[{"learns": "gate"}, {"learns": "masks", "encoder": "fixed"}],
    )  # fmt: skip
    said = refused(path)
    line = path.read_text().splitlines().index("encoder: mit_b0") + 1
    assert said.startswith(f"line {line}: encoder mit_b0 cannot serve a unet in design shared_backbone: ")
    assert "the decoder joins 2, 4, 8, 16, 32" in said


def test_a_name_that_is_no_recipe_is_answered_with_those_that_are() -> None:
    with pytest.raises(TrainingRefused, match="'nothing': give one of c1-efficientnetb1, "):
        load_recipe("nothing")
