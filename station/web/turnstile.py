"""So many at once, so many waiting, and a clear word to all others."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from station.web.refusals import Busy


class Turnstile:
    """Bounds work of one kind, and with it the memory and threads that it takes."""

    def __init__(self, what: str, *, at_once: int, waiting: int) -> None:
        """`what`: in the plural, as the refusal names them."""
        self._what = what
        self._most = at_once + waiting
        self._free = asyncio.Semaphore(at_once)
        self._inside = 0

    @asynccontextmanager
    async def place(self) -> AsyncIterator[None]:
        """Wait for a place and hold it. Raises Busy."""
        if self._inside >= self._most:
            raise Busy(self._what)
        self._inside += 1
        try:
            async with self._free:
                yield
        finally:
            self._inside -= 1
