from __future__ import annotations

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumer.coils.grading.grade import SEVERITY, grade, worst
from consumer.coils.grading.rules import Rules, load_rules
from consumer.coils.grading.rules_file import BUILT_IN
from contracts.reports import Closing, CoilDefect, Verdict
from tests.support.grading import defect, facts, lane, ledger, mark, one_rule, rules_of


def fired(rules: Rules, *defects: CoilDefect, **changes: object) -> list[str]:
    return [finding.rule for finding in grade(facts(*defects, **changes), rules).findings]


@pytest.fixture
def no_rules(tmp_path: Path) -> Rules:
    return rules_of(tmp_path, 'version: "1"\nrules: []\n')


def test_a_coil_of_which_nothing_is_wrong_is_released() -> None:
    assert grade(facts(), load_rules()).verdict is Verdict.RELEASE


def test_the_worst_verdict_counts_and_every_rule_that_fired_is_told(tmp_path: Path) -> None:
    rules = rules_of(
        tmp_path,
        """
        version: "1"
        rules:
          - {name: held, verdict: hold, when: {defects: {class: scab}}}
          - {name: rejected, verdict: reject, when: {defects: {class: scab, at_least: 2}}}
          - {name: silent, verdict: reject, when: {defects: {class: crack}}}
        """,
    )
    graded = grade(facts(defect(4), defect(4)), rules)
    assert graded.verdict is Verdict.REJECT
    assert [(f.rule, f.verdict) for f in graded.findings] == [
        ("held", Verdict.HOLD),
        ("rejected", Verdict.REJECT),
    ]


# --- which defects count ---


@pytest.mark.parametrize(
    ("when", "fires_on", "passes"),
    [
        pytest.param("class: scab", defect(4), defect(3), id="class by name"),
        pytest.param("class: 4", defect(4), defect(3), id="class by id"),
        pytest.param("class: [pit, 4]", defect(4), defect(3), id="one of several"),
        pytest.param("class: any", defect(9), None, id="any class"),
        pytest.param(
            "area_mm2: {min: 100}", defect(area_mm2=100), defect(area_mm2=99.9), id="area, bound included"
        ),
        pytest.param("length_mm: {min: 50}", defect(length_mm=60), defect(width_mm=60), id="length"),
        pytest.param("width_mm: {max: 5}", defect(width_mm=4), defect(length_mm=4), id="width"),
        pytest.param("near: {edge_mm: 20}", defect(across_mm=20), defect(across_mm=21), id="drive side"),
        pytest.param("near: {edge_mm: 20}", defect(across_mm=970), defect(across_mm=969), id="other side"),
        pytest.param(
            "near: {head_mm: 500}", defect(along_mm=499), defect(along_mm=501), id="head"
        ),
        pytest.param(
            "near: {tail_mm: 500}", defect(along_mm=99_490), defect(along_mm=99_489), id="tail"
        ),
        pytest.param(
            "near: {tail_mm: 500, edge_mm: 20}", defect(across_mm=0), defect(), id="either margin"
        ),
        pytest.param(
            "body: {edge_mm: 20}", defect(across_mm=15), defect(across_mm=10), id="body, across"
        ),
        pytest.param(
            "body: {head_mm: 500, tail_mm: 500}", defect(), defect(along_mm=99_500), id="body, along"
        ),
        pytest.param(
            "body: {head_mm: 500}", defect(along_mm=0, length_mm=501), defect(along_mm=0), id="long"
        ),
        pytest.param("body: {head_mm: 60000, tail_mm: 40000}", None, defect(length_mm=30_000), id="no body"),
    ],
)  # fmt: skip
def test_a_rule_counts_the_defects_that_it_describes(
    tmp_path: Path, when: str, fires_on: CoilDefect | None, passes: CoilDefect | None
) -> None:
    rules = one_rule(tmp_path, f"defects: {{{when}}}")
    if fires_on is not None:
        assert fired(rules, fires_on) == ["asked"]
    if passes is not None:
        assert fired(rules, passes) == []


def test_on_a_strip_of_unknown_width_any_defect_may_be_at_the_edge(tmp_path: Path) -> None:
    assert fired(one_rule(tmp_path, "defects: {near: {edge_mm: 5}}"), defect(), width_mm=0.0) == ["asked"]
    assert fired(one_rule(tmp_path, "defects: {body: {edge_mm: 5}}"), defect(), width_mm=0.0) == ["asked"]
    assert fired(one_rule(tmp_path, "defects: {density: 50 %}"), defect(), width_mm=0.0) == ["asked"]


# --- how many, how much ---


def row(count: int, every_mm: float, **changes: float) -> list[CoilDefect]:
    return [defect(4, 1000 + i * every_mm, **changes) for i in range(count)]


@pytest.mark.parametrize(
    ("when", "defects", "fires"),
    [
        pytest.param("at_least: 3", row(3, 9000), True, id="enough on the coil"),
        pytest.param("at_least: 4", row(3, 9000), False, id="too few on the coil"),
        pytest.param("at_least: 3, within_m: 2", row(3, 995), True, id="enough in a stretch"),
        pytest.param("at_least: 3, within_m: 2", row(9, 1010), False, id="spread out"),
        pytest.param("density: 1 %", [defect(area_mm2=1e6)], True, id="dense, the bound included"),
        pytest.param("density: 1 %", [defect(area_mm2=0.99e6)], False, id="not dense"),
        pytest.param("density: 1 %, within_m: 1", [defect(area_mm2=1e4)], True, id="dense in a stretch"),
        pytest.param("density: 1 %, within_m: 2", [defect(area_mm2=1e4)], False, id="a longer stretch"),
        pytest.param(
            "density: 1 %, within_m: 1", [defect(length_mm=4000, area_mm2=3e4)], False, id="spread along it"
        ),
        pytest.param("density: 1 %, within_m: 500", [defect(area_mm2=1e6)], True, id="longer than the strip"),
    ],
)
def test_a_rule_counts_or_weighs(tmp_path: Path, when: str, defects: list[CoilDefect], fires: bool) -> None:
    assert fired(one_rule(tmp_path, f"defects: {{class: scab, {when}}}"), *defects) == ["asked"] * fires


# --- marks and lanes ---


@pytest.mark.parametrize(
    ("when", "fires"),
    [
        pytest.param("marks: {}", True, id="any mark"),
        pytest.param("marks: {class: scab}", True, id="its class"),
        pytest.param("marks: {class: 4}", True, id="its class by id"),
        pytest.param("marks: {class: pit}", False, id="another class"),
        pytest.param("marks: {hits: {min: 10}}", False, id="too few hits"),
        pytest.param("marks: {false_alarm_probability: {max: 0.0000001}}", False, id="not certain enough"),
        pytest.param("marks: {period_mm: {min: 1880, max: 1890}}", True, id="its period"),
        pytest.param("marks: {roll: unnamed}", True, id="no roll fits"),
        pytest.param("marks: {roll: named}", False, id="a roll must fit"),
        pytest.param("marks: {at_least: 2}", False, id="one only"),
        pytest.param("lanes: {}", True, id="any lane"),
        pytest.param("lanes: {class: scab}", False, id="a lane of another class"),
        pytest.param("lanes: {defects: {min: 12}}", True, id="a full lane"),
        pytest.param("lanes: {defects: {min: 13}}", False, id="not full enough"),
        pytest.param("lanes: {at_least: 2}", False, id="one lane only"),
    ],
)
def test_a_rule_sees_marks_and_lanes(tmp_path: Path, when: str, fires: bool) -> None:
    assert fired(one_rule(tmp_path, when), marks=(mark(),), lanes=(lane(),)) == ["asked"] * fires


# --- what no file can switch off ---


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("frames_missing", {"ledger_by_camera": {"a": ledger(missing=1)}, "closed_because": Closing.SETTLED}),
        ("frames_dead_lettered", {"ledger_by_camera": {"top": ledger(), "b": ledger(dead_lettered=1)}}),
        ("frames_unsegmented", {"ledger_by_camera": {"top": ledger(unsegmented=1)}}),
        ("frames_surplus", {"ledger_by_camera": {"top": ledger(surplus=1)}}),
        ("coil_incomplete", {"closed_because": Closing.DEADLINE}),
        ("coil_incomplete", {"closed_because": Closing.TIMED_OUT}),
        ("coil_incomplete", {"closed_because": Closing.UNANNOUNCED}),
        ("coil_incomplete", {"closed_because": Closing.SETTLED}),
        ("coil_incomplete", {"complete": False}),
        ("coil_empty", {"ledger_by_camera": {}}),
        ("coil_empty", {"ledger_by_camera": {"top": ledger(announced=0)}}),
        ("contradictions", {"notes": ("line control ended it twice",)}),
    ],
    ids=lambda value: value if isinstance(value, str) else "+".join(map(str, value)),
)  # fmt: skip
def test_what_was_not_seen_is_never_released(no_rules: Rules, name: str, changes: dict[str, object]) -> None:
    graded = grade(facts(**changes), no_rules)
    assert graded.verdict is Verdict.HOLD
    assert [finding.rule for finding in graded.findings] == [name]
    assert name in BUILT_IN


def test_what_the_allowance_lets_pass_is_released(tmp_path: Path) -> None:
    rules = rules_of(
        tmp_path, 'version: "1"\nallowance: {missing: 2, dead_lettered: 0.2 %, beyond: reject}\nrules: []\n'
    )
    within = {"top": ledger(missing=2, dead_lettered=2)}
    settled = {"closed_because": Closing.SETTLED, "complete": False}
    assert grade(facts(ledger_by_camera=within, **settled), rules).verdict is Verdict.RELEASE
    beyond = {"top": ledger(missing=3, dead_lettered=3)}
    graded = grade(facts(ledger_by_camera=beyond, **settled), rules)
    assert graded.verdict is Verdict.REJECT
    assert [f.evidence for f in graded.findings] == [
        "3 of 1,000 frames (0.3 %) without an inspection, on top 3; allowed: 2",
        "3 of 1,000 frames (0.3 %) that can never be inspected, on top 3; allowed: 0.2 %",
    ]


def test_the_allowance_is_of_all_cameras_together(tmp_path: Path) -> None:
    rules = rules_of(tmp_path, 'version: "1"\nallowance: {dead_lettered: 0.1 %}\nrules: []\n')
    both = {"a": ledger(dead_lettered=2), "b": ledger()}
    assert fired(rules, ledger_by_camera=both) == []
    assert fired(rules, ledger_by_camera={"a": ledger(dead_lettered=2)}) == ["frames_dead_lettered"]


def test_a_class_that_the_rules_do_not_know_is_held(tmp_path: Path) -> None:
    text = 'version: "1"\nclasses: [pit]\nrules:\n'
    rules = rules_of(
        tmp_path, text + "  - {name: a, verdict: reject, when: {defects: {class: 7, at_least: 9}}}"
    )
    assert fired(rules, defect(1), defect(7)) == []
    graded = grade(facts(defect(1), defect(4), defect(4)), rules)
    assert [(f.rule, f.evidence) for f in graded.findings] == [
        ("class_unknown", "2 scabs: the rules know only pit")
    ]


# --- evidence ---


@pytest.mark.parametrize(
    ("when", "given", "said"),
    [
        pytest.param(
            "defects: {class: scab, area_mm2: {min: 1000}}",
            {"defects": [defect(area_mm2=a, along_mm=12_400 + a) for a in (1200, 4300, 2000)]},
            "3 scabs of 1,200-4,300 mm2, the first at 13.6 m",
            id="area",
        ),
        pytest.param(
            "defects: {class: scratch, length_mm: {min: 50}, at_least: 1}",
            {"defects": [defect(3, 12_400, length_mm=60)]},
            "1 scratch 60 mm long, the first at 12.4 m",
            id="length",
        ),
        pytest.param(
            "defects: {near: {edge_mm: 20}, at_least: 2}",
            {"defects": [defect(3, across_mm=1), defect(4, across_mm=2)]},
            "2 defects (1 scab, 1 scratch) of 100 mm2 within 20 mm from an edge, the first at 50.0 m; "
            "2 are too many",
            id="edge",
        ),
        pytest.param(
            "defects: {at_least: 2, within_m: 10}",
            {"defects": [defect(along_mm=a) for a in (0, 50_000, 51_000)]},
            "2 scabs of 100 mm2 within 10 m, from 41.0 m on; 2 are too many",
            id="stretch",
        ),
        pytest.param(
            "defects: {density: 0.1 %, within_m: 1}",
            {"defects": [defect(1, area_mm2=2000), defect(4, 90_000)]},
            "0.2 % of 1 m of strip, from 49.0 m on, under 1 pit; 0.1 % is too much",
            id="density",
        ),
        pytest.param(
            "marks: {}",
            {"marks": [mark(roll="work roll 4")]},
            "scab each 1,885 mm at 400 mm across, 9 hits, false-alarm probability 1e-06, fits work roll 4",
            id="mark",
        ),
        pytest.param("lanes: {}", {"lanes": [lane()]}, "12 scratches at 400-420 mm across", id="lane"),
    ],
)
def test_the_evidence_is_in_words_and_figures(
    tmp_path: Path, when: str, given: dict[str, object], said: str
) -> None:
    (finding,) = grade(facts(**given), one_rule(tmp_path, when)).findings
    assert finding.evidence == said


def test_evidence_fits_its_field_whatever_there_is(tmp_path: Path) -> None:
    rules = one_rule(tmp_path, "marks: {}")
    marks = [mark(lane_mm=float(i), roll="r" * 400) for i in range(50)]
    found = grade(facts(marks=marks, notes=["odd" * 100] * 9), rules).findings
    assert [f.rule for f in found] == ["contradictions", "asked"]
    assert all(len(f.evidence) <= 500 for f in found)


# --- properties ---

ALL_SORTS = """
    version: "1"
    classes: [pit, crack, scratch]
    rules:
      - {name: a, verdict: hold, when: {defects: {class: crack, area_mm2: {min: 10, max: 80}}}}
      - {name: b, verdict: hold, when: {defects: {at_least: 4, within_m: 5}}}
      - {name: c, verdict: reject, when: {defects: {at_least: 3, body: {edge_mm: 100, head_mm: 20000}}}}
      - {name: d, verdict: reject, when: {defects: {density: 0.001 %}}}
      - {name: e, verdict: hold, when: {defects: {class: pit, density: 0.005 %, within_m: 3}}}
      - {name: f, verdict: reject, when: {defects: {near: {edge_mm: 9, tail_mm: 5000}, length_mm: {min: 9}}}}
    """

defects_anywhere = st.builds(
    defect,
    st.integers(1, 4),
    st.integers(0, 99).map(lambda metre: metre * 1000.0),
    st.sampled_from([0.0, 50.0, 500.0, 980.0]),
    length_mm=st.sampled_from([1.0, 60.0, 3000.0]),
    area_mm2=st.sampled_from([1.0, 50.0, 100.0, 900.0]),
)


@pytest.fixture(scope="module")
def all_sorts(tmp_path_factory: pytest.TempPathFactory) -> Rules:
    return rules_of(tmp_path_factory.mktemp("rules"), ALL_SORTS)


@given(defects=st.lists(defects_anywhere, max_size=8), one_more=defects_anywhere)
def test_a_defect_more_never_makes_the_verdict_milder(
    all_sorts: Rules, defects: list[CoilDefect], one_more: CoilDefect
) -> None:
    before, after = grade(facts(*defects), all_sorts), grade(facts(*defects, one_more), all_sorts)
    assert SEVERITY.index(after.verdict) >= SEVERITY.index(before.verdict)
    assert {f.rule for f in before.findings} <= {f.rule for f in after.findings}


@given(defects=st.lists(defects_anywhere, max_size=8), seed=st.integers(0, 99))
def test_the_order_of_defects_shows_nowhere(all_sorts: Rules, defects: list[CoilDefect], seed: int) -> None:
    shuffled = random.Random(seed).sample(defects, len(defects))
    assert grade(facts(*shuffled), all_sorts) == grade(facts(*defects), all_sorts)


@given(defects=st.lists(defects_anywhere, max_size=8))
def test_the_verdict_is_the_worst_finding(all_sorts: Rules, defects: list[CoilDefect]) -> None:
    graded = grade(facts(*defects), all_sorts)
    assert graded.verdict is worst(list(graded.findings))
    assert (graded.verdict is Verdict.RELEASE) == (not graded.findings)
