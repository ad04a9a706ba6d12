"""What a training changes and a checkpoint holds: the net, its average, the optimiser, counts."""

from __future__ import annotations

import copy
import math
from typing import Any

import torch
from torch import nn

WEIGHT_DECAY = 1e-2


class Learning:
    """A net in training. `loss` is smoothed, NaN before the first step; `spent_s` is time in the loop."""

    def __init__(
        self, net: nn.Module, learning_rate: float, encoder_rate: float, device: torch.device
    ) -> None:
        self.net = net.to(device).to(memory_format=torch.channels_last).train()
        self.averaged = copy.deepcopy(self.net)
        self.optimiser = _optimiser(self.net, learning_rate)
        self._full_rates = (learning_rate * encoder_rate, learning_rate)
        self.step, self.spent_s, self.loss, self.finished = 0, 0.0, math.nan, False

    def set_rate(self, share: float) -> None:
        """The learning rates of the next step, as a share of the full ones."""
        for group, full in zip(self.optimiser.param_groups, self._full_rates, strict=True):
            group["lr"] = full * share

    @torch.no_grad()
    def average(self, decay: float) -> None:
        """Exponential moving average after a step; early ones weigh less, so that it forgets the start."""
        decay = min(decay, (1 + self.step) / (10 + self.step))
        pairs = zip(self.averaged.state_dict().values(), self.net.state_dict().values(), strict=True)
        for mean, now in pairs:
            if mean.is_floating_point():
                mean.lerp_(now, 1 - decay)
            else:
                mean.copy_(now)

    def stored(self) -> dict[str, Any]:
        """All of it, for a checkpoint."""
        return {
            "net": self.net.state_dict(),
            "averaged": self.averaged.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "step": self.step,
            "spent_s": self.spent_s,
            "loss": self.loss,
            "finished": self.finished,
        }

    def restore(self, stored: dict[str, Any]) -> None:
        """Take up what `stored` gave."""
        self.net.load_state_dict(stored["net"])
        self.averaged.load_state_dict(stored["averaged"])
        self.optimiser.load_state_dict(stored["optimiser"])
        self.step, self.spent_s = stored["step"], stored["spent_s"]
        self.loss, self.finished = stored["loss"], stored["finished"]


def _optimiser(net: nn.Module, learning_rate: float) -> torch.optim.AdamW:
    """Two groups: the encoder's parameters, and the rest."""
    encoder = [p for n, p in net.named_parameters() if n.startswith("encoder.")]
    rest = [p for n, p in net.named_parameters() if not n.startswith("encoder.")]
    groups = [{"params": encoder}, {"params": rest}]
    return torch.optim.AdamW(groups, lr=learning_rate, weight_decay=WEIGHT_DECAY)
