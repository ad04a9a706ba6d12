"""librdkafka properties of the station's readers and its one writer: what is given, and what must be so."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping

from contracts import topics
from contracts.kafka_properties import (
    CONSUMER_PROMISES,
    PRODUCER_PROMISES,
    consumer_side,
    producer_side,
    promised,
)

_OF_A_GROUP = ("group.", "partition.assignment.", "session.", "heartbeat.", "max.poll.", "transactional.")
"""The station is in no group, and writes in no transaction."""

ACKNOWLEDGED_WITHIN_S = 5.0


def feed_properties(given: Mapping[str, str]) -> dict[str, object]:
    """Of the feed's consumer: no group, no commit, only what is committed."""
    return {
        "fetch.wait.max.ms": 50,
        "fetch.queue.backoff.ms": 20,  # 1000 by default: a full prefetch queue then stalls about a second
        "queued.max.messages.kbytes": 16_384,
        "fetch.message.max.bytes": 512 * 1024,  # of each partition; a larger one comes whole (KIP-74)
        **_reading(given),
    }


def fetch_properties(given: Mapping[str, str]) -> dict[str, object]:
    """Of who fetches single records: little is fetched that nobody asked for."""
    return {
        **_reading(given),
        "auto.offset.reset": "error",  # elsewhere lies another record: better none
        "fetch.wait.max.ms": 10,
        "fetch.queue.backoff.ms": 10,
        "fetch.message.max.bytes": 64 * 1024,  # a batch that is larger comes whole all the same (KIP-74)
        "queued.max.messages.kbytes": 1024,
    }


def admin_properties(given: Mapping[str, str]) -> dict[str, object]:
    """Of who asks for topics and where they end."""
    return {**_quiet(), **_alone(consumer_side(producer_side(given)))}


def writer_properties(given: Mapping[str, str]) -> dict[str, object]:
    """Of the producer: nothing twice, and the key hashed as all who write of a coil hash it."""
    return {
        **_quiet(),
        **_alone(producer_side(given)),
        **topics.producer_properties(),
        **promised(PRODUCER_PROMISES),
        "linger.ms": 0,
        "message.timeout.ms": round(ACKNOWLEDGED_WITHIN_S * 1e3),
    }


def _reading(given: Mapping[str, str]) -> dict[str, object]:
    return {
        **_quiet(),
        **_alone(consumer_side(given)),
        **promised(CONSUMER_PROMISES),
        "group.id": f"coilwatch-station-{uuid.uuid4().hex}",  # librdkafka wants one; nobody joins it
        "enable.partition.eof": "true",
    }


def _quiet() -> dict[str, object]:
    """librdkafka repeats each failed connection; the feed says the state once."""
    return {"log_level": 2, "logger": logging.getLogger("station.librdkafka")}


def _alone(given: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in given.items() if not name.startswith(_OF_A_GROUP)}
