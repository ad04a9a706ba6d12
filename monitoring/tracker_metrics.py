"""The coil tracker's metrics, registered where the composition root says and bound once."""

from __future__ import annotations

from itertools import product
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from monitoring import tracker_catalogue as catalogue
from monitoring.catalogue import BROKER_UP, COMMIT_SECONDS, COMMITS, Metric

_Labelled = TypeVar("_Labelled", Counter, Gauge)


class TrackerMetrics:
    """Everything one tracker counts; see `tracker_catalogue` for what moves each.

    Labelled ones are dicts by their values, every series there from the start, as in `worker_metrics`.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.open_coils = _gauge(catalogue.OPEN_COILS, registry)
        self.settling_coils = _gauge(catalogue.SETTLING_COILS, registry)
        self.records = _by_value(_counter(catalogue.RECORDS, registry), catalogue.RECORDS)
        self.refused = _by_value(_counter(catalogue.REFUSED_RECORDS, registry), catalogue.REFUSED_RECORDS)
        self.late_records = _counter(catalogue.LATE_RECORDS, registry)
        self.reports = _by_values(_counter(catalogue.REPORTS, registry), catalogue.REPORTS)
        self.alarms = _by_values(_counter(catalogue.ALARMS, registry), catalogue.ALARMS)
        self.report_seconds = _histogram(catalogue.REPORT_SECONDS, registry)
        self.report_slack_seconds = _histogram(catalogue.REPORT_SLACK_SECONDS, registry)
        self.verdict_predicted_seconds = _gauge(catalogue.VERDICT_PREDICTED_SECONDS, registry)
        self.slack_predicted_seconds = _gauge(catalogue.SLACK_PREDICTED_SECONDS, registry)
        self.slack_predicted_seconds.set(float("nan"))
        self.rate = _gauge(catalogue.RATE, registry)
        self.held_back = _gauge(catalogue.HELD_BACK, registry)
        self.lag = _by_value(_gauge(catalogue.LAG, registry), catalogue.LAG)
        self.mark_search_seconds = _histogram(catalogue.MARK_SEARCH_SECONDS, registry)
        self.told_coils = _gauge(catalogue.TOLD_COILS, registry)
        self.assigned_partitions = _gauge(catalogue.PARTITIONS, registry)
        self.ready = _gauge(catalogue.TRACKER_READY, registry)
        self.commits = _by_value(_counter(COMMITS, registry), COMMITS)
        self.commit_seconds = _histogram(COMMIT_SECONDS, registry)
        self.broker_up = _gauge(BROKER_UP, registry)
        self._rules = _gauge(catalogue.RULES_INFO, registry)

    def set_rules(self, version: str) -> None:
        """Name the rules that grade from now on."""
        self._rules.clear()
        self._rules.labels(version).set(1)


def _counter(metric: Metric, registry: CollectorRegistry) -> Counter:
    return Counter(metric.name, metric.help, metric.label_names, registry=registry)


def _gauge(metric: Metric, registry: CollectorRegistry) -> Gauge:
    return Gauge(metric.name, metric.help, metric.label_names, registry=registry)


def _histogram(metric: Metric, registry: CollectorRegistry) -> Histogram:
    return Histogram(metric.name, metric.help, metric.label_names, registry=registry, buckets=metric.buckets)


def _by_value(parent: _Labelled, metric: Metric) -> dict[str, _Labelled]:
    (label,) = metric.labels
    return {value: parent.labels(value) for value in label.values}


def _by_values(parent: Counter, metric: Metric) -> dict[tuple[str, ...], Counter]:
    return {values: parent.labels(*values) for values in product(*(label.values for label in metric.labels))}
