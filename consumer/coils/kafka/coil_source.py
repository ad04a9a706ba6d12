"""`CoilSource` on a broker: three topics whose equal partition numbers one member holds together.

The assignor is `range`: over topics with equal partition counts it gives the same numbers of each to the same
member (KIP-49 and its Javadoc name this as what it is for). It is eager: every rebalance takes all partitions
away and gives them anew. No cooperative assignor keeps numbers together.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from confluent_kafka.admin import AdminClient

from consumer.coils.kafka.end_offsets import EndOffsets, ListsOffsets
from consumer.coils.kafka.taken import taken_record
from consumer.coils.ports import FENCED_ADVICE, Place, TakenRecord, TopicsRefused
from consumer.kafka_errors import PASSING, Connection, TopicMissing, fate, is_topic_missing
from consumer.ports import PartitionsListener
from monitoring.tracker_metrics import TrackerMetrics

log = logging.getLogger(__name__)


class KafkaCoilSource:
    """Reads the three topics as one member of the group. Every call belongs to the owner thread.

    `topics`: label in the metrics -> the topic's name on the broker.
    """

    def __init__(
        self,
        *,
        properties: Mapping[str, object],
        topics: Mapping[str, str],
        admin: ListsOffsets,
        metrics: TrackerMetrics,
        connect: Callable[[dict[str, object]], Consumer] = Consumer,
    ) -> None:
        self._topics = topics
        self._metrics = metrics
        self._connection = Connection(metrics.broker_up)
        self._listener: PartitionsListener | None = None
        self._owned: set[Place] = set()
        self._reached: dict[Place, int] = {}
        self._to_rewind: dict[Place, int] = {}
        self._taken: list[TakenRecord] = []
        self._refused: TopicsRefused | None = None
        self._ends = EndOffsets(admin, committed=True)
        self._asked_at_ns: int | None = None
        self._read_up_to_ns = 0
        self._consumer = connect(
            {
                **properties,
                "partition.assignment.strategy": "range",
                "enable.partition.eof": "true",
                "error_cb": self._error,
                "stats_cb": self._statistics,
                "statistics.interval.ms": 2000,
            }
        )

    def join(self, listener: PartitionsListener) -> None:
        """Subscribe. Partitions arrive in later `take` calls."""
        self._listener = listener
        self._consumer.subscribe(
            list(self._topics.values()),
            on_assign=self._assigned,
            on_revoke=self._revoked,
            on_lost=self._lost,
        )

    def take(self, max_records: int, timeout_s: float) -> list[TakenRecord]:
        """Up to `max_records`; waits for the first at most `timeout_s`, for the others not at all.

        What a rebalance or a rewind inside `poll` makes stale is left out.
        Raises TopicMissing, TopicsRefused, Fenced, KafkaException.
        """
        self._seek()
        self._taken = []
        wait_s = timeout_s
        while len(self._taken) < max_records:
            message = self._consumer.poll(wait_s)
            if self._refused is not None:
                raise self._refused
            if message is None:
                break
            if message.error() is None:
                self._took(message)
                wait_s = 0.0
            elif not self._is_end(message):
                break
        return self._taken

    def rewind(self, positions: Mapping[Place, int]) -> None:
        """Read these places again from these offsets."""
        self._taken = [record for record in self._taken if record.place not in positions]
        self._to_rewind.update(positions)
        self._forget_how_far(positions)
        self._seek()

    @property
    def heard_of_all(self) -> bool:
        """Whether every place that is ours has given a record, or its end, since it was assigned."""
        return bool(self._owned) and self._owned <= self._reached.keys()

    def read_up_to_ns(self, now_ns: int) -> int:
        """All that was committed before this wall time has been taken; 0 while that is not known."""
        if self._asked_at_ns is None:
            self._asked_at_ns = now_ns
            self._ends.ask(self._owned)
        elif self._ends.reached(self._reached):
            self._read_up_to_ns = self._asked_at_ns
            self._asked_at_ns = None
        return self._read_up_to_ns

    def group_metadata(self) -> object:
        """This member and its generation, for `send_offsets_to_transaction` (KIP-447)."""
        return self._consumer.consumer_group_metadata()

    def close(self) -> None:
        """Leave the group."""
        self._consumer.close()

    def _took(self, message: Message) -> None:
        place = (message.topic(), message.partition())
        if place in self._to_rewind or place not in self._owned:
            return
        record = taken_record(message, place)
        self._reached[place] = record.offset + 1
        self._taken.append(record)

    def _is_end(self, message: Message) -> bool:
        """Whether a partition's end is reached; else it is an error, which passes or is raised."""
        error = message.error()
        if error.code() != KafkaError._PARTITION_EOF:
            self._failed(error)
            return False
        place = (message.topic(), message.partition())
        if place in self._owned and place not in self._to_rewind:
            self._reached[place] = max(message.offset(), self._reached.get(place, 0))
        return True

    def _seek(self) -> None:
        """A partition whose fetcher has not started refuses to seek: it is tried again before each take."""
        for place, offset in list(self._to_rewind.items()):
            try:
                self._consumer.seek(TopicPartition(*place, offset))
            except KafkaException as failure:
                if failure.args[0].code() != KafkaError._STATE:
                    raise
                continue
            del self._to_rewind[place]

    def _failed(self, error: KafkaError) -> None:
        if is_topic_missing(error):
            raise TopicMissing(" or ".join(self._topics.values()))
        if error.code() not in PASSING:
            raise fate(error, FENCED_ADVICE)
        self._error(error)

    # --- librdkafka's callbacks, called inside poll ---

    def _assigned(self, _: Consumer, partitions: Sequence[TopicPartition]) -> None:
        try:
            numbers = same_numbers([(tp.topic, tp.partition) for tp in partitions], self._topics.values())
        except TopicsRefused as refused:
            self._refused = refused  # raised by take(): librdkafka's thread of calls is no place for it
            return
        self._owned |= {(tp.topic, tp.partition) for tp in partitions}
        self._heard().partitions_assigned(numbers)

    def _revoked(self, _: Consumer, partitions: Sequence[TopicPartition]) -> None:
        self._heard().partitions_revoked(_numbers(partitions))
        self._forget(partitions)

    def _lost(self, _: Consumer, partitions: Sequence[TopicPartition]) -> None:
        self._heard().partitions_lost(_numbers(partitions))
        self._forget(partitions)

    def _heard(self) -> PartitionsListener:
        if self._listener is None:
            raise RuntimeError("partitions arrived before join()")
        return self._listener

    def _forget(self, partitions: Sequence[TopicPartition]) -> None:
        gone = {(tp.topic, tp.partition) for tp in partitions}
        self._owned -= gone
        self._taken = [record for record in self._taken if record.place not in gone]
        for place in gone:
            self._to_rewind.pop(place, None)
        self._forget_how_far(gone)

    def _forget_how_far(self, places: Mapping[Place, int] | set[Place]) -> None:
        for place in places:
            self._reached.pop(place, None)
        self._asked_at_ns = None
        self._read_up_to_ns = 0

    def _error(self, error: KafkaError) -> None:
        if error.fatal():
            raise fate(error, FENCED_ADVICE)
        self._connection.troubled(error)

    def _statistics(self, text: str) -> None:
        statistics = json.loads(text)
        brokers = [b for b in statistics["brokers"].values() if b["nodeid"] >= 0]
        if any(b["state"] == "UP" for b in brokers):
            self._connection.up()
        for label, name in self._topics.items():
            listed = statistics["topics"].get(name, {"partitions": {}})["partitions"]
            behind = (
                max(0, partition.get("ls_offset", -1) - self._reached.get((name, int(number)), 0))
                for number, partition in listed.items()
                if (name, int(number)) in self._owned
            )
            self._metrics.lag[label].set(sum(behind))


def check_counts(admin: AdminClient, topics: Sequence[str], timeout_s: float = 10.0) -> int:
    """How many partitions each of the topics has. Raises TopicMissing, TopicsRefused, KafkaException."""
    listed = admin.list_topics(timeout=timeout_s).topics
    counts = {}
    for name in topics:
        if name not in listed or listed[name].error is not None:
            raise TopicMissing(name)
        counts[name] = len(listed[name].partitions)
    if len(set(counts.values())) != 1:
        found = ", ".join(f"{name} has {count}" for name, count in counts.items())
        raise TopicsRefused(
            f"a coil's records would lie in different partitions: {found}; "
            "give them equal counts (`python -m contracts topics --check` says how)"
        )
    return next(iter(counts.values()))


def same_numbers(places: Sequence[Place], topics: Iterable[str]) -> list[int]:
    """The partition numbers that are assigned, the same of each topic. Raises TopicsRefused."""
    names = list(topics)
    numbers = {name: {number for topic, number in places if topic == name} for name in names}
    if len({frozenset(of) for of in numbers.values()}) != 1:
        found = ", ".join(f"{sorted(of)} of {name}" for name, of in numbers.items())
        raise TopicsRefused(
            f"a coil's records were torn apart, assigned are {found}; every member of this group must be a "
            "coil tracker with the same topics (COILWATCH_COILS_GROUP_ID), and their partition counts equal"
        )
    return sorted(numbers[names[0]])


def _numbers(partitions: Sequence[TopicPartition]) -> list[int]:
    return sorted({tp.partition for tp in partitions})
