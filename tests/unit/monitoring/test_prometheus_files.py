"""Prometheus's and Alertmanager's configuration: what their own tools say, and whether both fit the code."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

import pytest
import yaml

from consumer.coils.settings import TrackerSettings
from consumer.settings import WorkerSettings
from monitoring.listening import command as listening
from monitoring.rules.file import RULES_FILE
from monitoring.rules.groups import ALERTS
from monitoring.rules.promql import TRACKER_JOB, WORKER_JOB
from tests.support.programs import run_program

PROMETHEUS_FILE = RULES_FILE.with_name("prometheus.yml")
ALERTMANAGER_FILE = RULES_FILE.with_name("alertmanager.yml")


@pytest.fixture
def prometheus() -> dict[str, Any]:
    return yaml.safe_load(PROMETHEUS_FILE.read_text(encoding="utf-8"))


@pytest.fixture
def alertmanager() -> dict[str, Any]:
    return yaml.safe_load(ALERTMANAGER_FILE.read_text(encoding="utf-8"))


def test_promtool_accepts_the_configuration() -> None:
    checked = run_program("promtool", "check", "config", PROMETHEUS_FILE)
    assert checked.returncode == 0, checked.stdout
    assert "1 rule files found" in checked.stdout


def test_amtool_accepts_the_configuration() -> None:
    checked = run_program("amtool", "check-config", ALERTMANAGER_FILE)
    assert checked.returncode == 0, checked.stdout


def test_jobs_are_those_that_the_rules_ask_for(prometheus: dict[str, Any]) -> None:
    jobs = {job["job_name"]: job for job in prometheus["scrape_configs"]}
    assert jobs.keys() == {WORKER_JOB, TRACKER_JOB, "prometheus", "alertmanager"}
    (workers,) = jobs[WORKER_JOB]["dns_sd_configs"]
    (trackers,) = jobs[TRACKER_JOB]["static_configs"]
    assert (workers["names"], workers["port"]) == (["worker"], default_of(WorkerSettings, "metrics_port"))
    assert trackers["targets"] == [f"coils:{default_of(TrackerSettings, 'metrics_port')}"]


def default_of(settings: type[WorkerSettings] | type[TrackerSettings], name: str) -> Any:
    return settings.model_fields[name].default


def test_a_scrape_ends_before_the_next(prometheus: dict[str, Any]) -> None:
    times = prometheus["global"]
    assert (times["scrape_interval"], times["scrape_timeout"], times["evaluation_interval"]) == (
        "5s",
        "4s",
        "5s",
    )


def test_alerts_go_to_alertmanager_and_from_there_to_the_listener(
    prometheus: dict[str, Any], alertmanager: dict[str, Any]
) -> None:
    (told,) = prometheus["alerting"]["alertmanagers"]
    assert told["static_configs"] == [{"targets": ["alertmanager:9093"]}]
    (receiver,) = alertmanager["receivers"]
    (webhook,) = receiver["webhook_configs"]
    assert alertmanager["route"]["receiver"] == receiver["name"]
    parser = ArgumentParser()
    listening.add_arguments(parser)
    assert webhook == {"url": f"http://alerts:{parser.parse_args([]).port}/", "send_resolved": True}


def test_inhibitions_name_alerts_and_labels_that_there_are(alertmanager: dict[str, Any]) -> None:
    names = {alert.name for alert in ALERTS}
    labels = {"alertname", "severity", *(label for alert in ALERTS for label in alert.labels)}
    for rule in alertmanager["inhibit_rules"]:
        for matcher in (*rule["source_matchers"], *rule["target_matchers"]):
            label, _, value = matcher.replace("=~", "=").partition("=")
            assert label in labels
            if label == "alertname":
                assert set(value.strip('"').split("|")) <= names


def test_nothing_but_itself_hides_a_deadline_at_risk(alertmanager: dict[str, Any]) -> None:
    for rule in alertmanager["inhibit_rules"]:
        if any("DeadlineAtRisk" in matcher for matcher in rule["target_matchers"]):
            assert any("DeadlineAtRisk" in matcher for matcher in rule["source_matchers"])
