"""The rules as code, and as the file that Prometheus reads."""

from __future__ import annotations

import re
from argparse import ArgumentParser, Namespace
from pathlib import Path

import promql_parser
import pytest
import yaml

from monitoring.catalogue import DEAD_LETTERS, FATE, FRAMES, LATENCY, LINE, REJECTION
from monitoring.rules import command
from monitoring.rules.file import COMMAND, RULES_FILE, rules_text
from monitoring.rules.groups import ALERTS, GROUPS, RECORDS, RULES
from monitoring.rules.promql import TRACKER_JOB, WORKER_JOB, observations, series, where, where_not
from monitoring.rules.rule import Alert, Condition, Group, Record
from tests.support.programs import run_program
from tests.support.promql import exposed, problems

SCENARIOS = sorted((Path(__file__).parent / "promtool").glob("*.yml"))


def which(rule: Record | Alert) -> str:
    if isinstance(rule, Record):
        return rule.name
    return " ".join([rule.name, rule.severity, *rule.labels.values()])


each_alert = pytest.mark.parametrize("alert", ALERTS, ids=which)
each_rule = pytest.mark.parametrize("rule", RULES, ids=which)


# --- the file ---


def test_the_file_is_what_the_code_says() -> None:
    assert RULES_FILE.read_text(encoding="utf-8") == rules_text(), f"run `{COMMAND}`"


def test_the_file_names_who_writes_it() -> None:
    first = RULES_FILE.read_text(encoding="utf-8").splitlines()[0]
    assert first.startswith("# ")
    assert COMMAND in first


def test_the_file_holds_every_rule() -> None:
    groups = yaml.safe_load(rules_text())["groups"]
    assert [rule for group in groups for rule in group["rules"]] == [rule.as_yaml() for rule in RULES]
    assert [group["name"] for group in groups] == [group.name for group in GROUPS]


def given(*words: str) -> Namespace:
    parser = ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args(words)


def test_writes_the_file_and_says_when_nothing_changed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "rules.yml"
    assert command.run(given("--file", str(file))) == 0
    assert file.read_text(encoding="utf-8") == rules_text()
    assert command.run(given("--file", str(file))) == 0
    assert capsys.readouterr().out.splitlines() == [f"{file}: written", f"{file}: as before"]


@pytest.mark.parametrize("change", ["edited", "missing"])
def test_a_file_edited_by_hand_is_told_with_the_command(
    change: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "rules.yml"
    if change == "edited":
        file.write_text(rules_text().replace("< 0", "< 30"), encoding="utf-8")
        before = file.read_text(encoding="utf-8")
    assert command.run(given("--file", str(file), "--check")) == 1
    assert f"run `{COMMAND}`" in capsys.readouterr().err
    if change == "edited":
        assert file.read_text(encoding="utf-8") == before
    else:
        assert not file.exists()


def test_the_shipped_file_passes_the_check() -> None:
    assert command.run(given("--check")) == 0


# --- Prometheus's own tools ---


def test_promtool_accepts_the_rules() -> None:
    checked = run_program("promtool", "check", "rules", RULES_FILE)
    assert checked.returncode == 0, checked.stdout
    assert f"SUCCESS: {len(RULES)} rules found" in checked.stdout
    assert "duplicate" not in checked.stdout


@pytest.mark.parametrize("scenarios", SCENARIOS, ids=lambda path: path.stem)
def test_alerts_fire_when_they_must_and_only_then(scenarios: Path) -> None:
    ran = run_program("promtool", "test", "rules", scenarios)
    assert ran.returncode == 0, ran.stdout


def expectations() -> list[dict]:
    """What the scenarios say of an alert at a time."""
    return [
        expected
        for path in SCENARIOS
        for test in yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]
        for expected in test.get("alert_rule_test", [])
    ]


@each_alert
def test_a_scenario_fires_the_alert(alert: Alert) -> None:
    fired = [
        one["exp_labels"]
        for expected in expectations()
        if expected["alertname"] == alert.name
        for one in expected.get("exp_alerts") or []
    ]
    wanted = {"severity": alert.severity, **alert.labels}
    assert [labels for labels in fired if wanted.items() <= labels.items()]


@pytest.mark.parametrize("name", sorted({alert.name for alert in ALERTS}))
def test_a_scenario_does_not_fire_the_alert(name: str) -> None:
    assert [e for e in expectations() if e["alertname"] == name and not e.get("exp_alerts")]


def test_scenarios_ask_for_no_alert_that_is_not_there() -> None:
    # promtool takes a misspelt name for one that does not fire.
    assert {expected["alertname"] for expected in expectations()} <= {alert.name for alert in ALERTS}


# --- what is asked ---

RECORD_NAME = re.compile(r"coilwatch:[\w:]+")
RECORDED = {record.name: (record.expr, frozenset[str]()) for record in RECORDS}


@each_rule
def test_asks_only_for_what_there_is(rule: Record | Alert) -> None:
    assert problems(rule.expr, RECORDED) == []
    assert set(re.findall(r'job="(\w+)"', rule.expr)) <= {WORKER_JOB, TRACKER_JOB}


@each_alert
def test_each_measure_stands_by_itself(alert: Alert) -> None:
    for condition in alert.conditions:
        assert problems(condition.measure, RECORDED) == []
        comparison = promql_parser.parse(condition.expr)
        assert isinstance(comparison, promql_parser.BinaryExpr)
        assert str(comparison.op) == condition.op


def test_scenarios_feed_only_series_that_there_are() -> None:
    fed = [
        re.fullmatch(r"(\w+)(?:\{(.*)\})?", series["series"])
        for path in SCENARIOS
        for test in yaml.safe_load(path.read_text(encoding="utf-8"))["tests"]
        for series in test["input_series"]
    ]
    for match in fed:
        assert match
        assert set(re.findall(r"(\w+)=", match[2] or "")) == exposed()[match[1]].names, match[0]


@pytest.mark.parametrize("group", GROUPS, ids=lambda group: group.name)
def test_a_group_records_before_it_asks(group: Group) -> None:
    known = {r.name for other in GROUPS if other is not group for r in other.rules if isinstance(r, Record)}
    for rule in group.rules:
        assert set(RECORD_NAME.findall(rule.expr)) <= known
        if isinstance(rule, Record):
            known.add(rule.name)


def test_every_record_is_asked_for() -> None:
    asked = {name for rule in RULES for name in RECORD_NAME.findall(rule.expr)}
    assert {record.name for record in RECORDS} <= asked


# --- what a person is told ---

IMPERATIVES = {"add", "check", "find", "look", "plan", "read", "see", "start", "stop"}


@each_alert
def test_the_summary_says_what_to_do(alert: Alert) -> None:
    filled = re.sub(r"\{\{ \$labels\.(\w+) \}\}", r"the-\1-1", alert.summary)
    filled = re.sub(r"\{\{.*?\}\}", "12.34%", filled)
    assert "{{" not in filled
    assert len(filled) <= 160
    assert "\n" not in filled
    assert re.search(rf": ({'|'.join(sorted(IMPERATIVES))}) ", filled), filled


@each_alert
def test_annotations_ask_only_for_labels_that_the_alert_has(alert: Alert) -> None:
    wanted = set(re.findall(r"\$labels\.(\w+)", alert.summary + alert.description))
    first = alert.conditions[0].expr
    grouped = re.match(r"\w+ by \(([^)]*)\)", first)
    has = set(grouped[1].split(", ")) if grouped else set()
    if first.startswith("coilwatch:first_verdicts"):
        has = {"line"}
    assert wanted <= has | alert.labels.keys()


def test_alerts_of_one_name_can_be_told_apart() -> None:
    labels = [(alert.name, alert.severity, *sorted(alert.labels.items())) for alert in ALERTS]
    assert len(set(labels)) == len(labels)


def test_no_alert_is_about_a_single_coil() -> None:
    forbidden = re.compile(r"\b(coil_id|frame_index|trace_id)\b")
    assert not [rule for rule in RULES if forbidden.search(rule.expr)]


# --- the words that rules are written in ---


def test_a_selector_knows_its_metric() -> None:
    assert series(FRAMES) == "coilwatch_frames_total"
    assert series(FRAMES, where(FATE, "clean")) == 'coilwatch_frames_total{fate="clean"}'
    assert (
        series(FRAMES, where(LINE, "line-1"), where_not(FATE, "clean", "defective"))
        == 'coilwatch_frames_total{line="line-1",fate!~"clean|defective"}'
    )
    assert observations(LATENCY) == "coilwatch_latency_seconds_count"


def a_histogram_as_a_counter() -> None:
    series(LATENCY)


def a_label_that_it_has_not() -> None:
    series(DEAD_LETTERS, where(FATE, "clean"))


def a_value_that_never_is() -> None:
    where(REJECTION, "ugly")


@pytest.mark.parametrize(
    ("wrong", "why"),
    [
        (a_histogram_as_a_counter, "is a histogram"),
        (a_label_that_it_has_not, "coilwatch_dead_letters_total has no label fate"),
        (a_value_that_never_is, "reason is never ugly"),
    ],
)
def test_a_selector_that_cannot_be_is_refused(wrong, why: str) -> None:
    with pytest.raises(ValueError, match=why):
        wrong()


@pytest.mark.parametrize(
    ("measure", "expr"),
    [
        ("sum(a)", "sum(a) > 1"),
        ("sum by (line, b) (a)", "sum by (line, b) (a) > 1"),
        ("a / b", "(a / b) > 1"),
        ("a\nor\nb", "(\n  a\n  or\n  b\n) > 1"),
        ("rate(a[1m])", "rate(a[1m]) > 1"),
    ],
)
def test_a_measure_with_operators_is_put_in_parentheses(measure: str, expr: str) -> None:
    assert Condition(measure=measure, op=">", threshold=1).expr == expr


def test_conditions_are_joined_by_the_labels_that_they_share() -> None:
    alert = Alert(
        name="Example",
        conditions=(
            Condition(measure="a", op=">", threshold=0.144),
            Condition(measure="b", op="<", threshold="c", on=(LINE,)),
            Condition(measure="d", op="==", threshold=0),
        ),
        for_s=15,
        severity="page",
        summary="s",
        description="d",
    )
    assert alert.expr == "a > 0.144\nand on (line)\nb < c\nand on ()\nd == 0"
    assert alert.as_yaml()["for"] == "15s"
    assert alert.runbook_url == "monitoring/RUNBOOK.md#example"
