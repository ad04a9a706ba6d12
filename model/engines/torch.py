"""The torch engine: on a GPU in bfloat16 batches; on a CPU frame by frame, to compare, not to serve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from model.card import Card, OperatingPoint
from model.engines.batches import BatchedNet, EagerNet, Frames
from model.engines.checks import gate_score, input_shape
from model.engines.cuda import BUCKETS as CUDA_BUCKETS
from model.engines.cuda import CapturedNet
from model.inspector import Gated, Inspector, Region
from model.nets import GateNet, SegmenterNet
from model.regions import RegionFinder

CPU_BUCKETS: Final = (1,)
"""One frame at a time: exactly the same result whatever else is in the batch."""


class OnlyMasks(nn.Module):
    """A segmenter as the `separate` design runs it: nobody asks for its scores."""

    def __init__(self, segmenter: SegmenterNet) -> None:
        super().__init__()
        self.segmenter = segmenter

    def forward(self, frames: Tensor) -> Tensor:
        """(N, 1, H, W) uint8 -> (N, classes, h, w) probabilities."""
        _, *features = self.segmenter.begin(frames)
        return self.segmenter.end(*features)


class TorchInspector(Inspector):
    """The `separate` design on one device.

    On a GPU another bucket may run other kernels, whose bfloat16 rounding differs; give one bucket where a
    result must be the same to the bit whatever arrived beside it.
    """

    def __init__(
        self,
        *,
        card: Card,
        point: OperatingPoint,
        gate: GateNet,
        segmenter: SegmenterNet,
        device: torch.device,
        buckets: Sequence[int] | None = None,
    ) -> None:
        self.card = card
        self.point = point
        self.device = device
        self._gate = self._placed(gate, buckets)
        self._segmenter = self._placed(OnlyMasks(segmenter), buckets)
        self._regions = RegionFinder(card.input, [kind.class_id for kind in card.classes], point.masks)

    def gate(self, frames: Frames) -> list[Gated]:
        """See Inspector; on a GPU also of frames decoded there.

        Raises RuntimeError when the network fails, ValueError for a wrong shape.
        """
        return self._gate.run(frames, lambda score: Gated(score=gate_score(score)))

    def segment(self, frames: Frames, gated: Sequence[Gated]) -> list[tuple[Region, ...]]:
        """See Inspector. A batch's regions are found while the next batch runs."""
        return self._segmenter.run(frames, self._regions.find)

    def probabilities(self, frames: Frames) -> list[NDArray[np.float32]]:
        """See Inspector."""
        return self._segmenter.run(frames, np.copy)

    def warm_up(self) -> None:
        """Run both networks once in every bucket, the largest first."""
        blank = np.zeros(input_shape(self.card)[2:], np.uint8)
        for bucket in reversed(self._gate.buckets):
            self.segment([blank] * bucket, self.gate([blank] * bucket))

    def _placed(self, net: nn.Module, buckets: Sequence[int] | None) -> BatchedNet:
        shape = input_shape(self.card)
        if self.device.type == "cuda":
            return CapturedNet(net, shape, buckets or CUDA_BUCKETS, self.device)
        return EagerNet(net, shape, buckets or CPU_BUCKETS)
