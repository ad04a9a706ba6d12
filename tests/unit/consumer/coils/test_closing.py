"""When a coil is closed, and why."""

from __future__ import annotations

import pytest

from consumer.coils.closing import ClosingPolicy, amendable, closing
from consumer.coils.ledger.state import CoilRecord, CoilState
from contracts.reports import Closing
from contracts.results import Fate
from tests.support.coils import SECOND_NS, STARTED_AT_NS, CoilScript

POLICY = ClosingPolicy(settle_s=15.0, reserve_s=5.0, grace_s=30.0, amend_within_s=900.0)
SEEN_S = 60.0
"""After the start, when the last record was seen."""


def at_ns(seconds: float) -> int:
    return STARTED_AT_NS + round(seconds * SECOND_NS)


def coil_of(*messages: CoilRecord) -> CoilState:
    state = CoilState("C1")
    for message in messages:
        state.add(message, seen_at_ns=at_ns(SEEN_S))
    return state


COIL = CoilScript(budget_s=300.0)
START, FRAME, END = COIL.started(), COIL.clean(0), COIL.ended(1)
WAITING = COIL.inspection(0, Fate.UNSEGMENTED)
DEFECTIVE, EVENT = COIL.defective(0)


@pytest.mark.parametrize(
    ("messages", "after_s", "expected"),
    [
        pytest.param([START, FRAME, END], 0, Closing.COMPLETE, id="whole: at once"),
        pytest.param([START, DEFECTIVE, EVENT, END], 0, Closing.COMPLETE, id="whole with its event"),
        pytest.param([START, COIL.ended(0)], 0, Closing.COMPLETE, id="no frames at all"),
        pytest.param([START, FRAME, END], 9999, Closing.COMPLETE, id="whole, and late"),
        pytest.param([START, END], SEEN_S + 14.9, None, id="frames missing, and records just came"),
        pytest.param([START, END], SEEN_S + 15, Closing.SETTLED, id="frames missing, and nothing comes"),
        pytest.param([START, DEFECTIVE, END], SEEN_S + 15, Closing.SETTLED, id="an event is missing"),
        pytest.param([START, WAITING, END], 294.9, None, id="to be segmented: waits for the deadline"),
        pytest.param([START, WAITING, END], 295, Closing.DEADLINE, id="to be segmented, no time left"),
        pytest.param(
            [START, WAITING, COIL.ended(2)], SEEN_S + 15, None, id="to be segmented and missing: waits"
        ),
        pytest.param([START, FRAME], 329.9, None, id="not ended, in the grace"),
        pytest.param([START, FRAME], 330, Closing.TIMED_OUT, id="never ended"),
        pytest.param([START], 330, Closing.TIMED_OUT, id="only a start"),
        pytest.param([FRAME], 329.9, None, id="not started, in the grace"),
        pytest.param([FRAME], 330, Closing.UNANNOUNCED, id="never started"),
        pytest.param([FRAME, END], 329.9, None, id="an end before its start is held"),
        pytest.param([FRAME, END], 330, Closing.UNANNOUNCED, id="ended, never started"),
        pytest.param([END], SEEN_S + 329.9, None, id="only an end: no header said a deadline"),
        pytest.param([END], SEEN_S + 330, Closing.UNANNOUNCED, id="only an end, 330 s after it was seen"),
    ],
)
def test_closing(messages: list[CoilRecord], after_s: float, expected: Closing | None) -> None:
    assert closing(coil_of(*messages), at_ns(after_s), POLICY) is expected


@pytest.mark.parametrize(("budget_s", "closes_s"), [(300.0, 295.0), (50.0, 45.0), (10.0, 9.0)])
def test_the_reserve_is_at_most_a_tenth_of_the_budget(budget_s: float, closes_s: float) -> None:
    patient = ClosingPolicy(settle_s=1e6, reserve_s=5.0)
    state = coil_of(START.model_copy(update={"budget_s": budget_s}), END)
    assert closing(state, at_ns(closes_s) - 1, patient) is None
    assert closing(state, at_ns(closes_s), patient) is Closing.DEADLINE


@pytest.mark.parametrize("messages", [[START], [START, END], [WAITING]], ids=["started", "ended", "frames"])
def test_a_clock_of_another_century_holds_a_coil_a_day_at_most(messages: list[CoilRecord]) -> None:
    far_ns = 2**62
    times = {"started_at_ns": far_ns, "ended_at_ns": far_ns, "deadline_at_ns": far_ns}
    bent = [
        message.model_copy(update={k: v for k, v in times.items() if k in type(message).model_fields})
        for message in messages
    ]
    patient = ClosingPolicy(settle_s=1e9)
    assert closing(coil_of(*bent), at_ns(SEEN_S + 86_000), patient) is None
    assert closing(coil_of(*bent), at_ns(SEEN_S + 86_400 + 30), patient) is not None


def test_a_report_may_be_replaced_until_some_time_after_the_deadline() -> None:
    state = coil_of(START, END)
    assert amendable(state, at_ns(300 + 899), POLICY)
    assert not amendable(state, at_ns(300 + 900), POLICY)
