"""Micro-batching: collect frames, earliest deadline first, and say when a batch should go and why."""

from __future__ import annotations

import heapq
from collections import deque
from dataclasses import dataclass
from enum import StrEnum

from consumer.flight import Flight


class Release(StrEnum):
    """Why a batch left; a metric label."""

    FULL = "full"
    MAX_WAIT = "max_wait"
    IDLE = "idle"
    SLACK = "slack"
    DRAIN = "drain"


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchPolicy:
    """When a batch goes."""

    max_frames: int
    max_wait_s: float
    urgent_slack_s: float
    """A frame whose coil has less slack than this does not wait for company."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Frames that go through a network together."""

    flights: tuple[Flight, ...]
    reason: Release


class MicroBatcher:
    """Frames that wait for one network."""

    def __init__(self, policy: BatchPolicy) -> None:
        self._policy = policy
        self._by_deadline: list[tuple[int, int, Flight]] = []
        self._by_arrival: deque[tuple[float, Flight]] = deque()
        self._waiting: set[int] = set()
        self._sequence = 0

    def __len__(self) -> int:
        return len(self._waiting)

    def add(self, flight: Flight, now_s: float) -> None:
        """Let a frame wait."""
        self._sequence += 1
        self._waiting.add(id(flight))
        heapq.heappush(self._by_deadline, (flight.deadline_at_ns, self._sequence, flight))
        self._by_arrival.append((now_s, flight))

    def discard_dropped(self) -> None:
        """Forget the frames that were dropped meanwhile."""
        self._by_deadline = [entry for entry in self._by_deadline if not entry[2].dropped]
        heapq.heapify(self._by_deadline)
        self._by_arrival = deque(entry for entry in self._by_arrival if not entry[1].dropped)
        self._waiting = {id(entry[2]) for entry in self._by_deadline}

    def time_left_s(self, now_s: float) -> float | None:
        """Until the oldest frame has waited long enough; None when nobody waits."""
        oldest = self._oldest_arrival_s()
        return None if oldest is None else max(0.0, oldest + self._policy.max_wait_s - now_s)

    def release(self, now_s: float, wall_ns: int, *, idle: bool, draining: bool) -> Batch | None:
        """The next batch, if one should go now.

        `idle`: the model has nothing to do and nothing else is coming. `draining`: nobody will come any more.
        """
        reason = self._reason(now_s, wall_ns, idle=idle, draining=draining)
        if reason is None:
            return None
        count = min(len(self._waiting), self._policy.max_frames)
        flights = tuple(heapq.heappop(self._by_deadline)[2] for _ in range(count))
        self._waiting.difference_update(id(flight) for flight in flights)
        return Batch(flights=flights, reason=reason)

    def _reason(self, now_s: float, wall_ns: int, *, idle: bool, draining: bool) -> Release | None:
        if not self._waiting:
            return None
        if len(self._waiting) >= self._policy.max_frames:
            return Release.FULL
        if draining:
            return Release.DRAIN
        if self._by_deadline[0][0] - wall_ns < self._policy.urgent_slack_s * 1e9:
            return Release.SLACK
        if idle:
            return Release.IDLE
        return Release.MAX_WAIT if self.time_left_s(now_s) == 0 else None

    def _oldest_arrival_s(self) -> float | None:
        while self._by_arrival and id(self._by_arrival[0][1]) not in self._waiting:
            self._by_arrival.popleft()
        return self._by_arrival[0][0] if self._by_arrival else None
