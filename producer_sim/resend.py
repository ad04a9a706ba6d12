"""Sends a recording again: keys, values and headers byte for byte, in the order of their timestamps.

Kafka gives each record a new timestamp: with its old one, a topic's retention could delete it on arrival.
"""

from __future__ import annotations

from collections.abc import Callable

from contracts.topics import FRAMES, topic
from producer_sim.pace import Pace
from producer_sim.recording import Recording
from producer_sim.sink import RecordSink


def resend(
    recording: Recording,
    *,
    topic_prefix: str,
    pace: Pace,
    sink: RecordSink,
    should_stop: Callable[[], bool],
    sent: Callable[[], None],
) -> bool:
    """Send all of it; frames keep the pace, other records go with them. False when told to stop earlier."""
    for record in recording.records():
        if record.topic == FRAMES and pace.next_exposure_ns(should_stop) is None:
            return False
        sink.send(
            topic(record.topic, topic_prefix),
            key=record.key,
            value=record.value,
            headers=record.headers,
        )
        sent()
    return True
