"""A bundle without a gate network, from tiny nets: the same commands export, calibrate, judge, run it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from model import rle
from model.bundle import SEGMENTER_WEIGHTS, load_card, verify
from model.cli import DONE, REFUSED, main
from model.export.assemble import draft_card
from model.frames.refused import TrainingRefused
from model.nets import build_segmenter, save_weights
from model.training.recipe import load_recipe
from tests.support.bundles import Painted, painted_frame
from tests.support.tiny_recipes import tiny_recipe, tiny_stage, write_recipe

WIDTH_PX, HEIGHT_PX = 640, 128
ROWS, COLUMNS = (32, 96), (64, 128)
BOUND = ("--miss", "0.4", "--confidence", "0.6", "--threads", "1")
ENCODER = "tu-test_efficientnet"
SIZE = {"width_px": WIDTH_PX, "height_px": HEIGHT_PX, "reduce": 2, "mean": 88.0, "std": 50.0}

RECIPES: dict[str, dict[str, Any]] = {
    "shared": {
        "design": "shared_backbone",
        "input": SIZE,
        "segmenter": {
            "architecture": "fpn",
            "encoder": ENCODER,
            "pyramid_channels": 16,
            "segmentation_channels": 32,
        },
    },
    "two-crops": {
        "design": "two_head",
        "input": SIZE | {"view": {"kind": "crops", "width_px": 160}},
        "segmenter": {
            "architecture": "unet",
            "encoder": ENCODER,
            "decoder_channels": [16, 16, 8, 8, 8],
            "gate_head": "classifier",
        },
    },
}


def own_recipe(folder: Path, name: str, **changes: Any) -> Path:
    stated = tiny_recipe(name=name, stages=[tiny_stage("joint", "segmenter")], **RECIPES[name])
    for absent in ("gate", "synthetic"):
        del stated[absent]
    return write_recipe(folder, stated | changes)


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folds 0 and 1: in each one mask of each class, two clean frames."""
    root = tmp_path_factory.mktemp("frames") / "steel"
    (root / "images").mkdir(parents=True)
    rows, codes = ["ImageId,truth,group,fold,classes"], ["ImageId,ClassId,EncodedPixels"]
    mask = np.zeros((HEIGHT_PX, WIDTH_PX), np.bool_)
    mask[slice(*ROWS), slice(*COLUMNS)] = True
    for number in range(12):
        name, clean, class_id = f"{number:02d}.jpg", number >= 8, 1 + number // 2
        painted = [] if clean else [Painted(class_id=class_id, rows=ROWS, cols=COLUMNS)]
        jpeg = painted_frame(painted, width_px=WIDTH_PX, height_px=HEIGHT_PX)
        (root / "images" / name).write_bytes(jpeg)
        rows.append(f"{name},{'clean' if clean else 'mask'},{name},{number % 2},{'' if clean else class_id}")
        if not clean:
            codes.append(f"{name},{class_id},{rle.encode(mask)}")
    (root / "frames.csv").write_text("\n".join(rows) + "\n")
    (root / "train.csv").write_text("\n".join(codes) + "\n")
    return root


@pytest.fixture(scope="module", params=sorted(RECIPES))
def exported(request: pytest.FixtureRequest, frames: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundle that `export` makes of a recipe and untrained weights."""
    place = tmp_path_factory.mktemp(request.param)
    path = own_recipe(place, request.param)
    recipe = load_recipe(path)
    torch.manual_seed(0)
    save_weights(build_segmenter(recipe.segmenter, recipe.input), place / SEGMENTER_WEIGHTS, "not trained")
    given = ["export", "--recipe", str(path), "--weights", str(place), "--frames", str(frames)]
    assert main([*given, "--out", str(place / "out"), *BOUND]) == DONE
    return place / "out"


def test_the_bundle_has_no_gate_network_and_one_preset_that_its_segmenter_scores(exported: Path) -> None:
    card = verify(exported)
    stated = RECIPES[card.name]
    assert (card.design, card.gate) == (stated["design"], None)
    assert {name: preset.gate for name, preset in card.presets.items()} == {"line": "segmenter"}
    assert sorted(card.files) == ["segmenter.int8.bin", "segmenter.int8.xml", SEGMENTER_WEIGHTS]
    assert set(card.data["int8_against_fp32"]["auc"]) == {"segmenter"}
    assert card.data["trained"] == {"segmenter": "not trained"}
    plant = card.presets["line"].operating_points["plant"]
    assert plant.chosen["by_truth"] == {"mask": 4, "boxes": 0, "clean": 2}
    assert card.score_distribution["line"]["defective"]["n"] == 4


def test_it_is_calibrated_as_any_other(exported: Path, frames: Path, tmp_path: Path) -> None:
    given = ["--bundle", str(exported), "--frames", str(frames), "--out", str(tmp_path / "ours")]
    assert main(["calibrate", *given, "--fold", "1", *BOUND]) == DONE
    former, card = load_card(exported), verify(tmp_path / "ours")
    assert (card.files, card.design, set(card.presets)) == (former.files, former.design, {"line"})
    assert card.presets["line"].gate == "segmenter"
    chosen = card.presets["line"].operating_points["plant"].chosen
    assert chosen["frames"] == "fold 1 of steel, chosen anew by `calibrate`"


def test_it_is_evaluated_as_any_other(exported: Path, frames: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    given = ["--bundle", str(exported), "--frames", str(frames), "--out", str(out), "--threads", "1"]
    assert main(["evaluate", *given, "--speed"]) == DONE
    found = json.loads((out / "evaluation.json").read_text())
    assert found["frames"]["by_truth"] == {"mask": 4, "boxes": 0, "clean": 2}
    assert 0 <= found["gate"]["auc"]["value"] <= 1


@pytest.mark.parametrize("engine", ["openvino", "torch"])
def test_it_predicts_on_engines_with_and_without_torch(
    exported: Path, frames: Path, tmp_path: Path, engine: str
) -> None:
    given = ["predict", str(frames / "images"), "--out", str(tmp_path / "out"), "--engine", engine]
    for design in ([], ["--design", "two_head"]):
        assert main([*given, "--bundle", str(exported), "--threads", "1", *design]) == DONE


def test_a_recipe_and_its_design_must_agree(tmp_path: Path) -> None:
    gate = {"architecture": "dense", "encoder": ENCODER}
    joint, of_gate = tiny_stage("joint", "segmenter"), tiny_stage("gate", "gate")
    wrong = {
        "gate is given, but design shared_backbone has no gate network": {"gate": gate},
        "a stage trains a gate, but design shared_backbone has no gate network": {"stages": [joint, of_gate]},
        "gate is missing, which design separate needs": {"design": "separate", "stages": [joint, of_gate]},
        "shows its networks 64x100: both must be multiples of 32": {
            "input": SIZE | {"view": {"kind": "resized", "height_px": 64, "width_px": 100}}
        },
        "design is 'both': input should be 'separate', 'two_head' or": {"design": "both"},
    }
    for said, changes in wrong.items():
        path = own_recipe(tmp_path, "shared", **changes)
        with pytest.raises(TrainingRefused, match=said) as refused:
            load_recipe(path)
        assert f"{path}, line " in str(refused.value)
    assert draft_card(load_recipe(own_recipe(tmp_path, "shared")), {}).design == "shared_backbone"


def test_train_makes_a_bundle_with_one_encoder_and_refuses_what_its_losses_do_not_know(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    drawn = tiny_recipe()
    changes = {"synthetic": drawn["synthetic"], "input": drawn["input"]}
    path = own_recipe(tmp_path, "shared", **changes)
    given = ["--device", "cpu", *BOUND]
    assert main(["train", "--recipe", str(path), "--out", str(tmp_path / "out"), *given]) == DONE
    card = verify(tmp_path / "out")
    assert (card.design, card.gate, set(card.data["trained"])) == ("shared_backbone", None, {"segmenter"})

    path = own_recipe(tmp_path, "two-crops", synthetic=drawn["synthetic"])
    assert main(["train", "--recipe", str(path), "--out", str(tmp_path / "no"), *given]) == REFUSED
    assert "knows whole frames and dense gates: `python -m model study train`" in capsys.readouterr().err
    assert not (tmp_path / "no").exists()
