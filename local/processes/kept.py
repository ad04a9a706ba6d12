"""A part that is started again when it ends, as a supervisor does with a service."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Generic, TypeVar

from rich.markup import escape

from local.processes.interruption import Interruption
from local.processes.monitored import MonitoredChild

MOST_IN_A_ROW = 5
STEADY_S = 60.0
"""Who has run for so long did not end for the same reason again: counted anew."""

Part = TypeVar("Part", bound=MonitoredChild)
Say = Callable[[str], None]


class Kept(Generic[Part]):
    """`current` is the one that runs now; the last one is stopped when `running` closes."""

    def __init__(
        self,
        title: str,
        start: Callable[[], Part],
        *,
        running: ExitStack,
        interruption: Interruption,
        say: Say,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._title, self._start, self._interruption = title, start, interruption
        self._say, self._clock = say, clock
        self._in_a_row = 0
        self._waits_since: float | None = None
        with interruption.held():
            self.current: Part = start()
            running.callback(self.stop)
        self._started_s = clock()

    def check(self) -> None:
        """Start it again when it has ended, and say so. Raises ChildFailed after too many times in a row."""
        if self.current.exit_code is not None:
            self._start_again()
        elif self._waits_since is not None and self.current.is_ready():
            self._say(f"{self._title}: ready again after {self._clock() - self._waits_since:.1f} s")
            self._waits_since = None
        elif self._clock() - self._started_s > STEADY_S:
            self._in_a_row = 0

    def stop(self) -> None:
        """End the one that runs now."""
        self.current.stop()

    def _start_again(self) -> None:
        if self._in_a_row == MOST_IN_A_ROW:
            self.current.check()
        self._in_a_row += 1
        code, words = self.current.exit_code, self.current.last_words().splitlines()
        self._say(
            f"[bold red]{self._title} ended[/bold red] with exit code {code}, it is started again "
            f"({self._in_a_row} of at most {MOST_IN_A_ROW} in a row)"
            + (f"; its last words: {escape(words[-1])}" if words else "")
        )
        self.current.log.replace(self.current.log.with_suffix(".before.log"))
        with self._interruption.held():
            self.current = self._start()
        self._started_s = self._clock()
        self._waits_since = self._started_s if self._waits_since is None else self._waits_since
