"""What the line is like, from facts. Whatever is not known is never called clean."""

from __future__ import annotations

from dataclasses import dataclass

from station.web.wire import Condition

QUIET_NS = 10_000_000_000
"""So long without an inspection while frames wait: the worker is down; without anything: it is stale."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known, times in ns since the epoch."""

    began_at_ns: int
    """When this station began to look."""
    broker_up: bool
    broker_since_ns: int
    stuck_since_ns: int | None
    """Since when frames wait and none was inspected; None when none waits, or it is not known."""
    heard_at_ns: int | None
    """When anything came last."""
    coil_runs: bool
    coil_changed_at_ns: int | None
    """When the newest coil started or ended."""


def condition(facts: Facts, now_ns: int) -> tuple[Condition, int]:
    """The line's condition, and since when. The worst that holds."""
    if not facts.broker_up:
        return Condition.BROKER_AWAY, facts.broker_since_ns
    if facts.stuck_since_ns is not None and now_ns - facts.stuck_since_ns >= QUIET_NS:
        return Condition.WORKER_DOWN, facts.stuck_since_ns
    if facts.heard_at_ns is None:
        return Condition.NO_DATA, facts.began_at_ns
    if facts.coil_runs and now_ns - facts.heard_at_ns >= QUIET_NS:
        return Condition.STALE, facts.heard_at_ns
    since_ns = facts.heard_at_ns if facts.coil_changed_at_ns is None else facts.coil_changed_at_ns
    return (Condition.RUNNING if facts.coil_runs else Condition.IDLE), since_ns
