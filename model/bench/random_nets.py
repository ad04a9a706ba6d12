"""Networks with random weights that behave as trained ones do on the way through. Needs torch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, TypeVar

import numpy as np
import torch
from torch import nn

from model.card import GateSpec, InputSpec, SegmenterSpec
from model.inspector import Pixels
from model.load import Nets
from model.nets import build_gate, build_segmenter

SEED: Final = 20_260
FRAMES: Final = 4

N = TypeVar("N", bound=nn.Module)


def random_nets(
    gate: GateSpec | None,
    segmenter: SegmenterSpec,
    input_spec: InputSpec,
    class_count: int,
    frames: Sequence[Pixels],
) -> Nets:
    """The same weights each time; their norms are fitted to the first `frames`, at least two."""
    torch.manual_seed(SEED)
    scoring = None if gate is None else _settled(build_gate(gate, input_spec, class_count), frames)
    return Nets(scoring, _settled(build_segmenter(segmenter, input_spec, class_count), frames))


def _settled(net: N, frames: Sequence[Pixels]) -> N:
    """With the statistics of a first batch in its norms.

    Without, values shrink from layer to layer until they are denormal, which is slow, and all frames score
    the same.
    """
    for module in net.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.reset_running_stats()
            module.momentum = None  # the mean over what was seen, not a running one
    net.train()
    with torch.no_grad():
        net(torch.from_numpy(np.stack(frames[:FRAMES])[:, None]))
    return net.eval()
