"""Gate and segmenter on one encoder in torch; on a GPU what is kept of a frame never leaves it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from model.card import SHARED_BACKBONE, TWO_HEAD, Card, Design, OperatingPoint
from model.engines.checks import gate_score, input_shape
from model.engines.cuda import BUCKETS as CUDA_BUCKETS
from model.engines.halves import (
    AsKept,
    Begins,
    BothHeads,
    CapturedEnding,
    CapturedSeeing,
    EagerEnding,
    EagerSeeing,
    Ending,
    Ends,
    Seeing,
    Seen,
    see,
)
from model.engines.shared import Kept, SharedInspector
from model.engines.torch import CPU_BUCKETS
from model.inspector import Gated
from model.nets import SegmenterNet

T = TypeVar("T")


class SharedTorchInspector(SharedInspector):
    """Design `shared_backbone` or `two_head` on one device.

    As in TorchInspector, another bucket may round otherwise on a GPU.
    """

    def __init__(
        self,
        *,
        card: Card,
        point: OperatingPoint,
        segmenter: SegmenterNet,
        design: Design,
        device: torch.device,
        buckets: Sequence[int] | None = None,
    ) -> None:
        super().__init__(card, point)
        if design not in (SHARED_BACKBONE, TWO_HEAD):
            raise ValueError(f"design {design} shares no encoder")
        self.device = device
        both = design == TWO_HEAD
        first: nn.Module = BothHeads(segmenter) if both else Begins(segmenter)
        second: nn.Module = AsKept() if both else Ends(segmenter)
        self._first, self._second = _placed(first, second, card, device, buckets)

    def _see(self, frames: Sequence[Any], keep_from: float) -> list[Gated]:
        def gated(seen: Seen) -> Gated:
            kept = None if seen.rows is None else Kept(self, seen.rows)
            return Gated(score=gate_score(seen.score), kept=kept)

        return see(self._first, frames, keep_from, gated)

    def _decode(self, kept: Sequence[Any], then: Callable[[NDArray[np.float32]], T]) -> list[T]:
        return self._second.run(kept, then)

    def warm_up(self) -> None:
        """Run both halves once in every bucket, the largest first."""
        blank = np.zeros(input_shape(self.card)[2:], np.uint8)
        for bucket in reversed(self._first.buckets):
            self.gate([blank] * bucket)
            self.segment([blank] * bucket, [Gated(score=1.0)] * bucket)


def _placed(
    first: nn.Module, second: nn.Module, card: Card, device: torch.device, buckets: Sequence[int] | None
) -> tuple[Seeing, Ending]:
    shape = input_shape(card)
    if device.type == "cuda":
        sizes = buckets or CUDA_BUCKETS
        seeing = CapturedSeeing(first, shape, sizes, device)
        return seeing, CapturedEnding(second, shape, sizes, device, seeing.stream)
    return EagerSeeing(first, shape, buckets or CPU_BUCKETS), EagerEnding(
        second, shape, buckets or CPU_BUCKETS
    )
