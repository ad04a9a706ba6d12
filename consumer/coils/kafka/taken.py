"""A client's message as a taken record: the same for the tracker and for whoever reads its topics again."""

from __future__ import annotations

from confluent_kafka import Message

from consumer.coils.ports import Place, TakenRecord
from consumer.ports import Headers


def taken_record(message: Message, place: Place) -> TakenRecord:
    """What is kept of a message that lies at `place`."""
    at_ns = max(0, message.timestamp()[1]) * 1_000_000
    return TakenRecord(place, message.offset(), message.value(), _headers(message), at_ns)


def _headers(message: Message) -> Headers | None:
    try:
        headers: Headers | None = message.headers()
    except SystemError:  # confluent-kafka 2.16 on a name that is not UTF-8: what it says is refused as absent
        return None
    return headers
