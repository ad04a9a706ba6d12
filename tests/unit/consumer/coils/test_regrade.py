from __future__ import annotations

import io
from pathlib import Path

import pytest
from rich.console import Console

from consumer.coils.grading.rules import Rules, load_rules
from consumer.coils.ledger.state import CoilRecord, CoilState
from consumer.coils.stored.coils import StoredCoil
from consumer.coils.stored.map_command import MapRefused, drawing_of, form_of, timing
from consumer.coils.stored.regrade import Regraded, regrade
from consumer.coils.stored.regrade_command import show, summary
from consumer.coils.verdicts import VerdictPolicy
from contracts.alarms import Alarm, AlarmKind, AlarmState, LaneRecurrence
from contracts.reports import Closing, CoilReport, Verdict
from tests.support.coils import STARTED_AT_NS, Spot
from tests.support.grading import lane, mark, one_rule, rules_of
from tests.support.stored_coils import report_of, scratched

POLICY = VerdictPolicy()
SCRATCH = Spot(3, 50, 350, 20, 22)
NOW_NS = STARTED_AT_NS + 60_000_000_000


def stored(
    records: list[CoilRecord], report: CoilReport | None = None, seen_at_ns: int = NOW_NS
) -> StoredCoil:
    state = CoilState("C1")
    for record in records:
        state.add(record, seen_at_ns=seen_at_ns)
    return StoredCoil(state=state, report=report)


@pytest.fixture
def lax(tmp_path: Path) -> Rules:
    return rules_of(tmp_path, 'version: "lax"\nrules: []\n')


@pytest.fixture
def strict(tmp_path: Path) -> Rules:
    return one_rule(tmp_path, "defects: {class: scratch}", "reject")


def test_other_rules_change_a_verdict(strict: Rules) -> None:
    records = scratched("C1", SCRATCH)
    one = regrade(stored(records, report_of(records)), strict, POLICY, NOW_NS)
    assert (one.stored, one.new, one.changes) == (Verdict.RELEASE, Verdict.REJECT, True)
    assert (one.fires_now, one.no_longer) == (("asked",), ())
    assert one.stored_rules == load_rules().version


def test_the_same_rules_change_nothing() -> None:
    records = scratched("C1", Spot(2, 50, 350, 20, 22))
    one = regrade(stored(records, report_of(records)), load_rules(), POLICY, NOW_NS)
    assert (one.stored, one.changes, one.fires_now, one.no_longer) == (Verdict.HOLD, False, (), ())


def test_rules_that_fire_no_longer_are_told(lax: Rules) -> None:
    records = scratched("C1", Spot(2, 50, 350, 20, 22))
    one = regrade(stored(records, report_of(records)), lax, POLICY, NOW_NS)
    assert (one.new, one.no_longer) == (Verdict.RELEASE, ("crack",))


def test_marks_and_lanes_are_those_of_the_report(tmp_path: Path) -> None:
    records = scratched("C1")
    report = report_of(records, marks=(mark(),), lanes=(lane(),))
    for when in ("marks: {class: scab}", "lanes: {class: scratch}"):
        one = regrade(stored(records, report), one_rule(tmp_path, when), POLICY, NOW_NS)
        assert one.fires_now == ("asked",)


def test_why_it_was_closed_is_what_the_report_says(lax: Rules) -> None:
    records = scratched("C1")
    report = report_of(records).model_copy(update={"closed_because": Closing.DEADLINE})
    one = regrade(stored(records, report), lax, POLICY, NOW_NS)
    assert one.fires_now == ("coil_incomplete",)


def test_an_open_coil_is_not_compared(lax: Rules) -> None:
    one = regrade(stored(scratched("C1")[:-1]), lax, POLICY, NOW_NS)
    assert (one.stored, one.new, one.why_not) == (None, None, "still open")


def test_a_coil_that_nobody_reported_is_graded_as_the_tracker_would(strict: Rules) -> None:
    one = regrade(stored(scratched("C1", SCRATCH)), strict, POLICY, NOW_NS)
    assert (one.stored, one.new, one.changes) == (None, Verdict.REJECT, False)


@pytest.mark.parametrize("kept", [0, 3], ids=["nothing is left", "some are left"])
def test_a_coil_whose_records_have_left_the_topics_is_not_called_changed(strict: Rules, kept: int) -> None:
    records = scratched("C1", SCRATCH)
    one = regrade(stored(records[:kept], report_of(records)), strict, POLICY, NOW_NS)
    assert (one.changes, one.why_not) == (False, "its records are no longer stored whole")


SOME = [
    Regraded(coil_id="C1", stored=Verdict.HOLD, stored_rules="1/00", new=Verdict.HOLD),
    Regraded(
        coil_id="C2", stored=Verdict.HOLD, stored_rules="1/00", new=Verdict.RELEASE, no_longer=("scab",)
    ),
    Regraded(coil_id="C3", stored=None, why_not="still open"),
    Regraded(coil_id="C4", stored=None, new=Verdict.HOLD, fires_now=("scab",)),
]


def test_the_last_line_counts() -> None:
    assert summary(SOME) == (
        "1 of 2 verdicts would change; 1 hold -> release; 1 never reported; 1 still open"
    )
    assert summary([]) == "0 of 0 verdicts would change"


def test_what_changes_comes_first(lax: Rules) -> None:
    said = io.StringIO()
    show(SOME, lax, Console(file=said, width=120))
    lines = said.getvalue().splitlines()
    assert [line.split()[1] for line in lines if line.startswith("│")] == ["C2", "C1", "C3", "C4"]
    assert lines[-1] == summary(SOME)


# --- what a map is told ---


def test_a_reported_coil_is_drawn_by_its_report() -> None:
    records = scratched("C1", SCRATCH)
    report = report_of(records, marks=(mark(),))
    drawn = drawing_of(stored(records, report), POLICY)
    assert (drawn.verdict, drawn.marks, len(drawn.defects)) == (report.verdict, report.marks, 1)
    assert drawn.fates is not None
    assert sorted(drawn.fates["cam-0"]) == [0, 1, 2, 3]


def test_a_running_coil_is_drawn_without_a_verdict() -> None:
    drawn = drawing_of(stored(scratched("C1", SCRATCH)[:-1]), POLICY)
    assert (drawn.verdict, drawn.timing, len(drawn.defects)) == (None, "nobody has closed it yet", 1)


def test_of_a_coil_that_left_the_topics_the_report_is_drawn() -> None:
    report = report_of(scratched("C1", SCRATCH))
    drawn = drawing_of(stored([], report), POLICY)
    assert (drawn.line_id, drawn.length_mm, drawn.width_mm) == ("line-1", 400.0, 100.0)
    assert (drawn.defects, drawn.fates) == (report.defects, None)
    assert "no longer stored" in drawn.timing


def test_the_last_word_of_a_lanes_alarm_is_drawn() -> None:
    def alarm(of_last: int, changed_s: int) -> Alarm:
        recurrence = LaneRecurrence(
            class_id=3, class_name="scratch", across_min_mm=1, across_max_mm=2, coils=("C0",), of_last=of_last
        )
        return Alarm(
            line_id="line-1", coil_id="C1", alarm_id="lane-3-1", kind=AlarmKind.LANE,
            state=AlarmState.UPDATED, raised_at_ns=1, changed_at_ns=changed_s, summary="x", lane=recurrence,
        )  # fmt: skip

    coil = stored(scratched("C1"))
    coil.alarms = [alarm(5, 7), alarm(4, 3)]
    assert [one.of_last for one in drawing_of(coil, POLICY).recurring] == [5]


def test_the_timing_says_how_far_from_the_deadline() -> None:
    report = report_of(scratched("C1"))
    said = timing(report)
    assert said.startswith("every frame inspected   ·   reported 289.6 s before its deadline, of 300 s")
    late = report.model_copy(update={"in_time": False, "slack_s": 0.0, "late_by_s": 4.25})
    assert "reported 4.2 s AFTER its deadline of 300 s" in timing(late)


@pytest.mark.parametrize(("name", "form"), [("a.png", "png"), ("a.b.SVG", "svg")])
def test_the_files_ending_says_the_form(name: str, form: str) -> None:
    assert form_of(Path(name)) == form


@pytest.mark.parametrize("name", ["a", "a.gif", "png"])
def test_another_ending_is_refused(name: str) -> None:
    with pytest.raises(MapRefused, match=r"\.png or a \.svg"):
        form_of(Path(name))
