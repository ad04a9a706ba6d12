"""What a tracker counts, read back through the registry it was given."""

from __future__ import annotations

import math

import pytest
from prometheus_client import CollectorRegistry

from contracts.alarms import AlarmKind, AlarmState
from contracts.reports import Closing, Verdict
from contracts.topics import CO_PARTITIONED
from monitoring import tracker_catalogue
from monitoring.catalogue import BROKER_UP, COMMIT_SECONDS, COMMITS, DEADLINE_EDGE_S
from monitoring.metric import Metric
from monitoring.tracker_catalogue import TRACKER_METRICS
from monitoring.tracker_metrics import TrackerMetrics
from tests.support.samples import series

SHARED = (COMMITS, COMMIT_SECONDS, BROKER_UP)
"""Mean the same of a worker."""

every_metric = pytest.mark.parametrize("metric", TRACKER_METRICS, ids=lambda metric: metric.name)


@pytest.fixture
def registry() -> CollectorRegistry:
    return CollectorRegistry()


@every_metric
def test_name_is_ours_and_in_base_units(metric: Metric) -> None:
    assert metric.name.startswith("coilwatch_coils_") or metric in SHARED
    assert metric.name.endswith("_total") == (metric.kind == "counter")
    assert metric.help
    assert metric.moved_by


@every_metric
def test_only_histograms_have_buckets_and_they_rise(metric: Metric) -> None:
    assert bool(metric.buckets) == (metric.kind == "histogram")
    assert list(metric.buckets) == sorted(set(metric.buckets))


def test_every_metric_of_the_module_is_listed_once() -> None:
    defined = [value for value in vars(tracker_catalogue).values() if isinstance(value, Metric)]
    assert {metric.name for metric in defined} == {metric.name for metric in TRACKER_METRICS}
    assert len({metric.name for metric in TRACKER_METRICS}) == len(TRACKER_METRICS)


def test_registers_the_whole_list_and_nothing_else(registry: CollectorRegistry) -> None:
    TrackerMetrics(registry).set_rules("1/abc")
    families = {family.name: family.type for family in registry.collect()}
    assert families == {metric.name.removesuffix("_total"): metric.kind for metric in TRACKER_METRICS}


def test_closed_labels_are_the_contracts_own() -> None:
    assert tracker_catalogue.READ_TOPIC.values == CO_PARTITIONED
    assert tracker_catalogue.VERDICT.values == tuple(Verdict)
    assert tracker_catalogue.CLOSING.values == tuple(Closing)
    assert tracker_catalogue.ALARM_KIND.values == tuple(AlarmKind)
    assert tracker_catalogue.ALARM_STATE.values == tuple(AlarmState)


def test_an_edge_stands_at_the_deadline() -> None:
    assert DEADLINE_EDGE_S in tracker_catalogue.REPORT_SECONDS.buckets
    assert tracker_catalogue.REPORT_SLACK_SECONDS.buckets[0] == 0.0, "what is late"


def test_every_series_of_a_line_is_there_once_it_is_seen(registry: CollectorRegistry) -> None:
    metrics = TrackerMetrics(registry)
    assert not [sample for sample in series(registry) if "line" in sample.labels]
    metrics.line_label("line-1")
    line = {"line": "line-1"}
    labels = {**line, "verdict": "hold", "closed_because": "settled", "timing": "late"}
    assert registry.get_sample_value("coilwatch_coils_reports_total", labels) == 0
    for outcome in tracker_catalogue.FIRST_VERDICT.values:
        labels = {**line, "outcome": outcome}
        assert registry.get_sample_value("coilwatch_coils_first_verdicts_total", labels) == 0
    labels = {**line, "kind": "lane", "state": "raised"}
    assert registry.get_sample_value("coilwatch_coils_alarms_total", labels) == 0
    slack = registry.get_sample_value("coilwatch_coils_slack_predicted_seconds", line)
    assert slack is not None
    assert math.isnan(slack), "no coil, no slack"


def test_only_the_rules_that_grade_now_are_named(registry: CollectorRegistry) -> None:
    metrics = TrackerMetrics(registry)
    metrics.set_rules("1/abc")
    metrics.set_rules("2/def")
    found = [
        s.labels for f in registry.collect() for s in f.samples if s.name == "coilwatch_coils_rules_info"
    ]
    assert found == [{"version": "2/def"}]
