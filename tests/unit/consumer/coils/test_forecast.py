"""The predicted time to the verdict: frames outstanding over the measured rate."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from consumer.coils.forecast import Forecast, Rate, forecast
from consumer.coils.ledger.state import CoilState
from tests.support.coils import SECOND_NS, STARTED_AT_NS, CoilScript


def line_id(state: CoilState) -> str:
    return state.line_id


def state(
    coil_id: str, *, announced: int | None, inspected: int, budget_s: float = 300, line: str = "line-1"
) -> CoilState:
    script, made = CoilScript(coil_id=coil_id, line_id=line, budget_s=budget_s), CoilState(coil_id)
    messages = [script.started(), *(script.clean(i) for i in range(inspected))]
    for message in messages if announced is None else [*messages, script.ended(announced)]:
        made.add(message, seen_at_ns=STARTED_AT_NS)
    return made


def test_the_rate_is_that_of_the_last_ten_seconds() -> None:
    rate = Rate()
    assert rate.per_s(0) == 0
    for second in range(30):
        rate.count(second, 500)
    assert rate.per_s(30) == pytest.approx(500, rel=0.12)
    assert rate.per_s(45) == 0


def ahead_of(
    *coils: CoilState,
    rate_per_s: float = 10.0,
    after_s: float = 0,
    line_of: Callable[[CoilState], str] = line_id,
) -> dict[str, Forecast]:
    return forecast(coils, rate_per_s, STARTED_AT_NS + round(after_s * SECOND_NS), line_of)


def test_coils_that_ended_share_the_rate_in_the_order_of_their_deadlines() -> None:
    urgent = state("C1", announced=200, inspected=100, budget_s=60)
    other = state("C2", announced=400, inspected=100)
    ahead = ahead_of(other, urgent, after_s=30)["line-1"]
    assert ahead.verdict_s == 40.0
    assert ahead.slack_s == 60 - 30 - 10


def test_lines_share_the_rate_and_each_has_its_own_forecast() -> None:
    urgent = state("C1", announced=200, inspected=100, budget_s=60)
    other = state("C2", announced=400, inspected=100, line="line-2")
    ahead = ahead_of(other, urgent, after_s=30)
    assert (ahead["line-1"].verdict_s, ahead["line-1"].slack_s) == (10.0, 20.0)
    assert (ahead["line-2"].verdict_s, ahead["line-2"].slack_s) == (40.0, 300 - 30 - 40)


def test_lines_of_one_label_have_one_forecast_the_worst() -> None:
    urgent = state("C1", announced=200, inspected=100, budget_s=60)
    other = state("C2", announced=400, inspected=100, line="line-2")
    ahead = ahead_of(other, urgent, after_s=30, line_of=lambda _: "other")
    assert (ahead["other"].verdict_s, ahead["other"].slack_s) == (40.0, 20.0)


def test_what_a_running_coil_will_send_is_not_known() -> None:
    ahead = ahead_of(state("C1", announced=None, inspected=5), after_s=100)["line-1"]
    assert (ahead.verdict_s, ahead.slack_s) == (0.0, 200.0)


def test_a_running_coil_waits_behind_another_line_and_has_no_verdict_to_predict() -> None:
    ended = state("C1", announced=200, inspected=100, budget_s=60)
    ahead = ahead_of(ended, state("C2", announced=None, inspected=5, line="line-2"))["line-2"]
    assert (ahead.verdict_s, ahead.slack_s) == (0.0, 290.0)


def test_no_rate_is_no_verdict_and_no_coil_is_no_forecast() -> None:
    ahead = ahead_of(state("C1", announced=2, inspected=1), rate_per_s=0.0)
    assert ahead["line-1"].slack_s == -math.inf
    assert ahead_of(rate_per_s=0.0) == {}
