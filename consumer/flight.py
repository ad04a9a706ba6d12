"""A frame's way through the worker, with the time it passed each stage."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from consumer.ports import Record
from contracts.codec import ReadableFrame
from contracts.frames import FrameHeader
from contracts.identity import FrameIdentity
from contracts.rejections import FrameRejected
from contracts.results import Fate, RecordId
from model.inspector import Gated, Region

NO_DEADLINE_NS = 2**63 - 1


class StageSeconds(NamedTuple):
    """Latency by stage, in order; their sum is exposure -> committed."""

    queue: float
    decode: float
    gate_wait: float
    gate: float
    segment_wait: float
    segment: float
    publish: float


@dataclass(slots=True)
class Marks:
    """Monotonic times in seconds at which a frame passed each stage; None: it did not pass it."""

    taken_s: float
    taken_at_ns: int
    exposed_at_ns: int | None = None
    decoded_s: float | None = None
    gate_began_s: float | None = None
    gate_ended_s: float | None = None
    segment_began_s: float | None = None
    segment_ended_s: float | None = None

    def stages(self, committed_s: float) -> StageSeconds:
        """What each stage took; a stage that was skipped took nothing.

        `queue` is negative when the camera's clock runs ahead of ours; the metrics count that and publish 0.
        """
        queue_ns = 0 if self.exposed_at_ns is None else self.taken_at_ns - self.exposed_at_ns
        decoded = self.taken_s if self.decoded_s is None else self.decoded_s
        gate_began = decoded if self.gate_began_s is None else self.gate_began_s
        gate_ended = gate_began if self.gate_ended_s is None else self.gate_ended_s
        segment_began = gate_ended if self.segment_began_s is None else self.segment_began_s
        segment_ended = segment_began if self.segment_ended_s is None else self.segment_ended_s
        return StageSeconds(
            queue=queue_ns / 1e9,
            decode=decoded - self.taken_s,
            gate_wait=gate_began - decoded,
            gate=gate_ended - gate_began,
            segment_wait=segment_began - gate_ended,
            segment=segment_ended - segment_began,
            publish=committed_s - segment_ended,
        )


@dataclass(slots=True, eq=False)
class Flight:
    """One record in flight. `record` is kept only until the frame is decoded, or to dead-letter it whole."""

    topic: str
    partition: int
    offset: int
    record: Record | None
    marks: Marks
    weight_bytes: int
    header: FrameHeader | None = None
    readable: ReadableFrame | None = None
    """What a rejected frame says of itself, where that can be trusted."""
    pixels: NDArray[np.uint8] | None = None
    gated: Gated | None = None
    regions: tuple[Region, ...] = ()
    rejection: FrameRejected | None = None
    fate: Fate | None = None
    dropped: bool = False
    """Its partition went away or the transaction was aborted: whatever still comes back for it is ignored."""
    origin: RecordId | None = None
    """Where the frame lies, when its record is an entry of a work list."""

    @property
    def finished(self) -> bool:
        """Whether there is nothing left to find out."""
        return self.fate is not None

    @property
    def identity(self) -> FrameIdentity | None:
        """Whose frame it is; None where that can't be read."""
        return self.readable if self.header is None else self.header

    @property
    def trace_id(self) -> str | None:
        """Of the trace that the frame's sender began, 32 hexadecimal digits."""
        header = self.header
        return None if header is None or header.traceparent is None else header.traceparent[3:35]

    @property
    def source(self) -> RecordId:
        """Where the frame lies in Kafka: what every message about it says."""
        return self.origin or RecordId(topic=self.topic, partition=self.partition, offset=self.offset)

    @property
    def deadline_at_ns(self) -> int:
        """Its coil's deadline; frames that could not be read are in no hurry."""
        return NO_DEADLINE_NS if self.header is None else self.header.deadline_at_ns

    def finish(self, fate: Fate) -> None:
        """Settle the fate; let go of the pixels, and of what a shared design kept for a segmenter.

        A frame can be left unsegmented, and then wait for its turn to be reported.
        """
        self.fate = fate
        self.pixels = None
        if self.gated is not None:
            self.gated = Gated(score=self.gated.score)

    @property
    def log_identity(self) -> dict[str, Any]:
        """For `logging`'s `extra`."""
        return {"partition": self.partition, "offset": self.offset}
