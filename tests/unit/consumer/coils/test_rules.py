from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from consumer.coils.grading.rules import SHIPPED, load_rules
from consumer.coils.grading.rules_file import RulesFile
from consumer.coils.yaml_lines import YamlRefused, read_yaml
from contracts.reports import Verdict
from tests.support.grading import rules_of

BUNDLES = Path(__file__).parents[4] / "model" / "bundles"


def test_the_shipped_rules_load_and_name_every_class_of_every_bundle() -> None:
    rules = load_rules()
    cards = [json.loads(card.read_text()) for card in sorted(BUNDLES.glob("*/card.json"))]
    assert cards
    for card in cards:
        assert {c["name"] for c in card["classes"]} == set(rules.classes)
    named = {name for rule in rules.rules for name in rule.when.classes}
    assert named == set(rules.classes)


def test_the_version_carries_the_files_digest(tmp_path: Path) -> None:
    text = 'version: "2026-11"\nrules: []\n'
    rules = rules_of(tmp_path, text)
    assert rules.version == f"2026-11/{hashlib.sha256(text.encode()).hexdigest()[:8]}"
    assert rules_of(tmp_path, text + "# loosened\n").version != rules.version


def test_an_empty_list_of_rules_leaves_the_allowance_at_nothing(tmp_path: Path) -> None:
    allowance = rules_of(tmp_path, 'version: "1"\nrules: []\n').allowance
    assert (allowance.missing.of(1000), allowance.dead_lettered.of(1000), allowance.beyond) == (
        0,
        0,
        Verdict.HOLD,
    )


@pytest.mark.parametrize(("said", "of_2000"), [("0", 0), ("3", 3), ("0.1 %", 2), (".05%", 1)])
def test_the_allowance_is_a_number_or_a_share(tmp_path: Path, said: str, of_2000: float) -> None:
    rules = rules_of(tmp_path, f'version: "1"\nallowance: {{missing: {said}}}\nrules: []\n')
    assert rules.allowance.missing.of(2000) == pytest.approx(of_2000)


HEAD = 'version: "1"\nclasses: [pit, scab]\nrules:\n'
RULE = HEAD + "  - name: a\n    verdict: hold\n    when:\n"


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        pytest.param('version: "1"\nrules: []\nrulez: []\n', 3, "rulez", id="unknown key"),
        pytest.param("rules: []\n", 1, "version", id="no version"),
        pytest.param("version: 1.5\nrules: []\n", 1, "version", id="version that is a number"),
        pytest.param('version: "1"\nrules: []\nrules: []\n', 3, "twice", id="key twice"),
        pytest.param('version: "1"\nrules: [\n', 3, "no YAML", id="no YAML"),
        pytest.param('version: "1"\nallowance: {missing: 0.1}\nrules: []\n', 2, "0.1 %", id="share bare"),
        pytest.param('version: "1"\nallowance: {missing: -1}\nrules: []\n', 2, "missing", id="below 0"),
        pytest.param(
            'version: "1"\nallowance: {missing: 101 %}\nrules: []\n', 2, "100 %", id="more than all"
        ),
        pytest.param(
            'version: "1"\nallowance: {beyond: release}\nrules: []\n', 2, "hold or reject", id="lax beyond"
        ),
        pytest.param(
            HEAD + "  - {name: a, verdict: release, when: {lanes: {}}}\n", 4, "hold or reject", id="release"
        ),
        pytest.param(
            HEAD + "  - {name: a, verdict: scrap, when: {lanes: {}}}\n", 4, "verdict", id="other verdict"
        ),
        pytest.param(
            HEAD + "  - {name: No, verdict: hold, when: {lanes: {}}}\n", 4, "name", id="name in capitals"
        ),
        pytest.param(
            HEAD + "  - {name: frames_missing, verdict: hold, when: {lanes: {}}}\n",
            4,
            "always looked for",
            id="built-in name",
        ),
        pytest.param(
            HEAD + "  - {name: a, verdict: hold, when: {lanes: {}}}\n" * 2, 5, "earlier rule", id="name twice"
        ),
        pytest.param(RULE + "      defects:\n        aera_mm2: {min: 1}\n", 8, "aera_mm2", id="misspelt"),
        pytest.param(RULE + "      defects:\n        class: scabb\n", 8, "scabb", id="unknown class"),
        pytest.param(
            RULE + "      marks:\n        class: [pit, rust]\n", 8, "rust", id="one of them unknown"
        ),
        pytest.param(RULE + "      defects:\n        class: []\n", 8, "any", id="no class"),
        pytest.param(RULE + "      defects:\n        class: no\n", 8, "False", id="YAML's no"),
        pytest.param(RULE + "      {}\n", 6, "exactly one", id="no condition"),
        pytest.param(RULE + "      defects: {}\n      lanes: {}\n", 6, "exactly one", id="two conditions"),
        pytest.param(
            RULE + "      defects:\n        area_mm2: {min: 5, max: 4}\n", 8, "above max", id="min above max"
        ),
        pytest.param(RULE + "      defects:\n        area_mm2: {}\n", 8, "min, max", id="empty range"),
        pytest.param(
            RULE + "      defects:\n        area_mm2: {min: .nan}\n", 8, "finite", id="not a number"
        ),
        pytest.param(RULE + "      defects:\n        near: {}\n", 8, "edge_mm", id="empty zone"),
        pytest.param(
            RULE + "      defects:\n        near: {edge_mm: -1}\n", 8, "edge_mm", id="negative zone"
        ),
        pytest.param(RULE + "      defects:\n        density: 0.5\n", 8, "0.1 %", id="density without %"),
        pytest.param(
            RULE + "      defects:\n        density: 1 %\n        at_least: 2\n",
            7,
            "not both",
            id="two counts",
        ),
        pytest.param(RULE + "      defects:\n        within_m: 5\n", 7, "at_least", id="one in a stretch"),
        pytest.param(RULE + "      defects:\n        at_least: 0\n", 8, "at_least", id="at least none"),
        pytest.param(RULE + "      marks:\n        roll: maybe\n", 8, "roll", id="roll named how"),
    ],
)
def test_a_wrong_file_is_refused_with_file_line_and_reason(
    tmp_path: Path, text: str, line: int, said: str
) -> None:
    with pytest.raises(YamlRefused) as refused:
        rules_of(tmp_path, text)
    message = str(refused.value)
    assert message.startswith(f"{tmp_path / 'rules.yaml'}, line {line}: ")
    assert said in message
    assert "\n" not in message


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(YamlRefused, match=r"nowhere\.yaml"):
        load_rules(tmp_path / "nowhere.yaml")


def test_a_file_that_changes_while_it_is_read_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_and_edit(path: Path, model: type[RulesFile]) -> RulesFile:
        file = read_yaml(path, model)
        path.write_text(path.read_text() + "# one more\n")
        return file

    monkeypatch.setattr("consumer.coils.grading.rules.read_yaml", read_and_edit)
    with pytest.raises(YamlRefused, match="changed while it was read"):
        rules_of(tmp_path, 'version: "1"\nrules: []\n')


def test_a_class_may_be_given_by_id_or_any(tmp_path: Path) -> None:
    rules = rules_of(
        tmp_path,
        HEAD
        + "  - {name: a, verdict: hold, when: {defects: {class: [scab, 7]}}}\n"
        + "  - {name: b, verdict: hold, when: {defects: {class: any}}}\n",
    )
    assert [rule.when.classes for rule in rules.rules] == [("scab", 7), ()]


def test_the_shipped_file_lies_where_a_package_carries_it() -> None:
    assert SHIPPED.parts[-4:] == ("consumer", "coils", "grading", "default.yaml")
