"""Gate and segmenter on one encoder as OpenVINO graphs, cut from the segmenter's one graph."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
import openvino as ov
from numpy.typing import NDArray

from model.card import Card, OperatingPoint
from model.engines.checks import gate_score, input_shape
from model.engines.cuts import cut, halves
from model.engines.requests import Arrays, Requests, as_inputs, check_takes_frames
from model.engines.shared import Kept, SharedInspector
from model.engines.spare import SpareArrays
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
        self._spare = SpareArrays()

    def _see(self, frames: Sequence[Pixels], keep_from: float) -> list[Gated]:
        def gated(outputs: Arrays) -> Gated:
            score = gate_score(outputs[0])
            passes = score >= keep_from
            kept = Kept(self, self._spare.copied(outputs[1:])) if passes else None
            return Gated(score=score, kept=kept)

        return self._first.run(as_inputs(frames, self._shape), gated, _as_it_is)

    def _use_again(self, kept: Sequence[Arrays]) -> None:
        """What was kept, once no request reads it and nobody else can have it."""
        for arrays in kept:
            self._spare.give_back(arrays)

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
        found = self._second.run(kept, _only, lambda output: then(output[0]))
        self._use_again(kept)
        return found


class TwoHeadOpenVino(_OpenVinoShared):
    """The `two_head` design: encoder, gate's head and decoder run for every frame, at once."""

    def __init__(self, *, card: Card, point: OperatingPoint, segmenter: ov.Model, threads: int) -> None:
        """`segmenter` is one graph with the outputs `scores` and `probabilities`."""
        whole = cut(segmenter, "scores", "probabilities")
        super().__init__(card, point, segmenter, whole, threads)

    def _decode(self, kept: Sequence[Any], then: Callable[[NDArray[np.float32]], T]) -> list[T]:
        found = [then(probabilities[0]) for (probabilities,) in kept]
        self._use_again(kept)
        return found


def _as_it_is(gated: Gated) -> Gated:
    return gated


def _only(outputs: Arrays) -> NDArray[np.float32]:
    (output,) = outputs
    return np.array(output)
