"""`train` from end to end, with hardly any frames and steps: what comes out is a bundle that runs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from model.bundle import verify
from model.cli import REFUSED, main
from model.frames.refused import TrainingRefused
from model.load import load_inspector
from model.training.recipe import load_recipe
from model.training.recipe_frames import read_split
from tests.support.tiny_recipes import tiny_recipe, tiny_stage, write_recipe

STAGES = [tiny_stage("joint", "segmenter", steps=2), tiny_stage("gate", "gate", steps=2, teacher="segmenter")]
LOOSE_BOUND = ["--miss", "0.5", "--confidence", "0.5"]


def test_training_ends_in_a_verified_bundle_and_keeps_its_curves_beside_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    recipe = write_recipe(tmp_path, tiny_recipe(stages=STAGES))
    out = tmp_path / "bundle"
    given = ["train", "--recipe", str(recipe), "--out", str(out), "--threads", "1", "--device", "cpu"]
    assert main([*given, *LOOSE_BOUND, "--seed", "3"]) == 0
    card = verify(out)
    assert json.loads(capsys.readouterr().out)["name"] == card.name == "tiny"
    assert "2 steps" in card.data["trained"]["gate"]
    assert (card.data["recipe"], card.data["seed"]) == ("tiny", 3)
    assert {
        "curves.csv",
        "curves.png",
        "joint.pt",
        "gate.pt",
        "gate.safetensors",
        "segmenter.safetensors",
    } <= {path.name for path in (tmp_path / "bundle.work").iterdir()}
    frame = read_split(load_recipe(recipe), None).judged[0].pixels
    assert len(load_inspector(out, threads=1).inspect([frame])) == 1
    assert main([*given, *LOOSE_BOUND, "--seed", "4"]) == REFUSED
    assert (
        "joint.pt is the checkpoint of a run with other seed: start over with --fresh"
        in capsys.readouterr().err
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--recipe", "severstal"], "the recipe severstal needs --frames"),
        (["--recipe", "severstal", "--frames", "{empty}"], "holds train_images/ or images/"),
        (["--recipe", "synthetic", "--frames", "{empty}"], "draws its own frames: leave --frames out"),
        (["--recipe", "synthetic", "--hold-out", "1"], "has no folds: leave --hold-out out"),
        (["--recipe", "other"], "there is no recipe 'other'"),
        (["--recipe", "{tiny}", "--weights", "{empty}/none", *LOOSE_BOUND], "is not a folder"),
        (["--recipe", "{tiny}"], "defective frames"),
    ],
)
def test_what_cannot_be_trained_is_refused_before_it_starts(
    given: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tiny = write_recipe(tmp_path, tiny_recipe(stages=STAGES))
    (tmp_path / "empty").mkdir()
    filled = [word.format(empty=tmp_path / "empty", tiny=tiny) for word in given]
    assert main(["train", *filled, "--out", str(tmp_path / "out"), "--threads", "1"]) == REFUSED
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    assert not list(tmp_path.glob("out.work/*"))


@pytest.mark.parametrize("given", [["--minutes", "0"], ["--batch", "-1"], ["--threads", "x"]])
def test_numbers_that_cannot_be_are_refused(given: list[str], tmp_path: Path) -> None:
    with pytest.raises(SystemExit):
        main(["train", "--recipe", "synthetic", "--out", str(tmp_path / "out"), *given])


def test_synthetic_frames_are_drawn_apart_from_those_that_judge(tmp_path: Path) -> None:
    split = read_split(load_recipe(write_recipe(tmp_path, tiny_recipe())), None)
    assert {f.image_id.split("-")[0] for f in split.train} == {"0", "1", "2", "3"}
    assert {f.image_id.split("-")[0] for f in split.judged} == {"10", "11", "12", "13"}
    for frame in split.train:
        assert frame.pixels.shape == frame.class_map.shape == (64, 96)
        assert (frame.truth == "mask") is bool(frame.class_map.any() or frame.classes)
    with pytest.raises(TrainingRefused, match="leave --frames out"):
        read_split(load_recipe("synthetic"), tmp_path)
