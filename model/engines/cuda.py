"""Networks on an NVIDIA GPU: bfloat16, channels last, one CUDA graph for each size of batch.

A graph replays a network's hundreds of kernels with one call: launching them one by one takes longer than
running them for a small batch. It reads and writes fixed memory, so every batch has a size that was captured.
Source: "CUDA Graphs" in PyTorch's notes on CUDA semantics.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from model.engines.batches import BatchedNet, Frames
from model.inspector import Pixels
from model.nets import GateNet, SegmenterNet

BUCKETS: Final = (1, 2, 4, 8, 16, 32, 64)
"""A batch is at most twice as large as its frames need."""

_RUNS_BEFORE_CAPTURE: Final = 3
"""cuDNN and cuBLAS choose kernels and allocate their workspaces in the first runs; a capture must not."""

_HEADS: Final = ("head", "gate_head", "segmentation_head")


class InFullPrecision(nn.Module):
    """A network's last layer outside bfloat16, whose step between logits near 4 is 1/64: .0003 of a score."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, features: Tensor) -> Tensor:
        """The layer's output in float32, whatever the features are."""
        with torch.autocast(features.device.type, enabled=False):
            said: Tensor = self.layer(features.float())
        return said


def in_bfloat16(net: nn.Module) -> nn.Module:
    """Prepare a network for bfloat16 autocast, in place; returns it.

    Weights of convolutions are stored in bfloat16, so that no replay converts them again; norms and heads
    stay float32. Doing it twice changes nothing: a gate and a segmenter may share an encoder.
    """
    for module in [*net.modules()]:
        if isinstance(module, GateNet | SegmenterNet):
            for name in _HEADS:
                head = getattr(module, name, None)
                if head is not None and not isinstance(head, InFullPrecision):
                    setattr(module, name, InFullPrecision(head))
    kept = {id(m) for full in net.modules() if isinstance(full, InFullPrecision) for m in full.modules()}
    for module in net.modules():
        if isinstance(module, nn.Conv2d) and id(module) not in kept:
            module.to(torch.bfloat16)
    return net


class _Captured(NamedTuple):
    """A graph with the memory that it reads and writes, on the device."""

    graph: torch.cuda.CUDAGraph
    frames: Tensor
    output: Tensor


class _Slot(NamedTuple):
    """Page-locked memory of one batch: copies to and from it run beside the CPU."""

    frames: Tensor
    output: Tensor
    copied: torch.cuda.Event


class CapturedNet(BatchedNet):
    """A network whose batches are replayed; all its work is on one stream, in order."""

    def __init__(
        self, net: nn.Module, shape: tuple[int, ...], buckets: Sequence[int], device: torch.device
    ) -> None:
        super().__init__(shape, buckets)
        self._device = device
        self._net = in_bfloat16(net.eval().requires_grad_(False)).to(device)
        self._net = self._net.to(memory_format=torch.channels_last)
        self._stream = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self._pool = torch.cuda.graph_pool_handle()
        self._captured: dict[int, _Captured] = {}
        self._slots: dict[int, _Slot] = {}

    def _start(self, slot: int, frames: Frames, bucket: int) -> None:
        captured = self._graph(bucket)
        memory = self._slot(slot, captured.output)
        on_device = isinstance(frames[0], Tensor)
        if on_device:
            self._stream.wait_stream(torch.cuda.current_stream(self._device))
        with torch.cuda.device(self._device), torch.cuda.stream(self._stream), torch.no_grad():
            if on_device:
                self._gather(cast("Sequence[Tensor]", frames), captured.frames)
            else:
                self._upload(cast("Sequence[Pixels]", frames), memory.frames, captured.frames)
            captured.graph.replay()
            memory.output[: len(frames)].copy_(captured.output[: len(frames)], non_blocking=True)
            memory.copied.record(self._stream)

    def _finish(self, slot: int, count: int) -> NDArray[np.float32]:
        memory = self._slots[slot]
        memory.copied.synchronize()
        return np.asarray(memory.output[:count].numpy())

    def _settle(self) -> None:
        self._stream.synchronize()

    def _gather(self, frames: Sequence[Tensor], into: Tensor) -> None:
        torch.stack(list(frames), out=into[: len(frames), 0])
        for frame in frames:
            frame.record_stream(self._stream)  # its memory is not to be given away before it was read

    @staticmethod
    def _upload(frames: Sequence[Pixels], through: Tensor, into: Tensor) -> None:
        """What lies behind the last frame stays from a former batch: nobody looks at its outputs."""
        staged = through.numpy()
        for index, frame in enumerate(frames):
            staged[index, 0] = frame
        into[: len(frames)].copy_(through[: len(frames)], non_blocking=True)

    def _slot(self, slot: int, output: Tensor) -> _Slot:
        if slot not in self._slots:
            largest = self.buckets[-1]
            self._slots[slot] = _Slot(
                torch.empty((largest, *self._shape[1:]), dtype=torch.uint8, pin_memory=True),
                torch.empty((largest, *output.shape[1:]), dtype=torch.float32, pin_memory=True),
                torch.cuda.Event(),  # type: ignore[no-untyped-call]
            )
        return self._slots[slot]

    def _graph(self, bucket: int) -> _Captured:
        if bucket not in self._captured:
            self._captured[bucket] = self._capture(bucket)
        return self._captured[bucket]

    def _capture(self, bucket: int) -> _Captured:
        with torch.cuda.device(self._device), torch.no_grad():
            with torch.cuda.stream(self._stream):
                frames = torch.zeros((bucket, *self._shape[1:]), dtype=torch.uint8, device=self._device)
                for _ in range(_RUNS_BEFORE_CAPTURE):
                    self._forward(frames)
            self._stream.synchronize()
            graph = torch.cuda.CUDAGraph()
            # Graphs share memory: they run one after the other. Other threads may decode meanwhile.
            with torch.cuda.graph(
                graph, pool=self._pool, stream=self._stream, capture_error_mode="thread_local"
            ):
                output = self._forward(frames)
        return _Captured(graph, frames, output)

    def _forward(self, frames: Tensor) -> Tensor:
        return bfloat16_forward(self._net, frames)


def bfloat16_forward(net: nn.Module, frames: Tensor) -> Tensor:
    """A prepared network's output in float32. A capture must not use what autocast has cached before it."""
    with torch.autocast(frames.device.type, torch.bfloat16, cache_enabled=False):
        said: Tensor = net(frames)
    return said.float()
