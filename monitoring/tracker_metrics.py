"""The coil tracker's metrics, registered where the composition root says and bound once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import product
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from monitoring import tracker_catalogue as catalogue
from monitoring.bounded import Places
from monitoring.catalogue import BROKER_UP, COMMIT_SECONDS, COMMITS
from monitoring.metric import Label, Metric

_Labelled = TypeVar("_Labelled", Counter, Gauge)


@dataclass(frozen=True, slots=True, kw_only=True)
class LineSeries:
    """What is counted of one line, bound."""

    open_coils: Gauge
    running_coils: Gauge
    last_started: Gauge
    verdict_predicted_seconds: Gauge
    slack_predicted_seconds: Gauge
    reports: Mapping[tuple[str, ...], Counter]
    """By verdict, why the coil was closed, and timing."""
    first_verdicts: Mapping[str, Counter]
    """By outcome."""
    alarms: Mapping[tuple[str, ...], Counter]
    """By kind and state."""


class TrackerMetrics:
    """Everything one tracker counts; see `tracker_catalogue` for what moves each.

    Labelled ones are dicts by their values, every series there from the start, as in `worker_metrics`. What
    has a line is there, at 0, from the moment the line is first seen: `line("line-1").open_coils`.
    """

    def __init__(self, registry: CollectorRegistry) -> None:
        self.settling_coils = _gauge(catalogue.SETTLING_COILS, registry)
        self.records = _by_value(_counter(catalogue.RECORDS, registry), catalogue.RECORDS)
        self.refused = _by_value(_counter(catalogue.REFUSED_RECORDS, registry), catalogue.REFUSED_RECORDS)
        self.late_records = _counter(catalogue.LATE_RECORDS, registry)
        self.report_seconds = _histogram(catalogue.REPORT_SECONDS, registry)
        self.report_slack_seconds = _histogram(catalogue.REPORT_SLACK_SECONDS, registry)
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
        self._open = _gauge(catalogue.OPEN_COILS, registry)
        self._running = _gauge(catalogue.RUNNING_COILS, registry)
        self._last_started = _gauge(catalogue.LAST_STARTED, registry)
        self._verdict_predicted = _gauge(catalogue.VERDICT_PREDICTED_SECONDS, registry)
        self._slack_predicted = _gauge(catalogue.SLACK_PREDICTED_SECONDS, registry)
        self._reports = _counter(catalogue.REPORTS, registry)
        self._first_verdicts = _counter(catalogue.FIRST_VERDICTS, registry)
        self._alarms = _counter(catalogue.ALARMS, registry)
        self._places = Places()
        self._lines: dict[str, LineSeries] = {}

    @property
    def lines(self) -> Mapping[str, LineSeries]:
        """The lines that were seen, by their label."""
        return self._lines

    def line_label(self, line_id: str) -> str:
        """The label of a line, whose series are there from now on. Too many lines share `other`."""
        label = self._places.line(line_id)
        if label not in self._lines:
            self._lines[label] = self._bind(label)
        return label

    def line(self, line_id: str) -> LineSeries:
        """The series of a line."""
        return self._lines[self.line_label(line_id)]

    def _bind(self, line: str) -> LineSeries:
        series = LineSeries(
            open_coils=self._open.labels(line),
            running_coils=self._running.labels(line),
            last_started=self._last_started.labels(line),
            verdict_predicted_seconds=self._verdict_predicted.labels(line),
            slack_predicted_seconds=self._slack_predicted.labels(line),
            reports=_of_line(line, self._reports, *catalogue.REPORTS.labels[1:]),
            first_verdicts={
                outcome: self._first_verdicts.labels(line, outcome)
                for outcome in catalogue.FIRST_VERDICT.values
            },
            alarms=_of_line(line, self._alarms, *catalogue.ALARMS.labels[1:]),
        )
        series.slack_predicted_seconds.set(float("nan"))
        return series

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


def _of_line(line: str, parent: Counter, *labels: Label) -> dict[tuple[str, ...], Counter]:
    return {values: parent.labels(line, *values) for values in product(*(label.values for label in labels))}
