"""The worker's metrics, registered where the composition root says and bound once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, product
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from monitoring import catalogue
from monitoring.bounded import MOST_CLASSES, OTHER, UNKNOWN, Bounded, Places
from monitoring.metric import Metric

_Labelled = TypeVar("_Labelled", Counter, Gauge, Histogram)


@dataclass(frozen=True, slots=True, kw_only=True)
class CameraSeries:
    """What is counted of one camera of a line, bound."""

    frames: Mapping[str, Counter]
    """By fate."""
    frames_with_class: Mapping[int, Counter]
    """By class_id."""
    latency: Histogram
    """The whole line's."""

    def count_classes(self, class_ids: Iterable[int]) -> None:
        """Count one defective frame with regions of these classes, each class once."""
        for class_id in set(class_ids):
            self.frames_with_class[class_id].inc()


class WorkerMetrics:
    """Everything one worker counts; see `catalogue` for what moves each.

    A metric with one closed label is a dict by its value (`commits["committed"].inc()`), with two by the pair
    (`batches["gate", "full"].inc()`): the children are bound here, so a hot path pays no look-up of labels
    and every series exists, at 0, from the start. What has a line and a camera is bound when their first
    frame is counted: `camera("line-1", "top").frames["clean"].inc()`. A metric without labels is the client
    library's own object.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.dead_letters = _by_value(_counter(catalogue.DEAD_LETTERS, registry), catalogue.DEAD_LETTERS)
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
        self._frames = _counter(catalogue.FRAMES, registry)
        self._frames_with_class = _counter(catalogue.FRAMES_WITH_CLASS, registry)
        self._latency = _histogram(catalogue.LATENCY, registry)
        self._expected_share = _gauge(catalogue.GATE_SCORE_EXPECTED_SHARE, registry)
        self._expected_frames = _gauge(catalogue.GATE_SCORE_EXPECTED_FRAMES, registry)
        self._classes: dict[int, str] = {}
        self._places = Places()
        self._cameras: dict[tuple[str, str], CameraSeries] = {}

    def set_classes(self, names: Mapping[int, str]) -> None:
        """Name the classes of the bundle that is served, by class_id: before the first frame is counted."""
        bounded = Bounded[str](MOST_CLASSES)
        self._classes = {
            class_id: name if bounded.admits(name) else OTHER for class_id, name in names.items()
        }

    def camera(self, line_id: str = UNKNOWN, camera_id: str = UNKNOWN) -> CameraSeries:
        """The series of a camera. Too many lines or cameras share those of `other`."""
        series = self._cameras.get((line_id, camera_id))
        return self._first_seen(line_id, camera_id) if series is None else series

    def _first_seen(self, line_id: str, camera_id: str) -> CameraSeries:
        place = self._places.camera(line_id, camera_id)
        series = self._cameras.get(place)
        if series is None:
            series = self._cameras[place] = self._bind(*place)
        return series

    def _bind(self, line: str, camera: str) -> CameraSeries:
        of_class = self._frames_with_class
        return CameraSeries(
            frames={fate: self._frames.labels(line, camera, fate) for fate in catalogue.FATE.values},
            frames_with_class={i: of_class.labels(line, camera, name) for i, name in self._classes.items()},
            latency=self._latency.labels(line),
        )

    def observe_frame(
        self, camera: CameraSeries, stages_s: Sequence[float], total_s: float, trace_id: str | None = None
    ) -> None:
        """Count one committed frame: seconds in each of `catalogue.STAGES`, in order, and their sum.

        Its trace, where it has one, becomes the exemplar of its bucket of the latency.

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
        camera.latency.observe(total_s, None if trace_id is None else {"trace_id": trace_id})

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

    def set_expected_scores(self, truth: str, histogram: Sequence[int]) -> None:
        """Show how the gate scored held-out frames of this truth: a count for each of SCORE_BUCKETS."""
        frames = sum(histogram)
        for edge, below in zip(catalogue.SCORE_EDGE.values, accumulate(histogram), strict=True):
            self._expected_share.labels(truth, edge).set(below / frames)
        self._expected_frames.labels(truth).set(frames)


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
