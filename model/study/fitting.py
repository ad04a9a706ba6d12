"""The reference's optimiser: Adam at one rate, no average, no clipping; killed runs go on exactly.

Not `model.training.loop`: that one decays weights, bends the rate and averages, which the reference did not.
Checkpoints, devices and what a person sees of it are the same.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from model.frames.refused import TrainingRefused
from model.training.checkpoints import CheckpointFile
from model.training.hardware import Hardware
from model.training.progress import Moment, Watch
from model.training.sampling import Batch

SMOOTHING = 0.98

Loss = Callable[[nn.Module, Batch], Tensor]


class Sampler(Protocol):
    """Whoever draws the batch of a step."""

    def batch(self, step: int) -> Batch:
        """The batch of a step, whatever was drawn before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FitPlan:
    """How long and how fast; `budget_s` cuts `steps` short."""

    stage: str
    steps: int
    budget_s: float = math.inf
    learning_rate: float = 1e-3
    seed: int = 0


@dataclass(slots=True)
class Fit:
    """A net in fitting, and what a checkpoint holds of it. loss: smoothed, NaN before the first step."""

    net: nn.Module
    optimiser: torch.optim.Adam
    step: int = 0
    spent_s: float = 0.0
    loss: float = math.nan
    finished: bool = field(default=False)

    def stored(self) -> dict[str, Any]:
        """All of it, for a checkpoint."""
        return {
            "net": self.net.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "spent_s": self.spent_s,
            "loss": self.loss,
            "finished": self.finished,
        }

    def restore(self, stored: dict[str, Any]) -> None:
        """Take up what `stored` gave."""
        self.net.load_state_dict(stored["net"])
        self.optimiser.load_state_dict(stored["optimiser"])
        self.step, self.spent_s = stored["step"], stored["spent_s"]
        self.loss, self.finished = stored["loss"], stored["finished"]


def fit(
    net: nn.Module,
    sampler: Sampler,
    loss_of: Loss,
    plan: FitPlan,
    *,
    hardware: Hardware,
    watch: Watch,
    checkpoint: CheckpointFile | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Fit:
    """Fit `net` in place until the plan is done, from `checkpoint` where there is one; then it evaluates.

    Only what requires a gradient is fitted. Raises TrainingRefused when the loss is no longer a number.
    """
    net = net.to(hardware.device).to(memory_format=torch.channels_last).train()
    taught = [p for p in net.parameters() if p.requires_grad]
    fitting = Fit(net, torch.optim.Adam(taught, lr=plan.learning_rate))
    stored = checkpoint.load(hardware.device) if checkpoint is not None else None
    if stored is not None:
        fitting.restore(stored)
    watch.begins(plan.stage, plan.steps, fitting.step)
    begun_s, saved_s = clock() - fitting.spent_s, clock()
    while not fitting.finished and fitting.step < plan.steps and fitting.spent_s < plan.budget_s:
        _step(fitting, sampler.batch(fitting.step).to(hardware.device), loss_of, plan, hardware)
        now_s = clock()
        fitting.spent_s = now_s - begun_s
        watch.stepped(_moment(fitting, plan))
        if checkpoint is not None and now_s - saved_s >= checkpoint.every_s:
            checkpoint.save(fitting.stored())
            saved_s = clock()
    if checkpoint is not None and not fitting.finished:
        fitting.finished = True
        checkpoint.save(fitting.stored())
    watch.ends()
    net.eval()
    return fitting


def _step(fitting: Fit, batch: Batch, loss_of: Loss, plan: FitPlan, hardware: Hardware) -> None:
    torch.manual_seed(plan.seed * 1_000_003 + fitting.step)
    with hardware.autocast():
        loss = loss_of(fitting.net, batch)
    value = float(loss.detach())
    if not math.isfinite(value):
        raise TrainingRefused(
            f"stage {plan.stage}, step {fitting.step + 1}: the loss is {value:g}; give the recipe a lower "
            "learning_rate (the last checkpoint is from before)"
        )
    fitting.optimiser.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    fitting.optimiser.step()
    known = not math.isnan(fitting.loss)
    fitting.loss = SMOOTHING * fitting.loss + (1 - SMOOTHING) * value if known else value
    fitting.step += 1


def _moment(fitting: Fit, plan: FitPlan) -> Moment:
    done = max(fitting.spent_s / plan.budget_s, fitting.step / plan.steps)
    return Moment(
        step=fitting.step,
        spent_s=fitting.spent_s,
        left_s=fitting.spent_s * max(0.0, 1 - done) / done,
        loss=fitting.loss,
        learning_rate=plan.learning_rate,
    )
