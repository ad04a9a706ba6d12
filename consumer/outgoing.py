"""A message on its way out: encoded, and under the prefix of this run's topics."""

from __future__ import annotations

from consumer.ports import Outgoing
from contracts.codec import CoilRecord, encode
from contracts.topics import topic


def outgoing(message: CoilRecord, topic_prefix: str, *, traceparent: str | None = None) -> Outgoing:
    """The record of any message that travels as JSON; `traceparent` is that of the frame it is about."""
    encoded = encode(message, traceparent=traceparent)
    return Outgoing(
        topic=topic(encoded.topic, topic_prefix),
        key=encoded.key,
        value=encoded.value,
        headers=encoded.headers,
    )
