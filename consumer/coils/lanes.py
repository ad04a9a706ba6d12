"""Lanes: cross-strip positions where defects of one class gather, and those that return coil after coil."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from consumer.coils.facts import AnyDefect
from contracts.alarms import LaneRecurrence
from contracts.reports import CoilLane


@dataclass(frozen=True, slots=True, kw_only=True)
class LanePolicy:
    """What counts as a lane, and how often it must return."""

    lane_mm: float = 24.0
    least_count: int = 3
    level: float = 0.01
    """The probability that a coil whose defects lie anywhere has a lane."""
    coils: int = 3
    """Alarm when so many ..."""
    of_last: int = 5
    """... of the line's last coils show it, the newest one among them."""


def coil_lanes(
    defects: Sequence[AnyDefect], width_mm: float, policy: LanePolicy | None = None
) -> tuple[CoilLane, ...]:
    """Where more defects of a class lie than chance would put there."""
    return ()


def recurring(
    this: tuple[str, Sequence[CoilLane]],
    earlier: Sequence[tuple[str, Sequence[CoilLane]]],
    policy: LanePolicy | None = None,
) -> tuple[LaneRecurrence, ...]:
    """The lanes of the coil `this` (id, lanes) that enough of the `earlier` ones, oldest first, show too."""
    return ()
