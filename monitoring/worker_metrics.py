"""The worker's metrics, registered where the composition root says and bound once."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import product
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from monitoring import catalogue
from monitoring.catalogue import Metric

_Labelled = TypeVar("_Labelled", Counter, Gauge, Histogram)


class WorkerMetrics:
    """Everything one worker counts; see `catalogue` for what moves each.

    A metric with one closed label is a dict by its value (`frames["clean"].inc()`), with two by the pair
    (`batches["gate", "full"].inc()`): the children are bound here, so a hot path pays no look-up of labels
    and every series exists, at 0, from the start. A metric without labels is the client library's own object.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.frames = _by_value(_counter(catalogue.FRAMES, registry), catalogue.FRAMES)
        self.dead_letters = _by_value(_counter(catalogue.DEAD_LETTERS, registry), catalogue.DEAD_LETTERS)
        self.latency = _histogram(catalogue.LATENCY, registry)
        self.stage_latency = _by_value(_histogram(catalogue.STAGE_LATENCY, registry), catalogue.STAGE_LATENCY)
        self.skewed_frames = _counter(catalogue.SKEWED_FRAMES, registry)
        self.batch_frames = _by_value(_histogram(catalogue.BATCH_FRAMES, registry), catalogue.BATCH_FRAMES)
        self.batches = _by_pair(_counter(catalogue.BATCHES, registry), catalogue.BATCHES)
        self.bytes_in_flight = _gauge(catalogue.IN_FLIGHT_BYTES, registry)
        self.frames_in_flight = _gauge(catalogue.IN_FLIGHT_FRAMES, registry)
        self.commits = _by_value(_counter(catalogue.COMMITS, registry), catalogue.COMMITS)
        self.commit_seconds = _histogram(catalogue.COMMIT_SECONDS, registry)
        self.assigned_partitions = _gauge(catalogue.ASSIGNED_PARTITIONS, registry)
        self.broker_up = _gauge(catalogue.BROKER_UP, registry)
        self.holds = _counter(catalogue.HOLDS, registry)
        self.rung = _gauge(catalogue.RUNG, registry)
        self.rung_steps = _by_value(_counter(catalogue.RUNG_STEPS, registry), catalogue.RUNG_STEPS)
        self.predicted_verdict = _gauge(catalogue.PREDICTED_VERDICT, registry)
        self.predicted_slack = _gauge(catalogue.PREDICTED_SLACK, registry)
        self.amendments = _by_value(_counter(catalogue.AMENDMENTS, registry), catalogue.AMENDMENTS)
        self.gate_score = _histogram(catalogue.GATE_SCORE, registry)
        self.worker_ready = _gauge(catalogue.WORKER_READY, registry)
        self._lag_frames = _gauge(catalogue.LAG_FRAMES, registry)
        self._ends: dict[int, int] = {}
        self._positions: dict[int, int] = {}
        self._bundle = _gauge(catalogue.BUNDLE_INFO, registry)
        self._observe_stages = tuple(self.stage_latency[stage].observe for stage in catalogue.STAGES)

    def observe_frame(self, stages_s: Sequence[float], total_s: float) -> None:
        """Count one committed frame: seconds in each of `catalogue.STAGES`, in order, and their sum.

        A camera whose clock is ahead gives a negative queue time. It is taken as 0 in the stage and in the
        whole, and counted, because a histogram's sum must never fall.
        """
        queue_s = stages_s[0]
        if queue_s < 0:
            self.skewed_frames.inc()
            total_s -= queue_s
            stages_s = (0.0, *stages_s[1:])
        for observe, stage_s in zip(self._observe_stages, stages_s, strict=True):
            observe(stage_s)
        self.latency.observe(total_s)

    def observe_batch(self, model: str, frames: int, reason: str) -> None:
        """Count one micro-batch that leaves for `model` ("gate" or "segmenter"), by why it leaves."""
        self.batch_frames[model].observe(frames)
        self.batches[model, reason].inc()

    def set_end(self, partition: int, end_offset: int, *, fetched_to: int) -> None:
        """Note where an owned partition ends; `fetched_to` stands in until the first commit there."""
        self._ends[partition] = end_offset
        self._set_lag(partition, self._positions.get(partition, fetched_to))

    def set_position(self, partition: int, offset: int) -> None:
        """Note the commit position of an owned partition: the next offset, all below is done."""
        self._positions[partition] = offset
        if partition in self._ends:
            self._set_lag(partition, offset)

    def forget_lag(self, partition: int) -> None:
        """Drop the series of a partition that is no longer ours; its new owner reports it."""
        self._positions.pop(partition, None)
        if self._ends.pop(partition, None) is not None:
            self._lag_frames.remove(str(partition))

    def _set_lag(self, partition: int, position: int) -> None:
        # The end is a moment old: a position can be ahead of it.
        self._lag_frames.labels(str(partition)).set(max(0, self._ends[partition] - position))

    def set_bundle(self, name: str, version: str) -> None:
        """Name the bundle that is served."""
        self._bundle.labels(name, version).set(1)


def _counter(metric: Metric, registry: CollectorRegistry) -> Counter:
    return Counter(metric.name, metric.help, metric.label_names, registry=registry)


def _gauge(metric: Metric, registry: CollectorRegistry) -> Gauge:
    return Gauge(metric.name, metric.help, metric.label_names, registry=registry)


def _histogram(metric: Metric, registry: CollectorRegistry) -> Histogram:
    return Histogram(metric.name, metric.help, metric.label_names, registry=registry, buckets=metric.buckets)


def _by_value(parent: _Labelled, metric: Metric) -> dict[str, _Labelled]:
    (label,) = metric.labels
    return {value: parent.labels(value) for value in label.values}


def _by_pair(parent: _Labelled, metric: Metric) -> dict[tuple[str, str], _Labelled]:
    first, second = metric.labels
    return {pair: parent.labels(*pair) for pair in product(first.values, second.values)}
