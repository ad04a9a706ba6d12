"""Gate and segmenter on one encoder as OpenVINO graphs, cut from the segmenter's one graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from model.card import Card, OperatingPoint
from model.engines.checks import gate_score, input_shape
from model.engines.cuts import cut, halves
from model.engines.requests import Outputs, Requests, as_inputs, check_takes_frames
from model.engines.shared import Kept, SharedInspector
from model.engines.spare import Arrays
from model.inspector import Gated, Pixels

T = TypeVar("T")


class _OpenVinoShared(SharedInspector):
    """What sees frames is one graph: its first output is the score, the others are kept."""

    def __init__(
        self, card: Card, point: OperatingPoint, graph: ov.Model, sees: ov.Model, threads: int
    ) -> None:
        super().__init__(card, point)
        self._shape = input_shape(card)
        check_takes_frames(graph, self._shape)
        self._first = Requests(sees, threads)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="regions")

    def _see(self, frames: Sequence[Pixels], keep_from: float) -> list[Gated]:
        def gated(outputs: Outputs) -> Gated:
            score = gate_score(outputs.arrays[0])
            return Gated(score=score, kept=Kept(self, outputs.keep()) if score >= keep_from else None)

        return self._first.run(as_inputs(frames, self._shape), gated)

    def _use_again(self, kept: Sequence[Arrays]) -> None:
        """What was kept, once no request reads it and nobody else can have it."""
        for arrays in kept:
            self._first.give_back(arrays)

    def warm_up(self) -> None:
        """Run each request once, so that every buffer exists before the first frame."""
        blank = np.zeros(self._shape[2:], np.uint8)
        blanks = [blank] * self._first.size
        self.segment(blanks, self.gate(blanks))


class SharedBackboneOpenVino(_OpenVinoShared):
    """The `shared_backbone` design: the decoder runs for the frames that pass, on what their encoder said.

    Encoder and gate's head are one graph, the decoder is another, both on `threads` cores as networks of the
    `separate` design are. Together they give the bits of the whole graph.
    """

    def __init__(self, *, card: Card, point: OperatingPoint, segmenter: ov.Model, threads: int) -> None:
        """`segmenter` is one graph with the outputs `scores` and `probabilities`."""
        parts = halves(segmenter, "scores", "probabilities")
        super().__init__(card, point, segmenter, parts.first, threads)
        self._second = Requests(parts.second, threads)

    def _decode(self, kept: Sequence[Any], then: Callable[[NDArray[np.float32]], T]) -> list[T]:
        inputs = [features for _, *features in kept]
        found = self._second.run(inputs, lambda outputs: then(outputs.arrays[0][0]), self._pool)
        self._use_again(kept)
        return found


class TwoHeadOpenVino(_OpenVinoShared):
    """The `two_head` design: encoder, gate's head and decoder run for every frame, at once."""

    def __init__(self, *, card: Card, point: OperatingPoint, segmenter: ov.Model, threads: int) -> None:
        """`segmenter` is one graph with the outputs `scores` and `probabilities`."""
        whole = cut(segmenter, "scores", "probabilities")
        super().__init__(card, point, segmenter, whole, threads)

    def _decode(self, kept: Sequence[Any], then: Callable[[NDArray[np.float32]], T]) -> list[T]:
        found = list(self._pool.map(then, [probabilities[0] for _, probabilities in kept]))
        self._use_again(kept)
        return found
