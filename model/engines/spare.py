"""Memory that was used and is used again: a fresh page costs more than the copy that goes into it."""

from __future__ import annotations

from collections import deque
from typing import Final

import numpy as np

from model.engines.requests import Arrays

MOST_BYTES: Final = 64 * 2**20
"""More than 64 frames of `severstal`, six of a Unet that sees frames at full size."""


class SpareArrays:
    """Sets of arrays, all of the same shapes, handed out in turn; what nobody gives back is simply freed."""

    def __init__(self, most_bytes: int = MOST_BYTES) -> None:
        """`most_bytes` is how much may lie here unused."""
        self._most_bytes = most_bytes
        self._free: deque[Arrays] = deque()

    def __len__(self) -> int:
        return len(self._free)

    def copied(self, arrays: Arrays) -> Arrays:
        """The same values, in memory that was given back where there is some; the caller owns it."""
        if not self._free:
            return tuple(np.array(one) for one in arrays)
        owned = self._free.pop()
        for ours, theirs in zip(owned, arrays, strict=True):
            np.copyto(ours, theirs)
        return owned

    def give_back(self, owned: Arrays) -> None:
        """For memory that nobody looks at any more."""
        if (len(self._free) + 1) * sum(one.nbytes for one in owned) <= self._most_bytes:
            self._free.append(owned)
