"""The way to Kafka: an idempotent producer that counts what the broker acknowledged and what it did not."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from contracts.topics import producer_properties, topic
from producer_sim.refused import SendFailed, SimulatorRefused

RecordHeaders = Sequence[tuple[str, bytes | None]]
Acknowledged = Callable[[bool], None]
"""Told once for each record: True when the broker has it."""

_OURS = {
    "client.id": "coilwatch-sim",
    "enable.idempotence": "true",
    "acks": "all",
    # Frames are JPEG: compressing them again costs a core and gains nothing.
    "compression.type": "none",
    # 1 MB is ten frames: fewer requests, still far below what the broker takes.
    "batch.size": "1000000",
    "linger.ms": "5",
    # librdkafka's 1 GB of queue would hide a slow broker behind seconds of latency and as much memory.
    "queue.buffering.max.kbytes": "131072",
}
_PROMISED = {
    "enable.idempotence": (("true",), "would send some frames twice"),
    "acks": (("all", "-1"), "would call frames sent that a broker can still lose"),
    "partitioner": (("murmur2_random",), "would part a coil's events from its inspections"),
}
_FULL_WAIT_S = 0.1
_FLUSH_SLICE_S = 0.5
_METADATA_TIMEOUT_S = 10.0


class RecordSink(Protocol):
    """Where records go. Acknowledgements arrive while `send`, `idle` or `close` runs."""

    def send(
        self,
        topic_name: str,
        *,
        key: bytes | None,
        value: bytes | None,
        headers: RecordHeaders,
        acknowledged: Acknowledged | None = None,
    ) -> None:
        """Take a record; wait while there is no room for it."""

    def idle(self, duration_s: float) -> None:
        """Pass up to this time usefully."""


def producer_configuration(bootstrap_servers: str, properties: Mapping[str, str]) -> dict[str, str]:
    """All librdkafka properties. Raises SimulatorRefused for what would break a promise."""
    for name, (allowed, why) in _PROMISED.items():
        given = properties.get(name, allowed[0])
        if given.lower() not in allowed:
            raise SimulatorRefused(f"{name}={given} {why}: leave it {allowed[0]}.")
    return {**_OURS, **producer_properties(), **properties, "bootstrap.servers": bootstrap_servers}


class KafkaSink:
    """Sends to the broker. `failed` counts records that were never acknowledged, `first_error` says why."""

    def __init__(self, configuration: Mapping[str, str], notify: Callable[[str], None]) -> None:
        """`notify` hears once when the broker goes away: librdkafka itself retries without a word."""
        self._bootstrap_servers = configuration["bootstrap.servers"]
        self._notify = notify
        self.failed = 0
        self.first_error: str | None = None
        try:
            self._producer = Producer({**configuration, "error_cb": self._note_error}, logger=silent_logger())
        except KafkaException as error:
            raise SimulatorRefused(f"librdkafka refuses a property: {error.args[0].str()}.") from None

    def require_topics(self, names: Sequence[str], prefix: str) -> None:
        """Raise SendFailed unless the broker answers and has these: no topic is created by accident."""
        try:
            known = self._producer.list_topics(timeout=_METADATA_TIMEOUT_S).topics
        except KafkaException:
            why = f" ({self.first_error})" if self.first_error else ""
            raise SendFailed(
                f"No broker answers at {self._bootstrap_servers} within {_METADATA_TIMEOUT_S:g} s{why}."
            ) from None
        full = [topic(name, prefix) for name in names]
        absent = [name for name in full if name not in known or known[name].error is not None]
        if absent:
            raise SendFailed(f"The broker has no topic {', '.join(absent)}: {how_to_make_topics(prefix)}.")

    def send(
        self,
        topic_name: str,
        *,
        key: bytes | None,
        value: bytes | None,
        headers: RecordHeaders,
        acknowledged: Acknowledged | None = None,
    ) -> None:
        """Take a record; wait while librdkafka's queue is full."""

        def delivered(error: KafkaError | None, _message: Message) -> None:
            if error is not None:
                self.failed += 1
                self.first_error = error.str()
            if acknowledged is not None:
                acknowledged(error is None)

        while True:
            try:
                self._producer.produce(topic_name, value, key, on_delivery=delivered, headers=list(headers))
                break
            except BufferError:
                self._producer.poll(_FULL_WAIT_S)
            except KafkaException as error:
                raise SendFailed(f"The producer gave up: {error.args[0].str()}.") from None
        self._producer.poll(0)

    def idle(self, duration_s: float) -> None:
        """Serve acknowledgements for up to this time; poll counts whole milliseconds, so sleep out less."""
        if duration_s < 0.001:
            time.sleep(max(0.0, duration_s))
        else:
            self._producer.poll(duration_s)

    def close(self) -> None:
        """Wait until every record is acknowledged or has failed; `message.timeout.ms` bounds it."""
        while self._producer.flush(_FLUSH_SLICE_S):
            pass  # in slices, so that a second Ctrl-C is heard

    def _note_error(self, error: KafkaError) -> None:
        if self.first_error is None:
            self.first_error = error.str()
            self._notify(f"{self._bootstrap_servers}: {error.str()}; retrying")


def how_to_make_topics(prefix: str) -> str:
    """The end of a sentence about topics that are not there."""
    option = f" --prefix {prefix}" if prefix else ""
    return f"`python -m contracts topics{option}` makes them"


def silent_logger() -> logging.Logger:
    """librdkafka's own lines repeat what its errors say, over the progress bar."""
    logger = logging.getLogger("producer_sim.librdkafka")
    logger.setLevel(logging.CRITICAL + 1)
    return logger
