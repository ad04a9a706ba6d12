"""Lanes: cross-strip positions where defects of one class gather, and those that return coil after coil."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from consumer.coils.facts import AnyDefect
from contracts.alarms import LaneRecurrence
from contracts.reports import CoilLane

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class LanePolicy:
    """What counts as a lane, and how often it must return. Raises ValueError where it makes no sense."""

    lane_mm: float = 24.0
    """The width of the windows that are tried; they overlap by half."""
    cluster_mm: float = 100.0
    """Defects of a window closer than this along the strip are one event: a torn scratch is no lane."""
    widest_mm: float = 96.0
    """Across the strip. What is wider lies in no one lane."""
    least_count: int = 3
    level: float = 0.01
    """The probability that a coil whose defects lie anywhere has a lane."""
    coils: int = 3
    """Alarm when so many ..."""
    of_last: int = 5
    """... of the line's last coils show it, the newest one among them."""

    def __post_init__(self) -> None:
        if not (self.lane_mm > 0 and self.widest_mm > 0 and self.cluster_mm >= 0):
            raise ValueError("lane_mm and widest_mm must be above 0, cluster_mm not below")
        if not 0 < self.level < 1 or self.least_count < 2:
            raise ValueError("level must lie between 0 and 1, and least_count be at least 2")
        if not 1 <= self.coils <= self.of_last:
            raise ValueError("coils must be at least 1 and at most of_last")


_POLICY = LanePolicy()


def coil_lanes(
    defects: Sequence[AnyDefect], width_mm: float, policy: LanePolicy | None = None
) -> tuple[CoilLane, ...]:
    """Where more defects of a class lie than chance would put there, by class and place.

    Of n defects that lie anywhere each is in a given window with probability lane / width; that k of them are
    is bounded by Chernoff (Hoeffding, Probability inequalities for sums of bounded random variables, 1963,
    theorem 1), and corrected for all windows and classes tried (Bonferroni). Overlapping ones are one lane.
    """
    policy = policy or _POLICY
    narrow = [defect for defect in defects if defect.width_mm <= policy.widest_mm]
    if width_mm <= 2 * policy.lane_mm or len(narrow) < policy.least_count:
        return ()
    classes = sorted({defect.class_id for defect in narrow})
    windows = 2 * width_mm / policy.lane_mm * len(classes)
    return tuple(
        lane
        for class_id in classes
        for lane in _class_lanes([d for d in narrow if d.class_id == class_id], width_mm, windows, policy)
    )


def recurring(
    this: tuple[str, Sequence[CoilLane]],
    earlier: Sequence[tuple[str, Sequence[CoilLane]]],
    policy: LanePolicy | None = None,
) -> tuple[LaneRecurrence, ...]:
    """The lanes of the coil `this` (id, lanes) that enough of the `earlier` ones, oldest first, show too.

    Of the same class, and overlapping or less than half a lane apart. An earlier version of the coil's own
    report does not count.
    """
    policy = policy or _POLICY
    coil_id, lanes = this
    others = [each for each in earlier if each[0] != coil_id]
    last = others[max(0, len(others) - policy.of_last + 1) :]
    found = []
    for lane in lanes:
        shown = [other for other, theirs in last if any(_same(lane, each, policy) for each in theirs)]
        if len(shown) + 1 >= policy.coils:
            found.append(
                LaneRecurrence(
                    class_id=lane.class_id,
                    class_name=lane.class_name,
                    across_min_mm=lane.across_min_mm,
                    across_max_mm=lane.across_max_mm,
                    coils=(*shown, coil_id),
                    of_last=len(last) + 1,
                )
            )
    return tuple(found)


def _same(one: CoilLane, other: CoilLane, policy: LanePolicy) -> bool:
    apart_mm = max(one.across_min_mm - other.across_max_mm, other.across_min_mm - one.across_max_mm)
    return one.class_id == other.class_id and apart_mm <= policy.lane_mm / 2


def _class_lanes(
    defects: Sequence[AnyDefect], width_mm: float, windows: float, policy: LanePolicy
) -> Iterator[CoilLane]:
    across = np.array([(d.across_min_mm + d.across_max_mm) / 2 for d in defects])
    along = np.array([(d.along_min_mm + d.along_max_mm) / 2 for d in defects])
    window, count = _events(across, along, policy)
    log_bound = _log_tail(count, len(defects), policy.lane_mm / width_mm)
    full = window[(count >= policy.least_count) & (log_bound <= np.log(policy.level / windows))]
    for first, last in _runs(full):
        inside = (across >= first * policy.lane_mm / 2) & (across < (last + 2) * policy.lane_mm / 2)
        yield CoilLane(
            class_id=defects[0].class_id,
            class_name=defects[0].class_name,
            across_min_mm=float(across[inside].min()),
            across_max_mm=float(across[inside].max()),
            count=int(inside.sum()),
        )


def _events(across_mm: Floats, along_mm: Floats, policy: LanePolicy) -> tuple[Ints, Ints]:
    """The windows that hold any, from `window` half lanes to `window + 2`, and their events."""
    half = np.floor(across_mm / (policy.lane_mm / 2)).astype(np.int64)
    window, along = np.concatenate([half, half - 1]), np.concatenate([along_mm, along_mm])
    order = np.lexsort((along, window))
    window, along = window[order], along[order]
    begins = np.ones(len(window), bool)
    begins[1:] = (np.diff(window) != 0) | (np.diff(along) > policy.cluster_mm)
    return np.unique(window[begins], return_counts=True)


def _log_tail(count: Ints, of: int, share: float) -> Floats:
    """Chernoff's bound on the logarithm of P(Binomial(of, share) >= count): -of * KL(count / of, share)."""
    seen = np.clip(count / of, share, 1.0)
    rest = np.where(seen < 1, (1 - seen) * np.log(np.maximum(1 - seen, 1e-300) / (1 - share)), 0.0)
    bound: Floats = -of * (seen * np.log(seen / share) + rest)
    return bound


def _runs(windows: Ints) -> list[tuple[int, int]]:
    """First and last of each run of windows that overlap."""
    runs: list[tuple[int, int]] = []
    for window in windows.tolist():
        if runs and window - runs[-1][1] <= 1:
            runs[-1] = (runs[-1][0], window)
        else:
            runs.append((window, window))
    return runs
