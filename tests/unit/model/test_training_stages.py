"""A recipe's stages: killed at any moment, they go on to the same weights; what passes between them."""

from __future__ import annotations

import multiprocessing
import os
import signal
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from model.frames.frames import UNKNOWN, LabelledFrame
from model.frames.refused import TrainingRefused
from model.nets import build_segmenter
from model.training.progress import Watches
from model.training.recipe import Recipe
from model.training.run import TrainingRun
from model.training.stages import train_networks
from tests.support.labelled import LABELLED
from tests.support.tiny_recipes import tiny_recipe, tiny_stage, write_recipe
from tests.support.training_nets import CPU

KILLS = 4


def train_in_a_process(recipe: Path, work: Path, kill_after: int | None = None) -> str | None:
    """The digest of the weights; None when the process was killed after so many steps of its own."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.support.killed_training"])
    from tests.support.killed_training import train_and_tell

    work.mkdir(exist_ok=True)
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=train_and_tell, args=(recipe, work, sender))
    process.start()
    sender.close()
    try:
        while not isinstance(told := receiver.recv(), str):
            if told == kill_after:
                os.kill(process.pid, signal.SIGKILL)  # type: ignore[arg-type]
                return None
        return told
    finally:
        process.join()
        receiver.close()


def test_a_training_that_is_killed_again_and_again_ends_with_the_weights_of_one_that_was_not(
    tmp_path: Path,
) -> None:
    stages = [
        tiny_stage("joint", "segmenter", steps=8),
        tiny_stage("gate", "gate", steps=8, teacher="segmenter"),
    ]
    recipe = write_recipe(tmp_path, tiny_recipe(stages=stages))
    rng = np.random.default_rng(7)
    for _ in range(KILLS):  # at least one step of each is kept, the last one may be lost: 4 kills, 16 steps
        assert train_in_a_process(recipe, tmp_path / "killed", int(rng.integers(2, 5))) is None
    resumed = train_in_a_process(recipe, tmp_path / "killed")
    assert resumed == train_in_a_process(recipe, tmp_path / "whole")


def run_of(work: Path, stages: list[dict[str, Any]], **changes: Any) -> TrainingRun:
    recipe = Recipe.model_validate(tiny_recipe(stages=stages))
    return TrainingRun(recipe=recipe, work=work, hardware=CPU, watch=Watches(), **changes)


JOINT = tiny_stage("joint", "segmenter", steps=2)
GATE = tiny_stage("gate", "gate", steps=2)


def test_the_card_is_told_where_networks_come_from_and_how_long_they_learnt(tmp_path: Path) -> None:
    more = tiny_stage("more", "segmenter", start="previous", fill_boxes=True, steps=1)
    gate = tiny_stage("gate", "gate", start="segmenter", teacher="segmenter", steps=3)
    nets = train_networks(run_of(tmp_path, [JOINT, more, gate], batch_limit=1), LABELLED)
    assert nets.trained["segmenter"].startswith(
        "joint: from random weights, 2 steps in 0.0 min on cpu, float32"
    )
    assert "; more: boxes filled with masks, 1 steps" in nets.trained["segmenter"]
    assert nets.trained["gate"].startswith(
        "gate: from the segmenter's encoder and gate head, taught by the segmenter's gate head, 3 steps"
    )
    assert not nets.gate.training
    assert not nets.segmenter.training


def test_later_stages_learn_from_the_masks_that_boxes_were_filled_with(tmp_path: Path) -> None:
    unknown = np.where(LABELLED[3].class_map > 0, UNKNOWN, 0).astype(np.uint8)
    boxed = replace(
        LABELLED[3],
        truth="boxes",
        class_map=unknown,
        boxes_by_class={3: ((0, 64, 127, 127),)},
        area_px_by_class={3: 128 * 64},
    )
    frames = [LABELLED[0], boxed]
    more = tiny_stage("more", "segmenter", start="previous", fill_boxes=True, steps=3)

    def losses_with(frames: list[LabelledFrame], work: str) -> str:
        (tmp_path / work).mkdir()
        trained = train_networks(run_of(tmp_path / work, [JOINT, more, GATE]), frames).trained
        return trained["gate"].split("loss ")[-1]

    # The box is all defect, so its mask is known to the pixel: the gate learns what it would from truth.
    assert losses_with(frames, "boxes") == losses_with([LABELLED[0], LABELLED[3]], "masks")


def test_a_changed_later_stage_keeps_the_earlier_ones_and_a_changed_earlier_one_does_not(
    tmp_path: Path,
) -> None:
    train_networks(run_of(tmp_path, [JOINT, GATE]), LABELLED)
    with pytest.raises(TrainingRefused, match=r"gate\.pt .* other recipe"):
        train_networks(run_of(tmp_path, [JOINT, GATE | {"steps": 3}]), LABELLED)
    (tmp_path / "gate.pt").unlink()
    train_networks(run_of(tmp_path, [JOINT, GATE | {"steps": 3}]), LABELLED)
    with pytest.raises(TrainingRefused, match=r"joint\.pt .* other recipe"):
        train_networks(run_of(tmp_path, [JOINT | {"steps": 3}, GATE]), LABELLED)
    with pytest.raises(TrainingRefused, match=r"joint\.pt .* other frames and seed"):
        train_networks(run_of(tmp_path, [JOINT, GATE], seed=1), LABELLED[:4])


def scouted(weights: Path, recipe: Recipe) -> torch.Tensor:
    """Writes weights as the scouted file names them; the bias of their gate head."""
    net = build_segmenter(recipe.segmenter, recipe.input)
    state = {f"segmenter.{k}": v for k, v in net.state_dict().items() if not k.startswith("gate_head.")}
    head = {
        k.replace("gate_head.", "gate.head."): v for k, v in net.state_dict().items() if "gate_head." in k
    }
    save_file({k: v.contiguous() for k, v in (state | head).items()}, weights / "scout.safetensors")
    return net.gate_head.bias.detach()


def test_scouted_weights_replace_a_stage_only_when_they_never_saw_the_held_out_fold(tmp_path: Path) -> None:
    stages = [JOINT | {"replaced_by": {"file": "scout.safetensors", "held_out_fold": 0}}, GATE]
    run = run_of(tmp_path, stages, weights=tmp_path)
    bias = scouted(tmp_path, run.recipe)
    nets = train_networks(run, LABELLED)
    assert torch.equal(nets.segmenter.gate_head.bias, bias)
    assert nets.trained["segmenter"] == "joint: scout.safetensors instead, trained on every fold but 0"
    (tmp_path / "gate.pt").unlink()
    other = replace(run, recipe=run.recipe.model_copy(update={"held_out_fold": 1}))
    assert "joint: from random weights, 2 steps" in train_networks(other, LABELLED).trained["segmenter"]


def test_a_start_that_is_not_there_is_refused_before_anything_is_trained(tmp_path: Path) -> None:
    stages = [JOINT, GATE | {"start": "imagenet"}]
    with pytest.raises(TrainingRefused, match="no ImageNet start is known for the encoder tu-mobilenetv4"):
        train_networks(run_of(tmp_path, stages, weights=tmp_path), LABELLED)
    recipe = tiny_recipe(stages=stages, gate={"architecture": "dense", "encoder": "tu-mobilenetv2_100"})
    run = run_of(tmp_path, stages, weights=tmp_path)
    with pytest.raises(TrainingRefused, match=r"lacks mobilenet_v2\.imagenet-int8\.pth, the start of tu-mob"):
        train_networks(replace(run, recipe=Recipe.model_validate(recipe)), LABELLED)
    with pytest.raises(TrainingRefused, match="is not a folder"):
        train_networks(replace(run, weights=tmp_path / "none"), LABELLED)
    assert list(tmp_path.iterdir()) == []


def test_minutes_are_shared_by_what_each_stage_asks_for(tmp_path: Path) -> None:
    stages = [JOINT | {"steps": 10**6, "minutes_share": 2}, GATE | {"steps": 10**6}]
    trained = train_networks(run_of(tmp_path, stages, minutes=0.03), LABELLED).trained  # 1.2 s, then 0.6 s
    steps = {name: int(said.split(" steps")[0].split(" ")[-1]) for name, said in trained.items()}
    assert all(1 <= count < 10**4 for count in steps.values())
