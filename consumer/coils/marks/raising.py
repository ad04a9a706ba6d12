"""Makes a mark of a train that has won: all its hits so far, in its own lane, at its whole period."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from consumer.coils.marks.follow import Follower, Hit, backward, standing
from consumer.coils.marks.grid import Grid, fitted, fundamental, on_beat
from consumer.coils.marks.lane_events import Events
from consumer.coils.marks.marked import Marked, claims, in_lane
from consumer.coils.marks.policy import MarkPolicy
from consumer.coils.marks.search import Crossing

BETWEEN = 0.5
"""A comb of a multiple of the period leaves the other hits between its own: where they are half as many as it
has, the period is the shorter one."""


FEWEST_HITS = 4
"""Fewer than a train can win with."""


def raised(crossing: Crossing, events: Events, free: NDArray[np.bool_], policy: MarkPolicy) -> Marked | None:
    """The mark as it stands where it was found; None where the train's hits are none of one lane after all.

    `events` are all of the coil so far (row = id), `free` says which of them belong to no other mark. Only
    those up to the crossing make its id: so that a coil's first mark has the same one whenever one looks. (A
    second mark may differ by a millimetre: how far the first was followed decides what is left to it.)
    """
    class_id, unclaimed = crossing.key.class_id, events.taken(free)
    lane_mm = (crossing.key.window + 1) * policy.lane_mm / 2
    start = standing(crossing.state)
    for _ in range(3):  # the lane that was searched; its hits' own; at the whole period
        lane = in_lane(unclaimed, class_id, lane_mm, policy)
        hits, ahead = _grown(lane, start, crossing.at_mm, policy)
        if len(hits) < FEWEST_HITS:
            return None
        lane_mm = float(np.median(lane.across_mm[[hit.row for hit in hits]]))
        start = _refined(lane, hits, policy)
    ahead.hits, ahead.clutter = standing(crossing.state).hits, standing(crossing.state).clutter
    ahead.log_bet = ahead.best_log_bet = crossing.log_bet
    mark = Marked(
        mark_id=f"mark-{class_id}-{lane_mm:.0f}-{start.period_mm:.0f}",
        class_id=class_id,
        lane_mm=lane_mm,
        slots=[hit.slot for hit in hits],
        along_mm=[hit.along_mm for hit in hits],
        follower=ahead,
        ahead=lane.taken(lane.along_mm >= ahead.passed_mm),
    )
    mark.own = np.union1d(claims(lane, mark.along_mm, start.period_mm, policy), np.array([crossing.last]))
    return mark


def settle(
    mark: Marked, events: Events, free: NDArray[np.bool_], up_to_mm: float, policy: MarkPolicy
) -> None:
    """Looks again whether the period is the whole one, now that more of the mark is known.

    The first six hits all lie in even slots once in some hundred coils: the double period wins then.
    """
    usable = free.copy()
    usable[mark.own] = True
    lane = in_lane(events.taken(usable), mark.class_id, mark.lane_mm, policy)
    hits = [Hit(slot, -1, place) for slot, place in zip(mark.slots, mark.along_mm, strict=True)]
    grid, kept = _whole(lane, hits, policy)
    if 0.8 < grid.period_mm / mark.follower.period_mm < 1.25:
        return
    middle = kept[len(kept) // 2]
    start = grid.standing(middle.slot - kept[0].slot, policy)
    found, ahead = _grown(lane, start, up_to_mm, policy)
    if len(found) < FEWEST_HITS:
        return
    for name in ("hits", "clutter", "log_bet", "best_log_bet"):
        setattr(ahead, name, getattr(mark.follower, name))
    mark.slots = [hit.slot for hit in found]
    mark.along_mm = [hit.along_mm for hit in found]
    mark.follower, mark.ahead = ahead, lane.taken(lane.along_mm >= ahead.passed_mm)
    mark.own = np.union1d(mark.own, claims(lane, mark.along_mm, grid.period_mm, policy))


def _grown(lane: Events, start: Follower, up_to_mm: float, policy: MarkPolicy) -> tuple[list[Hit], Follower]:
    """All hits up to `up_to_mm`, that where `start` stands among them, and the filter that has come there."""
    along_mm = lane.along_mm.tolist()
    ahead = replace(start, found=[])
    ahead.advance(along_mm, up_to_mm + start.period_mm / 2, policy)
    row = int(np.argmin(np.abs(lane.along_mm - start.place_mm)))
    here = [Hit(start.slot, row, along_mm[row]), *ahead.found]
    if len(here) > 2:  # the period is known better by now
        grid = fitted([hit.slot for hit in here], [hit.along_mm for hit in here], policy)
        start = replace(grid.standing(0, policy), slot=start.slot)
    return [*backward(start, along_mm, policy), *here], ahead


def _refined(lane: Events, hits: list[Hit], policy: MarkPolicy) -> Follower:
    """On the hit in the middle, with the period of all hits: the true one, were it half of it or double."""
    grid, hits = _whole(lane, hits, policy)
    middle = hits[len(hits) // 2]
    start = grid.standing(middle.slot - hits[0].slot, policy)
    return replace(start, place_mm=(start.place_mm + middle.along_mm) / 2)


def _whole(lane: Events, hits: list[Hit], policy: MarkPolicy) -> tuple[Grid, list[Hit]]:
    slots = [hit.slot for hit in hits]
    grid = fitted(slots, [hit.along_mm for hit in hits], policy)
    factor = fundamental(slots)
    if factor > 1 and factor * grid.period_mm <= policy.period_max_mm:
        kept = [hit for hit, stays in zip(hits, on_beat(slots, factor), strict=True) if stays]
        hits = [replace(hit, slot=(hit.slot - kept[0].slot) // factor) for hit in kept]
    for divisor in (2, 3):
        if grid.period_mm / divisor >= policy.period_min_mm and _between(lane, hits, grid, divisor, policy):
            hits = [replace(hit, slot=hit.slot * divisor) for hit in hits]
            break
    return fitted([hit.slot for hit in hits], [hit.along_mm for hit in hits], policy), hits


def _between(lane: Events, hits: list[Hit], grid: Grid, divisor: int, policy: MarkPolicy) -> bool:
    """Whether the slots between are hit about as often."""
    revolutions = hits[-1].slot - hits[0].slot
    slots = np.array([slot for slot in range(revolutions * divisor) if slot % divisor])
    places = grid.phase_mm + grid.period_mm * slots / divisor
    reach_mm = 3 * policy.jitter * grid.period_mm / divisor
    start, end = np.searchsorted(lane.along_mm, [places - reach_mm, places + reach_mm])
    return int(np.sum(end > start)) >= BETWEEN * (divisor - 1) * len(hits)
