"""What a process says of itself: is it alive, is it ready, and if not, why."""

from __future__ import annotations

from collections.abc import Callable


class Health:
    """Written by the owner thread, read by the monitoring server's threads; plain attributes, so no lock.

    Alive means that the owner thread turned within `stale_after_s`. Before its first turn a process is alive
    too: warm-up has no turns, and ends by itself in success or in an exit.
    """

    def __init__(
        self, clock: Callable[[], float], stale_after_s: float, *, warming: str = "the model is warming up"
    ) -> None:
        self._clock = clock
        self._warming = warming
        self._stale_after_s = stale_after_s
        self._turned_at_s: float | None = None
        self.warm = False
        self.joined = False
        self.stopping = False

    def turned(self) -> None:
        """Note that the owner thread has done a step."""
        self._turned_at_s = self._clock()

    def alive(self) -> bool:
        """Whether the owner thread turned lately."""
        return self._idle_s() <= self._stale_after_s

    def ready(self) -> bool:
        """Whether the process is alive, warm and joined, and not on its way out."""
        return self.alive() and self.warm and self.joined and not self.stopping

    def why(self) -> str:
        """One phrase for a person: what keeps it from being ready, or that nothing does."""
        if not self.alive():
            return f"the owner thread has not turned for {self._idle_s():.1f} s"
        if self.stopping:
            return "stopping"
        if not self.warm:
            return self._warming
        if not self.joined:
            return "waiting for partitions"
        return "joined and warm"

    def _idle_s(self) -> float:
        turned_at_s = self._turned_at_s
        return 0.0 if turned_at_s is None else self._clock() - turned_at_s
