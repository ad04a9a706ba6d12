"""The torch engine: on a GPU in bfloat16 batches; on a CPU frame by frame, to compare, not to serve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from torch import Tensor, nn

from model.card import Card, OperatingPoint
from model.engines.checks import gate_score, input_shape
from model.inspector import Gated, Inspector, Pixels, Region
from model.nets import SegmenterNet, frame_scores
from model.regions import RegionFinder

CUDA_BUCKETS: Final = (1, 2, 4, 8, 16, 32)
"""Batches are padded to the next of these: a GPU sees six shapes and chooses its kernels once for each."""

CPU_BUCKETS: Final = (1,)
"""One frame at a time: exactly the same result whatever else is in the batch."""


class OwnScores(nn.Module):
    """A segmenter as its own gate, without the decoder's work."""

    def __init__(self, segmenter: SegmenterNet) -> None:
        super().__init__()
        self.segmenter = segmenter

    def forward(self, frames: Tensor) -> Tensor:
        """(N, 1, H, W) uint8 -> (N,) scores."""
        return frame_scores(self.segmenter.cells(frames))


class TorchInspector(Inspector):
    """One bundle's networks on one device.

    Padding is with blank frames, and no layer mixes frames, so neighbours cannot change a result. On a GPU
    another bucket may run other kernels, whose bfloat16 rounding differs; give one bucket where that matters.
    """

    def __init__(
        self,
        *,
        card: Card,
        point: OperatingPoint,
        gate: nn.Module,
        segmenter: nn.Module,
        device: torch.device,
        buckets: Sequence[int] | None = None,
    ) -> None:
        self.card = card
        self.point = point
        self._device = device
        self._buckets = tuple(buckets or (CUDA_BUCKETS if device.type == "cuda" else CPU_BUCKETS))
        self._gate = self._placed(gate)
        self._segmenter = self._placed(segmenter)
        self._regions = RegionFinder(card.input, [kind.class_id for kind in card.classes], point.masks)

    def gate(self, frames: Sequence[Pixels]) -> list[Gated]:
        """See Inspector. Raises RuntimeError when the network fails, ValueError for a wrong shape."""
        return [Gated(score=gate_score(score)) for score in self._run(self._gate, frames)]

    def segment(self, frames: Sequence[Pixels], gated: Sequence[Gated]) -> list[tuple[Region, ...]]:
        """See Inspector."""
        return [self._regions.find(probabilities) for probabilities in self._run(self._segmenter, frames)]

    def warm_up(self) -> None:
        """Run both networks once in every bucket."""
        blank = np.zeros(input_shape(self.card)[2:], np.uint8)
        for bucket in self._buckets:
            self.segment([blank] * bucket, self.gate([blank] * bucket))

    def _placed(self, net: nn.Module) -> nn.Module:
        net = net.eval().requires_grad_(False).to(self._device)
        return net.to(memory_format=torch.channels_last) if self._device.type == "cuda" else net

    def _run(self, net: nn.Module, frames: Sequence[Pixels]) -> list[np.ndarray]:
        """The network's output for each frame, as float32 on the CPU."""
        outputs: list[np.ndarray] = []
        largest = self._buckets[-1]
        for first in range(0, len(frames), largest):
            chunk = frames[first : first + largest]
            outputs += list(self._forward(net, self._padded(chunk))[: len(chunk)])
        return outputs

    def _padded(self, frames: Sequence[Pixels]) -> Tensor:
        shape = input_shape(self.card)
        for frame in frames:
            if frame.shape != shape[2:] or frame.dtype != np.uint8:
                raise ValueError(
                    f"a frame of {frame.dtype} {frame.shape}, the networks take uint8 {shape[2:]}"
                )
        bucket = next(size for size in self._buckets if size >= len(frames))
        batch = np.zeros((bucket, *shape[1:]), np.uint8)
        batch[: len(frames), 0] = frames
        return torch.from_numpy(batch)

    def _forward(self, net: nn.Module, batch: Tensor) -> np.ndarray:
        on_gpu = self._device.type == "cuda"
        with torch.inference_mode(), torch.autocast(self._device.type, torch.bfloat16, enabled=on_gpu):
            output = net(batch.to(self._device, non_blocking=True))
            if isinstance(output, tuple):  # a segmenter also scores; whoever wants that takes OwnScores
                output = output[0]
        return np.asarray(output.float().cpu().numpy())
