"""A segmenter as networks that give scores and keep the rest, or go on from what was kept. Needs torch.

A batch of N frames may be k·N pictures to the network, crops side by side; of a frame its rows are kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple, TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from model.engines.batches import EagerNet
from model.engines.cuda import CapturedNet
from model.nets import SegmenterNet

T = TypeVar("T")

Rows = tuple[Tensor, ...]
"""What is kept of one frame on its device: k rows of each tensor that the next network takes."""


class Begins(nn.Module):
    """Encoder and gate's head: (N, 1, H, W) uint8 -> (N,) scores, and the features that the decoder takes."""

    def __init__(self, segmenter: SegmenterNet) -> None:
        super().__init__()
        self.segmenter = segmenter

    def forward(self, frames: Tensor) -> tuple[Tensor, ...]:
        """Scores first."""
        return self.segmenter.begin(frames)


class Ends(nn.Module):
    """The decoder, from what `Begins` gave: features -> (N, classes, h, w) probabilities."""

    def __init__(self, segmenter: SegmenterNet) -> None:
        super().__init__()
        self.segmenter = segmenter

    def forward(self, *features: Tensor) -> Tensor:
        """Features in the order of `Begins`."""
        return self.segmenter.end(*features)


class BothHeads(nn.Module):
    """All at once: (N, 1, H, W) uint8 -> (N,) scores and (N, classes, h, w) probabilities."""

    def __init__(self, segmenter: SegmenterNet) -> None:
        super().__init__()
        self.segmenter = segmenter

    def forward(self, frames: Tensor) -> tuple[Tensor, Tensor]:
        """Scores first."""
        probabilities, scores = self.segmenter(frames)
        return scores, probabilities


class AsKept(nn.Module):
    """The second half of `BothHeads`: there is nothing left to do."""

    def forward(self, probabilities: Tensor) -> Tensor:
        """A copy: a graph must hold at least one operation."""
        return probabilities.clone()


class Seen(NamedTuple):
    """A score (), and what is kept; None below the threshold."""

    score: NDArray[np.float32]
    rows: Rows | None


class EagerSeeing(EagerNet):
    """`Begins` or `BothHeads` on the CPU."""

    keep_from: float = 0.0
    """Frames that score as much keep their rows."""

    def _finish(self, slot: int, count: int) -> Sequence[Any]:
        scores, *others = self._said.pop(slot)
        with torch.inference_mode():
            return _seen(scores.float().numpy()[:count], tuple(others), len(scores), self.keep_from)


class EagerEnding(EagerNet):
    """`Ends` or `AsKept` on the CPU; a frame is the rows that were kept of it."""

    def _inputs(self, frames: Sequence[Any], bucket: int) -> tuple[Tensor, ...]:
        """Padded with the first frame's rows."""
        padded = [*frames, *[frames[0]] * (bucket - len(frames))]
        return tuple(torch.cat(tensors) for tensors in zip(*padded, strict=True))

    def _check(self, frame: Any) -> None:
        """They come from the other half."""


class CapturedSeeing(CapturedNet):
    """`Begins` or `BothHeads` on a GPU: rows of frames that pass are cloned out of the graph's memory."""

    keep_from: float = 0.0
    """Frames that score as much keep their rows."""

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._others: dict[int, tuple[Tensor, ...]] = {}
        self._size: dict[int, int] = {}

    def _start(self, slot: int, frames: Sequence[Any], bucket: int) -> None:
        self._size[slot] = bucket
        super()._start(slot, frames, bucket)

    def _keep(self, slot: int, others: tuple[Tensor, ...]) -> None:
        self._others[slot] = tuple(other.clone() for other in others)

    def _finish(self, slot: int, count: int) -> Sequence[Any]:
        scores = self._host(slot, count)
        with torch.cuda.device(self._device), torch.cuda.stream(self.stream), torch.no_grad():
            return _seen(scores, self._others.pop(slot), self._size[slot], self.keep_from)

    def _settle(self) -> None:
        super()._settle()
        self._others.clear()


class CapturedEnding(CapturedNet):
    """`Ends` or `AsKept` on a GPU, on the stream of the network that kept the rows."""

    def _blank(self, bucket: int, frames: Sequence[Any]) -> tuple[Tensor, ...]:
        return tuple(row.repeat(bucket, 1, 1, 1).contiguous(memory_format=_LAST) for row in frames[0])

    def _wait_for(self, frames: Sequence[Any]) -> None:
        """Their rows were written on this stream."""

    def _fill(self, frames: Sequence[Any], through: Tensor, into: tuple[Tensor, ...]) -> None:
        for rows, all_rows in zip(zip(*frames, strict=True), into, strict=True):
            all_rows[: sum(len(each) for each in rows)].copy_(torch.cat(rows))

    def _check(self, frame: Any) -> None:
        """They come from the other half."""


_LAST: Final = torch.channels_last

Seeing = EagerSeeing | CapturedSeeing
Ending = EagerEnding | CapturedEnding


def see(net: Seeing, frames: Sequence[Any], keep_from: float, then: Callable[[Seen], T]) -> list[T]:
    """`then` of each frame's score and, from `keep_from` on, its rows."""
    net.keep_from = keep_from
    return net.run(frames, then)


def _seen(scores: NDArray[np.float32], others: tuple[Tensor, ...], size: int, keep_from: float) -> list[Seen]:
    """One for each score of a batch of `size`; frames that pass are indexed on the device, all at once."""
    passed = np.flatnonzero(scores >= keep_from)
    rows: dict[int, list[Tensor]] = {int(frame): [] for frame in passed}
    for other in others if len(passed) else ():
        each = len(other) // size
        index = (passed[:, None] * each + np.arange(each)).ravel()
        kept = other.index_select(0, torch.from_numpy(index).to(other.device))
        for frame, part in zip(rows, torch.split(kept, each), strict=True):
            rows[frame].append(part)
    return [Seen(score, tuple(rows[i]) if i in rows else None) for i, score in enumerate(scores)]
