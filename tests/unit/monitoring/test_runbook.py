"""The runbook against the rules, the dashboards and the code that it speaks of."""

from __future__ import annotations

import importlib.util
import json
import re

import pytest

from monitoring.rules.file import RULES_FILE
from monitoring.rules.groups import ALERTS
from monitoring.rules.rule import RUNBOOK
from tests.support.promql import problems, recorded_names
from tests.support.sources import ROOT

TEXT = (ROOT / RUNBOOK).read_text(encoding="utf-8")
FLAT = " ".join(TEXT.split())
_TITLES, _BODIES = re.findall(r"(?m)^## (.+)$", TEXT), re.split(r"(?m)^## .+$", TEXT)[1:]
SECTIONS = dict(zip(_TITLES, _BODIES, strict=True))
INTRODUCTION = ("How the pieces fit", "The objective, and its budget", "What is not watched")
PARTS = ("Means", "The operator notices", "Look first", "Usual causes", "Do", "Goes")
NAMES = sorted({alert.name for alert in ALERTS})

each_alert = pytest.mark.parametrize("name", NAMES)


def test_a_section_for_each_alert_and_none_without() -> None:
    assert sorted(SECTIONS) == sorted([*NAMES, *INTRODUCTION])


@each_alert
def test_a_section_answers_the_same_questions_in_the_same_order(name: str) -> None:
    bold = re.findall(r"(?m)^\*\*([A-Z][\w ]+?)\.?\*\*", SECTIONS[name])
    assert bold == list(PARTS)


@each_alert
def test_a_section_has_a_query_to_paste(name: str) -> None:
    assert "```promql" in SECTIONS[name]


def test_links_lead_to_the_sections() -> None:
    for alert in ALERTS:
        path, _, anchor = alert.runbook_url.partition("#")
        assert (ROOT / path).is_file()
        assert anchor in {title.lower() for title in SECTIONS}


@pytest.mark.parametrize("query", re.findall(r"```promql\n(.*?)```", TEXT, re.DOTALL))
def test_queries_ask_for_what_there_is(query: str) -> None:
    assert problems(query, recorded_names(RULES_FILE)) == []


def test_names_only_panels_that_there_are() -> None:
    dashboards = (ROOT / "monitoring/grafana/dashboards").glob("*.json")
    panels = {panel["title"] for path in dashboards for panel in json.loads(path.read_text())["panels"]}
    named = set(re.findall(r'"([A-Z][^"]*\?)"', FLAT))
    assert named
    assert named <= panels


def test_names_only_log_lines_that_there_are() -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in sorted((ROOT / "consumer").rglob("*.py")))
    named = [
        line
        for first, second in re.findall(r"log lines? `([^`]+)`(?: and `([^`]+)`)?", FLAT)
        for line in (first, second)
        if line
    ]
    assert named
    assert [line for line in named if f'"{line}"' not in source] == []


def test_names_only_settings_that_the_readme_has() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [name for name in re.findall(r"COILWATCH_[A-Z_]+", TEXT) if f"`{name}`" not in readme] == []


def test_names_only_commands_that_there_are() -> None:
    for module in set(re.findall(r"python -m ([\w.]+)", FLAT)):
        assert importlib.util.find_spec(f"{module}.__main__"), module


def test_names_only_alerts_that_there_are() -> None:
    spoken_of = set(re.findall(r"\b[A-Z][a-z]+(?:[A-Z][a-z]+)+\b", FLAT))
    assert spoken_of <= set(NAMES)
