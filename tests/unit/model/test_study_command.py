"""The way through: train, judge, table, bundle, predict; a killed run goes on; what cannot be is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file

from model.card import DESIGNS
from model.cli import main
from model.frames.reading import read_frames
from model.frames.refused import TrainingRefused
from model.study.judging import held_out, judge
from model.study.nets import load_trainable
from model.study.training import StudyRun, TrainedRun, open_run, train_row
from tests.support.study_runs import RESIZED, segmenter_recipe, study_frames, study_recipe
from tests.support.training_nets import CPU

pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::UserWarning")

BOTH: dict[str, Any] = {
    "design": "two_head",
    "decoder": "unet",
    "pixel_weights": [],
    "stages": [{"learns": "both", "steps": 2}],
}
IN_TURN: dict[str, Any] = BOTH | {
    "design": "shared_backbone",
    "stages": [{"learns": "gate", "steps": 2}, {"learns": "masks", "encoder": "fixed", "steps": 2}],
}


class Stops:
    """A watch that kills the run after a step."""

    def __init__(self, after: int | None = None) -> None:
        self.after, self.begun = after, list[tuple[str, int]]()

    def begins(self, stage: str, steps: int, at_step: int) -> None:
        self.begun.append((stage, at_step))

    def stepped(self, moment: Any) -> None:
        if moment.step == self.after:
            raise KeyboardInterrupt

    def ends(self) -> None:
        pass


@pytest.fixture(scope="module")
def frames(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return study_frames(tmp_path_factory.mktemp("frames") / "set")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, frames: Path) -> dict[str, Path]:
    """A classifier, a segmenter, and one network of each shared design, by the command line."""
    place = tmp_path_factory.mktemp("runs")
    recipes = {
        "gate": study_recipe(place),
        "masks": segmenter_recipe(place),
        "two_head": segmenter_recipe(place, "tiny-both", **BOTH),
        "shared_backbone": segmenter_recipe(place, "tiny-in-turn", **IN_TURN),
    }
    for name, recipe in recipes.items():
        out = str(place / name)
        given = ["--frames", str(frames), "--minutes", "5", "--out", out, "--device", "cpu", "--threads", "1"]
        assert main(["study", "train", str(recipe), *given]) == 0
    return {name: place / name for name in recipes}


def test_a_run_says_how_it_came_about(trained: dict[str, Path]) -> None:
    run = open_run(trained["shared_backbone"])
    assert [stage["steps"] for stage in run.stated["stages"]] == [2, 2]
    assert run.stated["started"] == "from random weights"
    assert "from random weights, 2 + 2 steps of 2 pictures" in run.stated["trained"]


def row(folder: Path, frames: Path, recipe: Path, watch: Stops) -> TrainedRun:
    read = load_trainable(recipe)
    folder.mkdir(exist_ok=True)
    split = read_frames(frames, read.input, read.classes, held_out_fold=0).split(0)
    asked = StudyRun(recipe=read, out=folder, hardware=CPU, watch=watch, minutes=5, checkpoint_every_s=0)
    return train_row(asked, split)


def test_a_killed_run_ends_with_the_weights_of_one_that_was_not(tmp_path: Path, frames: Path) -> None:
    recipe = segmenter_recipe(tmp_path, **IN_TURN)
    row(tmp_path / "whole", frames, recipe, Stops())
    with pytest.raises(KeyboardInterrupt):
        row(tmp_path / "killed", frames, recipe, Stops(after=2))
    resumed = Stops()
    row(tmp_path / "killed", frames, recipe, resumed)
    assert resumed.begun == [("1-gate", 1), ("2-masks", 0)]
    one, other = (load_file(tmp_path / name / "segmenter.safetensors") for name in ("whole", "killed"))
    assert all(one[name].equal(value) for name, value in other.items())


def test_a_fixed_encoder_stays_as_the_gate_left_it(tmp_path: Path, frames: Path) -> None:
    short = IN_TURN | {"stages": [{"learns": "gate", "steps": 2}, IN_TURN["stages"][1] | {"steps": 1}]}
    encoders = []
    for name, recipe in (("long", IN_TURN), ("short", short)):
        run = row(tmp_path / name, frames, segmenter_recipe(tmp_path, f"tiny-{name}", **recipe), Stops())
        encoders.append(run.net.encoder.state_dict())
    assert all(encoders[0][name].equal(value) for name, value in encoders[1].items())


def test_a_checkpoint_of_another_recipe_is_refused(tmp_path: Path, frames: Path) -> None:
    row(tmp_path / "run", frames, study_recipe(tmp_path), Stops())
    with pytest.raises(TrainingRefused, match="a run with other recipe"):
        row(tmp_path / "run", frames, study_recipe(tmp_path, learning_rate=1e-4), Stops())


def test_fresh_forgets_the_run_and_nothing_else(tmp_path: Path, frames: Path) -> None:
    recipe, out = study_recipe(tmp_path), tmp_path / "run"
    row(out, frames, recipe, Stops())
    (out / "mine.txt").write_text("kept")
    given = ["--frames", str(frames), "--minutes", "5", "--out", str(out), "--seed", "7"]
    assert main(["study", "train", str(recipe), *given]) == 2
    assert main(["study", "train", str(recipe), *given, "--fresh"]) == 0
    assert (out / "mine.txt").read_text() == "kept"


def test_judge_and_table_give_both_figures_and_say_what_was_not_trained(
    trained: dict[str, Path], frames: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    runs = [str(folder) for folder in trained.values()]
    assert main(["study", "judge", *runs, "--frames", str(frames), "--device", "cpu"]) == 0
    judged = {name: json.loads((folder / "judgement.json").read_text()) for name, folder in trained.items()}
    gate = judged["gate"]["gate"]
    assert gate["reference"]["crops"]["pictures"] == 6
    assert gate["reference"]["frames"]["frames"] == 3
    assert (gate["honest"]["defective"]["n"], gate["honest"]["clean"]["n"]) == (2, 1)
    assert "masks" not in judged["gate"]
    assert "gate" not in judged["masks"]
    masks = judged["masks"]["masks"]
    assert masks["reference"] == masks["reference"] | {"pictures": 1, "batches": 1}
    assert (masks["honest"]["pairs"], masks["honest"]["by_class"]["1"]["n"]) == (1, 1)
    for name in ("two_head", "shared_backbone"):
        assert {"gate", "masks"} <= judged[name].keys()

    assert main(["study", "table", *runs, "--out", str(tmp_path)]) == 0
    rows = json.loads((tmp_path / "recipes.json").read_text())["rows"]
    assert len(rows) == 14
    assert [r["judgement"] is None for r in rows] == [True] * 10 + [False] * 4
    page = (tmp_path / "recipes.md").read_text()
    assert page.count("not trained here") == 20
    assert "| EfficientNetB2, crop 256x320 | 0.958 | not trained here |" in page
    assert f"| tiny | 0.500 | {masks['reference']['dice']:.3f} |" in page


def test_another_fold_than_the_held_out_one_is_not_judged(trained: dict[str, Path], tmp_path: Path) -> None:
    other = study_frames(tmp_path / "set")
    table = (other / "frames.csv").read_text()
    (other / "frames.csv").write_text(table.replace("a.jpg,mask,a,0", "a.jpg,mask,a,1"))
    run = open_run(trained["gate"])
    with pytest.raises(TrainingRefused, match=r"is not what .* held out"):
        held_out(read_frames(other, run.recipe.input, run.recipe.classes, held_out_fold=0), run)


@pytest.mark.parametrize("design", DESIGNS)
def test_a_bundle_of_each_design_predicts(
    trained: dict[str, Path], frames: Path, tmp_path: Path, design: str
) -> None:
    parts = ["gate", "masks"] if design == "separate" else [design]
    folder = tmp_path / "bundle"
    runs = [str(trained[part]) for part in parts]
    assert main(["study", "bundle", *runs, "--frames", str(frames), "--out", str(folder)]) == 0
    card = json.loads((folder / "card.json").read_text())
    assert card["design"] == design
    point = card["presets"]["line"]["operating_points"]["plant"]
    assert point["gate_threshold"] == 0.5
    assert point["masks"][0] == {"top_threshold": 0.5, "bottom_threshold": 0.5, "min_area_px": 0}
    for engine in ("openvino", "torch"):
        given = ["--bundle", str(folder), "--engine", engine, "--out", str(tmp_path / engine)]
        assert main(["predict", str(frames / "images"), *given]) == 0
        lines = (tmp_path / engine / "inspections.csv").read_text().splitlines()
        assert len(lines) == 7


@pytest.mark.parametrize(
    ("parts", "says"),
    [
        (["gate"], "tiny-gate make no bundle: give a classifier's folder and a segmenter's"),
        (["masks"], "tiny-masks scores no frames: give a classifier's folder beside it"),
        (["gate", "two_head"], "has design two_head and scores frames itself: give its folder alone"),
    ],
)
def test_what_makes_no_bundle_is_refused(
    trained: dict[str, Path], frames: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    parts: list[str], says: str,
) -> None:  # fmt: skip
    runs = [str(trained[part]) for part in parts]
    assert main(["study", "bundle", *runs, "--frames", str(frames), "--out", str(tmp_path / "b")]) == 2
    assert says in capsys.readouterr().err


def test_networks_that_see_frames_in_two_ways_make_no_bundle(
    trained: dict[str, Path], frames: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stated = load_trainable(study_recipe(tmp_path)).input.model_dump() | {"view": RESIZED}
    out = tmp_path / "run"
    row(out, frames, study_recipe(tmp_path, "tiny-resized", input=stated), Stops())
    runs = [str(out), str(trained["masks"])]
    assert main(["study", "bundle", *runs, "--frames", str(frames), "--out", str(tmp_path / "b")]) == 2
    assert "differ in their input, a bundle has one" in capsys.readouterr().err


def test_the_judged_net_is_the_bundles_net(trained: dict[str, Path], frames: Path) -> None:
    run = open_run(trained["gate"])
    shown = held_out(read_frames(frames, run.recipe.input, run.recipe.classes, held_out_fold=0), run)
    found = judge(run, shown, CPU.device)
    assert found["judged_by"] == {"fold": 0, "frames": 3, "mask": 1, "boxes": 1, "clean": 1}
