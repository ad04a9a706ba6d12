"""How many series a process can have: never more than is stated, whoever sends whatever."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry

from monitoring import catalogue, tracker_catalogue
from monitoring.bounded import OTHER, UNKNOWN
from monitoring.catalogue import METRICS, MOST_PARTITIONS
from monitoring.metric import Label, Metric
from monitoring.tracker_catalogue import TRACKER_METRICS
from monitoring.tracker_metrics import TrackerMetrics
from monitoring.worker_metrics import WorkerMetrics
from tests.support.samples import series

NAMES = [OTHER, UNKNOWN, *(f"name-{number}" for number in range(150))]


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


def test_a_worker_at_its_worst_has_as_many_series_as_is_stated(registry: CollectorRegistry) -> None:
    metrics = WorkerMetrics(registry)
    metrics.set_classes({number: f"class-{number}" for number in range(1, 1000)})
    metrics.set_bundle("synthetic", "1")
    for truth in catalogue.TRUTH.values:
        metrics.set_expected_scores(truth, [1] * 20)
    for partition in range(MOST_PARTITIONS):
        metrics.set_end(partition, 1, fetched_to=0)
    for line in NAMES:
        for camera in NAMES:
            metrics.camera(line, camera)
    metrics.camera()
    assert len(series(registry)) == catalogue.MOST_SERIES < 5000


def test_a_tracker_at_its_worst_has_as_many_series_as_is_stated(registry: CollectorRegistry) -> None:
    metrics = TrackerMetrics(registry)
    metrics.set_rules("1/abc")
    for line in NAMES:
        metrics.line(line)
    assert len(series(registry)) == tracker_catalogue.MOST_SERIES < 2000


@pytest.mark.parametrize("metrics", [METRICS, TRACKER_METRICS], ids=["worker", "tracker"])
def test_every_metric_has_a_bound(metrics: tuple[Metric, ...]) -> None:
    assert all(metric.most_series >= 1 for metric in metrics)


def test_pairs_are_counted_once() -> None:
    line = Label(name="line", bound="", most=3)
    camera = Label(name="camera", bound="", most=7, within="line")
    kind = Label(name="kind", bound="", values=("a", "b"))
    made = Metric(name="x", kind="counter", help="", moved_by="", labels=(line, camera, kind))
    assert made.most_series == 7 * 2
    seconds = Metric(name="x", kind="histogram", help="", moved_by="", labels=(line,), buckets=(1.0, 2.0))
    assert seconds.most_series == 3 * (2 + 3)
