"""How fast inspections come, and when the verdicts of the open coils will be there at that rate."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

from consumer.coils.ledger.state import CoilState

WINDOW_S = 10.0


class Rate:
    """Events a second over the last ten seconds."""

    def __init__(self) -> None:
        self._counts: deque[tuple[float, int]] = deque()
        self._total = 0

    def count(self, now_s: float, events: int) -> None:
        """Note that so many came just now."""
        if events:
            self._counts.append((now_s, events))
            self._total += events

    def per_s(self, now_s: float) -> float:
        """0 while nothing comes."""
        while self._counts and self._counts[0][0] <= now_s - WINDOW_S:
            self._total -= self._counts.popleft()[1]
        if not self._counts:
            return 0.0
        return self._total / max(1.0, now_s - self._counts[0][0])


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """What is to come."""

    verdict_s: float
    """The longest wait for a verdict."""
    slack_s: float | None
    """The least; None while no coil is open."""


def forecast(coils: Iterable[CoilState], rate_per_s: float, now_ns: int) -> Forecast:
    """Of the open coils. Those that ended share the rate: the most urgent one's frames are inspected first.

    Of a coil that still runs nobody knows how many frames will come: what is left of its budget is its slack.
    """
    verdict_s, slacks, ahead = 0.0, [], 0
    for state in sorted(coils, key=lambda state: state.deadline_at_ns):
        left_s = (state.deadline_at_ns - now_ns) / 1e9
        if state.outstanding is not None:
            ahead += state.outstanding + state.unsegmented
        wait_s = 0.0 if not ahead else ahead / rate_per_s if rate_per_s else float("inf")
        verdict_s = max(verdict_s, wait_s)
        slacks.append(left_s - wait_s)
    return Forecast(verdict_s=verdict_s, slack_s=min(slacks, default=None))
