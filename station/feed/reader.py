"""The feed's one turn: look at the broker, read what came, decode it, hand it over."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

from confluent_kafka import Consumer, KafkaError, KafkaException, Message

from contracts.codec import CoilRecord, MessageRejected, decode, read_dead_letter
from contracts.reports import CoilReport
from contracts.results import Inspection
from contracts.topics import DEAD_LETTERS, FRAMES, topic
from station.feed.assigning import Assignment
from station.feed.broker_watch import BrokerWatch
from station.feed.lag_watch import LagWatch
from station.feed.messages import FeedBatch
from station.feed.offsets import Admin
from station.feed.records import headers_of

log = logging.getLogger(__name__)

LOOK_EACH_S = 30.0
LOOK_AGAIN_S = 1.0
"""While the broker is away, topics are missing or a partition is led by nobody."""
ASK_WITHIN_S = 1.0
AT_ONCE = 250
"""Records a call: at 200 frames/s a call gives ten, after a lookback it is full."""
POLL_S = 0.05
"""How long records gather before they are handed on: the page has 300 ms from event to pixels."""
BATCH_BYTES = 1024 * 1024
"""A batch ends behind these: reports can be megabytes, and a full queue must stay small."""
LOG_EACH = 100


class HandsOver(Protocol):
    """Where batches go."""

    def offer(self, batch: FeedBatch, wait_s: float) -> bool:
        """False when no place came free within `wait_s`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Clocks:
    """`monotonic_s` to measure, `wall_ns` to say."""

    monotonic_s: Callable[[], float]
    wall_ns: Callable[[], int]


class Reader:
    """Every call belongs to one thread; the properties may be read from any.

    `connect` is given the callback for librdkafka's errors.
    """

    def __init__(
        self,
        *,
        connect: Callable[[Callable[[KafkaError], None]], Consumer],
        admin: Admin,
        topic_prefix: str,
        lookback_s: float,
        handover: HandsOver,
        clocks: Clocks,
        look_each_s: float = LOOK_EACH_S,
    ) -> None:
        self._admin = admin
        self._handover = handover
        self._clocks = clocks
        self._look_each_s = look_each_s
        self._dead_letters = topic(DEAD_LETTERS, topic_prefix)
        self._broker = BrokerWatch(clocks.wall_ns)
        self._lag = LagWatch(admin, topic(FRAMES, topic_prefix))
        self._consumer = connect(self._heard)
        self._assignment = Assignment(
            consumer=self._consumer,
            admin=admin,
            lag=self._lag,
            topic_prefix=topic_prefix,
            lookback_s=lookback_s,
            wall_ns=clocks.wall_ns,
        )
        self._look_at_s = float("-inf")
        self._taken: deque[Message] = deque()
        self._ready: FeedBatch | None = None
        self._told: set[int | str] = set()
        self.unreadable = 0

    @property
    def watched(self) -> tuple[BrokerWatch, LagWatch, Assignment]:
        """What is known of broker, frames and topics."""
        return self._broker, self._lag, self._assignment

    def step(self) -> None:
        """One turn; waits a poll's time at most, or as long as the broker takes to answer a question."""
        self._look()
        self._measure()
        if self._ready is None and not self._taken:
            self._take()
        if self._ready is None and self._taken:
            self._ready = self._batch()
        if self._ready is not None and self._handover.offer(self._ready, POLL_S):
            self._ready = None

    def close(self) -> None:
        """Let go."""
        self._consumer.close()

    def _look(self) -> None:
        """Ask for the topics when it is time, and at once when the broker is in doubt."""
        now_s = self._clocks.monotonic_s()
        if now_s < self._look_at_s and not (self._broker.doubted and self._broker.state.up):
            return
        try:
            listed: Mapping[str, object] = self._admin.list_topics(timeout=ASK_WITHIN_S).topics
        except KafkaException as failure:
            self._broker.silent(failure.args[0].str())
            self._look_at_s = self._clocks.monotonic_s() + LOOK_AGAIN_S
            return
        self._assignment.follow(listed)
        self._broker.answered(self._missing())
        self._look_at_s = self._clocks.monotonic_s() + (
            self._look_each_s if self._assignment.whole else LOOK_AGAIN_S
        )

    def _missing(self) -> str:
        missing = self._assignment.missing
        if not missing:
            self._told.discard("missing")
            return ""
        why = f"not on the broker: {', '.join(missing)}; create them with `python -m contracts topics`"
        self._tell_once("missing", "waiting for topics", why)
        return why

    def _measure(self) -> None:
        clocks = self._clocks
        caught_up = self._assignment.caught_up
        if not self._lag.turn(clocks.monotonic_s(), clocks.wall_ns(), caught_up=caught_up):
            # librdkafka 2.16 does not ask for new leaders by itself when this fails: listing topics does.
            self._look_at_s = min(self._look_at_s, clocks.monotonic_s() + LOOK_AGAIN_S)

    def _take(self) -> None:
        for message in self._consumer.consume(AT_ONCE, POLL_S):
            error = message.error()
            if error is None:
                self._taken.append(message)
            elif error.code() == KafkaError._PARTITION_EOF:
                self._assignment.reached_end((message.topic(), message.partition()))
            else:
                self._failed(message, error)

    def _batch(self) -> FeedBatch | None:
        """The next BATCH_BYTES of what was taken; None when nothing of it is for others."""
        messages: list[CoilRecord] = []
        places: dict[str, tuple[int, int]] = {}
        size = 0
        now_ns = self._clocks.wall_ns()
        while self._taken and size < BATCH_BYTES:
            message = self._taken.popleft()
            size += len(message.value() or b"")
            record = self._read(message, now_ns)
            if record is None:
                continue
            messages.append(record)
            if isinstance(record, CoilReport):
                places[record.coil_id] = (message.partition(), message.offset())
        if not messages:
            return None
        return FeedBatch(messages=messages, received_at_ns=now_ns, report_places=places)

    def _read(self, message: Message, now_ns: int) -> CoilRecord | None:
        try:
            if message.topic() == self._dead_letters:
                self._lag.inspected(read_dead_letter(headers_of(message)).source, now_ns)
                return None
            if message.value() is None:
                return None  # a tombstone: somebody wants a report forgotten; it goes with our next start
            record = decode(headers_of(message), message.value())
        except MessageRejected as rejected:
            self._unreadable(message, rejected)
            return None
        if isinstance(record, Inspection):
            self._lag.inspected(record.source, now_ns)
        return record

    def _unreadable(self, message: Message, rejected: MessageRejected) -> None:
        self.unreadable += 1
        if self.unreadable % LOG_EACH == 1:
            where = {"topic": message.topic(), "partition": message.partition(), "offset": message.offset()}
            seen = {"why": rejected.detail, "unreadable": self.unreadable}
            log.warning("a record can't be read, and is left out", extra={**where, **seen})

    def _failed(self, message: Message, error: KafkaError) -> None:
        """librdkafka goes on by itself after each of these; what a person must mend is said once."""
        self._broker.troubled(error.str())
        self._tell_once(error.code(), "Kafka refuses to be read", error.str())

    def _tell_once(self, key: int | str, what: str, why: str) -> None:
        if key not in self._told:
            self._told.add(key)
            log.warning(what, extra={"why": why})

    def _heard(self, error: KafkaError) -> None:
        """librdkafka's callback, called inside `consume`."""
        self._broker.troubled(error.str())
