"""A frame's trace goes on with everything that is said of the frame, in a header and nowhere else."""

from __future__ import annotations

import pytest

from consumer.ladder import Rung
from consumer.ports import Outgoing
from contracts.codec import frame_headers
from contracts.topics import DEAD_LETTERS, DEFECTS, INSPECTIONS, UNSEGMENTED
from tests.support.amending import AmendingLine
from tests.support.line import Line, header

TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
DEFECTIVE, CLEAN = 255, 0


class GateOnly:
    rung = Rung.GATE_ONLY


def traces(messages: list[Outgoing]) -> dict[str, list[bytes | None]]:
    """By topic: the traces of its messages."""
    assert messages
    for message in messages:
        assert b"4bf92f" not in (message.value or b"")
    return {m.topic: [value for name, value in m.headers if name == "ce_traceparent"] for m in messages}


@pytest.mark.parametrize(
    ("ladder", "grey", "topics"),
    [
        (None, CLEAN, {INSPECTIONS}),
        (None, DEFECTIVE, {INSPECTIONS, DEFECTS}),
        (GateOnly(), DEFECTIVE, {INSPECTIONS, UNSEGMENTED}),
    ],
    ids=["clean", "defective", "unsegmented"],
)
def test_it_is_passed_on(ladder: GateOnly | None, grey: int, topics: set[str]) -> None:
    line = Line(ladder=ladder)
    line.send(0, grey, traceparent=TRACEPARENT)
    line.worker.join()
    line.run()
    assert traces(line.sink.committed) == {name: [TRACEPARENT.encode()] for name in topics}


def test_a_frame_without_a_trace_gets_none() -> None:
    line = Line()
    line.send(0, DEFECTIVE)
    line.worker.join()
    line.run()
    assert traces(line.sink.committed) == {INSPECTIONS: [], DEFECTS: []}


def test_a_dead_letter_keeps_its_own_and_so_does_its_inspection() -> None:
    line = Line()
    frame = header(0, traceparent=TRACEPARENT)
    line.source.append(0, key=frame.key, value=b"no image", headers=frame_headers(frame))
    line.worker.join()
    line.run()
    trace = [TRACEPARENT.encode()]
    assert traces(line.sink.committed) == {DEAD_LETTERS: trace, INSPECTIONS: trace}


def test_an_amendment_has_the_trace_of_its_frame() -> None:
    line = Line(ladder=GateOnly())
    line.send(0, DEFECTIVE, traceparent=TRACEPARENT)
    line.worker.join()
    line.run()
    amending = AmendingLine(line)
    amending.worker.join()
    amending.run()
    trace = [TRACEPARENT.encode()]
    assert traces(amending.sink.committed) == {INSPECTIONS: trace, DEFECTS: trace}
