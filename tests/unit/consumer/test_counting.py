"""What the worker counts of whose frames, and that no sender makes it count without end."""

from __future__ import annotations

import pytest
from prometheus_client import generate_latest

from consumer.ladder import Rung
from contracts.codec import frame_headers
from monitoring.catalogue import CLASS, FRAMES_WITH_CLASS, LATENCY, MOST_SERIES
from monitoring.catalogue import FRAMES as COUNTED
from tests.support.amending import AmendingLine
from tests.support.line import CARD, Line, header, jpeg
from tests.support.samples import series

DEFECTIVE, CLEAN = 255, 0
TRACE_ID = "4bf92f3577b34da6a3ce929d0e0e4736"
TRACEPARENT = f"00-{TRACE_ID}-00f067aa0ba902b7-01"


class GateOnly:
    rung = Rung.GATE_ONLY


@pytest.fixture
def line() -> Line:
    line = Line()
    line.worker.join()
    return line


def send_junk(line: Line, headers: list[tuple[str, bytes | None]]) -> None:
    line.source.append(0, key=header(9).key, value=b"no image", headers=headers)


def test_frames_are_counted_by_line_camera_and_fate(line: Line) -> None:
    for index, (line_id, camera_id, grey) in enumerate(
        [("line-1", "top", CLEAN), ("line-1", "top", DEFECTIVE), ("line-2", "bottom", CLEAN)]
    ):
        line.send(index, grey, line_id=line_id, camera_id=camera_id)
    line.run()
    top, bottom = ({"line": "line-1", "camera": "top"}, {"line": "line-2", "camera": "bottom"})
    assert line.metric(COUNTED.name, **top, fate="clean") == 1
    assert line.metric(COUNTED.name, **top, fate="defective") == 1
    assert line.metric(COUNTED.name, **bottom, fate="clean") == 1
    assert line.metric(COUNTED.name) == 3
    assert line.metric(f"{LATENCY.name}_count", line="line-1") == 2
    assert line.metric(FRAMES_WITH_CLASS.name, **top) == 1
    assert line.metric(FRAMES_WITH_CLASS.name, **{**top, "class": "crack"}) == 1


def test_every_class_of_the_card_has_its_series(line: Line) -> None:
    line.send(0)
    line.run()
    found = {s.labels["class"] for s in series(line.registry) if CLASS.name in s.labels}
    assert found == {c.name for c in CARD.classes}


def test_a_rejected_frame_counts_where_it_says_it_is_from(line: Line) -> None:
    readable = [h for h in frame_headers(header(9)) if h[0] != "ce_widthpx"]
    send_junk(line, list(frame_headers(header(9))))
    send_junk(line, list(readable))
    line.run()
    rejected = {"fate": "dead_lettered"}
    assert line.metric(COUNTED.name, line="line-1", camera="top", **rejected) == 2
    assert line.metric(f"{LATENCY.name}_count", line="line-1") == 2


def test_a_rejected_frame_of_nobody_is_unknown(line: Line) -> None:
    send_junk(line, [])
    line.run()
    assert line.metric(COUNTED.name, line="unknown", camera="unknown", fate="dead_lettered") == 1
    assert line.metric(COUNTED.name) == 1


def test_a_frame_segmented_later_counts_in_its_classes_and_once_as_a_frame() -> None:
    line = Line(ladder=GateOnly())
    line.send(0, DEFECTIVE)
    line.worker.join()
    line.run()
    top = {"line": "line-1", "camera": "top"}
    assert line.metric(FRAMES_WITH_CLASS.name) == 0
    amending = AmendingLine(line)
    amending.worker.join()
    amending.run()
    assert line.metric(FRAMES_WITH_CLASS.name, **{**top, "class": "crack"}) == 1
    assert line.metric(COUNTED.name) == 1


def test_a_hostile_sender_cannot_raise_the_number_of_series(line: Line) -> None:
    """10,000 lines and cameras: half are frames, half are rejected and only say who they are."""
    counts = []
    for index in range(10_000):
        names = {"line_id": f"line-{index}", "camera_id": f"cam-{index}", "coil_id": f"coil-{index}"}
        frame = header(index, **names)
        value = jpeg() if index % 2 else b"no image"
        line.source.append(0, key=frame.key, value=value, headers=frame_headers(frame))
        if index % 40 == 0:  # a run of rejections would stop the worker
            line.run(3)
            counts.append(len(series(line.registry)))
    line.run(10)
    assert line.metric(COUNTED.name) == 10_000
    assert len(series(line.registry)) == counts[10], "all the names that there is room for came early"
    assert len(series(line.registry)) < MOST_SERIES
    assert len(line.metrics._cameras) < 100, "nor the memory"
    assert line.metric(COUNTED.name, line="other", camera="other") == 10_000 - 16


def test_series_do_not_depend_on_the_number_of_coils(line: Line) -> None:
    counts = []
    for index in range(2_000):
        line.send(0, coil_id=f"coil-{index}")
        if index % 40 == 39:
            line.run(6)
            counts.append(len(series(line.registry)))
    line.run(10)
    assert line.metric(COUNTED.name) == 2_000
    assert set(counts) == {len(series(line.registry))}
    assert b"coil-1" not in generate_latest(line.registry)


@pytest.mark.parametrize("traceparent", [TRACEPARENT, None], ids=["a trace", "no trace"])
def test_a_frames_trace_is_the_exemplar_of_its_latency(line: Line, traceparent: str | None) -> None:
    line.send(0, traceparent=traceparent)
    line.run()
    found = [s.exemplar.labels for s in series(line.registry) if s.exemplar is not None]
    assert found == ([] if traceparent is None else [{"trace_id": TRACE_ID}])
