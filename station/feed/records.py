"""A single record of Kafka, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass

from confluent_kafka import Message

from contracts.cloudevents import Headers


@dataclass(frozen=True, slots=True, kw_only=True)
class Gone:
    """It can't be had, now or later; `why` is a sentence."""

    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """A record as it lies there."""

    key: bytes | None
    value: bytes | None
    headers: Headers | None


class NotInTime(TimeoutError):
    """Kafka is away or too slow, or too many ask at once: it may be had later."""


def headers_of(message: Message) -> Headers | None:
    """A message's headers; None also when they can't be told."""
    try:
        headers: Headers | None = message.headers()
    except SystemError:  # confluent-kafka 2.16 on a name that is not UTF-8: refused as absent
        return None
    return headers
