"""The CPU engine: both networks as OpenVINO graphs of one frame, several frames at once.

On a CPU a micro-batch of parallel single-frame requests is as fast as a real batch, and a frame's result
cannot depend on its neighbours. Each request runs on one thread, so it does not depend on `threads` either.

A network is compiled once a thread, with ONE stream, and not once with several. With NUM_STREAMS 2, OpenVINO
2026.4.1 compiled the first `severstal` bundle's int8 segmenter wrongly in 18 of 40 compilations, and each
of those stays wrong (probabilities up to 0.996 off); with one stream, in between, in 0 of 40. The cause is
not known. It was not seen in the int8 gate (16 compilations with 2 or 3 streams), nor in the fp32 segmenter
(3 compilations, too few to clear it). A thread's copies of both networks cost about 60 MB.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from model.card import Card, OperatingPoint
from model.engines.checks import gate_score, input_shape
from model.inspector import Gated, Inspector, Pixels, Region
from model.regions import RegionFinder

T = TypeVar("T")

REQUESTS_PER_COPY: Final = 2
"""One runs, the other is ready in the engine while the caller is busy with a finished one."""


COMPILE_SETTINGS: Final[dict[str, Any]] = {
    "NUM_STREAMS": 1,
    "INFERENCE_NUM_THREADS": 1,
    # Pinned threads would fight for cores with decoding and with the broker next door.
    "ENABLE_CPU_PINNING": False,
    # Where the machine has bfloat16 it would be the default, and results would differ between machines.
    "INFERENCE_PRECISION_HINT": "f32",
}


class OpenVinoInspector(Inspector):
    """One bundle's networks on `threads` cores.

    Each network has `threads` copies of one thread. Gate and segmenter are never busy at the same time:
    one inference thread calls `gate` and `segment` in turn, so cores are not oversubscribed. Waiting for a
    request releases the interpreter lock.
    """

    def __init__(
        self, *, card: Card, point: OperatingPoint, gate: ov.Model, segmenter: ov.Model, threads: int
    ) -> None:
        """`gate` is any graph with an output `scores`, `segmenter` one with `probabilities`."""
        self.card = card
        self.point = point
        core = ov.Core()
        self._gate = _Requests(core, cut(gate, "scores"), input_shape(card), threads)
        self._segmenter = _Requests(core, cut(segmenter, "probabilities"), input_shape(card), threads)
        self._regions = RegionFinder(card.input, [kind.class_id for kind in card.classes], point.masks)

    def gate(self, frames: Sequence[Pixels]) -> list[Gated]:
        """See Inspector. Raises RuntimeError when the network fails, ValueError for a wrong shape."""
        return self._gate.run(frames, lambda scores: Gated(score=gate_score(scores)))

    def segment(self, frames: Sequence[Pixels], gated: Sequence[Gated]) -> list[tuple[Region, ...]]:
        """See Inspector. A frame's regions are found while the next frames run."""
        return self._segmenter.run(frames, lambda probabilities: self._regions.find(probabilities[0]))

    def probabilities(self, frames: Sequence[Pixels]) -> list[NDArray[np.float32]]:
        """See Inspector."""
        return self._segmenter.run(frames, lambda output: output[0])

    def warm_up(self) -> None:
        """Run each request once, so that every buffer exists before the first frame."""
        blank = np.zeros(input_shape(self.card)[2:], np.uint8)
        self.segment([blank] * self._segmenter.size, self.gate([blank] * self._gate.size))


def cut(graph: ov.Model, output_name: str) -> ov.Model:
    """The part of a graph that one output needs. Raises ValueError when there is no such output."""
    named = [output for output in graph.outputs if output_name in output.names]
    if not named:
        raise ValueError(f"the graph has no output {output_name!r}")
    return ov.Model([named[0].get_node().input_value(0)], graph.get_parameters(), output_name)


class _Requests:
    """A ring of infer requests over the copies of one network; neighbours belong to different copies."""

    def __init__(self, core: ov.Core, graph: ov.Model, shape: tuple[int, ...], threads: int) -> None:
        stated = tuple(graph.inputs[0].shape)
        if len(graph.inputs) != 1 or len(graph.outputs) != 1 or stated != shape:
            raise ValueError(f"the graph takes {stated}, its card says {shape}")
        copies = [core.compile_model(graph, "CPU", COMPILE_SETTINGS) for _ in range(threads)]
        self._shape = shape
        self._ring = [copy.create_infer_request() for _ in range(REQUESTS_PER_COPY) for copy in copies]

    @property
    def size(self) -> int:
        """How many frames can be under way."""
        return len(self._ring)

    def run(self, frames: Sequence[Pixels], then: Callable[[NDArray[np.float32]], T]) -> list[T]:
        """`then` of each frame's output, in order, while the next frames are under way."""
        tensors = [self._tensor(frame) for frame in frames]
        results: list[T] = []
        try:
            for request, tensor in zip(self._ring, tensors, strict=False):
                request.set_input_tensor(0, tensor)
                request.start_async()
            for index in range(len(tensors)):
                request = self._ring[index % self.size]
                request.wait()
                output = request.get_output_tensor(0).data.copy()
                if (following := index + self.size) < len(tensors):
                    request.set_input_tensor(0, tensors[following])
                    request.start_async()
                results.append(then(output))
        finally:
            # The engine reads frames where they lie: none may be freed while a request still runs.
            self._settle()
        return results

    def _tensor(self, frame: Pixels) -> ov.Tensor:
        if frame.shape != self._shape[2:] or frame.dtype != np.uint8:
            raise ValueError(
                f"a frame of {frame.dtype} {frame.shape}, the networks take uint8 {self._shape[2:]}"
            )
        return ov.Tensor(np.ascontiguousarray(frame).reshape(self._shape), shared_memory=True)

    def _settle(self) -> None:
        for request in self._ring:
            try:
                request.wait()
            except RuntimeError:
                continue  # the first failure is on its way up already
