"""What a worker does differently when it segments, with slack, frames that were left unsegmented."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from consumer.flight import Flight
from consumer.ports import Outgoing
from consumer.publishing import Publishing
from consumer.worker import WorkerPolicy
from contracts.results import Fate
from model.inspector import Gated, Inspector, Pixels, Region
from monitoring.worker_metrics import WorkerMetrics

GROUP_SUFFIX = "-amendments"
"""Behind the group's and the producer's names: the work list has a group of its own."""
FRAMES_AT_A_TIME = 8
"""In a batch: a new frame waits behind two of them at the most, some 0.3 s on two cores."""


class Amending:
    """Publishes the amendment: the same frame's inspection once more, now defective, and its defect event.

    It replaces the inspection that said `unsegmented`: it has the same source, and comes later. A frame that
    can't be read any more is no dead letter, for it was inspected: it stays unsegmented.
    """

    def __init__(self, publishing: Publishing) -> None:
        self._publishing = publishing

    def messages(self, flight: Flight) -> list[Outgoing]:
        """Everything that one finished flight publishes."""
        return [] if flight.rejection is not None else self._publishing.messages(flight)


class EveryFrame(Inspector):
    """The same networks, but each frame goes on to the segmenter.

    The gate passed it when it was new; by another bundle's word, after an upgrade, it would now be clean.
    """

    def __init__(self, inspector: Inspector) -> None:
        self._inspector = inspector
        self.card = inspector.card
        self.point = inspector.point.model_copy(update={"gate_threshold": 0.0})

    def gate(self, frames: Sequence[Pixels]) -> list[Gated]:
        """As the inspector does."""
        return self._inspector.gate(frames)

    def segment(self, frames: Sequence[Pixels], gated: Sequence[Gated]) -> list[tuple[Region, ...]]:
        """As the inspector does."""
        return self._inspector.segment(frames, gated)

    def probabilities(self, frames: Sequence[Pixels]) -> list[NDArray[np.float32]]:
        """As the inspector does."""
        return self._inspector.probabilities(frames)

    def warm_up(self) -> None:
        """As the inspector does."""
        self._inspector.warm_up()


def amending_policy(policy: WorkerPolicy) -> WorkerPolicy:
    """The worker's policy, for work that must not be in the way: small batches, few in flight, no waiting.

    Frames in a row that can't be read are no reason to stop: retention deletes them in rows.
    """
    frames = min(FRAMES_AT_A_TIME, policy.segment.max_frames)
    batch = replace(policy.segment, max_frames=frames, urgent_slack_s=0.0)
    return replace(
        policy,
        gate=batch,
        segment=batch,
        high_bytes=policy.high_bytes // 4,
        low_bytes=policy.low_bytes // 4,
        max_rejected_in_a_row=2**62,
        take_max_records=2 * frames,
        poll_s=0.0,
        busy_wait_s=0.0,
    )


def count_into(metrics: WorkerMetrics) -> Callable[[Flight], None]:
    """Counts committed amendments among the metrics of the worker beside which they are made."""

    def count(flight: Flight) -> None:
        metrics.amendments["segmented" if flight.fate is Fate.DEFECTIVE else "gone"].inc()
        if flight.header is not None and flight.regions:
            camera = metrics.camera(flight.header.line_id, flight.header.camera_id)
            camera.count_classes(region.class_id for region in flight.regions)

    return count
