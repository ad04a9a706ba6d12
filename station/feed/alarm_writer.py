"""The one thing that the station writes: that a person has seen an alarm."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping
from threading import Lock

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from contracts.alarms import Alarm, AlarmState
from contracts.codec import encode
from contracts.topics import topic
from station.feed.properties import ACKNOWLEDGED_WITHIN_S, writer_properties

log = logging.getLogger(__name__)

_MARGIN_S = 1.0
"""librdkafka itself gives up after ACKNOWLEDGED_WITHIN_S; its word is waited for a little longer."""


class NotAcknowledged(Exception):
    """An acknowledgement that was not published; the message is one sentence that says why."""


class AlarmHasEnded(NotAcknowledged):
    """There is nothing to acknowledge any more: a later state would bring the alarm back."""


class AlarmNotPublished(NotAcknowledged):
    """Kafka did not take it in time; to acknowledge once more does no harm."""


class AlarmWriter:
    """For any thread. It connects when the first alarm is acknowledged."""

    def __init__(
        self,
        properties: Mapping[str, str],
        topic_prefix: str = "",
        *,
        connect: Callable[[dict[str, object]], Producer] = Producer,
        monotonic_s: Callable[[], float] = time.monotonic,
    ) -> None:
        self._properties = properties
        self._prefix = topic_prefix
        self._connect = connect
        self._monotonic_s = monotonic_s
        self._lock = Lock()
        self._producer: Producer | None = None

    def acknowledge(self, alarm: Alarm, who: str, at_ns: int) -> Alarm:
        """Publish that `who` has seen it, and return what was published. Waits 6 s at the most.

        It is later than the state that it acknowledges, whatever the clocks say: the newest state wins.
        Raises NotAcknowledged, and ValueError when `who` is no name (contracts.identity).
        """
        if alarm.state is AlarmState.ENDED:
            raise AlarmHasEnded("the alarm is over: there is nothing to acknowledge any more")
        seen = Alarm.model_validate(
            {
                **alarm.model_dump(),
                "state": AlarmState.ACKNOWLEDGED,
                "changed_at_ns": max(at_ns, alarm.changed_at_ns + 1),
                "acknowledged_by": who,
            }
        )
        try:
            self._publish(seen)
        except (KafkaException, BufferError) as failure:
            self.close()  # after a fatal error a producer takes nothing more: the next one is a new one
            raise AlarmNotPublished(f"Kafka refuses the acknowledgement: {failure}; try again") from failure
        log.info("alarm acknowledged", extra={"coil_id": seen.coil_id, "alarm_id": seen.alarm_id, "who": who})
        return seen

    def close(self) -> None:
        """Let go: everything was waited for already."""
        with self._lock:
            self._producer = None

    def _publish(self, alarm: Alarm) -> None:
        producer = self._of_ours()
        encoded = encode(alarm)
        outcome: list[KafkaError | None] = []

        def delivered(error: KafkaError | None, _: Message) -> None:
            outcome.append(error)

        producer.produce(
            topic(encoded.topic, self._prefix),
            key=encoded.key,
            value=encoded.value,
            headers=encoded.headers,
            on_delivery=delivered,
        )
        until_s = self._monotonic_s() + ACKNOWLEDGED_WITHIN_S + _MARGIN_S
        while not outcome and self._monotonic_s() < until_s:
            producer.poll(0.05)
        error = outcome[0] if outcome else None
        if error is not None or not outcome:
            why = "no answer" if error is None else error.str()
            raise AlarmNotPublished(f"Kafka did not take the acknowledgement ({why}); try again")

    def _of_ours(self) -> Producer:
        with self._lock:
            if self._producer is None:
                own = writer_properties(self._properties)
                self._producer = self._connect({**own, "error_cb": self._heard})
            return self._producer

    def _heard(self, error: KafkaError) -> None:
        """librdkafka's callback, called inside `poll`: after a fatal error a producer takes nothing more."""
        if error.fatal():
            log.warning("starting a new producer of acknowledgements", extra={"why": error.str()})
            self.close()
