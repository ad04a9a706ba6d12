"""Ctrl-C at any moment, and still nothing is left running."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class Interruption:
    """The first SIGINT, SIGTERM or SIGHUP raises KeyboardInterrupt; those after it change nothing.

    While `held` it waits: a process must not start and be forgotten because a signal came in between.
    """

    def __init__(self) -> None:
        self._held = False
        self._came = False

    def install(self) -> None:
        """Take over the signals; from the main thread. Who runs us under nohup keeps SIGHUP ignored."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            if signal.getsignal(number) is not signal.SIG_IGN or number is not signal.SIGHUP:
                signal.signal(number, self)

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """The signals' handler."""
        first, self._came = not self._came, True
        if first and not self._held:
            raise KeyboardInterrupt

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let what is inside come to its end first; of several inside each other, the outermost."""
        outer, self._held = self._held, True
        try:
            yield
        finally:
            self._held = outer
        if self._came and not outer:
            raise KeyboardInterrupt
