"""The predicted time to the verdict: frames outstanding over the measured rate."""

from __future__ import annotations

import math

import pytest

from consumer.coils.forecast import Rate, forecast
from consumer.coils.ledger.state import CoilState
from tests.support.coils import SECOND_NS, STARTED_AT_NS, CoilScript


def state(coil_id: str, *, announced: int | None, inspected: int, budget_s: float = 300) -> CoilState:
    script, made = CoilScript(coil_id=coil_id, budget_s=budget_s), CoilState(coil_id)
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


def test_coils_that_ended_share_the_rate_in_the_order_of_their_deadlines() -> None:
    urgent = state("C1", announced=200, inspected=100, budget_s=60)
    other = state("C2", announced=400, inspected=100)
    ahead = forecast([other, urgent], 10.0, STARTED_AT_NS + 30 * SECOND_NS)
    assert ahead.verdict_s == 40.0
    assert ahead.slack_s == 60 - 30 - 10


def test_what_a_running_coil_will_send_is_not_known() -> None:
    ahead = forecast([state("C1", announced=None, inspected=5)], 10.0, STARTED_AT_NS + 100 * SECOND_NS)
    assert (ahead.verdict_s, ahead.slack_s) == (0.0, 200.0)


def test_no_rate_is_no_verdict_and_no_coil_is_no_slack() -> None:
    assert forecast([state("C1", announced=2, inspected=1)], 0.0, STARTED_AT_NS).slack_s == -math.inf
    assert forecast([], 0.0, STARTED_AT_NS).slack_s is None
