"""When a coil is closed, and why. Pure: the time is passed in."""

from __future__ import annotations

from dataclasses import dataclass

from consumer.coils.ledger.state import LONGEST_BUDGET_NS, CoilState
from contracts.reports import Closing

RESERVED_SHARE = 0.1
"""Of the budget at most: with a budget of 10 s nobody wants to close 5 s early."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosingPolicy:
    """How long a coil is waited for."""

    settle_s: float = 15.0
    """After the last record of an ended coil: more than a failover and a killed worker's transaction."""
    reserve_s: float = 5.0
    """Before the deadline: merging, grading and publishing the largest coil fit in."""
    grace_s: float = 30.0
    """After the deadline, for a coil whose start or end never comes."""
    amend_within_s: float = 900.0
    """After the deadline: so long a report may still be replaced by one of the whole coil."""


def closing(state: CoilState, now_ns: int, policy: ClosingPolicy) -> Closing | None:
    """Why the coil is to be closed now; None: it stays open.

    Frames that wait to be segmented are worth waiting for until the deadline; frames that nobody hears of any
    more are not. A deadline in the far future, of a clock gone wrong, holds a coil no longer than a day.
    """
    if state.whole:
        return Closing.COMPLETE
    due_ns = min(state.deadline_at_ns, state.first_seen_at_ns + LONGEST_BUDGET_NS)
    if state.started is None or state.ended is None:
        if now_ns < due_ns + _ns(policy.grace_s):
            return None
        return Closing.UNANNOUNCED if state.started is None else Closing.TIMED_OUT
    reserve_s = min(policy.reserve_s, RESERVED_SHARE * state.started.budget_s)
    if now_ns >= due_ns - _ns(reserve_s):
        return Closing.DEADLINE
    if not state.unsegmented and now_ns - state.last_seen_at_ns >= _ns(policy.settle_s):
        return Closing.SETTLED
    return None


def amendable(state: CoilState, now_ns: int, policy: ClosingPolicy) -> bool:
    """A report that was not of the whole coil may still be replaced by one that is."""
    due_ns = min(state.deadline_at_ns, state.first_seen_at_ns + LONGEST_BUDGET_NS)
    return now_ns < due_ns + _ns(policy.amend_within_s)


def _ns(seconds: float) -> int:
    return round(seconds * 1e9)
