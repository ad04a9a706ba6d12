"""The dashboards that Grafana is given: what the code writes, and nothing on them that nobody exposes."""

from __future__ import annotations

import argparse
import json
import re
import sys
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
import yaml

from consumer.deadline_watch import FAR_S
from consumer.settings import WorkerSettings
from monitoring import catalogue, tracker_catalogue
from monitoring.dashboards import command, looks, panels
from monitoring.dashboards.files import files
from monitoring.dashboards.latency import AN_HOUR_S
from monitoring.dashboards.looks import Looks
from monitoring.dashboards.workers import HIGH_WATER_BYTES
from monitoring.metric import Label
from monitoring.preview.queries import PanelQuery, fill, panel_queries
from tests.support.promql import problems, recorded_names
from tests.support.sources import ROOT

RULES = ROOT / "monitoring" / "prometheus" / "rules.yml"
PROVISIONING = ROOT / "monitoring" / "grafana" / "provisioning"
RECORDED = recorded_names(RULES)
DASHBOARDS: dict[str, dict[str, Any]] = {name: json.loads(text) for name, text in files().items()}
PANELS = [(name, panel) for name, dashboard in DASHBOARDS.items() for panel in dashboard["panels"]]
QUERIES = [query for dashboard in DASHBOARDS.values() for query in panel_queries(dashboard)]

every_dashboard = pytest.mark.parametrize("dashboard", DASHBOARDS.values(), ids=list(DASHBOARDS))
every_panel = pytest.mark.parametrize(
    "panel", [panel for _, panel in PANELS], ids=[f"{name}: {panel['title']}" for name, panel in PANELS]
)
every_query = pytest.mark.parametrize("query", QUERIES, ids=lambda q: f"{q.dashboard}: {q.panel} {q.ref}")


# --- the files are what the code writes ---


def test_the_committed_files_are_what_the_code_writes() -> None:
    assert command.differences(files(), command.HERE) == []


def test_the_same_code_writes_the_same_bytes() -> None:
    assert files() == files()


def run_command(folder: Path, *, check: bool) -> int:
    return command.run(argparse.Namespace(check=check, to=folder))


def test_a_file_edited_by_hand_is_told_with_the_command_that_mends_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run_command(tmp_path, check=False) == 0
    assert run_command(tmp_path, check=True) == 0
    edited = tmp_path / "latency.json"
    edited.write_text(edited.read_text(encoding="utf-8").replace("300", "301", 1), encoding="utf-8")
    assert run_command(tmp_path, check=True) == 1
    assert "latency.json is not what the code writes: run `python -m monitoring dashboards`" in (
        capsys.readouterr().err
    )
    assert "301" in edited.read_text(encoding="utf-8"), "a check writes nothing"


def test_a_dashboard_that_no_code_writes_is_told(tmp_path: Path) -> None:
    run_command(tmp_path, check=False)
    (tmp_path / "mine.json").write_text("{}", encoding="utf-8")
    (told,) = command.differences(files(), tmp_path)
    assert told.startswith("mine.json is written by no code")


def test_a_missing_sdk_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(sys.modules, "monitoring.dashboards.files")
    monkeypatch.setitem(sys.modules, "grafana_foundation_sdk.cog.encoder", None)
    assert run_command(tmp_path, check=False) == 1
    assert capsys.readouterr().err == (
        "dashboards are written with grafana-foundation-sdk: pip install -e '.[dev]'\n"
    )


# --- around the panels ---


@every_dashboard
def test_variables_choose_lines_and_cameras(dashboard: dict[str, Any]) -> None:
    used = set(re.findall(r"\$(line|camera)\b", json.dumps(dashboard["panels"])))
    listed = {variable["name"]: variable for variable in dashboard["templating"]["list"]}
    assert set(listed) == used
    for variable in listed.values():
        assert variable["multi"]
        assert variable["includeAll"]
        assert variable["allValue"] == ".*"


@every_dashboard
def test_links_lead_to_the_other_dashboards(dashboard: dict[str, Any]) -> None:
    others = {f"/d/{one['uid']}" for one in DASHBOARDS.values()} - {f"/d/{dashboard['uid']}"}
    assert {link["url"] for link in dashboard["links"]} == others
    assert all(link["keepTime"] and link["includeVars"] for link in dashboard["links"])


@every_dashboard
def test_a_coil_change_is_drawn_when_it_was(dashboard: dict[str, Any]) -> None:
    (changes,) = dashboard["annotations"]["list"]
    assert changes["useValueForTime"]
    assert changes["expr"].endswith("* 1000"), "Grafana counts milliseconds"
    assert changes["step"] == "5s", "two coils within a step would be one line"
    assert changes["target"]["expr"] == changes["expr"]


def test_uids_are_those_that_people_have_bookmarked() -> None:
    assert {name: one["uid"] for name, one in DASHBOARDS.items()} == {
        "latency.json": "coilwatch-latency",
        "line.json": "coilwatch-line",
        "coils.json": "coilwatch-coils",
    }


def test_the_provisioned_source_is_the_one_that_panels_ask() -> None:
    given = yaml.safe_load((PROVISIONING / "datasources" / "prometheus.yml").read_text(encoding="utf-8"))
    (source,) = given["datasources"]
    assert (source["uid"], source["type"]) == (panels.DATASOURCE.uid, panels.DATASOURCE.type_val)
    scraped = yaml.safe_load((RULES.parent / "prometheus.yml").read_text(encoding="utf-8"))
    assert source["jsonData"]["timeInterval"] == scraped["global"]["scrape_interval"]


# --- every panel ---


@every_panel
def test_a_panel_says_what_it_is(panel: dict[str, Any]) -> None:
    assert panel["title"].endswith("?"), "what a person on the floor would ask"
    assert len(panel["description"]) > 150, "what it shows, what moves it, what to do"
    assert panel["fieldConfig"]["defaults"]["unit"]
    assert panel["datasource"]["uid"] == panels.DATASOURCE.uid


@every_panel
def test_a_panel_asks_something(panel: dict[str, Any]) -> None:
    refs = [target["refId"] for target in panel["targets"]]
    assert refs
    assert len(refs) == len(set(refs))
    assert all(target["datasource"]["uid"] == panels.DATASOURCE.uid for target in panel["targets"])
    now = panel["type"] in {"table", "stat", "bargauge"}
    assert all(target["instant"] == now and target["range"] != now for target in panel["targets"])


@every_panel
def test_no_line_is_drawn_over_a_gap(panel: dict[str, Any]) -> None:
    if panel["type"] == "timeseries":
        assert panel["fieldConfig"]["defaults"]["custom"]["spanNulls"] is False


@every_panel
def test_series_that_are_named_are_there(panel: dict[str, Any]) -> None:
    legends = {target["legendFormat"] for target in panel["targets"]}
    renamed = {
        name
        for one in panel.get("transformations", ())
        for name in one["options"].get("renameByName", {}).values()
    }
    grouped = {legend.strip("{}") for legend in legends if legend.startswith("{{")}
    values = {value for label in every_label() if label.name in grouped for value in label.values}
    open_labels = {label.name for label in every_label() if not label.values}
    for override in panel["fieldConfig"]["overrides"]:
        if override["matcher"]["id"] == "byName" and not grouped & open_labels - {"le"}:
            assert override["matcher"]["options"] in legends | renamed | values


@every_dashboard
def test_panels_lie_side_by_side(dashboard: dict[str, Any]) -> None:
    fields = [
        {(x, y) for x in range(at["x"], at["x"] + at["w"]) for y in range(at["y"], at["y"] + at["h"])}
        for at in (panel["gridPos"] for panel in dashboard["panels"])
    ]
    assert all(not one & other for one, other in combinations(fields, 2))
    covered = set().union(*fields)
    assert max(x for x, _ in covered) == 23
    assert len(covered) == 24 * (max(y for _, y in covered) + 1), "no holes"


@every_dashboard
def test_titles_and_ids_are_unique(dashboard: dict[str, Any]) -> None:
    for field in ("title", "id"):
        values = [panel[field] for panel in dashboard["panels"]]
        assert len(values) == len(set(values))


def test_alerts_that_are_named_exist() -> None:
    rules = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    alerts = {rule["alert"] for group in rules["groups"] for rule in group["rules"] if "alert" in rule}
    named = {
        alert
        for _, panel in PANELS
        for sentence in re.findall(r"[^.]+ in the runbook", panel["description"])
        for alert in re.findall(r"\b[A-Z][a-z]+(?:[A-Z][a-z]+)+\b|\bDegraded\b", sentence)
    }
    assert named
    assert named <= alerts


# --- every query ---


@every_query
def test_a_query_can_find_what_it_asks_for(query: PanelQuery) -> None:
    filled = fill(query.expr)
    assert "$" not in filled
    assert problems(filled, RECORDED) == []


# --- what is said elsewhere too ---


def every_label() -> list[Label]:
    metrics = (*catalogue.METRICS, *tracker_catalogue.TRACKER_METRICS)
    return [label for metric in metrics for label in metric.labels]


@pytest.mark.parametrize(
    ("named", "label"),
    [
        (looks.FATES, catalogue.FATE),
        (looks.STAGES, catalogue.STAGE),
        (looks.LEFT_BECAUSE, catalogue.LEFT_BECAUSE),
        (looks.DEAD_LETTERS, catalogue.REJECTION),
        (looks.VERDICTS, tracker_catalogue.VERDICT),
        (looks.FIRST_VERDICTS, tracker_catalogue.FIRST_VERDICT),
        (looks.CLOSINGS, tracker_catalogue.CLOSING),
        (looks.ALARMS, tracker_catalogue.ALARM_KIND),
    ],
    ids=lambda value: value.name if isinstance(value, Label) else "",
)
def test_every_value_has_words_and_a_colour(named: Looks, label: Label) -> None:
    assert list(named) == list(label.values)


def test_classes_are_coloured_as_in_every_other_picture() -> None:
    from model.palette import colour_of

    card = json.loads((ROOT / "model/bundles/severstal/card.json").read_text(encoding="utf-8"))
    for one in card["classes"]:
        assert looks.CLASSES[one["name"]].colour == colour_of(one["class_id"])


def test_marks_of_settings_are_the_settings() -> None:
    assert WorkerSettings.model_fields["in_flight_high_mib"].default * 2**20 == HIGH_WATER_BYTES
    assert FAR_S == AN_HOUR_S
