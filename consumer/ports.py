"""The worker's two seams: where records come from and where results go.

The worker knows these, not Kafka. `kafka_source` and `kafka_sink` implement them on a broker, the tests
implement them in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from contracts.results import RecordId

Headers = Sequence[tuple[str, bytes | None]]
Place = TypeVar("Place", bound=Hashable)
"""What a commit position is keyed by: a partition of the one topic that is read, or topic and partition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One Kafka message before decoding."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers | None
    headers_readable: bool = True
    """False: a header's NAME is not UTF-8, which the client library can't hand over."""
    origin: RecordId | None = None
    """Where the frame lies, when this record is an entry of a work list that only names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """One message to publish in the current transaction."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """Injected, so that tests hold time still."""

    monotonic_s: Callable[[], float]
    wall_ns: Callable[[], int]


class PartitionsListener(Protocol):
    """Who must know when partitions come and go. Called inside `RecordSource.take`, on the owner thread."""

    def partitions_assigned(self, partitions: Sequence[int]) -> None:
        """These are ours from now on."""

    def partitions_revoked(self, partitions: Sequence[int]) -> None:
        """These go to somebody else once this returns: finish, commit, let go."""

    def partitions_lost(self, partitions: Sequence[int]) -> None:
        """These are somebody else's already: drop what is in flight, never commit it."""


class RecordSource(Protocol):
    """The frames topic, read as one member of the consumer group."""

    def join(self, listener: PartitionsListener) -> None:
        """Subscribe; the listener hears of partitions during later `take` calls."""

    def take(self, max_records: int, timeout_s: float) -> list[Record]:
        """Up to `max_records`; waits at most `timeout_s` for the first and not at all for the others."""

    def rewind(self, positions: Mapping[int, int]) -> None:
        """Read these partitions again from these offsets."""

    def pause(self) -> None:
        """Stop fetching while the group membership is kept alive. Throws away what was prefetched."""

    def resume(self) -> None:
        """Fetch again."""

    def backlog(self) -> int | None:
        """Records of the assigned partitions that were not taken yet; None while that is not known."""

    def group_metadata(self) -> object:
        """What a transaction needs to commit this member's offsets (KIP-447)."""

    def close(self) -> None:
        """Leave the group."""


class TransactionAborted(Exception):
    """The transaction can't be committed; abort it, go back to the last commit and do the work again."""


class Fenced(Exception):
    """Another process took this worker's place: stop at once, commit nothing."""


FENCED_ADVICE = "another worker runs with this COILWATCH_WORKER_ID; give each its own"


class CommitInDoubt(Exception):
    """Whether the last transaction was committed can't be found out here; a restart finds out."""


class ResultSink(Protocol[Place]):
    """The result topics, written in transactions."""

    def has_room(self) -> bool:
        """Whether one frame's results can be taken now; False while a broker is away and buffers are full."""

    @property
    def commit_pending(self) -> bool:
        """Whether a commit was begun whose outcome is not known yet: going back now could do work twice."""

    def publish(self, message: Outgoing) -> None:
        """Add to the current transaction, which begins with its first message."""

    def commit(self, positions: Mapping[Place, int], group: object) -> bool:
        """Commit results and positions together; False: the broker is away, call again.

        Raises TransactionAborted, Fenced.
        """

    def abort(self) -> None:
        """Throw the current transaction away, if there is one."""

    def close(self) -> None:
        """Abort what is open and let go."""
