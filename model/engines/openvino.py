"""The CPU engine: networks as OpenVINO graphs of one frame, several frames at once.

On a CPU a micro-batch of parallel single-frame requests is as fast as a real batch, and a frame's result
cannot depend on its neighbours. Each request runs on one thread, so it does not depend on `threads` either.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from model.card import Card, OperatingPoint
from model.engines.checks import gate_score, input_shape
from model.engines.cuts import cut
from model.engines.requests import Requests, as_inputs, check_takes_frames
from model.inspector import Gated, Inspector, Pixels, Region
from model.regions import RegionFinder


class OpenVinoInspector(Inspector):
    """The `separate` design on `threads` cores.

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
        self._shape = input_shape(card)
        for graph in (gate, segmenter):
            check_takes_frames(graph, self._shape)
        self._gate = Requests(cut(gate, "scores"), threads)
        self._segmenter = Requests(cut(segmenter, "probabilities"), threads)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="regions")
        self._regions = RegionFinder(card.input, [kind.class_id for kind in card.classes], point.masks)

    def gate(self, frames: Sequence[Pixels]) -> list[Gated]:
        """See Inspector. Raises RuntimeError when the network fails, ValueError for a wrong shape."""
        inputs = as_inputs(frames, self._shape)
        return self._gate.run(inputs, lambda outputs: Gated(score=gate_score(outputs.arrays[0])))

    def segment(self, frames: Sequence[Pixels], gated: Sequence[Gated]) -> list[tuple[Region, ...]]:
        """See Inspector. A frame's regions are found while the next frames run."""
        inputs = as_inputs(frames, self._shape)
        return self._segmenter.run(
            inputs, lambda outputs: self._regions.find(outputs.arrays[0][0]), self._pool
        )

    def probabilities(self, frames: Sequence[Pixels]) -> list[NDArray[np.float32]]:
        """See Inspector."""
        return self._segmenter.run(as_inputs(frames, self._shape), lambda outputs: outputs.keep()[0][0])

    def warm_up(self) -> None:
        """Run each request once, so that every buffer exists before the first frame."""
        blank = np.zeros(self._shape[2:], np.uint8)
        self.segment([blank] * self._segmenter.size, self.gate([blank] * self._gate.size))
