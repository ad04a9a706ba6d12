"""How fast inspections come, and when the verdicts of the open coils will be there at that rate."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
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
    """What is to come on one line."""

    verdict_s: float = 0.0
    """The longest wait for a verdict of a coil that ended."""
    slack_s: float = float("inf")
    """The least, of all its open coils."""


def forecast(
    coils: Iterable[CoilState], rate_per_s: float, now_ns: int, line_of: Callable[[CoilState], str]
) -> dict[str, Forecast]:
    """Of the open coils, by their line; lines without any are not in it.

    Coils that ended share the rate, whatever their line: the most urgent one's frames are inspected first. Of
    a coil that still runs nobody knows how many frames will come: what is left of its budget is its slack.
    """
    found: dict[str, Forecast] = {}
    ahead = 0
    for state in sorted(coils, key=lambda state: state.deadline_at_ns):
        line, runs = line_of(state), state.outstanding is None
        ahead += 0 if state.outstanding is None else state.outstanding + state.unsegmented
        wait_s = 0.0 if not ahead else ahead / rate_per_s if rate_per_s else float("inf")
        slack_s = (state.deadline_at_ns - now_ns) / 1e9 - wait_s
        so_far = found.get(line, Forecast())
        found[line] = Forecast(
            verdict_s=so_far.verdict_s if runs else max(so_far.verdict_s, wait_s),
            slack_s=min(so_far.slack_s, slack_s),
        )
    return found
