"""Memory that was used and is used again: a fresh page costs more than what is written into it."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

Arrays = tuple[NDArray[Any], ...]
"""What one inference takes or gives, in the order of the graph's inputs or outputs."""

MOST_BYTES: Final = 64 * 2**20
"""More than 64 frames of `severstal`, six of a Unet that sees frames at full size."""


class SpareArrays:
    """Sets of arrays of the same shapes, handed out in turn; what nobody gives back is simply freed."""

    def __init__(
        self, of: Sequence[tuple[tuple[int, ...], np.dtype[Any]]], most_bytes: int = MOST_BYTES
    ) -> None:
        """of: shape and dtype of each array in a set. `most_bytes` is how much may lie here unused."""
        self._of = tuple(of)
        self._most_bytes = most_bytes
        self._free: deque[Arrays] = deque()

    def __len__(self) -> int:
        return len(self._free)

    def take(self) -> Arrays:
        """A set for the caller alone, with whatever values it had."""
        try:
            return self._free.pop()
        except IndexError:
            return tuple(np.empty(shape, dtype) for shape, dtype in self._of)

    def give_back(self, taken: Arrays) -> None:
        """For memory that nobody looks at any more."""
        if (len(self._free) + 1) * sum(one.nbytes for one in taken) <= self._most_bytes:
            self._free.append(taken)
