"""The worker, turn by turn, through its seams."""

from __future__ import annotations

from collections import Counter

import pytest

from consumer.inference import ModelFailed
from consumer.ladder import Rung
from consumer.ports import CommitInDoubt, Fenced
from consumer.worker import TooManyRejected
from contracts.codec import read_dead_letter
from contracts.rejections import Reason
from contracts.results import Fate
from tests.support.line import Line, OnDemand

DEFECTIVE, CLEAN = 255, 0


def indices(line: Line) -> list[int]:
    return [i.frame_index for i in line.sink.inspections]


def test_every_frame_gets_one_inspection_and_only_defective_ones_an_event() -> None:
    line = Line()
    for index in range(20):
        line.send(index, DEFECTIVE if index % 5 == 0 else CLEAN, partition=index % 2)
    line.worker.join()
    line.run(pass_s=0.001)
    line.run()
    assert sorted(indices(line)) == list(range(20))
    assert {i.frame_index for i in line.sink.inspections if i.fate is Fate.DEFECTIVE} == {0, 5, 10, 15}
    assert sorted(e.frame_index for e in line.sink.defects) == [0, 5, 10, 15]
    assert line.sink.positions == {0: 10, 1: 10}
    assert line.inspector.segment_batches == [4], "the second batcher collects across gate batches"


def test_a_defect_event_places_the_region_on_the_strip() -> None:
    line = Line()
    line.send(3, DEFECTIVE, position_mm=1000.0, offset_mm=200.0, mm_per_px_along=2.0)
    line.worker.join()
    line.run()
    (region,) = line.sink.defects[0].regions
    assert (region.class_id, region.class_name, region.mask_rle) == (2, "crack", "66 2 98 2")
    box = region.box_mm
    assert (box.along_min_mm, box.along_max_mm) == (1002.0, 1006.0), "rows 1..2 of 2 mm, from 1000 mm"
    assert (box.across_min_mm, box.across_max_mm) == (201.0, 202.0), "columns 2..3 of 0.5 mm, from 200 mm"
    assert region.area_mm2 == 4 * 2.0 * 0.5


def test_results_leave_in_offset_order_whatever_finishes_first() -> None:
    line = Line(partitions=1)
    decode = OnDemand()
    line.decode = decode
    line.rebuild()
    for index in range(3):
        line.send(index)
    line.worker.join()
    line.worker.step()
    decode.run(2)
    decode.run(1)
    line.run()
    assert indices(line) == [], "offset 0 is not finished: nothing behind it may leave"
    decode.run(0)
    line.run()
    assert indices(line) == [0, 1, 2]
    assert line.sink.positions == {0: 3}


def test_the_commit_position_never_passes_an_unfinished_frame() -> None:
    line = Line(partitions=1)
    decode = OnDemand()
    line.decode = decode
    line.rebuild()
    for index in range(3):
        line.send(index)
    line.worker.join()
    line.worker.step()
    decode.run(0)
    line.run()
    assert (indices(line), line.sink.positions) == ([0], {0: 1})


def test_frames_of_the_most_urgent_coil_go_first() -> None:
    line = Line(partitions=1)
    inference = OnDemand()
    line.inference = inference
    line.rebuild()
    for index in range(12):  # 4 run, 4 wait behind them, 4 are in the batcher when the urgent ones come
        line.send(index)
    line.worker.join()
    line.worker.step()
    urgent = {"coil_id": "coil-2", "deadline_at_ns": line.clock.wall_ns() + 60_000_000_000}
    for index in range(4):
        line.send(index, **urgent)
    line.worker.step()
    inference.run_all()
    line.worker.step()
    assert len(inference.jobs) == 2
    inference.run()
    line.worker.step()
    reported = [f for f in line.worker._order._partitions[0].flights if f.finished]
    assert {f.header.coil_id for f in reported if f.header} == {"coil-2"}


@pytest.mark.parametrize(
    ("send", "max_wait_s", "reason"),
    [(4, 10.0, "full"), (1, 10.0, "idle")],
    ids=["full", "nothing else comes"],
)
def test_a_batch_says_why_it_left(send: int, max_wait_s: float, reason: str) -> None:
    line = Line()
    for index in range(send):
        line.send(index)
    line.worker.join()
    line.run()
    assert line.metric("coilwatch_batches_total", model="gate", reason=reason) == 1


def test_what_cannot_be_inspected_is_dead_lettered_whole_and_stays_in_the_ledger() -> None:
    line = Line()
    good = line.send(0)
    line.source.append(0, key=good.key, value=None, headers=good.headers)
    line.source.append(0, key=b"junk", value=b"junk", headers=[("ce_type", b"\xff")])
    line.send(1)
    line.worker.join()
    line.run()
    letters = line.sink.dead_letters
    assert [read_dead_letter(m.headers).reason for m in letters] == [
        Reason.NULL_VALUE,
        read_dead_letter(letters[1].headers).reason,
    ]
    assert [read_dead_letter(m.headers).source.offset for m in letters] == [1, 2]
    assert (letters[1].key, letters[1].value) == (b"junk", b"junk")
    assert ("ce_type", b"\xff") in letters[1].headers
    fates = Counter(i.fate for i in line.sink.inspections)
    assert fates == {Fate.CLEAN: 2, Fate.DEAD_LETTERED: 1}, "the one without identity has only its letter"
    assert line.sink.positions == {0: 4}


def test_too_many_rejected_in_a_row_stop_the_worker_and_say_why() -> None:
    line = Line(max_rejected_in_a_row=3)
    for _ in range(4):
        line.source.append(0, key=b"k", value=b"x", headers=None)
    line.worker.join()
    with pytest.raises(TooManyRejected, match=r"4 frames in a row.*partition 0, offset 3.*header_missing"):
        line.run()
    assert line.sink.committed == []


def test_a_good_frame_ends_the_run_of_rejections() -> None:
    line = Line(max_rejected_in_a_row=3, partitions=1)
    for index in range(4):
        for _ in range(3):
            line.source.append(0, key=b"k", value=b"x", headers=None)
        line.send(index)
    line.worker.join()
    line.run()
    assert len(line.sink.dead_letters) == 12


def test_an_aborted_transaction_is_done_again_from_the_last_commit() -> None:
    line = Line()
    for index in range(4):
        line.send(index, partition=index % 2)
    line.worker.join()
    line.run()
    line.sink.abort_next = "coordinator moved"
    for index in range(4, 8):
        line.send(index, partition=index % 2)
    line.run(12)
    assert line.source.rewinds == [{0: 2, 1: 2}]
    assert sorted(indices(line)) == list(range(8))
    assert line.metric("coilwatch_commits_total", outcome="aborted") == 1


def test_a_result_of_before_an_abort_is_ignored() -> None:
    line = Line(partitions=1)
    decode = OnDemand()
    line.decode = decode
    line.rebuild()
    line.send(0)
    line.send(1)
    line.worker.join()
    line.worker.step()
    decode.run(0)
    line.sink.abort_next = "timeout"
    line.run(6)
    stale = len(decode.jobs)
    assert stale == 3, "one from before the abort, two that were read again"
    decode.run_all()
    line.run()
    assert indices(line) == [0, 1]


def test_revoked_partitions_are_finished_and_committed_before_they_go() -> None:
    line = Line(commit_interval_s=1e9)
    for index in range(6):
        line.send(index, DEFECTIVE, partition=index % 2)
    line.worker.join()
    line.worker.step()
    line.source.revoke(1)
    assert line.sink.positions[1] == 3
    assert {1, 3, 5} <= set(indices(line))
    line.send(7, partition=1)
    line.run()
    assert 7 not in indices(line)


def test_a_drain_that_takes_too_long_lets_go_without_committing_what_is_unfinished() -> None:
    line = Line(drain_timeout_s=0.5, partitions=1)

    class Stuck(OnDemand):
        """Time passes while the owner waits; nothing ends."""

    line.decode = Stuck()
    line.rebuild()
    line.send(0)
    line.worker.join()
    line.worker.step()
    advance = line.clock.monotonic_s

    def ticking() -> float:
        line.clock.pass_s(0.1)
        return advance()

    object.__setattr__(line.worker._clocks, "monotonic_s", ticking)
    line.source.revoke(0)
    assert (line.sink.committed, line.sink.positions, line.worker.frames_in_flight) == ([], {}, 0)


def test_lost_partitions_are_dropped_and_never_committed() -> None:
    line = Line(commit_interval_s=1e9)
    for index in range(4):
        line.send(index, partition=index % 2)
    line.worker.join()
    line.run(3)
    assert line.sink.open, "results wait in the open transaction"
    line.source.lose(1)
    assert line.sink.open == []
    line.run(3)
    line.worker.drain()
    assert (sorted(indices(line)), line.sink.positions) == ([0, 2], {0: 2})


def test_while_the_broker_is_away_work_is_kept_and_committed_when_it_is_back() -> None:
    line = Line()
    line.worker.join()
    line.send(0)
    line.run(2)
    line.sink.broker_away = True
    line.send(1)
    line.run(10)
    committed = len(line.sink.committed)
    line.sink.broker_away = False
    line.run(6)
    assert (committed < 2, sorted(indices(line)), line.source.rewinds) == (True, [0, 1], [])


def test_a_commit_in_doubt_is_resolved_before_going_back() -> None:
    """Going back to the last known commit would do the frames of this one twice, should it have succeeded."""
    line = Line(partitions=2)
    line.worker.join()
    line.send(0, partition=0)
    line.run(3)
    line.sink.broker_away = True
    line.run(3)
    assert line.sink.commit_pending
    answer = line.sink.commit

    def back(*arguments: object) -> bool:
        line.sink.broker_away = False
        return answer(*arguments)  # type: ignore[arg-type]

    line.sink.commit = back  # type: ignore[method-assign]
    line.source.lose(1)
    line.run(6)
    assert (indices(line), line.sink.positions) == ([0], {0: 1})


def test_a_commit_that_stays_in_doubt_ends_the_worker() -> None:
    line = Line(partitions=2, drain_timeout_s=0.5)
    line.worker.join()
    line.send(0, partition=0)
    line.run(3)
    line.sink.broker_away = True
    line.run(3)
    now = line.clock.monotonic_s

    def ticking() -> float:
        line.clock.pass_s(0.1)
        return now()

    object.__setattr__(line.worker._clocks, "monotonic_s", ticking)
    with pytest.raises(CommitInDoubt):
        line.source.lose(1)
    assert line.sink.committed == []


def test_back_pressure_holds_then_pauses_then_goes_on_without_losing_a_frame() -> None:
    line = Line(high_bytes=3_000, low_bytes=1_000, partitions=1, take_max_records=1)
    decode = OnDemand()
    line.decode = decode
    line.rebuild()
    for index in range(30):
        line.send(index)
    line.worker.join()
    line.run(40, pass_s=0.01)
    held = line.worker.frames_in_flight
    assert 0 < held < 30
    assert line.source.pauses == 0, "a short hold keeps what was prefetched"
    line.run(10, pass_s=0.3)
    assert (line.source.pauses, line.worker.frames_in_flight) == (1, held)
    for _ in range(60):
        decode.run_all()
        line.run(1)
    assert indices(line) == list(range(30))
    assert line.metric("coilwatch_holds_total") >= 1
    assert line.metric("coilwatch_in_flight_bytes") == 0


def test_a_failed_model_run_commits_nothing_and_a_restart_does_all_of_it() -> None:
    line = Line()
    line.inspector.fails = True
    line.send(0)
    line.worker.join()
    with pytest.raises(ModelFailed, match="batch of 1 frames failed: out of memory"):
        line.run()
    assert (line.sink.committed, line.sink.positions) == ([], {})
    line.inspector.fails = False
    line.rebuild()
    line.worker.join()
    line.run()
    assert indices(line) == [0]


def test_a_fenced_worker_stops() -> None:
    line = Line()
    line.send(0)
    line.worker.join()
    line.sink.fence_next = True
    with pytest.raises(Fenced):
        line.run()
    assert line.sink.committed == []


def test_an_abandoned_worker_commits_nothing_on_its_way_out() -> None:
    line = Line(commit_interval_s=1e9)
    line.send(0)
    line.worker.join()
    line.run(3)
    line.worker.abandon()
    line.sink.close()
    line.source.revoke(0, 1)
    assert line.sink.committed == []


def test_stages_sum_to_the_latency() -> None:
    line = Line()
    for index in range(8):
        line.send(index, DEFECTIVE if index == 3 else CLEAN)
    line.worker.join()
    line.run()
    stages = sum(
        line.metric("coilwatch_stage_latency_seconds_sum", stage=stage)
        for stage in ("queue", "decode", "gate_wait", "gate", "segment_wait", "segment", "publish")
    )
    assert stages == pytest.approx(line.metric("coilwatch_latency_seconds_sum"))
    assert line.metric("coilwatch_latency_seconds_count") == 8
    assert line.metric("coilwatch_stage_latency_seconds_sum", stage="queue") == pytest.approx(8 * 1.0)


class GateOnly:
    rung = Rung.GATE_ONLY


def test_on_the_first_rung_down_a_defective_frame_is_unsegmented_never_silent() -> None:
    line = Line(ladder=GateOnly())
    line.send(0, DEFECTIVE)
    line.send(1, CLEAN)
    line.worker.join()
    line.run()
    assert {i.frame_index: i.fate for i in line.sink.inspections} == {0: Fate.UNSEGMENTED, 1: Fate.CLEAN}
    assert line.inspector.segment_batches == []


def test_an_idle_worker_waits_in_the_poll_and_a_busy_one_does_not() -> None:
    line = Line()
    line.worker.join()
    line.worker.step()
    assert line.source.waits_s[-1] == 0.05
    decode = OnDemand()
    line.decode = decode
    line.rebuild()
    line.send(0)
    line.worker.join()
    line.worker.step()
    line.worker.step()
    assert line.source.waits_s[-1] == 0.0


def test_health_turns_with_the_worker() -> None:
    line = Line()
    line.health.warm = True
    line.worker.join()
    line.worker.step()
    assert line.health.ready()
    line.clock.pass_s(31)
    assert not line.health.alive()
