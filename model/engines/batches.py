"""Frames in batches of a few fixed sizes, so that a device sees only shapes that it has seen before.

Here is what does not depend on the device: which size, which order, how many batches under way. Needs torch.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Final, TypeVar

import numpy as np
import torch
from torch import Tensor, nn

from model.inspector import Pixels

T = TypeVar("T")

Frames = Sequence[Pixels] | Sequence[Tensor]
"""Frames of (h, w) uint8: all in the CPU's memory, or all decoded on the device."""

SLOTS: Final = 2
"""Batches under way: the device computes one while the CPU fills the next and looks at the one before."""


class BatchedNet(ABC):
    """One network on one device.

    A batch is padded to the next of `buckets`. No layer mixes frames, so what it is padded with, and who else
    is in it, cannot change a result; another bucket may run other kernels, whose rounding differs.
    """

    def __init__(self, shape: tuple[int, ...], buckets: Sequence[int]) -> None:
        """`shape` is that of one frame's input, (1, 1, h, w)."""
        if not buckets or min(buckets) < 1:
            raise ValueError(f"batches of at least one frame, not {tuple(buckets)}")
        self._shape = tuple(shape)
        self.buckets = tuple(sorted(set(buckets)))

    def run(self, frames: Sequence[Any], then: Callable[[Any], T]) -> list[T]:
        """`then` of each frame's output, in order; an output's array is only valid during the call.

        Raises ValueError for a frame of another shape before anything is started, and what the device raises.
        """
        for frame in frames:
            self._check(frame)
        results: list[T] = []
        under_way: deque[tuple[int, int]] = deque()
        try:
            for number, first in enumerate(range(0, len(frames), self.buckets[-1])):
                chunk = frames[first : first + self.buckets[-1]]
                self._start(number % SLOTS, chunk, self.bucket(len(chunk)))
                under_way.append((number % SLOTS, len(chunk)))
                if len(under_way) == SLOTS:
                    results += [then(output) for output in self._finish(*under_way.popleft())]
            while under_way:
                results += [then(output) for output in self._finish(*under_way.popleft())]
        finally:
            self._settle()
        return results

    def bucket(self, count: int) -> int:
        """The smallest batch that holds `count` frames, or the largest there is."""
        return next((size for size in self.buckets if size >= count), self.buckets[-1])

    @abstractmethod
    def _start(self, slot: int, frames: Sequence[Any], bucket: int) -> None:
        """Begin a batch of at most `bucket` frames; `slot` has been finished before."""

    @abstractmethod
    def _finish(self, slot: int, count: int) -> Sequence[Any]:
        """Wait for a slot; the first `count` outputs, valid until the slot is started again."""

    @abstractmethod
    def _settle(self) -> None:
        """Wait until the device reads and writes nothing of ours, also after an error."""

    def _check(self, frame: Any) -> None:
        """Raises ValueError for what the network does not take."""
        if tuple(frame.shape) != self._shape[2:] or frame.dtype not in (np.uint8, torch.uint8):
            raise ValueError(
                f"a frame of {frame.dtype} {tuple(frame.shape)}, the networks take uint8 {self._shape[2:]}"
            )


class EagerNet(BatchedNet):
    """A network on the CPU, as torch runs it: (N, 1, h, w) uint8 -> (N, ...), in a tuple or alone."""

    def __init__(self, net: nn.Module, shape: tuple[int, ...], buckets: Sequence[int]) -> None:
        super().__init__(shape, buckets)
        self._net = net.eval().requires_grad_(False)
        self._said: dict[int, tuple[Tensor, ...]] = {}

    def _start(self, slot: int, frames: Sequence[Any], bucket: int) -> None:
        with torch.inference_mode():
            self._said[slot] = as_tuple(self._net(*self._inputs(frames, bucket)))

    def _inputs(self, frames: Sequence[Any], bucket: int) -> tuple[Tensor, ...]:
        batch = np.zeros((bucket, *self._shape[1:]), np.uint8)
        for index, frame in enumerate(frames):
            batch[index, 0] = np.asarray(frame)
        return (torch.from_numpy(batch),)

    def _finish(self, slot: int, count: int) -> Sequence[Any]:
        (said,) = self._said.pop(slot)
        return list(said.float().numpy()[:count])

    def _settle(self) -> None:
        self._said.clear()


def as_tuple(said: Tensor | tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """A network's outputs, whether it has one or several."""
    return said if isinstance(said, tuple) else (said,)
