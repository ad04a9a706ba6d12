"""The training loop: AdamW, a rate that falls by steps or by the clock, averaged weights, exact resumption.

Every random draw is keyed by (seed, step), and a checkpoint holds net, average and optimiser: a run that was
killed and resumed ends with the very weights of one that was not, on one machine at one thread count.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from model.frames.refused import TrainingRefused
from model.training.checkpoints import CheckpointFile
from model.training.hardware import Hardware
from model.training.learning import Learning
from model.training.memory import fitting_batch, is_out_of_memory
from model.training.prefetch import batches
from model.training.progress import Moment, Watch
from model.training.sampling import Batch, FrameSampler
from model.training.schedule import Schedule, rate

Loss = Callable[[nn.Module, Batch], Tensor]

MAX_GRADIENT, SMOOTHING = 5.0, 0.98


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopPlan:
    """How long and how fast. `budget_s` cuts `steps` short: the rate falls by whichever is further."""

    stage: str
    steps: int
    budget_s: float = math.inf
    learning_rate: float = 1e-3
    encoder_rate: float = 1.0
    schedule: Schedule = "flat-then-cosine"
    flat_share: float = 0.4
    average_decay: float = 0.997
    seed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """The averaged net in evaluation mode, and how it came about. `loss`: smoothed, NaN without a step."""

    net: nn.Module
    steps: int
    spent_s: float
    loss: float


def train(
    net: nn.Module,
    sampler: FrameSampler,
    loss_of: Loss,
    plan: LoopPlan,
    *,
    hardware: Hardware,
    watch: Watch,
    checkpoint: CheckpointFile | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Trained:
    """Train `net` in place until the plan is done, from `checkpoint` where there is one: the average results.

    Raises TrainingRefused when the loss is no longer a number or memory runs out; the checkpoint then holds
    what was before.
    """
    learning = Learning(net, plan.learning_rate, plan.encoder_rate, hardware.device)
    stored = checkpoint.load(hardware.device) if checkpoint is not None else None
    if stored is not None:
        learning.restore(stored)
    watch.begins(plan.stage, plan.steps, learning.step)
    if not learning.finished:
        _Loop(learning, loss_of, plan, hardware).run(sampler, watch, checkpoint, clock)
    watch.ends()
    return Trained(
        net=learning.averaged.eval(), steps=learning.step, spent_s=learning.spent_s, loss=learning.loss
    )


@dataclass(frozen=True, slots=True)
class _Loop:
    learning: Learning
    loss_of: Loss
    plan: LoopPlan
    hardware: Hardware

    def run(
        self,
        sampler: FrameSampler,
        watch: Watch,
        checkpoint: CheckpointFile | None,
        clock: Callable[[], float],
    ) -> None:
        """All steps that are left, or as many as the budget allows."""
        learning, plan = self.learning, self.plan
        begun_s = clock() - learning.spent_s
        saved_s = clock()
        steps = range(learning.step, plan.steps)
        with batches(sampler, steps, self.hardware.sampler_threads) as drawn:
            while learning.step < plan.steps and learning.spent_s < plan.budget_s:
                share = rate(plan.schedule, self.done, plan.flat_share)
                learning.set_rate(share)
                self._step(next(drawn).to(self.hardware.device))
                now_s = clock()
                learning.spent_s = now_s - begun_s
                watch.stepped(self._moment(plan.learning_rate * share))
                if checkpoint is not None and now_s - saved_s >= checkpoint.every_s:
                    checkpoint.save(learning.stored())
                    saved_s = clock()
        learning.finished = True
        if checkpoint is not None:
            checkpoint.save(learning.stored())

    @property
    def done(self) -> float:
        """The share of the plan that is over: of its steps or its time, whichever is further."""
        budget_s = self.plan.budget_s
        by_clock = self.learning.spent_s / budget_s if budget_s > 0 else 1.0
        return max(by_clock, self.learning.step / self.plan.steps)

    def _step(self, batch: Batch) -> None:
        learning = self.learning
        torch.manual_seed(self.plan.seed * 1_000_003 + learning.step)
        value = self._descend_if_it_fits(batch)
        if value is None:
            raise TrainingRefused(self._advice(batch))
        learning.loss = (
            value if math.isnan(learning.loss) else SMOOTHING * learning.loss + (1 - SMOOTHING) * value
        )
        learning.step += 1
        learning.average(self.plan.average_decay)

    def _descend_if_it_fits(self, batch: Batch) -> float | None:
        """None when memory ran out; by then the failed step's tensors are gone with its traceback."""
        try:
            return self._descend(batch)
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            return None

    def _descend(self, batch: Batch) -> float:
        """One step of the optimiser; returns the loss before it."""
        learning = self.learning
        with self.hardware.autocast():
            loss = self.loss_of(learning.net, batch)
        learning.optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        norm = float(nn.utils.clip_grad_norm_(learning.net.parameters(), MAX_GRADIENT))
        value = float(loss.detach())
        if not (math.isfinite(value) and math.isfinite(norm)):
            raise TrainingRefused(
                f"stage {self.plan.stage}, step {learning.step + 1}: the loss is {value:g} and its gradient "
                f"{norm:g}; give the stage a lower learning_rate, or the recipe `precision: float32` "
                "(the last checkpoint is from before)"
            )
        learning.optimiser.step()
        return value

    def _advice(self, batch: Batch) -> str:
        fits = fitting_batch(len(batch), lambda count: self._descend(batch.first(count)))
        said = f"stage {self.plan.stage}: {len(batch)} frames a step do not fit into the memory of the "
        said += "GPU" if self.hardware.device.type == "cuda" else "CPU"
        return f"{said}, {fits} would: give --batch {fits}" if fits else f"{said}, nor does a single one"

    def _moment(self, learning_rate: float) -> Moment:
        learning, done = self.learning, self.done
        return Moment(
            step=learning.step,
            spent_s=learning.spent_s,
            left_s=learning.spent_s * max(0.0, 1 - done) / done,
            loss=learning.loss,
            learning_rate=learning_rate,
        )
