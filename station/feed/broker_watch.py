"""Whether Kafka answers. An error alone is no proof: a metadata request settles it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from station.feed.messages import BrokerState

log = logging.getLogger(__name__)


class BrokerWatch:
    """Holds the state, and says each change of it once. `state` may be read from any thread."""

    def __init__(self, wall_ns: Callable[[], int]) -> None:
        self._wall_ns = wall_ns
        self._doubt: BrokerState | None = None
        self._waiting_was_told = False
        self.state = BrokerState(up=False, since_ns=wall_ns(), why="Kafka was not reached yet")

    @property
    def doubted(self) -> bool:
        """An error came, and nothing was asked since."""
        return self._doubt is not None

    def troubled(self, why: str) -> None:
        """librdkafka met an error. The first one is when it began, should the broker be away."""
        if self._doubt is None:
            self._doubt = BrokerState(up=False, since_ns=self._wall_ns(), why=why)

    def silent(self, why: str) -> None:
        """The broker was asked, and did not answer."""
        doubt, self._doubt = self._doubt, None
        if self.state.up:
            self.state = doubt or BrokerState(up=False, since_ns=self._wall_ns(), why=why)
            log.warning("broker is away, retrying", extra={"why": self.state.why})
        elif not self._waiting_was_told:
            self._waiting_was_told = True
            self.state = replace(self.state, why=why if doubt is None else doubt.why)
            log.warning("waiting for the broker", extra={"why": self.state.why})

    def answered(self, why: str = "") -> None:
        """The broker was asked, and answered; `why`: what is amiss all the same."""
        self._doubt = None
        if not self.state.up:
            log.info("broker answers")
            self._waiting_was_told = True
            self.state = BrokerState(up=True, since_ns=self._wall_ns(), why=why)
        elif self.state.why != why:
            self.state = replace(self.state, why=why)
