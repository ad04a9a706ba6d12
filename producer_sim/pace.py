"""When each exposure happens: at a fixed rate that never waits for the sender, or as fast as it goes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

IDLE_SLICE_S = 0.1
"""Longest wait before the run looks again whether it should stop."""


class Clock(Protocol):
    """Time, passed in."""

    def monotonic_s(self) -> float:
        """Seconds that only move forward."""

    def wall_ns(self) -> int:
        """Nanoseconds since the epoch, UTC."""


class SystemClock:
    """The machine's clocks."""

    def monotonic_s(self) -> float:
        """Seconds that only move forward."""
        return time.monotonic()

    def wall_ns(self) -> int:
        """Nanoseconds since the epoch, UTC."""
        return time.time_ns()


class Pace:
    """Gives every exposure its time.

    At a rate, exposure i happens at start + i / rate whether or not the sender was ready: a camera does not
    wait, and a latency measured from its time leaves nothing out. `frames_per_s` None: exposed when sent.
    """

    def __init__(self, frames_per_s: float | None, clock: Clock, idle: Callable[[float], None]) -> None:
        self._frames_per_s = frames_per_s
        self._clock = clock
        self._idle = idle
        self._start: tuple[float, int] | None = None
        self._exposures = 0
        self.behind_s = 0.0  # the worst so far

    def restart(self) -> None:
        """Forgive what is overdue: the next exposure happens when it is due, or now, by the clocks of now."""
        if self._start is None or self._frames_per_s is None:
            return
        now_s = self._clock.monotonic_s()
        first_s = max(now_s, self._start[0] + self._exposures / self._frames_per_s)
        self._start = first_s, self._clock.wall_ns() + round((first_s - now_s) * 1e9)
        self._exposures = 0

    def next_exposure_ns(self, should_stop: Callable[[], bool]) -> int | None:
        """Wait until the next exposure is due and return its wall time; None when told to stop meanwhile."""
        if self._frames_per_s is None:
            return None if should_stop() else self._clock.wall_ns()
        if self._start is None:
            self._start = self._clock.monotonic_s(), self._clock.wall_ns()
        due_s = self._exposures / self._frames_per_s
        while not should_stop():
            left_s = self._start[0] + due_s - self._clock.monotonic_s()
            if left_s <= 0:
                self._exposures += 1
                self.behind_s = max(self.behind_s, -left_s)
                return self._start[1] + round(due_s * 1e9)
            self._idle(min(left_s, IDLE_SLICE_S))
        return None


def frames_per_s(speed_mps: float, *, height_px: int, mm_per_px: float, streams: int) -> float:
    """Frames a second of all cameras when the strip runs at `speed_mps` (m/s) under `streams` cameras."""
    return speed_mps * 1000 / (height_px * mm_per_px) * streams
