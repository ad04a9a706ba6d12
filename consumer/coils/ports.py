"""The tracker's seams: the three topics it reads together, and what it has told already.

Where its reports go is `consumer.ports.ResultSink`. The tracker knows these, not Kafka; the tests
have them in memory.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from consumer.coils.told import Told
from consumer.ports import Headers, PartitionsListener

Place = tuple[str, int]
"""A topic, as the broker calls it, and a partition."""

FENCED_ADVICE = "another tracker runs with this COILWATCH_COILS_TRACKER_ID; give each its own"


class TakenRecord(NamedTuple):
    """One record of the three topics, not decoded. A tuple, because there are 20,000 a second of them."""

    place: Place
    offset: int
    value: bytes | None
    headers: Headers | None
    at_ns: int
    """Kafka's timestamp: when it was written, the same at every reading."""


class TopicsRefused(Exception):
    """The topics can't be read together; the message says what to do."""


class CoilSource(Protocol):
    """Inspections, defect events and coil events, read as one member of the tracker's own group.

    A partition NUMBER is assigned, which is that partition of all three topics: a coil is whole in it.
    """

    def join(self, listener: PartitionsListener) -> None:
        """Subscribe; the listener hears of partition numbers during later `take` calls."""

    def take(self, max_records: int, timeout_s: float) -> list[TakenRecord]:
        """Up to `max_records`; waits at most `timeout_s` for the first and not at all for the others."""

    def rewind(self, positions: Mapping[Place, int]) -> None:
        """Read these places again from these offsets."""

    @property
    def heard_of_all(self) -> bool:
        """Whether every place that is ours has given a record, or its end, since it was assigned.

        Only then are the positions of its last owner final: a transaction under way holds them back.
        """

    def read_up_to_ns(self, now_ns: int) -> int:
        """All that was committed before this wall time has been taken; 0 while that is not known.

        Asks the broker anew, without waiting for it, so a later call knows better.
        """

    def group_metadata(self) -> object:
        """What a transaction needs to commit this member's offsets (KIP-447)."""

    def close(self) -> None:
        """Leave the group."""


class ToldSource(Protocol):
    """The reports and alarms of ALL partitions, whoever wrote them, in order by partition."""

    @property
    def told(self) -> Told:
        """What was read so far."""

    def look_ahead(self) -> None:
        """Be caught up only when all is read that any writer has begun to write until now."""

    def tail(self) -> None:
        """Read on, without waiting."""

    @property
    def caught_up(self) -> bool:
        """Whether all is read up to where `look_ahead` looked, open transactions resolved."""

    def close(self) -> None:
        """Let go."""
