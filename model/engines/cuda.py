"""Networks on an NVIDIA GPU: bfloat16, channels last, one CUDA graph for each size of batch.

A graph replays a network's hundreds of kernels with one call: launching them one by one takes longer than
running them for a small batch. It reads and writes fixed memory, so every batch has a size that was captured.
Source: "CUDA Graphs" in PyTorch's notes on CUDA semantics.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple, cast

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from model.engines.batches import BatchedNet, as_tuple
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
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]


class _Slot(NamedTuple):
    """Page-locked memory of one batch: copies to and from it run beside the CPU."""

    frames: Tensor
    output: Tensor
    copied: torch.cuda.Event


class CapturedNet(BatchedNet):
    """A network whose batches are replayed; all its work is on one stream, in order.

    What it says comes to the CPU. Networks that hand values to one another on the device share a stream.
    """

    def __init__(
        self,
        net: nn.Module,
        shape: tuple[int, ...],
        buckets: Sequence[int],
        device: torch.device,
        stream: torch.cuda.Stream | None = None,
    ) -> None:
        super().__init__(shape, buckets)
        self._device = device
        self._net = in_bfloat16(net.eval().requires_grad_(False)).to(device)
        self._net = self._net.to(memory_format=torch.channels_last)
        self.stream = stream or torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        self._pool = torch.cuda.graph_pool_handle()
        self._captured: dict[int, _Captured] = {}
        self._slots: dict[int, _Slot] = {}

    def _start(self, slot: int, frames: Sequence[Any], bucket: int) -> None:
        captured = self._graph(bucket, frames)
        memory = self._slot(slot, captured)
        self._wait_for(frames)
        with torch.cuda.device(self._device), torch.cuda.stream(self.stream), torch.no_grad():
            self._fill(frames, memory.frames, captured.inputs)
            captured.graph.replay()
            said = captured.outputs[0]
            memory.output[: len(frames)].copy_(said[: len(frames)], non_blocking=True)
            self._keep(slot, captured.outputs[1:])
            memory.copied.record(self.stream)

    def _finish(self, slot: int, count: int) -> Sequence[Any]:
        return list(self._host(slot, count))

    def _host(self, slot: int, count: int) -> NDArray[np.float32]:
        """What the network said of a slot's frames, once it is there."""
        memory = self._slots[slot]
        memory.copied.synchronize()
        return np.asarray(memory.output[:count].numpy())

    def _settle(self) -> None:
        self.stream.synchronize()

    def _wait_for(self, frames: Sequence[Any]) -> None:
        """For whoever wrote the frames on the device, on a stream of its own."""
        if isinstance(frames[0], Tensor):
            self.stream.wait_stream(torch.cuda.current_stream(self._device))

    def _fill(self, frames: Sequence[Any], through: Tensor, into: tuple[Tensor, ...]) -> None:
        """What lies behind the last frame stays from a former batch: nobody looks at its outputs."""
        if isinstance(frames[0], Tensor):
            self._gather(frames, into[0])
        else:
            self._upload(cast("Sequence[Pixels]", frames), through, into[0])

    def _keep(self, slot: int, others: tuple[Tensor, ...]) -> None:
        """Save what stays on the device: the next replay writes over it. Here there is nothing."""

    def _gather(self, frames: Sequence[Tensor], into: Tensor) -> None:
        torch.stack(list(frames), out=into[: len(frames), 0])
        for frame in frames:
            frame.record_stream(self.stream)  # its memory is not to be given away before it was read

    @staticmethod
    def _upload(frames: Sequence[Pixels], through: Tensor, into: Tensor) -> None:
        staged = through.numpy()
        for index, frame in enumerate(frames):
            staged[index, 0] = frame
        into[: len(frames)].copy_(through[: len(frames)], non_blocking=True)

    def _slot(self, slot: int, captured: _Captured) -> _Slot:
        if slot not in self._slots:
            largest, output = self.buckets[-1], captured.outputs[0]
            self._slots[slot] = _Slot(
                torch.empty((largest, *self._shape[1:]), dtype=torch.uint8, pin_memory=True),
                torch.empty((largest, *output.shape[1:]), dtype=torch.float32, pin_memory=True),
                torch.cuda.Event(),  # type: ignore[no-untyped-call]
            )
        return self._slots[slot]

    def _graph(self, bucket: int, frames: Sequence[Any]) -> _Captured:
        if bucket not in self._captured:
            self._captured[bucket] = self._capture(bucket, frames)
        return self._captured[bucket]

    def _capture(self, bucket: int, frames: Sequence[Any]) -> _Captured:
        with torch.cuda.device(self._device), torch.no_grad():
            with torch.cuda.stream(self.stream):
                inputs = self._blank(bucket, frames)
                for _ in range(_RUNS_BEFORE_CAPTURE):
                    self._forward(inputs)
            self.stream.synchronize()
            graph = torch.cuda.CUDAGraph()
            # Graphs share memory: they run one after the other. Other threads may decode meanwhile.
            with torch.cuda.graph(
                graph, pool=self._pool, stream=self.stream, capture_error_mode="thread_local"
            ):
                outputs = self._forward(inputs)
        return _Captured(graph, inputs, outputs)

    def _blank(self, bucket: int, frames: Sequence[Any]) -> tuple[Tensor, ...]:
        """The network's inputs for a batch of `bucket` frames, of which `frames` is an example."""
        return (torch.zeros((bucket, *self._shape[1:]), dtype=torch.uint8, device=self._device),)

    def _forward(self, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
        return bfloat16_forward(self._net, *inputs)


def bfloat16_forward(net: nn.Module, *inputs: Tensor) -> tuple[Tensor, ...]:
    """A prepared network's outputs, the first in float32. A capture must not use what autocast has cached."""
    with torch.autocast(inputs[0].device.type, torch.bfloat16, cache_enabled=False):
        said, *others = as_tuple(net(*inputs))
    return (said.float(), *others)
