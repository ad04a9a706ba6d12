"""From the reading thread to the event loop: a bounded queue. When it is full, the reader waits."""

from __future__ import annotations

import asyncio
import queue
from collections.abc import AsyncIterator

from station.feed.messages import FeedBatch

MOST_BATCHES = 8


class FeedCrashed(RuntimeError):
    """The reading thread met a bug and ended; the cause is chained."""


class Handover:
    """One thread offers, one task on one loop takes."""

    def __init__(self, most: int = MOST_BATCHES) -> None:
        self._queue: queue.Queue[FeedBatch] = queue.Queue(most)
        self._there = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ended = False
        self._crash: BaseException | None = None

    def offer(self, batch: FeedBatch, wait_s: float) -> bool:
        """False when no place came free within `wait_s`. Called by the thread."""
        try:
            self._queue.put(batch, timeout=wait_s)
        except queue.Full:
            return False
        self._wake()
        return True

    def end(self, crash: BaseException | None = None) -> None:
        """Nothing more will come. Called by the thread."""
        self._crash = crash
        self._ended = True
        self._wake()

    async def batches(self) -> AsyncIterator[FeedBatch]:
        """What was offered, until the end. Raises FeedCrashed when that was none in order."""
        self._loop = asyncio.get_running_loop()  # before the queue is looked at: see _wake
        while True:
            ended = self._ended
            try:
                batch = self._queue.get_nowait()
            except queue.Empty:
                if ended:
                    break
                # What is offered from here on wakes us: its call runs on this loop, after this line.
                self._there.clear()
                await self._there.wait()
            else:
                yield batch
        if self._crash is not None:
            raise FeedCrashed("the reading thread ended, its cause is above") from self._crash

    def _wake(self) -> None:
        """A loop that is not known yet finds the queue filled when it first looks."""
        if self._loop is not None and not self._loop.is_closed():
            try:
                self._loop.call_soon_threadsafe(self._there.set)
            except RuntimeError:
                return  # it closed in this moment: nobody takes any more
