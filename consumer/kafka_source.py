"""`RecordSource` on a broker: confluent-kafka's consumer. librdkafka prefetches; no second queue here."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from consumer.kafka_errors import PASSING, Connection, TopicMissing, fate, is_topic_missing
from consumer.ports import FENCED_ADVICE, PartitionsListener, Record
from monitoring.worker_metrics import WorkerMetrics


class KafkaSource:
    """Reads the frames topic as one member of the group. Every call belongs to the owner thread."""

    def __init__(
        self,
        *,
        properties: Mapping[str, object],
        topic: str,
        metrics: WorkerMetrics,
        tells_of_broker: bool = True,
        connect: Callable[[dict[str, object]], Consumer] = Consumer,
    ) -> None:
        self._topic = topic
        self._metrics = metrics
        self._connection = Connection(metrics.broker_up, tells=tells_of_broker)
        self._listener: PartitionsListener | None = None
        self._to_rewind: dict[int, int] = {}
        self._positions: dict[int, int] = {}
        self._taken: list[Record] = []
        self._consumer = connect(
            {
                **properties,
                "error_cb": self._error,
                "stats_cb": self._statistics,
                "statistics.interval.ms": 2000,
            }
        )

    def join(self, listener: PartitionsListener) -> None:
        """Subscribe. Partitions arrive in later `take` calls."""
        self._listener = listener
        self._consumer.subscribe(
            [self._topic], on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._lost
        )

    def take(self, max_records: int, timeout_s: float) -> list[Record]:
        """Up to `max_records`; waits for the first at most `timeout_s`, for the others not at all.

        A rebalance inside `poll` can rewind: what was taken before it, and what is still fetched from the old
        place, is left out. Raises TopicMissing, Fenced, KafkaException.
        """
        self._seek()
        self._taken = []
        while len(self._taken) < max_records:
            message = self._consumer.poll(0.0 if self._taken else timeout_s)
            if message is None:
                break
            error = message.error()
            if error is not None:
                self._failed(error)
                break
            if message.partition() not in self._to_rewind:
                self._taken.append(read_record(message))
                self._positions[message.partition()] = message.offset() + 1
        return self._taken

    def rewind(self, positions: Mapping[int, int]) -> None:
        """Read these partitions again from these offsets."""
        self._taken = [record for record in self._taken if record.partition not in positions]
        self._to_rewind.update(positions)
        self._positions.update(positions)
        self._seek()

    def pause(self) -> None:
        """Stop fetching, stay in the group."""
        self._consumer.pause(self._consumer.assignment())

    def resume(self) -> None:
        """Fetch again."""
        self._consumer.resume(self._consumer.assignment())

    def backlog(self) -> int | None:
        """Records of the assigned partitions that were not taken yet, as of the last fetch.

        None until every partition was fetched once and, where nothing was taken yet, statistics came.
        """
        waiting = 0
        for assigned in self._consumer.assignment():
            known = self._consumer.get_watermark_offsets(assigned, cached=True)
            position = self._positions.get(assigned.partition)
            if known is None or known[1] < 0 or position is None:
                return None
            waiting += max(0, known[1] - position)
        return waiting

    def group_metadata(self) -> object:
        """This member and its generation, for `send_offsets_to_transaction` (KIP-447)."""
        return self._consumer.consumer_group_metadata()

    def close(self) -> None:
        """Leave the group."""
        self._consumer.close()

    def _seek(self) -> None:
        """A partition whose fetcher has not started refuses to seek: it is tried again before each poll."""
        for partition, offset in list(self._to_rewind.items()):
            try:
                self._consumer.seek(TopicPartition(self._topic, partition, offset))
            except KafkaException as failure:
                if failure.args[0].code() != KafkaError._STATE:
                    raise
                continue
            del self._to_rewind[partition]

    def _failed(self, error: KafkaError) -> None:
        if error.code() == KafkaError._PARTITION_EOF:
            return
        if is_topic_missing(error):
            raise TopicMissing(self._topic)
        if error.code() not in PASSING:
            raise fate(error, FENCED_ADVICE)
        self._error(error)

    # --- librdkafka's callbacks, called inside poll ---

    def _assigned(self, _: Consumer, partitions: Sequence[TopicPartition]) -> None:
        self._heard().partitions_assigned(_numbers(partitions))

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
        for number in _numbers(partitions):
            self._to_rewind.pop(number, None)
            self._positions.pop(number, None)
            self._metrics.forget_lag(number)

    def _error(self, error: KafkaError) -> None:
        if error.fatal():
            raise fate(error, FENCED_ADVICE)
        self._connection.troubled(error)

    def _statistics(self, text: str) -> None:
        statistics = json.loads(text)
        brokers = [b for b in statistics["brokers"].values() if b["nodeid"] >= 0]
        if any(b["state"] == "UP" for b in brokers):
            self._connection.up()
        owned = {tp.partition for tp in self._consumer.assignment()}
        for number, partition in (
            statistics["topics"].get(self._topic, {"partitions": {}})["partitions"].items()
        ):
            # Its own `consumer_lag` stays -1: librdkafka does not see what a producer's transaction commits.
            end, fetched_to = partition.get("ls_offset", -1), partition.get("next_offset", -1)
            if int(number) in owned and end >= 0 and fetched_to >= 0:
                self._metrics.set_end(int(number), end, fetched_to=fetched_to)
                self._positions.setdefault(int(number), fetched_to)


def _numbers(partitions: Sequence[TopicPartition]) -> list[int]:
    return [tp.partition for tp in partitions]


def read_record(message: Message) -> Record:
    """The client's message as a record."""
    try:
        headers, readable = message.headers(), True
    except (
        SystemError
    ):  # confluent-kafka 2.16 on a name that is not UTF-8: left alone it would crash every restart
        headers, readable = None, False
    return Record(
        topic=message.topic(),
        partition=message.partition(),
        offset=message.offset(),
        key=message.key(),
        value=message.value(),
        headers=headers,
        headers_readable=readable,
    )
