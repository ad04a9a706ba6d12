"""The tracker, turn by turn, through its seams: every row of the table of outcomes, and every way to die."""

from __future__ import annotations

import random

import pytest

from consumer.ports import CommitInDoubt, Fenced
from contracts.alarms import AlarmKind, AlarmState
from contracts.reports import Closing, Verdict
from contracts.results import Fate
from contracts.topics import COIL_EVENTS, INSPECTIONS
from tests.support.coil_line import CoilBroker, Killed, TrackerLine
from tests.support.coils import CoilScript, Spot

SCRATCH = Spot(3, 110, 160, 20, 30)


@pytest.fixture
def broker() -> CoilBroker:
    return CoilBroker()


@pytest.fixture
def coil() -> CoilScript:
    return CoilScript(coil_id="C1")


def whole(coil: CoilScript, frames: int = 4) -> list:
    """Start, frames of which the second has a scratch, end."""
    inspections = [coil.clean(i) for i in range(frames) if i != 1]
    return [coil.started(), *coil.defective(1, SCRATCH), *inspections, coil.ended(frames)]


def test_a_whole_coil_is_reported_at_once_and_lets_go_of_its_records(
    broker: CoilBroker, coil: CoilScript
) -> None:
    line = TrackerLine(broker)
    broker.send(*whole(coil))
    line.tracker.step()
    (report,) = broker.reports
    assert (report.closed_because, report.complete, report.report_version) == (Closing.COMPLETE, True, 1)
    assert report.ledger_by_camera["cam-0"].received == 4
    assert [defect.class_id for defect in report.defects] == [3]
    assert (report.slack_s, report.late_by_s, report.in_time) == (299.6, 0.0, True)
    assert broker.positions == {(COIL_EVENTS, 1): 2, (INSPECTIONS, 1): 4, ("strip.defects.v1", 1): 1}
    assert len(line.book) == 0


def test_an_open_coil_holds_the_positions_back_to_its_first_records(
    broker: CoilBroker, coil: CoilScript
) -> None:
    other = CoilScript(coil_id="C3")
    line = TrackerLine(broker)
    broker.send(*whole(coil))
    line.run()
    broker.send(other.started(), other.clean(0))
    later = CoilScript(coil_id="C5")
    broker.send(*whole(later))
    line.run()
    assert broker.versions() == [("C1", 1), ("C5", 1)]
    assert broker.positions[COIL_EVENTS, 1] == 2, "the start of C3"
    assert broker.positions[INSPECTIONS, 1] == 4, "the first frame of C3"
    assert line.metric("coilwatch_coils_held_back_records") == 3 + 5 + 0


@pytest.mark.parametrize("seed", range(5))
def test_records_in_any_order_and_twice_give_the_same_report(
    broker: CoilBroker, coil: CoilScript, seed: int
) -> None:
    messages = whole(coil, 12)
    line = TrackerLine(broker)
    broker.send(*messages)
    line.run()
    other = CoilBroker()
    shuffled = random.Random(seed).sample(messages, len(messages))
    again = TrackerLine(other)
    last = shuffled.pop()
    other.send(*shuffled, *shuffled[:5], last)
    again.run()
    (one,), (two,) = broker.reports, other.reports
    assert one == two


def test_another_source_of_a_frame_is_a_duplicate_beside_the_ledger(
    broker: CoilBroker, coil: CoilScript
) -> None:
    messages = whole(coil)
    line = TrackerLine(broker)
    broker.send(coil.clean(0), *messages)
    line.run()
    (report,) = broker.reports
    assert (report.ledger_by_camera["cam-0"].received, report.ledger_by_camera["cam-0"].duplicates) == (4, 1)


def test_frames_that_never_come_are_missing_once_the_coil_has_settled(
    broker: CoilBroker, coil: CoilScript
) -> None:
    line = TrackerLine(broker)
    broker.send(coil.started(), coil.clean(0), coil.ended(3))
    line.run(14.5)
    assert broker.reports == []
    line.run(1)
    (report,) = broker.reports
    assert (report.closed_because, report.complete) == (Closing.SETTLED, False)
    assert report.verdict is not Verdict.RELEASE
    (alarm,) = broker.alarms
    assert (alarm.kind, alarm.state) == (AlarmKind.FRAMES_MISSING, AlarmState.RAISED)
    assert alarm.summary == "2 announced frames have no inspection: cam-0 2"
    assert line.metric("coilwatch_coils_settling") == 1


def test_a_settling_coil_that_becomes_whole_is_reported_again_once(
    broker: CoilBroker, coil: CoilScript
) -> None:
    line = TrackerLine(broker)
    broker.send(coil.started(), coil.clean(0), coil.ended(3))
    line.run(20)
    broker.send(coil.clean(1))
    line.run(5)
    assert broker.versions() == [("C1", 1)], "one frame of two: not whole"
    broker.send(coil.clean(2), coil.clean(2))
    line.run(5)
    assert broker.versions() == [("C1", 1), ("C1", 2)]
    assert broker.reports[-1].complete
    assert [alarm.state for alarm in broker.alarms] == [AlarmState.RAISED, AlarmState.ENDED]
    broker.send(coil.clean(2), coil.started())
    line.run(5)
    assert broker.versions() == [("C1", 1), ("C1", 2)]
    assert line.metric("coilwatch_coils_late_records_total") == 2
    assert line.metric("coilwatch_coils_held_back_records") == 0


@pytest.mark.parametrize(("late_frame", "versions"), [(False, 1), (True, 2)], ids=["unchanged", "changed"])
def test_at_the_end_of_its_time_a_settling_coil_is_reported_again_only_if_something_changed(
    broker: CoilBroker, coil: CoilScript, late_frame: bool, versions: int
) -> None:
    line = TrackerLine(broker)
    broker.send(coil.started(), coil.clean(0), coil.ended(3))
    line.run(20)
    if late_frame:
        broker.send(coil.clean(1))
    line.run(300 + 900 - 25, 5)
    assert len(broker.reports) == 1
    line.run(20)
    assert len(broker.reports) == versions
    assert len(line.book) == 0
    assert broker.positions[INSPECTIONS, 1] == 1 + late_frame
    broker.send(coil.clean(2))
    line.run()
    assert len(broker.reports) == versions, "too late"
    assert line.metric("coilwatch_coils_late_records_total") == 1


def test_unsegmented_frames_wait_for_the_deadline_and_the_verdict_is_in_time(
    broker: CoilBroker, coil: CoilScript
) -> None:
    line = TrackerLine(broker)
    waits = coil.inspection(0, Fate.UNSEGMENTED)
    broker.send(coil.started(), waits, coil.ended(1))
    line.run(294, 2)
    assert broker.reports == []
    line.run(2)
    (report,) = broker.reports
    assert (report.closed_because, report.in_time, report.complete) == (Closing.DEADLINE, True, True)
    assert report.verdict is not Verdict.RELEASE
    broker.send(*coil.defective(0, Spot(3, 10, 60, 20, 30), source=waits.source))
    line.run()
    assert broker.versions() == [("C1", 1), ("C1", 2)]
    assert broker.reports[-1].defects_total == 1


def test_a_coil_whose_end_never_comes_is_closed_after_its_deadline_and_lets_go(
    broker: CoilBroker, coil: CoilScript
) -> None:
    line = TrackerLine(broker, amend_within_s=60.0)
    broker.send(coil.started(), coil.clean(0))
    line.run(329, 1)
    assert broker.reports == []
    line.run(2)
    (report,) = broker.reports
    assert (report.closed_because, report.in_time, report.complete) == (Closing.TIMED_OUT, False, False)
    line.run(40)
    assert broker.positions[INSPECTIONS, 1] == 1


def test_an_inspection_of_an_unknown_coil_is_held_and_then_reported_unannounced(
    broker: CoilBroker, coil: CoilScript
) -> None:
    line = TrackerLine(broker)
    broker.send(coil.clean(0), coil.ended(1))
    line.run(332, 1)
    (report,) = broker.reports
    assert (report.closed_because, report.verdict) == (Closing.UNANNOUNCED, Verdict.HOLD)
    broker.send(coil.started())
    line.run()
    assert broker.versions() == [("C1", 1), ("C1", 2)]
    assert [alarm.kind for alarm in broker.alarms] == [], "its first start is no reuse"


def test_an_end_before_its_start_is_held(broker: CoilBroker, coil: CoilScript) -> None:
    line = TrackerLine(broker)
    broker.send(coil.ended(1), coil.clean(0))
    line.run(20)
    assert broker.reports == []
    broker.send(coil.started())
    line.run(1)
    assert broker.reports[0].closed_because is Closing.COMPLETE


def test_of_contradicting_ends_the_later_counts_and_the_report_says_so(
    broker: CoilBroker, coil: CoilScript
) -> None:
    line = TrackerLine(broker)
    first = coil.ended(3)
    later = coil.ended(2, ended_at_ns=first.ended_at_ns + 1)
    broker.send(coil.started(), coil.clean(0), first, later, coil.clean(1))
    line.run(1)
    (report,) = broker.reports
    assert report.ledger_by_camera["cam-0"].announced == 2
    assert report.notes
    assert report.verdict is not Verdict.RELEASE


def test_a_coil_id_used_again_is_alarmed_once_and_never_reported_again(
    broker: CoilBroker, coil: CoilScript
) -> None:
    line = TrackerLine(broker)
    broker.send(*whole(coil))
    line.run()
    again = CoilScript(coil_id="C1", started_at_ns=coil.started_at_ns + 10**12)
    broker.send(again.started(), again.clean(0), again.started())
    line.run()
    (alarm,) = broker.alarms
    assert (alarm.kind, alarm.alarm_id) == (
        AlarmKind.COIL_ID_REUSED,
        f"reused-{again.started_at_ns}",
    )
    broker.positions.clear()
    TrackerLine(broker).run()
    assert (len(broker.alarms), broker.versions()) == (1, [("C1", 1)]), "read again from the beginning"


def test_two_lines_at_once_do_not_meet(broker: CoilBroker) -> None:
    one, two = CoilScript(coil_id="A1", line_id="line-1"), CoilScript(coil_id="B2", line_id="line-2")
    line = TrackerLine(broker)
    messages = [m for pair in zip(whole(one), whole(two), strict=True) for m in pair]
    broker.send(*messages)
    line.run()
    assert sorted((r.line_id, r.coil_id) for r in broker.reports) == [("line-1", "A1"), ("line-2", "B2")]


def test_a_clock_that_goes_backwards_gives_no_negative_slack(broker: CoilBroker, coil: CoilScript) -> None:
    line = TrackerLine(broker)
    broker.clock.wall_runs_s = -3600
    broker.send(*whole(coil))
    line.run()
    (report,) = broker.reports
    assert report.ended_at_ns is not None
    assert report.reported_at_ns >= report.ended_at_ns
    assert (report.slack_s >= 0, report.late_by_s >= 0) == (True, True)


def test_a_lane_on_three_of_the_last_coils_is_alarmed_with_its_evidence(broker: CoilBroker) -> None:
    """By whatever life of the tracker: what the earlier coils showed is in their reports."""
    chance = random.Random(1)
    for number in range(1, 4):
        coil = CoilScript(coil_id=f"C{number}", width_px=400, height_px=500)
        places_mm = [at * 500.0 + chance.uniform(5, 480) for at in range(14)]
        spots = [Spot(3, place_mm, place_mm + 10, 40, 45) for place_mm in places_mm]
        frames = [m for at, spot in enumerate(spots) for m in coil.defective(at, spot)]
        line = TrackerLine(broker)
        broker.send(coil.started(), *frames, coil.ended(14))
        line.run(2)
        broker.clock.now_s += 60
    lanes = [a for a in broker.alarms if a.kind is AlarmKind.LANE]
    assert [(a.coil_id, a.state) for a in lanes] == [("C3", AlarmState.RAISED)]
    assert lanes[0].lane is not None
    assert lanes[0].lane.coils == ("C1", "C2", "C3")
    assert lanes[0].alarm_id == "lane-3-42"


# --- what does not belong ---


def test_a_record_that_breaks_the_contract_is_skipped_counted_and_logged_once_a_change(
    broker: CoilBroker, coil: CoilScript, caplog: pytest.LogCaptureFixture
) -> None:
    line = TrackerLine(broker)
    for _ in range(3):
        broker.write(INSPECTIONS, 1, b"junk", [("ce_type", b"nonsense")])
    broker.write(INSPECTIONS, 1, None, None)
    broker.send(*whole(coil))
    line.run()
    assert broker.versions() == [("C1", 1)]
    assert line.metric("coilwatch_coils_refused_records_total", topic=INSPECTIONS) == 4
    refusals = [record for record in caplog.records if "breaks the contract" in record.message]
    assert [(r.topic, r.partition, r.offset) for r in refusals] == [(INSPECTIONS, 1, 0)], "none has headers"
    assert broker.positions[INSPECTIONS, 1] == 8


def test_a_record_in_another_partition_than_its_coils_is_refused(
    broker: CoilBroker, coil: CoilScript, caplog: pytest.LogCaptureFixture
) -> None:
    line = TrackerLine(broker)
    broker.send(coil.started(), partition=0)
    line.run()
    assert line.metric("coilwatch_coils_refused_records_total", topic=COIL_EVENTS) == 1
    assert "murmur2" in str([vars(record) for record in caplog.records])
    assert len(line.book) == 0


# --- dying, and coming back ---


@pytest.mark.parametrize("seed", range(12))
def test_killed_at_any_point_it_reports_each_version_of_each_coil_once(broker: CoilBroker, seed: int) -> None:
    """Lives of a few turns; each ends in the middle of a turn, before, within or after a commit."""
    chance = random.Random(seed)
    coils = [CoilScript(coil_id=f"C{number}") for number in range(6)]
    left = [(coil, message) for coil in coils for message in whole(coil, 8)]
    missing = coils[0].coil_id
    lost = [m for c, m in left if c.coil_id == missing and getattr(m, "frame_index", None) == 5]
    left = [(c, m) for c, m in left if m not in lost]
    chance.shuffle(left)
    while left:
        line = TrackerLine(broker)
        line.sink.kill_at = chance.randrange(12)
        try:
            for _ in range(chance.randrange(1, 12)):
                for _ in range(chance.randrange(4)):
                    if left:
                        broker.send(left.pop()[1])
                line.run(0.5)
        except Killed:
            continue
    TrackerLine(broker).run(30)
    broker.send(*lost)
    TrackerLine(broker).run(30)
    TrackerLine(broker).run(30)
    expected = [(coil.coil_id, 1) for coil in coils] + [(missing, 2)]
    assert sorted(broker.versions()) == sorted(expected)
    assert [a.state for a in broker.alarms if a.kind is AlarmKind.FRAMES_MISSING] == [
        AlarmState.RAISED,
        AlarmState.ENDED,
    ]
    assert len({a.alarm_id for a in broker.alarms}) * 2 == len(broker.alarms)


def test_a_restart_waits_until_it_has_read_what_a_killed_tracker_told_last(
    broker: CoilBroker, coil: CoilScript
) -> None:
    TrackerLine(broker).run(1)
    first = TrackerLine(broker)
    broker.send(*whole(coil))
    first.run()
    assert broker.versions() == [("C1", 1)]
    broker.positions.clear()
    second = TrackerLine(broker)
    second.told.lags = True
    second.run(5)
    assert (broker.versions(), len(second.book)) == ([("C1", 1)], 1)
    second.told.lags = False
    second.run(5)
    assert (broker.versions(), len(second.book)) == ([("C1", 1)], 0)
    assert broker.positions[INSPECTIONS, 1] == 4


def test_a_restart_that_had_read_only_the_first_version_does_not_tell_the_second_again(
    broker: CoilBroker, coil: CoilScript
) -> None:
    line = TrackerLine(broker)
    broker.send(coil.started(), coil.clean(0), coil.ended(2))
    line.run(20)
    broker.clock.now_s += 1
    second = TrackerLine(broker, assign=())
    second.told.tail()
    second.told.lags = True
    broker.send(coil.clean(1))
    line.run(2)
    assert broker.versions() == [("C1", 1), ("C1", 2)]
    broker.positions.clear()
    second.source.assign(0, 1)
    second.run(2)
    second.told.lags = False
    second.run(5)
    assert broker.versions() == [("C1", 1), ("C1", 2)]
    assert len(second.book) == 0


def test_a_restart_does_not_call_frames_missing_that_it_has_not_read_yet(
    broker: CoilBroker, coil: CoilScript
) -> None:
    broker.send(coil.started(), coil.ended(50), *(coil.clean(i) for i in range(50)))
    broker.clock.now_s = 1000.0
    line = TrackerLine(broker)
    line.source.at_most = 2
    line.run(40)
    (report,) = broker.reports
    assert (report.closed_because, report.complete, report.in_time) == (Closing.COMPLETE, True, False)


def test_a_tracker_that_lags_still_gives_its_verdict_before_the_deadline(
    broker: CoilBroker, coil: CoilScript
) -> None:
    broker.send(coil.started())
    line = TrackerLine(broker)
    line.run(290, 1)
    broker.send(coil.ended(500), *(coil.clean(i) for i in range(500)))
    line.source.at_most = 1
    line.run(9)
    (report,) = broker.reports
    assert (report.closed_because, report.in_time, report.complete) == (Closing.DEADLINE, True, False)
    line.source.at_most = None
    line.run()
    assert broker.versions() == [("C1", 1), ("C1", 2)]


def test_an_aborted_transaction_forgets_everything_and_reads_again(
    broker: CoilBroker, coil: CoilScript
) -> None:
    line = TrackerLine(broker)
    broker.send(*whole(coil))
    line.sink.abort_next = "coordinator moved"
    line.tracker.step()
    assert (broker.reports, len(line.book)) == ([], 0)
    assert line.source.rewinds == [{(COIL_EVENTS, 1): 0, (INSPECTIONS, 1): 0, ("strip.defects.v1", 1): 0}]
    line.run()
    assert broker.versions() == [("C1", 1)]
    assert line.metric("coilwatch_commits_total", outcome="aborted") == 1


def test_while_the_broker_is_away_the_report_waits_and_is_committed_once(
    broker: CoilBroker, coil: CoilScript
) -> None:
    line = TrackerLine(broker)
    line.sink.away = True
    broker.send(*whole(coil))
    line.run(5)
    assert broker.reports == []
    line.sink.away = False
    line.run()
    assert broker.versions() == [("C1", 1)]


def test_a_commit_whose_outcome_stays_unknown_ends_the_tracker(broker: CoilBroker, coil: CoilScript) -> None:
    line = TrackerLine(broker)
    line.sink.away = True
    broker.send(*whole(coil))
    line.run(1)
    advance = line.clock.monotonic_s

    def ticking() -> float:
        line.clock.now_s += 0.1
        return advance()

    object.__setattr__(line.tracker._clocks, "monotonic_s", ticking)
    with pytest.raises(CommitInDoubt):
        line.source.revoke(1)


def test_another_process_in_its_place_ends_the_tracker(broker: CoilBroker, coil: CoilScript) -> None:
    line = TrackerLine(broker)
    line.sink.fenced = True
    broker.send(*whole(coil))
    with pytest.raises(Fenced):
        line.run()


def test_partitions_that_move_take_their_coils_with_them(broker: CoilBroker) -> None:
    ones, twos = CoilScript(coil_id="C1"), CoilScript(coil_id="C2")
    first = TrackerLine(broker)
    half = [whole(ones, 6), whole(twos, 6)]
    broker.send(*(m for messages in half for m in messages[:4]))
    first.run()
    first.source.revoke(0, 1)
    second = TrackerLine(broker, assign=())
    first.source.assign(0)
    second.source.assign(1)
    broker.send(*(m for messages in half for m in messages[4:]))
    first.run(1)
    second.run(1)
    assert [r.coil_id for r in broker.reports] == ["C2", "C1"]
    assert all(report.complete for report in broker.reports)
    first.source.revoke(0)
    second.source.revoke(1)
    TrackerLine(broker).run(20)
    assert len(broker.reports) == 2


def test_lost_partitions_are_dropped_and_never_committed(broker: CoilBroker, coil: CoilScript) -> None:
    line = TrackerLine(broker)
    line.sink.away = False
    broker.send(*whole(coil)[:-1])
    line.run(1)
    line.source.lose(1)
    commits = broker.commits
    broker.send(coil.ended(4))
    line.run(5)
    assert broker.reports == []
    assert all(place[1] == 0 for place in line.source.next)
    assert broker.commits == commits
    assert line.book.assigned == {0}


def test_a_drain_commits_the_positions_and_opens_nothing(broker: CoilBroker, coil: CoilScript) -> None:
    line = TrackerLine(broker)
    junk = CoilScript(coil_id="C1")
    broker.send(*whole(junk))
    line.run()
    broker.send(junk.clean(0))
    line.tracker.step()
    assert line.tracker.drain()
    assert broker.positions[INSPECTIONS, 1] == 5


def test_an_alarm_that_waits_is_not_lost_when_its_partition_goes(
    broker: CoilBroker, coil: CoilScript
) -> None:
    line = TrackerLine(broker)
    broker.send(*whole(coil))
    line.run()
    again = CoilScript(coil_id="C1", started_at_ns=coil.started_at_ns + 10**12)
    line.sink.away = True
    broker.send(CoilScript(coil_id="B2").started(), *whole(CoilScript(coil_id="D2")))
    line.tracker.step()  # a commit is under way, so nothing else is told
    broker.send(again.started())
    line.tracker.step()
    line.sink.away = False
    line.source.revoke(0, 1)
    assert broker.alarms == []
    TrackerLine(broker).run()
    assert [alarm.kind for alarm in broker.alarms] == [AlarmKind.COIL_ID_REUSED]


def test_coils_that_are_due_together_are_reported_in_the_order_of_their_deadlines(broker: CoilBroker) -> None:
    line = TrackerLine(broker)
    for number, budget_s in ((1, 300), (3, 100), (5, 200)):
        broker.send(*whole(CoilScript(coil_id=f"C{number}", budget_s=budget_s)))
    line.run(1)
    assert [report.coil_id for report in broker.reports] == ["C3", "C5", "C1"]


def test_rules_may_be_exchanged_while_coils_are_open(broker: CoilBroker, coil: CoilScript) -> None:
    line = TrackerLine(broker)
    messages = whole(coil)
    broker.send(*messages[:-1])
    line.run()
    rules = line.tracker._verdicts.rules
    other = type(rules)(version="other/0", classes=rules.classes, allowance=rules.allowance, rules=())
    line.tracker.exchange_rules(other)
    broker.send(messages[-1])
    line.run()
    assert broker.reports[0].rules_version == "other/0"
    assert line.metric("coilwatch_coils_rules_info", version="other/0") == 1
    assert line.registry.get_sample_value("coilwatch_coils_rules_info", {"version": rules.version}) is None
