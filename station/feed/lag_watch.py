"""How many frames wait to be inspected: the frame topic's ends, held against the inspections that came."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from confluent_kafka.admin import OffsetSpec

from contracts.results import RecordId
from station.feed.messages import FrameLag
from station.feed.offsets import Admin, Answers

EACH_S = 1.0


class LagWatch:
    """Belongs to the reading thread; `lag` may be read from any.

    A frame older than the lookback does not count: its inspection is not read either.
    """

    def __init__(self, admin: Admin, frames_topic: str) -> None:
        self._admin = admin
        self._topic = frames_topic
        self._next: dict[int, int] = {}
        """Of each partition the first offset that was not inspected."""
        self._next_when_asked: dict[int, int] = {}
        self._answers: Answers | None = None
        self._asked_at_s = float("-inf")
        self._asked_at_ns = 0
        self.lag = FrameLag()

    @property
    def partitions(self) -> frozenset[int]:
        """Those that are watched."""
        return frozenset(self._next)

    def begin(self, firsts: Mapping[int, int]) -> None:
        """Watch these partitions too, from these offsets on."""
        for partition, first in firsts.items():
            self._next[partition] = max(first, self._next.get(partition, 0))

    def forget(self, partitions: frozenset[int]) -> None:
        """Watch these no more: they are gone."""
        for partition in partitions:
            self._next.pop(partition, None)

    def inspected(self, source: RecordId, now_ns: int) -> None:
        """What became of a frame is known."""
        if source.topic != self._topic:
            return
        known = self._next.get(source.partition)
        if known is not None:
            self._next[source.partition] = max(known, source.offset + 1)
        if self.lag.stuck_since_ns is not None:
            self.lag = replace(self.lag, stuck_since_ns=now_ns)

    def turn(self, now_s: float, now_ns: int, *, caught_up: bool) -> bool:
        """Ask each second, and take the answer when it is there. False: the broker failed to answer."""
        if self._answers is None:
            if self._next and now_s - self._asked_at_s >= EACH_S:
                self._asked_at_s, self._asked_at_ns = now_s, now_ns
                self._next_when_asked = dict(self._next)
                places = [(self._topic, partition) for partition in self._next]
                self._answers = Answers(self._admin, places, OffsetSpec.latest())
            return True
        if not self._answers.done:
            return True
        ends = {partition: end for (_, partition), end in self._answers.wait().items()}
        self._answers = None
        answered = ends.keys() >= self._next_when_asked.keys()
        if answered:
            self._note(ends, caught_up=caught_up)
        return answered

    def _note(self, ends: Mapping[int, int], *, caught_up: bool) -> None:
        for partition, end in ends.items():
            if end < self._next_when_asked[partition] and partition in self._next:
                self._next[partition] = 0  # inspected, yet not there: the topic was made anew
        waiting = sum(max(0, end - self._next.get(partition, end)) for partition, end in ends.items())
        stuck = self.lag.stuck_since_ns
        if not caught_up:
            self.lag = FrameLag(asked_at_ns=self._asked_at_ns)
        elif waiting == 0:
            self.lag = FrameLag(waiting=0, asked_at_ns=self._asked_at_ns)
        else:
            since = self._asked_at_ns if stuck is None else stuck
            self.lag = FrameLag(waiting=waiting, asked_at_ns=self._asked_at_ns, stuck_since_ns=since)
