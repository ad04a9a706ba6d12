"""What a run sends, record by record, without a broker."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from contracts.codec import FrameRejected, Reason, decode, read_frame_header
from contracts.coils import CoilEnded, CoilStarted
from contracts.frames import FrameHeader
from contracts.topics import COIL_EVENTS, FRAMES
from model.images import ImageInvalid, decode_grey
from producer_sim.arrangement import Exposure, RunShape
from producer_sim.faults import Faults
from producer_sim.ledger import Ledger
from producer_sim.manifest import EXPECTED_REASONS, Fault, FrameLine, RunLine
from producer_sim.pace import Pace
from producer_sim.replay import LineSettings, Replay
from producer_sim.roll_marks import PutMark, RollMark
from producer_sim.sources import Picture
from tests.support.sending import START_NS, MemorySink, Sent, SmallSource, SteppedClock

BUDGET_S = 100.0
RUN = RunLine(
    source="small", seed=1, topic_prefix="", fault_probabilities={},
    started_at_ns=1, ended_at_ns=2, interrupted=False, failed=0,
)  # fmt: skip


MARK = PutMark(
    mark=RollMark(diameter_mm=30.0, class_id=3, lane_mm=5.0),
    period_mm=94.2,
    hits_mm=(10.0, 300.0, 900.0),
    missed_mm=(110.0, 800.0),
    origin="small",
)


class MarkedSource(SmallSource):
    def marks_of(self, line: int, coil: int) -> tuple[PutMark, ...]:
        return (MARK,) if coil == 1 else ()


class Run:
    """Sends at 100 frames/s of simulated time."""

    def __init__(
        self,
        faults: dict[Fault, float] | None = None,
        *,
        prefix: str = "",
        refuses: frozenset[int] = frozenset(),
        stop_after: int | None = None,
        source: SmallSource | None = None,
        clock: SteppedClock | None = None,
        **changes: int | None,
    ) -> None:
        counts: dict[str, Any] = {"lines": 1, "coils": 2, "cameras": 2, "frames_per_coil": 70, **changes}
        self.sink, clock = MemorySink(refuses), clock or SteppedClock()
        self.ledger = Ledger(keep_coils=counts["coils"] is not None)
        self.exposed = 0
        replay = Replay(
            shape=RunShape(coil_prefix="c-", **counts),
            settings=LineSettings(budget_s=BUDGET_S, mm_per_px=0.5, topic_prefix=prefix, seed=11),
            source=source or SmallSource(),
            faults=Faults(faults or {}, seed=11),
            pace=Pace(100.0, clock, clock.idle),
            sink=self.sink,
            ledger=self.ledger,
        )
        self.complete = replay.run(lambda: self.exposed == stop_after, self._count)
        self.frames = [sending.to_line() for sending in self.ledger.frames]

    def _count(self) -> None:
        self.exposed += 1

    def events(self) -> list[CoilStarted | CoilEnded]:
        messages = [decode(r.headers, r.value) for r in self.sink.of(COIL_EVENTS)]
        return [m for m in messages if isinstance(m, CoilStarted | CoilEnded)]

    def headers(self) -> list[FrameHeader]:
        return [read_frame_header(r.key, r.headers) for r in self.sink.of(FRAMES)]


def test_the_manifest_holds_the_roll_marks_of_each_coil() -> None:
    lines = Run(source=MarkedSource()).ledger.to_manifest(RUN).marks

    (line,) = lines
    assert (line.coil_id, line.class_id, line.lane_mm, line.period_mm) == ("c-1-002", 3, 5.0, 94.2)
    assert (line.hits_mm, line.missed_mm) == (MARK.hits_mm, MARK.missed_mm)


def test_a_stopped_run_has_no_marks_beyond_its_end() -> None:
    ledger = Run(
        source=MarkedSource(), stop_after=140 + 2 * 19
    ).ledger  # 19 frames of 16 mm of the second coil
    (line,) = ledger.to_manifest(RUN).marks

    assert (line.hits_mm, line.missed_mm) == ((10.0, 300.0), (110.0,))


def verdict(record: Sent) -> Reason | None:
    """What the worker would say of the record."""
    try:
        header = read_frame_header(record.key, record.headers)
        decode_grey(record.value or b"", width_px=header.width_px, height_px=header.height_px, reduce=1)
    except FrameRejected as rejected:
        return rejected.reason
    except ImageInvalid as invalid:
        return Reason(invalid.kind)
    return None


def test_every_frame_is_sent_once_under_its_identity() -> None:
    run = Run()
    headers = run.headers()

    assert run.complete
    assert len({str(h.identity) for h in headers}) == len(headers) == 2 * 2 * 70 == run.exposed
    assert [str(f.identity) for f in run.frames] == [str(h.identity) for h in headers]
    assert all(verdict(record) is None for record in run.sink.of(FRAMES))
    assert all(f.sent == 1 and f.fault is None and f.expected_reason is None for f in run.frames)


def test_the_geometry_places_every_frame_on_the_strip() -> None:
    headers = {(h.camera_id, h.frame_index): h for h in Run().headers() if h.coil_id == "c-1-001"}

    assert headers["camera-1", 0].position_mm == 0
    assert headers["camera-1", 7].position_mm == pytest.approx(7 * 32 * 0.5)
    assert headers["camera-2", 7].position_mm == headers["camera-1", 7].position_mm
    assert headers["camera-1", 7].offset_mm == 0
    assert headers["camera-2", 7].offset_mm == pytest.approx(64 * 0.5)


def test_time_is_the_exposures_and_the_deadline_is_the_coils() -> None:
    run = Run()
    headers = run.headers()
    first, second = (e for e in run.events() if isinstance(e, CoilStarted))

    assert [h.exposed_at_ns for h in headers[:3]] == [START_NS, START_NS + 10_000_000, START_NS + 20_000_000]
    assert first.started_at_ns == START_NS
    assert second.started_at_ns == START_NS + 140 * 10_000_000
    deadlines = {(h.coil_id, h.deadline_at_ns) for h in headers}
    assert deadlines == {("c-1-001", first.deadline_at_ns), ("c-1-002", second.deadline_at_ns)}
    assert first.deadline_at_ns == START_NS + round(BUDGET_S * 1e9)


def test_each_coil_is_started_and_ended_with_what_its_cameras_exposed() -> None:
    run = Run(lines=2)
    started = [e for e in run.events() if isinstance(e, CoilStarted)]
    ended = [e for e in run.events() if isinstance(e, CoilEnded)]

    assert sorted(e.coil_id for e in started) == ["c-1-001", "c-1-002", "c-2-001", "c-2-002"]
    assert sorted(e.coil_id for e in ended) == sorted(e.coil_id for e in started)
    assert all(e.cameras == ("camera-1", "camera-2") and e.width_mm == 2 * 64 * 0.5 for e in started)
    assert all(e.frames_by_camera == {"camera-1": 70, "camera-2": 70} for e in ended)
    assert all(e.length_mm == 70 * 32 * 0.5 for e in ended)
    for coil in run.ledger.coils:
        exposures = [f.exposed_at_ns for f in run.frames if f.coil_id == coil.coil_id]
        assert (coil.started_at_ns, coil.ended_at_ns) == (min(exposures), max(exposures))


@pytest.mark.parametrize("fault", list(Fault))
def test_the_manifest_says_what_the_worker_will_find(fault: Fault) -> None:
    run = Run({fault: 0.3})
    by_identity = {f.origin.removeprefix("small/"): f for f in run.frames}
    spoiled = [f for f in run.frames if f.fault is fault]
    sent = Counter(ce_id(record) for record in run.sink.of(FRAMES))

    assert len(by_identity) == 280
    assert len(spoiled) > 40
    assert {str(f.identity): f.sent for f in run.frames if f.sent} == dict(sent)
    assert all(f.expected_reason is EXPECTED_REASONS.get(fault) for f in spoiled)
    expected = {str(f.identity): f.expected_reason for f in run.frames}
    for record in run.sink.of(FRAMES):
        assert verdict(record) is expected[ce_id(record)]


def test_all_faults_at_once() -> None:
    run = Run(dict.fromkeys(Fault, 1 / 9), frames_per_coil=320, coils=1)

    assert {f.fault for f in run.frames} == {*Fault, None}
    expected = {str(f.identity): f.expected_reason for f in run.frames}
    assert all(verdict(record) is expected[ce_id(record)] for record in run.sink.of(FRAMES))
    assert sum(f.sent for f in run.frames) == len(run.sink.of(FRAMES))
    (ended,) = (e for e in run.events() if isinstance(e, CoilEnded))
    assert sum(ended.frames_by_camera.values()) == len(run.frames) == 640


def test_drop_is_announced_and_missing() -> None:
    run = Run({Fault.DROP: 1.0}, coils=1)

    assert run.sink.of(FRAMES) == []
    assert all(f.missing and f.truth is not None for f in run.frames)
    (ended,) = (e for e in run.events() if isinstance(e, CoilEnded))
    assert ended.frames_by_camera == {"camera-1": 70, "camera-2": 70}


def test_a_duplicate_is_the_same_record_twice() -> None:
    sent = Run({Fault.DUPLICATE: 1.0}, coils=1).sink.of(FRAMES)

    assert len(sent) == 280
    assert sent[0::2] == sent[1::2]


def test_reordered_frames_arrive_swapped_within_their_key() -> None:
    run = Run({Fault.REORDER: 0.2}, coils=1, cameras=1)
    keys = [(h.key, h.frame_index) for h in run.headers()]

    by_block = {key: [index for k, index in keys if k == key] for key, _ in keys}
    assert all(
        sorted(block) == list(range(block_start(block), block_start(block) + len(block)))
        for block in by_block.values()
    )
    assert any(block != sorted(block) for block in by_block.values())


def test_a_late_frames_deadline_has_passed_long_ago() -> None:
    run = Run({Fault.LATE: 1.0}, coils=1)

    now_ns = START_NS
    assert all(h.deadline_at_ns < now_ns - 50 * 10**9 for h in run.headers())
    assert all(h.deadline_at_ns - h.exposed_at_ns <= BUDGET_S * 1e9 for h in run.headers())
    assert all(f.inspectable for f in run.frames)


def test_topics_get_the_prefix() -> None:
    run = Run(prefix="second.", coils=1)

    assert {record.topic for record in run.sink.sent} == {"second." + FRAMES, "second." + COIL_EVENTS}


def test_what_is_not_acknowledged_is_not_called_sent() -> None:
    run = Run(refuses=frozenset({1, 5}), coils=1)  # record 0 is CoilStarted

    assert [f.sent for f in run.frames[:6]] == [0, 1, 1, 1, 0, 1]
    assert [f.failed for f in run.frames[:6]] == [1, 0, 0, 0, 1, 0]


def test_a_stopped_run_ends_its_coils_with_what_was_exposed() -> None:
    run = Run(lines=2, coils=3, stop_after=31)
    ended = [e for e in run.events() if isinstance(e, CoilEnded)]

    assert not run.complete
    assert run.exposed == len(run.frames) == len(run.sink.of(FRAMES)) == 31
    assert sorted(e.coil_id for e in ended) == ["c-1-001", "c-2-001"]
    assert sum(sum(e.frames_by_camera.values()) for e in ended) == 31


def test_an_endless_run_is_complete_when_it_is_stopped_and_keeps_no_coil_that_passed() -> None:
    source = SmallSource()
    run = Run(coils=None, cameras=1, frames_per_coil=3, stop_after=100, source=source)
    ended = [e for e in run.events() if isinstance(e, CoilEnded)]

    assert run.complete
    assert [sum(e.frames_by_camera.values()) for e in ended] == [3] * 33 + [1]
    assert ended[-1].coil_id == "c-1-034"
    assert (run.ledger.begun, run.ledger.coils) == (34, [])
    assert source.passed == [(0, coil) for coil in range(33)]


@pytest.mark.parametrize(("coils", "late_s"), [(4, 5.0), (None, 0.0)], ids=["finite", "endless"])
def test_only_an_endless_run_forgives_a_hang_at_the_next_coil(coils: int | None, late_s: float) -> None:
    class Hangs(SmallSource):
        def picture(self, exposure: Exposure) -> Picture:
            if exposure.serial == 1:
                run_clock.now_s += 5.0
            return super().picture(exposure)

    run_clock = SteppedClock()
    run = Run(coils=coils, cameras=1, frames_per_coil=2, stop_after=4, source=Hangs(), clock=run_clock)
    behind_s = [(run_clock.wall_ns() - h.exposed_at_ns) / 1e9 for h in run.headers()]

    assert behind_s[-1] == pytest.approx(late_s, abs=0.05)


def test_stopped_before_it_began_nothing_is_sent() -> None:
    run = Run(stop_after=0)

    assert run.sink.sent == []
    assert run.ledger.coils == []


def test_truth_and_origin_come_from_the_source() -> None:
    frames: list[FrameLine] = Run(coils=1, cameras=1).frames

    assert [f.truth.classes for f in frames[:5] if f.truth] == [(3,), (), (), (), (3,)]
    assert [f.origin for f in frames[:2]] == ["small/0", "small/1"]


def ce_id(record: Sent) -> str:
    return (dict(record.headers)["ce_id"] or b"").decode()


def block_start(block: list[int]) -> int:
    return min(block)


def test_every_frame_has_a_trace_of_its_own_and_a_replay_has_the_same() -> None:
    first, again = Run().headers(), Run().headers()
    traces = [header.traceparent for header in first]

    assert None not in traces, "the codec lets no invalid one through"
    assert len({trace[3:35] for trace in traces if trace}) == len(traces)
    assert all(trace.endswith("-01") for trace in traces if trace), "sampled"
    assert traces == [header.traceparent for header in again]
