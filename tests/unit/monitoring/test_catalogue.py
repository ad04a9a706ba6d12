"""The lists of metrics: names a data engineer can rely on, labels that cannot grow without end."""

from __future__ import annotations

import pytest
from prometheus_client import CollectorRegistry

from contracts.rejections import Reason
from contracts.results import Fate
from model.calibration.calibrated import HISTOGRAM_BINS
from monitoring import catalogue
from monitoring.bounded import CAMERA_VALUES, LINE_VALUES, MOST_CLASSES
from monitoring.catalogue import METRICS
from monitoring.metric import Label, Metric
from monitoring.tracker_catalogue import TRACKER_METRICS
from monitoring.worker_metrics import WorkerMetrics
from tests.support.samples import series

# Open labels, with what bounds each and by how much. One that is neither closed nor listed here is refused.
BOUNDED_LABELS = {
    "partition": ("partitions of one topic, dropped when they are revoked", catalogue.MOST_PARTITIONS),
    "name": ("one bundle a process", 1),
    "version": ("one bundle, or one version of the rules, a process", 1),
    "line": ("monitoring.bounded", LINE_VALUES),
    "camera": ("monitoring.bounded", CAMERA_VALUES),
    "class": ("the bundle's classes, through monitoring.bounded", MOST_CLASSES + 1),
}
NEVER = ("coil", "coil_id", "frame", "frame_index", "trace_id", "traceparent")

every_metric = pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)


@every_metric
def test_name_is_ours_and_in_base_units(metric: Metric) -> None:
    assert metric.name.startswith("coilwatch_")
    assert metric.name.endswith("_total") == (metric.kind == "counter")
    assert not metric.name.endswith(("_ms", "_milliseconds", "_kb", "_mb", "_percent"))


@every_metric
def test_says_what_moves_it(metric: Metric) -> None:
    assert metric.help
    assert metric.moved_by


def is_bounded(label: Label) -> bool:
    if not label.bound or label.name in NEVER:
        return False
    if label.values:
        return label.most == 0
    return label.name in BOUNDED_LABELS and label.most == BOUNDED_LABELS[label.name][1]


@pytest.mark.parametrize(
    "metric", dict.fromkeys((*METRICS, *TRACKER_METRICS)), ids=lambda metric: metric.name
)
def test_labels_are_bounded(metric: Metric) -> None:
    for label in metric.labels:
        assert is_bounded(label), f"{metric.name} can grow without end by {label.name}"


@pytest.mark.parametrize(
    "label",
    [
        Label(name="customer", bound="we have few"),
        Label(name="customer", bound="we have few", most=10),
        Label(name="line", bound="a plant has few"),
        Label(name="version", bound="", most=1),
        Label(name="coil_id", bound="a closed set", values=("C1",)),
    ],
    ids=["open", "open with a number", "not the bound's number", "unexplained", "a coil"],
)
def test_a_label_that_could_grow_is_refused(label: Label) -> None:
    assert not is_bounded(label)


@every_metric
def test_only_histograms_have_buckets_and_they_rise(metric: Metric) -> None:
    assert bool(metric.buckets) == (metric.kind == "histogram")
    assert list(metric.buckets) == sorted(set(metric.buckets))


def test_names_are_unique() -> None:
    names = [metric.name for metric in METRICS]
    assert len(names) == len(set(names))


def test_every_metric_of_the_module_is_listed() -> None:
    defined = [value for value in vars(catalogue).values() if isinstance(value, Metric)]
    assert defined == list(METRICS)


def test_latency_has_an_edge_at_the_deadline() -> None:
    assert catalogue.DEADLINE_EDGE_S == 300.0
    assert catalogue.DEADLINE_EDGE_S in catalogue.LATENCY.buckets
    assert catalogue.LATENCY.buckets[0] == 0.005
    assert catalogue.LATENCY.buckets[-1] == 600.0


def test_closed_labels_are_the_contracts_own() -> None:
    assert catalogue.FATE.values == tuple(Fate)
    assert catalogue.REJECTION.values == tuple(Reason)


def test_gate_scores_fall_into_twenty_bins() -> None:
    assert len(catalogue.GATE_SCORE.buckets) == HISTOGRAM_BINS == 20, "as on the card"
    assert catalogue.GATE_SCORE.buckets[-1] == 1.0


def test_expected_scores_have_the_edges_of_the_scores() -> None:
    registry = CollectorRegistry()
    WorkerMetrics(registry).gate_score.observe(0.5)
    edges = {s.labels["le"] for s in series(registry) if s.name == "coilwatch_gate_score_bucket"}
    assert edges == {*catalogue.SCORE_EDGE.values, "+Inf"}
