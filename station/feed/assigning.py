"""Which partitions the feed reads, and from where. Found anew each so often: topics grow, or come late."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from contracts.topics import (
    ALARMS,
    COIL_EVENTS,
    COIL_REPORTS,
    DEAD_LETTERS,
    DEFECTS,
    FRAMES,
    INSPECTIONS,
    topic,
)
from station.feed.lag_watch import LagWatch
from station.feed.messages import Place
from station.feed.offsets import Admin, first_since

FROM_THE_BEGINNING = (COIL_REPORTS, ALARMS)
FROM_THE_LOOKBACK = (COIL_EVENTS, INSPECTIONS, DEFECTS, DEAD_LETTERS)
"""Dead letters, because a frame without a readable identity has no inspection: it would wait for ever."""


class Assignment:
    """The places that are read. Every call belongs to the reading thread."""

    def __init__(
        self,
        *,
        consumer: Consumer,
        admin: Admin,
        lag: LagWatch,
        topic_prefix: str,
        lookback_s: float,
        wall_ns: Callable[[], int],
    ) -> None:
        self._consumer = consumer
        self._admin = admin
        self._lag = lag
        self._whole = [topic(kind, topic_prefix) for kind in FROM_THE_BEGINNING]
        self._recent = [topic(kind, topic_prefix) for kind in FROM_THE_LOOKBACK]
        self._frames = topic(FRAMES, topic_prefix)
        self._lookback_ns = round(lookback_s * 1e9)
        self._wall_ns = wall_ns
        self._assigned: set[Place] = set()
        self._behind: set[Place] = set()
        self.missing: tuple[str, ...] = ()
        """Topics that are not on the broker."""
        self.whole = False
        """Whether every partition of every topic is read."""

    @property
    def caught_up(self) -> bool:
        """Whether the end of everything was reached once."""
        return self.whole and not self._behind

    def reached_end(self, place: Place) -> None:
        """There was nothing more in this place."""
        self._behind.discard(place)

    def follow(self, listed: Mapping[str, Any]) -> None:
        """Read what the broker has by now. `listed`: its topics, as `list_topics` gives them."""
        names = [*self._whole, *self._recent, self._frames]
        there = {name: places for name in names if (places := _places(name, listed))}
        self.missing = tuple(name for name in names if name not in there)
        self._let_go({place for places in there.values() for place in places})
        starts = dict.fromkeys(self._new(there, self._whole), OFFSET_BEGINNING)
        wanted = self._new(there, self._recent)
        frames = [place for place in there.get(self._frames, ()) if place[1] not in self._lag.partitions]
        firsts = first_since(self._admin, [*wanted, *frames], self._wall_ns() - self._lookback_ns)
        starts |= {place: firsts[place] for place in wanted if place in firsts}
        if starts:
            self._consumer.incremental_assign([TopicPartition(*place, at) for place, at in starts.items()])
        self._assigned |= starts.keys()
        self._behind |= starts.keys()
        self._lag.begin({place[1]: firsts[place] for place in frames if place in firsts})
        self.whole = not self.missing and firsts.keys() >= {*wanted, *frames}

    def _new(self, there: Mapping[str, Collection[Place]], names: Iterable[str]) -> list[Place]:
        return [place for name in names for place in there.get(name, ()) if place not in self._assigned]

    def _let_go(self, there: set[Place]) -> None:
        """Of a topic that was deleted; it may come again, and is then read like a new one."""
        gone = self._assigned - there
        if gone:
            self._consumer.incremental_unassign([TopicPartition(*place) for place in gone])
            self._assigned -= gone
            self._behind -= gone
        self._lag.forget(frozenset(p for p in self._lag.partitions if (self._frames, p) not in there))


def _places(name: str, listed: Mapping[str, Any]) -> list[Place]:
    found = listed.get(name)
    if found is None or found.error is not None:
        return []
    return [(name, number) for number in found.partitions]
