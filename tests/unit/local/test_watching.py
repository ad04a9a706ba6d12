"""The shipped files of Prometheus and Alertmanager with this machine's addresses in the containers' place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import yaml

from local.live.addresses import Ports
from local.live.up_stack import targets
from local.packages import PackagesMissing
from local.watching.configuration import (
    RULES,
    SHIPPED,
    ConfigurationInvalid,
    alertmanager_configuration,
    prometheus_configuration,
    write,
)
from local.watching.listener import HeardAlerts
from local.watching.packages import watching_programs

PORTS = Ports(station=6, worker=1, tracker=2, prometheus=3, alertmanager=4, alerts=5)

PROMETHEUS = """\
global: {scrape_interval: 5s}
rule_files: [rules.yml]
alerting:
  alertmanagers:
    - timeout: 3s
      static_configs: [{targets: [alertmanager:9093]}]
scrape_configs:
  - job_name: worker
    honor_labels: true
    dns_sd_configs: [{names: [worker], type: A, port: 9464}]
  - job_name: coils
    static_configs: [{targets: [coils:9465], labels: {plant: one}}]
"""
ALERTMANAGER = """\
route: {receiver: webhook, group_wait: 5s}
receivers:
  - name: webhook
    webhook_configs: [{url: "http://alerts:9466/in?a=1", send_resolved: true}]
"""


@pytest.fixture
def shipped(tmp_path: Path) -> Path:
    (tmp_path / "prometheus.yml").write_text(PROMETHEUS)
    (tmp_path / "alertmanager.yml").write_text(ALERTMANAGER)
    return tmp_path


def test_only_addresses_and_paths_are_exchanged(shipped: Path) -> None:
    made = prometheus_configuration(
        {"worker": ["h:1", "h:2"], "coils": ["h:3"]}, shipped / "mine.yml", "h:4", shipped
    )

    assert made == {
        "global": {"scrape_interval": "5s"},
        "rule_files": [str(shipped / "mine.yml")],
        "alerting": {"alertmanagers": [{"timeout": "3s", "static_configs": [{"targets": ["h:4"]}]}]},
        "scrape_configs": [
            {"job_name": "worker", "honor_labels": True, "static_configs": [{"targets": ["h:1", "h:2"]}]},
            {"job_name": "coils", "static_configs": [{"targets": ["h:3"], "labels": {"plant": "one"}}]},
        ],
    }
    assert alertmanager_configuration("h:5", shipped) == {
        "route": {"receiver": "webhook", "group_wait": "5s"},
        "receivers": [
            {"name": "webhook", "webhook_configs": [{"url": "http://h:5/in?a=1", "send_resolved": True}]}
        ],
    }


def test_jobs_without_a_target_and_alerts_without_a_receiver_are_left_out(shipped: Path) -> None:
    made = prometheus_configuration({"coils": ["h:3"]}, RULES, None, shipped)

    assert [job["job_name"] for job in made["scrape_configs"]] == ["coils"]
    assert "alerting" not in made


def test_a_written_configuration_is_read_back(shipped: Path, tmp_path: Path) -> None:
    made = prometheus_configuration({"coils": ["h:3"]}, RULES, None, shipped)
    write(made, tmp_path / "new" / "prometheus.yml")

    assert yaml.safe_load((tmp_path / "new" / "prometheus.yml").read_text()) == made


def test_every_shipped_job_has_its_place_on_this_machine() -> None:
    made = prometheus_configuration(targets(PORTS), RULES, "h:4")

    jobs = {
        job["job_name"] for job in yaml.safe_load((SHIPPED / "prometheus.yml").read_text())["scrape_configs"]
    }
    assert {job["job_name"] for job in made["scrape_configs"]} == jobs == targets(PORTS).keys()
    assert made["rule_files"] == [str(RULES)]
    assert RULES.exists()
    assert ":9" not in yaml.safe_dump(made["scrape_configs"])
    (webhook,) = alertmanager_configuration("h:5")["receivers"][0]["webhook_configs"]
    assert webhook["url"] == "http://h:5/"


def test_what_does_not_fit_is_said(shipped: Path) -> None:
    with pytest.raises(ConfigurationInvalid, match=r"has no job station: it has worker, coils"):
        prometheus_configuration({"station": ["h:1"]}, RULES, None, shipped)
    (shipped / "prometheus.yml").write_text("global: {}")
    with pytest.raises(ConfigurationInvalid, match="names no Alertmanager"):
        prometheus_configuration({}, RULES, "h:4", shipped)
    (shipped / "alertmanager.yml").write_text("receivers: []")
    with pytest.raises(ConfigurationInvalid, match="has no webhook"):
        alertmanager_configuration("h:5", shipped)
    (shipped / "alertmanager.yml").write_text("[")
    with pytest.raises(ConfigurationInvalid, match="cannot be read"):
        alertmanager_configuration("h:5", shipped)
    (shipped / "alertmanager.yml").unlink()
    with pytest.raises(ConfigurationInvalid, match="cannot be read"):
        alertmanager_configuration("h:5", shipped)


# --- the programs ---


def test_programs_are_found_under_debians_name_and_their_own(tmp_path: Path) -> None:
    for name in ("prometheus", "alertmanager"):
        (tmp_path / name).touch(0o755)
    assert watching_programs(str(tmp_path)).alertmanager == str(tmp_path / "alertmanager")
    (tmp_path / "prometheus-alertmanager").touch(0o755)
    assert watching_programs(str(tmp_path)).alertmanager == str(tmp_path / "prometheus-alertmanager")


def test_all_that_is_missing_is_named_with_one_command(tmp_path: Path) -> None:
    with pytest.raises(PackagesMissing) as both:
        watching_programs(str(tmp_path))
    assert str(both.value) == (
        "Prometheus and Alertmanager are not on this machine: "
        "apt-get install prometheus prometheus-alertmanager"
    )
    (tmp_path / "prometheus").touch(0o755)
    with pytest.raises(PackagesMissing, match=r"^Alertmanager is not .*install prometheus-alertmanager$"):
        watching_programs(str(tmp_path))


# --- what the listener heard ---


def _logged(message: str, **facts: str) -> str:
    return json.dumps({"ts": "now", "level": "warning", "message": message, **facts}) + "\n"


def test_alerts_are_told_once_when_they_fire_and_once_when_they_are_over(tmp_path: Path) -> None:
    log = tmp_path / "alerts.log"
    down = {"alert": "WorkerDown", "severity": "page", "summary": "No [worker] answers.", "since": "9:00"}
    fires = _logged("alert firing", runbook="monitoring/RUNBOOK.md#workerdown", **down)
    log.write_text(_logged("listening for alerts", port="9466") + "no JSON\n" + fires)
    heard = HeardAlerts(log)

    assert list(heard.new()) == [
        r"[bold red]alert[/bold red] WorkerDown, page: No \[worker] answers. "
        "[dim](monitoring/RUNBOOK.md#workerdown)[/dim]"
    ]
    with log.open("a") as more:
        more.write(fires)
        more.write(_logged("alert resolved", **{**down, "severity": "ticket"}))
        more.write(_logged("alert resolved", **down)[:20])
    assert list(heard.new()) == []
    with log.open("a") as more:
        more.write(_logged("alert resolved", **down)[20:])
        more.write(fires.replace("WorkerDown", "LagGrowing").replace("9:00", '9:30", "line": "line-1'))
    over, other = heard.new()
    assert over == "[bold green]alert over[/bold green] WorkerDown"
    assert "LagGrowing on line-1, page" in other
