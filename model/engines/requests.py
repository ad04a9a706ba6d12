"""One OpenVINO graph on a few cores: a ring of infer requests, several frames under way at once.

A graph is compiled once a thread, with ONE stream, and not once with several. With NUM_STREAMS 2, OpenVINO
2026.4.1 compiled the first `severstal` bundle's int8 segmenter wrongly in 18 of 40 compilations, and each
of those stays wrong (probabilities up to 0.996 off); with one stream, in between, in 0 of 40. The cause is
not known. It was not seen in the int8 gate (16 compilations with 2 or 3 streams), nor in the fp32 segmenter
(3 compilations, too few to clear it). A thread's copies of both networks cost about 60 MB.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from typing import Any, Final, TypeVar

import numpy as np
import openvino as ov

from model.engines.core import runtime
from model.engines.spare import Arrays, SpareArrays
from model.inspector import Pixels

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


class Outputs:
    """What one inference gave, in the order of the graph's outputs; gone afterwards, unless it is kept."""

    __slots__ = ("arrays", "kept")

    def __init__(self, arrays: Arrays) -> None:
        self.arrays = arrays
        self.kept = False

    def keep(self) -> Arrays:
        """The arrays, for whoever hands them to `Requests.give_back` later, or lets them go."""
        self.kept = True
        return self.arrays


class _AtOnce(Executor):
    """Runs what it is given then and there."""

    def submit(self, fn: Callable[..., T], /, *args: Any, **kwargs: Any) -> Future[T]:
        """Raises what `fn` raises."""
        done: Future[T] = Future()
        done.set_result(fn(*args, **kwargs))
        return done


AT_ONCE: Final[Executor] = _AtOnce()


class Requests:
    """A ring of infer requests over the copies of one graph; neighbours belong to different copies.

    The engine writes outputs straight into memory that is handed out, and used again when it comes back.
    """

    def __init__(self, graph: ov.Model, threads: int) -> None:
        copies = [runtime().compile_model(graph, "CPU", COMPILE_SETTINGS) for _ in range(threads)]
        self._ring = [copy.create_infer_request() for _ in range(REQUESTS_PER_COPY) for copy in copies]
        self._spare = SpareArrays(
            [(tuple(one.shape), one.get_element_type().to_dtype()) for one in graph.outputs]
        )
        self._given: list[Arrays] = [()] * self.size
        self.inferences = 0
        """How many were asked for so far: one a frame."""

    @property
    def size(self) -> int:
        """How many frames can be under way."""
        return len(self._ring)

    def run(
        self, inputs: Sequence[Arrays], then: Callable[[Outputs], T], pool: Executor = AT_ONCE
    ) -> list[T]:
        """`then(outputs)` of each frame's inputs, in order, while the next frames run.

        A pool is for what takes long beside an inference, and lets go of the GIL.
        """
        tensors = [[ov.Tensor(np.ascontiguousarray(one), shared_memory=True) for one in of] for of in inputs]
        results: list[Future[T]] = []
        try:
            for place, each in zip(range(self.size), tensors, strict=False):
                self._start(place, each)
            for index in range(len(tensors)):
                place = index % self.size
                self._ring[place].wait()
                outputs = Outputs(self._given[place])
                if (following := index + self.size) < len(tensors):
                    self._start(place, tensors[following])
                results.append(pool.submit(self._finish, outputs, then))
            return [result.result() for result in results]
        finally:
            # The engine reads frames where they lie: none may be freed while a request still runs.
            self._settle()

    def _finish(self, outputs: Outputs, then: Callable[[Outputs], T]) -> T:
        result = then(outputs)
        if not outputs.kept:
            self.give_back(outputs.arrays)
        return result

    def give_back(self, arrays: Arrays) -> None:
        """Kept outputs that nobody looks at any more."""
        self._spare.give_back(arrays)

    def _start(self, place: int, tensors: Sequence[ov.Tensor]) -> None:
        request, arrays = self._ring[place], self._spare.take()
        for index, tensor in enumerate(tensors):
            request.set_input_tensor(index, tensor)
        for index, array in enumerate(arrays):
            request.set_output_tensor(index, ov.Tensor(array, shared_memory=True))
        self._given[place] = arrays
        request.start_async()
        self.inferences += 1

    def _settle(self) -> None:
        for request in self._ring:
            try:
                request.wait()
            except RuntimeError:
                continue  # the first failure is on its way up already


def as_inputs(frames: Sequence[Pixels], shape: tuple[int, ...]) -> list[Arrays]:
    """(h, w) uint8 frames as inputs of `shape`, (1, 1, h, w). Raises ValueError for another frame."""
    for frame in frames:
        if frame.shape != shape[2:] or frame.dtype != np.uint8:
            raise ValueError(f"a frame of {frame.dtype} {frame.shape}, the networks take uint8 {shape[2:]}")
    return [(np.ascontiguousarray(frame).reshape(shape),) for frame in frames]


def check_takes_frames(graph: ov.Model, shape: tuple[int, ...]) -> None:
    """Raises ValueError for a graph with other inputs than one frame of `shape`."""
    stated = tuple(graph.inputs[0].shape)
    if len(graph.inputs) != 1 or stated != shape:
        raise ValueError(f"the graph takes {stated}, its card says {shape}")
