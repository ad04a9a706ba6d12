"""A recipe's stages in order: starts, boxes filled with masks, the loop, and what a card says of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import torch

from model.frames.frames import LabelledFrame
from model.nets import GateNet, SegmenterNet, build_gate, build_segmenter
from model.training import starts
from model.training.boxes import fill_boxes
from model.training.checkpoints import CheckpointFile, Identity
from model.training.loop import LoopPlan, Loss, Trained, train
from model.training.losses import GateLoss, JointLoss
from model.training.recipe import Stage
from model.training.run import (
    TrainingRun,
    check_starts,
    check_trainable,
    encoder_of,
    identity_of,
    recipe_digest,
    scouted_file,
)
from model.training.sampling import FrameSampler


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainedNets:
    """Networks on the CPU in evaluation mode, and one sentence each on how they came about.

    Only design `separate` has a gate.
    """

    gate: GateNet | None
    segmenter: SegmenterNet
    trained: dict[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class _SoFar:
    """What the stages have made: networks, frames with what is known of them, seconds spent, sentences."""

    frames: Sequence[LabelledFrame]
    segmenter: SegmenterNet | None = None
    gate: GateNet | None = None
    spent_s: float = 0.0
    said: dict[str, tuple[str, ...]] = field(default_factory=lambda: {"segmenter": (), "gate": ()})

    def having(self, net: starts.Net, said: str) -> _SoFar:
        """With a network as a stage left it."""
        if isinstance(net, GateNet):
            return replace(self, gate=net, said=self.said | {"gate": (*self.said["gate"], said)})
        return replace(self, segmenter=net, said=self.said | {"segmenter": (*self.said["segmenter"], said)})


def train_networks(run: TrainingRun, frames: Sequence[LabelledFrame]) -> TrainedNets:
    """Train a recipe's networks; what an earlier run of the same kind left in `run.work` is not done again.

    Raises TrainingRefused: the recipe is for networks that the losses do not know, a start is missing, a
    checkpoint is another run's, memory runs out.
    """
    check_trainable(run.recipe)
    check_starts(run)
    identity = identity_of(run, frames)
    so_far = _SoFar(frames=frames)
    for index, stage in enumerate(run.recipe.stages):
        if stage.fill_boxes and so_far.segmenter is not None:
            filled = fill_boxes(so_far.segmenter, so_far.frames, run.hardware, run.recipe.input.reduce)
            so_far = replace(so_far, frames=filled)
        so_far = _scouted(run, stage, so_far) or _trained(run, index, so_far, identity)
    assert so_far.segmenter is not None
    return TrainedNets(
        gate=None if so_far.gate is None else so_far.gate.cpu().eval(),
        segmenter=so_far.segmenter.cpu().eval(),
        trained={network: "; ".join(said) for network, said in so_far.said.items() if said},
    )


def _scouted(run: TrainingRun, stage: Stage, so_far: _SoFar) -> _SoFar | None:
    """The stage's network from weights that stand for it, where there are any."""
    path = scouted_file(run, stage)
    if path is None:
        return None
    net = _build(run, stage)
    assert isinstance(net, SegmenterNet)
    starts.load_scouted(net, path)
    fold = run.recipe.held_out_fold
    return so_far.having(net, f"{stage.name}: {path.name} instead, trained on every fold but {fold}")


def _trained(run: TrainingRun, index: int, so_far: _SoFar, identity: Identity) -> _SoFar:
    """The stage's network after its training, or as a finished checkpoint holds it."""
    stage, number = run.recipe.stages[index], index + 1
    net, origin = _started(run, stage, so_far)
    trained = train(
        net,
        _sampler(run, stage, so_far, seed=1000 * run.seed + 10 * number + run.recipe.held_out_fold),
        _loss(stage, so_far),
        _plan(run, index, so_far, seed=1000 * run.seed + number),
        hardware=run.hardware,
        watch=run.watch,
        checkpoint=CheckpointFile(
            path=run.work / f"{stage.name}.pt",
            identity=identity | {"recipe": recipe_digest(run.recipe, index)},
            every_s=run.checkpoint_every_s,
        ),
    )
    assert isinstance(trained.net, GateNet | SegmenterNet)
    done = so_far.having(trained.net, _sentence(run, stage, origin, trained))
    return replace(done, spent_s=so_far.spent_s + trained.spent_s)


def _started(run: TrainingRun, stage: Stage, so_far: _SoFar) -> tuple[starts.Net, str]:
    """The network that a stage trains, and where it comes from."""
    if stage.start == "previous":
        net = so_far.segmenter if stage.network == "segmenter" else so_far.gate
        assert net is not None
        return net, ""
    net = _build(run, stage)
    if stage.start == "segmenter":
        assert isinstance(net, GateNet)
        assert so_far.segmenter is not None
        net.encoder.load_state_dict(so_far.segmenter.encoder.state_dict())
        net.head.load_state_dict(so_far.segmenter.gate_head.state_dict())
        return net, "from the segmenter's encoder and gate head"
    starts.expect_rare_defects(net)
    if stage.start == "imagenet" and run.weights is not None:
        return net, starts.start_published(net, encoder_of(run.recipe, stage), run.weights, so_far.frames)
    return net, "from random weights"


def _build(run: TrainingRun, stage: Stage) -> starts.Net:
    recipe = run.recipe
    torch.manual_seed(1000 * run.seed + recipe.held_out_fold)
    if stage.network == "segmenter":
        return build_segmenter(recipe.segmenter, recipe.input, len(recipe.classes))
    assert recipe.gate is not None
    return build_gate(recipe.gate, recipe.input, len(recipe.classes))


def _sampler(run: TrainingRun, stage: Stage, so_far: _SoFar, seed: int) -> FrameSampler:
    batch_size = min(run.batch_limit or stage.sampling.batch_size, stage.sampling.batch_size)
    plan = stage.sampling.model_copy(update={"batch_size": batch_size})
    return FrameSampler(so_far.frames, plan, seed=seed)


def _loss(stage: Stage, so_far: _SoFar) -> Loss:
    if stage.network == "segmenter":
        return JointLoss(stage.positive_weights)
    return GateLoss(so_far.segmenter if stage.teacher else None)


def _plan(run: TrainingRun, index: int, so_far: _SoFar, seed: int) -> LoopPlan:
    """Of the minutes that are left, a stage gets its share beside the later ones'."""
    stage = run.recipe.stages[index]
    shares = sum(s.minutes_share for s in run.recipe.stages[index:])
    left_s = max(0.0, 60 * run.minutes - so_far.spent_s)
    return LoopPlan(
        stage=stage.name,
        steps=stage.steps,
        budget_s=left_s * stage.minutes_share / shares,
        learning_rate=stage.learning_rate,
        encoder_rate=stage.encoder_rate,
        schedule=stage.schedule,
        flat_share=stage.flat_share,
        average_decay=stage.average_decay,
        seed=seed,
    )


def _sentence(run: TrainingRun, stage: Stage, origin: str, trained: Trained) -> str:
    parts = [origin] if origin else []
    if stage.fill_boxes:
        parts.append("boxes filled with masks")
    if stage.teacher:
        parts.append("taught by the segmenter's gate head")
    parts.append(f"{trained.steps} steps in {trained.spent_s / 60:.1f} min on {run.hardware}")
    return f"{stage.name}: {', '.join(parts)}, loss {trained.loss:.3f}"
