"""Memory that was freed, given back to the system: the C library would keep what a burst needed."""

from __future__ import annotations

import asyncio
import ctypes

EACH_S = 5.0


def give_back() -> None:
    """Only glibc needs it and has it. Takes some milliseconds, without Python's lock.

    What an hour's messages needed on their way to the strip is 80 MB of holes, as ten maps.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)


async def keep_giving_back(each_s: float = EACH_S) -> None:
    """For ever, away from the thread that serves."""
    while True:
        await asyncio.sleep(each_s)
        await asyncio.to_thread(give_back)
