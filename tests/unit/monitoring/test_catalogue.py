"""The list of metrics: names a data engineer can rely on, labels that cannot grow without end."""

from __future__ import annotations

import pytest

from contracts.rejections import Reason
from contracts.results import Fate
from monitoring import catalogue
from monitoring.catalogue import METRICS, Metric

# Open labels, with what bounds each. A label that is neither closed nor listed here is refused.
BOUNDED_LABELS = {
    "partition": "partitions of one topic, dropped when they are revoked",
    "name": "one bundle a process",
    "version": "one bundle a process",
}

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


@every_metric
def test_labels_are_bounded(metric: Metric) -> None:
    for label in metric.labels:
        assert label.bound
        assert label.values or label.name in BOUNDED_LABELS, (
            f"{metric.name} can grow without end by {label.name}"
        )


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
    assert len(catalogue.GATE_SCORE.buckets) == 20
    assert catalogue.GATE_SCORE.buckets[-1] == 1.0
