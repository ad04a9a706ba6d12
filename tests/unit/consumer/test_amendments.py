"""Unsegmented frames, segmented when there is slack: exactly once, and never as anything else."""

from __future__ import annotations

from collections import Counter

import pytest

from consumer.ladder import Rung
from contracts.results import Fate, RecordId
from contracts.topics import DEAD_LETTERS, DEFECTS, FRAMES, INSPECTIONS, UNSEGMENTED
from tests.support.amending import AmendingLine
from tests.support.line import Line

DEFECTIVE, CLEAN = 255, 0


class GateOnly:
    rung = Rung.GATE_ONLY


@pytest.fixture
def line() -> Line:
    """Twenty frames inspected on the lower rung: each second one waits to be segmented."""
    line = Line(ladder=GateOnly())
    for index in range(20):
        line.send(index, DEFECTIVE if index % 2 else CLEAN, partition=index % 4 // 2)
    line.worker.join()
    line.run()
    assert Counter(i.fate for i in line.sink.inspections) == {Fate.CLEAN: 10, Fate.UNSEGMENTED: 10}
    return line


@pytest.fixture
def amending(line: Line) -> AmendingLine:
    amending = AmendingLine(line)
    amending.worker.join()
    return amending


def test_each_unsegmented_frame_gets_its_regions_under_its_own_source(
    line: Line, amending: AmendingLine
) -> None:
    amending.run()
    before = {i.frame_index: i for i in line.sink.inspections if i.fate is Fate.UNSEGMENTED}
    after = {i.frame_index: i for i in amending.sink.inspections}
    assert after.keys() == before.keys()
    for index, amended in after.items():
        first = before[index]
        assert (amended.fate, amended.regions_by_class) == (Fate.DEFECTIVE, {2: 1})
        assert amended.source == first.source
        assert amended.inspected_at_ns > first.inspected_at_ns
        same = {"fate", "regions_by_class", "inspected_at_ns"}
        assert amended.model_dump(exclude=same) == first.model_dump(exclude=same)
    assert {e.frame_index: e.source for e in amending.sink.defects} == {i: a.source for i, a in after.items()}
    assert {m.topic for m in amending.sink.committed} == {INSPECTIONS, DEFECTS}
    assert amending.sink.positions == {0: 10}
    assert line.metric("coilwatch_amendments_total", outcome="segmented") == 10


def test_frames_are_counted_as_inspected_once(line: Line, amending: AmendingLine) -> None:
    amending.run()
    assert sum(line.metric("coilwatch_frames_total", fate=fate) for fate in Fate) == 20
    assert line.metric("coilwatch_latency_seconds_count") == 20


def test_without_slack_it_takes_nothing_and_stays_in_its_group(amending: AmendingLine) -> None:
    amending.slack = False
    amending.run()
    assert amending.sink.committed == []
    assert amending.frames.asked == []
    assert len(amending.work_list.waits_s) == 12, "it polls every turn"
    amending.slack = True
    amending.run()
    assert len(amending.sink.inspections) == 10


def test_slack_that_ends_in_the_middle_keeps_what_was_taken(amending: AmendingLine) -> None:
    amending.run(2)
    amending.slack = False
    amending.run(10)
    taken = len(amending.sink.inspections)
    assert amending.worker.frames_in_flight == 0
    amending.slack = True
    amending.run()
    assert taken < 10
    assert sorted(i.frame_index for i in amending.sink.inspections) == list(range(1, 20, 2))


def test_an_aborted_amendment_is_made_again_once(amending: AmendingLine) -> None:
    amending.sink.abort_next = "coordinator moved"
    amending.run(20)
    assert amending.work_list.rewinds == [{0: 0}]
    assert sorted(i.frame_index for i in amending.sink.inspections) == list(range(1, 20, 2))
    assert len(amending.sink.defects) == 10


@pytest.mark.parametrize("turns", range(1, 9))
def test_a_kill_at_any_turn_leaves_each_amendment_once(amending: AmendingLine, turns: int) -> None:
    amending.run(turns, pass_s=0.06)
    amending.restart()
    amending.run(20)
    assert sorted(i.frame_index for i in amending.sink.inspections) == list(range(1, 20, 2))
    assert len(amending.sink.defects) == 10
    assert amending.sink.positions == {0: 10}


def test_a_frame_that_is_gone_stays_unsegmented_and_is_no_dead_letter(
    line: Line, amending: AmendingLine, caplog: pytest.LogCaptureFixture
) -> None:
    gone = [i.source for i in line.sink.inspections if i.frame_index in (3, 5)]
    amending.frames.gone = {(place.partition, place.offset) for place in gone}
    amending.run()
    assert sorted(i.frame_index for i in amending.sink.inspections) == [1, 7, 9, 11, 13, 15, 17, 19]
    assert amending.sink.on(DEAD_LETTERS) == []
    assert amending.sink.positions == {0: 10}
    assert line.metric("coilwatch_amendments_total", outcome="gone") == 2
    assert line.metric("coilwatch_amendments_total", outcome="segmented") == 8
    assert caplog.text.count("frames are gone") == 1


def test_rows_of_frames_that_are_gone_stop_nobody(line: Line, amending: AmendingLine) -> None:
    amending.frames.gone = {(p, o) for p in (0, 1) for o in range(20)}
    for _ in range(20):  # 200 in a row; a worker on frames gives up after 50
        entries = line.sink.on(UNSEGMENTED)
        for entry in entries:
            amending.work_list.append(0, key=entry.key, value=entry.value, headers=entry.headers)
    amending.run(60)
    assert line.metric("coilwatch_amendments_total", outcome="gone") == 210
    assert amending.sink.committed == []


def test_an_entry_that_is_no_inspection_is_passed_over(amending: AmendingLine) -> None:
    amending.work_list.append(0, key=b"k", value=b"junk", headers=[])
    amending.run()
    assert len(amending.sink.inspections) == 10
    assert amending.sink.positions == {0: 11}


def test_what_the_gate_would_now_call_clean_is_segmented_all_the_same(
    line: Line, amending: AmendingLine
) -> None:
    for frame in line.source.log.values():  # as after an upgrade: another bundle scores 0
        frame[:] = [type(r)(**{**_fields(r), "value": line.source.log[0][0].value}) for r in frame]
    amending.run()
    assert {i.fate for i in amending.sink.inspections} == {Fate.DEFECTIVE}
    assert len(amending.sink.inspections) == 10


def test_entries_of_a_revoked_partition_are_the_next_owners(amending: AmendingLine) -> None:
    amending.frames.silent = True
    amending.run(3)
    amending.work_list.revoke(0)
    amending.frames.silent = False
    amending.run(6)
    assert amending.sink.committed == []
    amending.work_list.assign(0, at=amending.sink.positions)
    amending.run(20)
    assert sorted(i.frame_index for i in amending.sink.inspections) == list(range(1, 20, 2))


def test_entries_of_a_lost_partition_are_never_amended_here(amending: AmendingLine) -> None:
    amending.run(2, pass_s=0.001)
    amending.work_list.lose(0)
    amending.run(10)
    assert (amending.sink.committed, amending.sink.positions) == ([], {})


def test_it_reads_no_further_ahead_than_it_may(line: Line, amending: AmendingLine) -> None:
    for _ in range(20):
        for entry in line.sink.on(UNSEGMENTED):
            amending.work_list.append(0, key=entry.key, value=entry.value, headers=entry.headers)
    amending.slack = False
    amending.run(5)
    assert amending.work_list.position[0] == 64
    polls = len(amending.work_list.waits_s)
    amending.run(100)
    assert len(amending.work_list.waits_s) == polls + 10, "once a second: it stays in its group"
    assert amending.work_list.position[0] == 74
    assert amending.work_list.pauses == 0
    assert amending.source.backlog() == 210
    amending.slack = True
    amending.run(120)
    assert amending.sink.positions == {0: 210}


def test_frames_are_asked_for_in_lots_and_by_place(amending: AmendingLine) -> None:
    amending.run()
    assert sum(len(lot) for lot in amending.frames.asked) == 10
    (first, *_) = amending.sink.inspections
    assert first.source == RecordId(topic=FRAMES, partition=0, offset=1)


def test_leaving_closes_both_ends(amending: AmendingLine) -> None:
    amending.source.close()
    assert amending.frames.closed
    assert amending.work_list.position == {}


def _fields(record: object) -> dict[str, object]:
    return {name: getattr(record, name) for name in record.__slots__}  # type: ignore[attr-defined]
