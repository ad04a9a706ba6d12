"""The training loop: a time budget, AdamW, flat then cosine rate, averaged weights, checkpoints, a log."""

from __future__ import annotations

import copy
import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from model.training.sampling import Batch, FrameSampler

log = logging.getLogger(__name__)

Loss = Callable[[nn.Module, Batch], Tensor]


@dataclass(frozen=True, slots=True, kw_only=True)
class LoopPlan:
    """How long and how fast.

    The rate falls by the clock or by `max_steps`, whichever is further: a busy machine still ends its cosine.
    """

    minutes: float
    learning_rate: float = 1e-3
    encoder_rate: float = 1.0
    flat_share: float = 0.4
    average_decay: float = 0.99
    checkpoint: Path | None = None
    log_every_s: float = 30.0
    max_steps: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Trained:
    """The averaged net in evaluation mode, and how it came about."""

    net: nn.Module
    steps: int
    minutes: float
    loss: float

    def __str__(self) -> str:
        return f"{self.steps} steps in {self.minutes:.1f} min on a CPU, last smoothed loss {self.loss:.3f}"


def _optimiser(net: nn.Module, plan: LoopPlan) -> torch.optim.AdamW:
    encoder = [p for n, p in net.named_parameters() if n.startswith("encoder.")]
    rest = [p for n, p in net.named_parameters() if not n.startswith("encoder.")]
    groups: list[dict[str, Any]] = [
        {"params": encoder, "lr": plan.learning_rate * plan.encoder_rate},
        {"params": rest},
    ]
    return torch.optim.AdamW(groups, lr=plan.learning_rate, weight_decay=1e-2)


def _rate(done: float, flat_share: float) -> float:
    """The share of the full learning rate when `done` (0..1) of the budget is spent."""
    if done < 0.02:
        return max(done / 0.02, 0.05)
    if done < flat_share:
        return 1.0
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (done - flat_share) / (1 - flat_share))))


@torch.no_grad()
def _average(averaged: nn.Module, net: nn.Module, step: int, decay: float) -> None:
    decay = min(decay, (1 + step) / (10 + step))
    for mean, now in zip(averaged.state_dict().values(), net.state_dict().values(), strict=True):
        if mean.is_floating_point():
            mean.lerp_(now, 1 - decay)
        else:
            mean.copy_(now)


def train(net: nn.Module, sampler: FrameSampler, loss_of: Loss, plan: LoopPlan) -> Trained:
    """Train `net` in place until the budget is spent; the averaged copy is the result.

    Raises FloatingPointError when the loss is no longer a number.
    """
    net = net.to(memory_format=torch.channels_last).train()
    averaged = copy.deepcopy(net)
    optimiser = _optimiser(net, plan)
    full_rates = [group["lr"] for group in optimiser.param_groups]
    started_s, logged_s, step, smooth = time.monotonic(), time.monotonic(), 0, math.nan
    budget_s = plan.minutes * 60
    while (spent_s := time.monotonic() - started_s) < budget_s and step != plan.max_steps:
        done = max(spent_s / budget_s, step / (plan.max_steps or math.inf))
        for group, full in zip(optimiser.param_groups, full_rates, strict=True):
            group["lr"] = full * _rate(done, plan.flat_share)
        loss = loss_of(net, sampler.batch())
        optimiser.zero_grad(set_to_none=True)
        torch.autograd.backward(loss)
        nn.utils.clip_grad_norm_(net.parameters(), 5.0)
        optimiser.step()
        step += 1
        _average(averaged, net, step, plan.average_decay)
        value = float(loss.detach())
        if not math.isfinite(value):
            raise FloatingPointError(f"the loss is {value} at step {step}")
        smooth = value if math.isnan(smooth) else 0.98 * smooth + 0.02 * value
        if time.monotonic() - logged_s >= plan.log_every_s:
            logged_s = time.monotonic()
            log.info("step %d, %.0f of %.0f s, loss %.4f", step, logged_s - started_s, budget_s, smooth)
            if plan.checkpoint is not None:
                torch.save(averaged.state_dict(), plan.checkpoint)
    trained = Trained(
        net=averaged.eval(), steps=step, minutes=(time.monotonic() - started_s) / 60, loss=smooth
    )
    log.info("trained %s", trained)
    return trained
