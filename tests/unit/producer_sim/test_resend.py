from __future__ import annotations

from pathlib import Path

from contracts.topics import COIL_EVENTS, FRAMES
from producer_sim.pace import Pace
from producer_sim.recording import Record, Recording, RecordingWriter
from producer_sim.resend import resend
from tests.support.sending import MemorySink, Sent, SteppedClock


def record(topic: str, offset: int) -> Record:
    return Record(
        topic=topic,
        partition=0,
        offset=offset,
        timestamp_ms=offset,
        key=b"\xff%d" % offset,
        value=None if offset == 2 else b"\x00%d" % offset,
        headers=(("ce_type", b"\xff"), ("ce_type", None)),
    )


RECORDS = [record(COIL_EVENTS, 0), *(record(FRAMES, n) for n in range(1, 6)), record(COIL_EVENTS, 6)]


def run(
    tmp_path: Path, *, prefix: str = "", stop_after: int | None = None
) -> tuple[bool, MemorySink, SteppedClock]:
    with RecordingWriter(tmp_path / "r") as out:
        for one in RECORDS:
            out.write(one)
    sink, clock = MemorySink(), SteppedClock()
    complete = resend(
        Recording(tmp_path / "r"),
        topic_prefix=prefix,
        pace=Pace(10.0, clock, clock.idle),
        sink=sink,
        should_stop=lambda: len(sink.sent) == stop_after,
        sent=lambda: None,
    )
    return complete, sink, clock


def test_every_record_is_sent_byte_for_byte(tmp_path: Path) -> None:
    complete, sink, _ = run(tmp_path)

    assert complete
    assert sink.sent == [Sent(topic=r.topic, key=r.key, value=r.value, headers=r.headers) for r in RECORDS]


def test_frames_keep_the_pace(tmp_path: Path) -> None:
    _, _, clock = run(tmp_path)

    assert round(clock.now_s - 500.0, 6) == 0.4  # five frames at ten a second, the first at once


def test_topics_get_the_prefix(tmp_path: Path) -> None:
    _, sink, _ = run(tmp_path, prefix="again.")

    assert {r.topic for r in sink.sent} == {"again." + FRAMES, "again." + COIL_EVENTS}


def test_it_stops_when_told(tmp_path: Path) -> None:
    complete, sink, _ = run(tmp_path, stop_after=3)

    assert not complete
    assert len(sink.sent) == 3
