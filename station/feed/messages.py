"""What the feed tells the rest of the station: batches of messages, and how the broker and the worker do."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from contracts.message_codec import CoilRecord

Place = tuple[str, int]
"""A topic, as the broker calls it, and a partition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedBatch:
    """Messages in the order in which they were read: by partition, not by time."""

    messages: Sequence[CoilRecord]
    received_at_ns: int
    report_places: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """coil_id -> partition and offset of its latest report in this batch: for `ReportStore.note`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BrokerState:
    """Whether Kafka answers, and since when it is so."""

    up: bool
    since_ns: int
    why: str = ""
    """A sentence when something is amiss: also while it is up, as when topics are missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameLag:
    """Frames that lie in Kafka and were not inspected.

    The count may be off by one a partition where the camera's side writes in transactions: Kafka's markers
    take up offsets.
    """

    waiting: int | None = None
    """None until the broker has said it and the feed has read up to now."""
    asked_at_ns: int | None = None
    """When the broker was asked for `waiting`."""
    stuck_since_ns: int | None = None
    """Since when frames wait and none was inspected; None when none waits."""

    def worker_is_down(self, now_ns: int, after_s: float = 10.0) -> bool:
        """Frames wait, and for so long nothing was inspected."""
        return self.stuck_since_ns is not None and now_ns - self.stuck_since_ns >= after_s * 1e9
