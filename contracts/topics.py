"""Topic names, partitions, retention and sizes: the one place that knows them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

FRAMES = "strip.frames.v1"
INSPECTIONS = "strip.inspections.v1"
DEFECTS = "strip.defects.v1"
DEAD_LETTERS = "strip.frames.dead-letter.v1"
COIL_EVENTS = "strip.coil-events.v1"
COIL_REPORTS = "strip.coil-reports.v1"
ALARMS = "strip.alarms.v1"
UNSEGMENTED = "strip.frames.unsegmented.v1"

CO_PARTITIONED = (INSPECTIONS, DEFECTS, COIL_EVENTS)
"""Keyed by `coil_id` and read together by partition: equal counts, and the same partitioner."""

DEFAULT_PARTITIONS = 8
LOCAL_BROKER = "127.0.0.1:19092"
"""Where `python -m local kafka up` serves unless told otherwise."""

MIB = 1024 * 1024
MAX_FRAME_BYTES = 2 * MIB
"""Largest frame record, key, headers and Kafka's own framing included."""

MAX_DEAD_LETTER_BYTES = MAX_FRAME_BYTES + 64 * 1024
"""A dead letter is the frame's record with six headers more."""

MAX_MESSAGE_BYTES = 8 * MIB
"""Defect events and coil reports. A frame's worst mask (each second pixel, four classes) is 7.4 MB of RLE."""

_HOUR_MS = 3_600_000
_DAY_MS = 24 * _HOUR_MS


@dataclass(frozen=True, slots=True, kw_only=True)
class TopicSpec:
    """One topic. What is not in `config` is the broker's business (min.insync.replicas, placement, ...)."""

    name: str
    kind: str
    """The name without prefix: one of this module's constants."""
    partitions: int
    config: Mapping[str, str]
    purpose: str


def topic(name: str, prefix: str = "") -> str:
    """The name on the broker: a prefix lets several lines of business, or tests, share one broker."""
    return f"{prefix}{name}"


def topics(partitions: int = DEFAULT_PARTITIONS, *, prefix: str = "") -> tuple[TopicSpec, ...]:
    """Every topic, with this number of partitions each."""

    def spec(name: str, purpose: str, config: Mapping[str, str]) -> TopicSpec:
        return TopicSpec(
            name=topic(name, prefix), kind=name, partitions=partitions, config=config, purpose=purpose
        )

    return (
        spec(FRAMES, "Every frame as its camera sent it", _FRAMES_CONFIG),
        spec(INSPECTIONS, "What became of every frame: the ledger", _kept_days(7)),
        spec(DEFECTS, "What is on every defective frame", _kept_days(7, max_bytes=MAX_MESSAGE_BYTES)),
        spec(DEAD_LETTERS, "Frames that can never be inspected, with the reason", _DEAD_LETTERS_CONFIG),
        spec(COIL_EVENTS, "Line control: a coil started, a coil ended", _kept_days(7)),
        spec(COIL_REPORTS, "What became of every coil: the latest report of each", _REPORTS_CONFIG),
        spec(ALARMS, "What a person should look at while the coil runs", _kept_days(7)),
        spec(
            UNSEGMENTED,
            "Frames to be segmented when there is slack: copies of their inspections",
            _UNSEGMENTED_CONFIG,
        ),
    )


def producer_properties() -> dict[str, str]:
    """What every librdkafka producer to these topics must set; a test holds a broker against it.

    `partitioner`: librdkafka's default hashes keys otherwise than Java clients do. With two hashes, a coil's
    events (line control, often Java) and its inspections (the worker) would lie in different partitions.
    `message.max.bytes`: librdkafka refuses more than 1 MB by itself, whatever the topic allows.
    """
    return {"partitioner": "murmur2_random", "message.max.bytes": str(MAX_MESSAGE_BYTES)}


def _kept_days(days: int, *, max_bytes: int = MIB) -> dict[str, str]:
    return {
        "cleanup.policy": "delete",
        "retention.ms": str(days * _DAY_MS),
        "max.message.bytes": str(max_bytes),
    }


# Images are large and short-lived: 300 frames/s of 100 kB make 13 GB/h on each of 8 partitions. Six hours
# outlast a worker that was down; the bytes (x partitions x replicas) keep a disk from filling before that.
# Small segments, because Kafka deletes only whole ones.
# Uncompressed: images do not shrink, and max.message.bytes then bounds what a worker holds, as the broker
# unfolds a compressed batch before it weighs it. Else 50 MB of zeros would pass, and fit no dead letter.
_FRAMES_CONFIG = {
    "cleanup.policy": "delete",
    "retention.ms": str(6 * _HOUR_MS),
    "retention.bytes": str(16 * 1024 * MIB),
    "segment.bytes": str(256 * MIB),
    "compression.type": "uncompressed",
    "max.message.bytes": str(MAX_FRAME_BYTES),
}
_DEAD_LETTERS_CONFIG = {
    "cleanup.policy": "delete",
    "retention.ms": str(7 * _DAY_MS),
    "retention.bytes": str(1024 * MIB),
    "segment.bytes": str(256 * MIB),
    "max.message.bytes": str(MAX_DEAD_LETTER_BYTES),
}
# As long as the frames themselves: what is gone can't be segmented.
_UNSEGMENTED_CONFIG = {
    "cleanup.policy": "delete",
    "retention.ms": str(6 * _HOUR_MS),
    "max.message.bytes": str(MIB),
}
_REPORTS_CONFIG = {
    "cleanup.policy": "compact",
    "max.message.bytes": str(MAX_MESSAGE_BYTES),
}

TOPICS = topics()
