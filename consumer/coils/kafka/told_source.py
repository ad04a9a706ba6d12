"""`ToldSource` on a broker: the reports and alarms of all partitions, read without a group.

Why it looks ahead by the READ_UNCOMMITTED ends: a tracker that was killed while it committed may have told a
report whose marker is not written yet. A read_committed reader stops before it, and would call the coil
untold. So it waits until it has passed everything that had been begun, committed or not.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, Message, TopicPartition
from confluent_kafka.admin import AdminClient

from consumer.coils.kafka.end_offsets import EndOffsets, Place
from consumer.coils.ports import FENCED_ADVICE
from consumer.coils.told import Told
from consumer.kafka_errors import PASSING, TopicMissing, fate
from contracts.alarms import Alarm
from contracts.codec import MessageRejected, decode

log = logging.getLogger(__name__)

_AT_ONCE = 500
"""Records a call: a call of `tail` stays short, however much lies there."""


class KafkaTold:
    """Reads both topics from the beginning, then tails them. Every call belongs to the owner thread.

    Compaction leaves of each coil its latest report, so the beginning is as near as coils are few.
    """

    def __init__(
        self,
        *,
        properties: Mapping[str, object],
        reports_topic: str,
        alarms_topic: str,
        admin: AdminClient,
        told: Told,
        connect: Callable[[dict[str, object]], Consumer] = Consumer,
    ) -> None:
        self.told = told
        self._reports_topic = reports_topic
        self._ends = EndOffsets(admin, committed=False)
        self._reached: dict[Place, int] = {}
        listed = admin.list_topics(timeout=10.0).topics
        for name in (reports_topic, alarms_topic):
            if name not in listed or listed[name].error is not None:
                raise TopicMissing(name)
        self._places = [(name, p) for name in (reports_topic, alarms_topic) for p in listed[name].partitions]
        self._consumer = connect({**properties, "enable.partition.eof": "true"})
        self._consumer.assign([TopicPartition(*place, OFFSET_BEGINNING) for place in self._places])
        self._caught_up = False
        self._unreadable = 0

    def look_ahead(self) -> None:
        """Be caught up only when all is read that any writer has begun to write until now."""
        self._caught_up = False
        self._ends.ask(self._places)

    def tail(self, wait_s: float = 0.0) -> None:
        """Read on; waits at most so long. Raises KafkaException."""
        for message in self._consumer.consume(_AT_ONCE, wait_s):
            self._took(message)

    @property
    def caught_up(self) -> bool:
        """Whether all is read up to where `look_ahead` looked, open transactions resolved."""
        if not self._caught_up:
            self._caught_up = self._ends.reached(self._reached)
        return self._caught_up

    def close(self) -> None:
        """Let go."""
        self._consumer.close()

    def _took(self, message: Message) -> None:
        error = message.error()
        if error is not None and error.code() != KafkaError._PARTITION_EOF:
            if error.code() not in PASSING:
                raise fate(error, FENCED_ADVICE)
            return
        place = (message.topic(), message.partition())
        self._reached[place] = max(self._reached.get(place, 0), message.offset() + (error is None))
        if error is None and not self._noted(message):
            self._unreadable += 1
            if self._unreadable == 1:
                log.warning(
                    "a record among the reports and alarms is none of ours, and tells nothing",
                    extra={"topic": place[0], "partition": place[1], "offset": message.offset()},
                )

    def _noted(self, message: Message) -> bool:
        value = message.value()
        if value is None:
            return True  # a tombstone: somebody wants the coil forgotten by readers; it stays reported
        if message.topic() == self._reports_topic:
            return self.told.note_report_value(value)
        try:
            alarm = decode(message.headers(), value)
        except (MessageRejected, SystemError):  # SystemError: confluent-kafka on a header name not UTF-8
            return False
        if isinstance(alarm, Alarm):
            self.told.note_alarm(alarm)
        return isinstance(alarm, Alarm)
