"""What an error of librdkafka means to a service: it passes, the service is fenced, or it ends here."""

from __future__ import annotations

import logging

from confluent_kafka import KafkaError, KafkaException
from prometheus_client import Gauge

from consumer.ports import Fenced

log = logging.getLogger(__name__)

PASSING = frozenset(
    {
        KafkaError._TRANSPORT,
        KafkaError._ALL_BROKERS_DOWN,
        KafkaError._TIMED_OUT,
        KafkaError._RESOLVE,
        KafkaError.NOT_COORDINATOR,
        KafkaError.COORDINATOR_LOAD_IN_PROGRESS,
        KafkaError.COORDINATOR_NOT_AVAILABLE,
        KafkaError.REBALANCE_IN_PROGRESS,
        KafkaError._MAX_POLL_EXCEEDED,
    }
)
"""librdkafka mends these by itself: the state is logged once, and polling goes on."""


class TopicMissing(Exception):
    """A topic that is read is not there."""

    def __init__(self, name: str) -> None:
        super().__init__(f"topic {name} is not on the broker; create it with `python -m contracts topics`")


class Connection:
    """Says once that the broker is away, and once that it is back; `broker_up` shows which.

    Of several connections of one process only one `tells` it in the log: they have one broker.
    """

    def __init__(self, broker_up: Gauge, *, tells: bool = True) -> None:
        self._broker_up = broker_up
        self._tells = tells
        self._is_up: bool | None = None

    def up(self) -> None:
        """Note that a broker answers."""
        if self._is_up is False and self._tells:
            log.info("broker is back")
        self._is_up = True
        self._broker_up.set(1)

    def troubled(self, error: KafkaError) -> None:
        """Note an error that passes."""
        if self._is_up is not False and self._tells:
            log.warning("broker is away, retrying", extra={"why": error.str()})
        self._is_up = False
        self._broker_up.set(0)


def is_topic_missing(error: KafkaError) -> bool:
    """Whether the broker does not know the topic."""
    return error.code() in (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC)


def fate(error: KafkaError, fenced_advice: str) -> Exception:
    """What to raise for an error that does not pass: Fenced, with what to do about it, or KafkaException."""
    # The client hands a fatal error over as _FATAL, its cause only in words.
    if error.code() == KafkaError.FENCED_INSTANCE_ID or "same group.instance.id" in error.str():
        return Fenced(fenced_advice)
    unexpected: Exception = KafkaException(error)
    return unexpected
