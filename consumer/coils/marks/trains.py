"""Trains: supposed marks, each from two events of a lane, betting on where the next events fall.

The method is a test by betting (Shafer, Testing by betting, JRSS A 184, 2021; Ramdas, Gruenwald, Vovk and
Shafer, Game-theoretic statistics and safe anytime-valid inference, Statistical Science 38, 2023). Under the
null, events of one class in one lane are a Poisson process of whatever rate: where in a supposed period the
next one falls is uniform. Two events `m` slots apart suppose a period and a phase (as RANSAC does from a
minimal sample); their train then pays for each later event the likelihood ratio of "on the grid of hits, or
clutter" to "anywhere": `1 - share + share * density`. Without a mark the product's expectation is at most
1, so

- it may be looked at as often as wanted (Ville's inequality): no correction for looks,
- only the places of events are bet on: misses cost nothing but time, and the lane's rate need not be known,
- weighted by shares of one unit that no later event can change, the sum over ALL trains of a coil is such a
  bet too: that is the whole correction for all periods, lanes and classes tried, dependent as they are.

Where the next hit is expected is a Kalman filter's prediction over (place, period), in units of the period:
it refines the period as hits come in, and follows a strip that stretches. How many events are hits is
learnt on the way (Krichevsky and Trofimov, 1981): clutter and further rolls in the lane slow a train, but
do not stop it.

The level is a bound, and a safe one, for a coil ends before most of its bets could have paid: at level .5, 27
of 3,000 coils of 1 km with 1,000 defects raised an alarm, not 1,500. At .05 a mark is told 1.4 revolutions
sooner than at .01.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from consumer.coils.marks.policy import MarkPolicy

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]

SLOTS_APART = (1, 2)
"""Between the two hits that found a train. With 3 as well no mark is found sooner, with 1 alone .4 later."""
NEAREST = 6
"""Partners of an event, counted backwards in its lane: beyond, the clutter between hides a mark anyway."""
HITS_AHEAD, CLUTTER_AHEAD = 2.0, 1.0
"""Before the first event a train expects two hits in three. One in two, or four in five, alarm as soon."""
DEAD = -2.0
"""Log of the ratio below which a train is given up: three events of clutter before its first hit. At -5 no
mark was found sooner, at twice the work."""
LONGEST_GAP = 12
"""Slots without any event after which a train's prediction is worth nothing."""
SAME_HIT = 4.0
"""Standard deviations about a hit within which a further event is the same hit: no bet."""
HALF_LOG_TWO_PI = 0.5 * np.log(2 * np.pi)


@dataclass(slots=True, kw_only=True)
class Trains:
    """Many trains as columns of equal length (n,). Variances are in units of the period squared."""

    lane: Ints
    log_weight: Floats
    period_mm: Floats
    place_mm: Floats
    """Of its latest hit, as filtered."""
    place_var: Floats
    period_var: Floats
    covariance: Floats
    hits: Floats
    clutter: Floats
    log_ratio: Floats

    def __len__(self) -> int:
        return len(self.lane)

    def taken(self, which: NDArray[np.bool_] | Ints | slice) -> Trains:
        """Those."""
        return Trains(**{each.name: getattr(self, each.name)[which] for each in fields(self)})

    @property
    def log_bet(self) -> Floats:
        """What each adds to the coil's bet, as a logarithm."""
        return self.log_weight + self.log_ratio


def joined(parts: list[Trains]) -> Trains:
    """One after the other."""
    return Trains(
        **{f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Trains)}
    )


def founded(
    policy: MarkPolicy,
    *,
    lane: Ints,
    apart: Ints,
    first_mm: Floats,
    second_mm: Floats,
    log_weight: Floats,
) -> Trains:
    """New trains from pairs of events `apart` slots from each other."""
    noise, walk, slots = policy.jitter**2, policy.stretch**2, apart.astype(np.float64)
    return Trains(
        lane=lane,
        log_weight=log_weight,
        period_mm=(second_mm - first_mm) / slots,
        place_mm=second_mm.copy(),
        place_var=np.full(len(lane), noise),
        period_var=2 * noise / slots**2 + walk / slots,
        covariance=noise / slots,
        hits=np.full(len(lane), HITS_AHEAD),
        clutter=np.full(len(lane), CLUTTER_AHEAD),
        log_ratio=np.zeros(len(lane)),
    )


def no_trains(policy: MarkPolicy) -> Trains:
    """To begin with."""
    ints, floats = np.empty(0, np.int64), np.empty(0)
    return founded(policy, lane=ints, apart=ints, first_mm=floats, second_mm=floats, log_weight=floats)


def meet(trains: Trains, event_mm: Floats, policy: MarkPolicy) -> NDArray[np.bool_]:
    """Each train meets the next event of its lane, in place. Gives which live on."""
    noise = policy.jitter**2
    offset = (event_mm - trains.place_mm) / trains.period_mm
    slots = np.rint(offset)
    offset -= slots
    covariance = trains.covariance + slots * trains.period_var
    place_var = trains.place_var + slots * (trains.covariance + covariance + policy.stretch**2)
    spread = place_var + noise
    density = np.exp(-0.5 * (offset * offset / spread + np.log(spread)) - HALF_LOG_TWO_PI)
    density[slots == 0] = 0.0
    share = trains.hits / (trains.hits + trains.clutter)
    on_grid = share * density
    same = (slots == 0) & (np.abs(offset) < SAME_HIT * policy.jitter)
    hit = on_grid > 1 - share
    trains.log_ratio += np.where(same, 0.0, np.log(1 - share + on_grid))
    trains.hits += hit
    trains.clutter += ~(hit | same)
    _correct(trains, hit, slots, offset, place_var, covariance, spread)
    return (trains.log_ratio > DEAD) & (slots <= LONGEST_GAP)


def _correct(
    trains: Trains,
    hit: NDArray[np.bool_],
    slots: Floats,
    offset: Floats,
    place_var: Floats,
    covariance: Floats,
    spread: Floats,
) -> None:
    """The Kalman filter's correction where the event was a hit; elsewhere all stays (Kalman, 1960)."""
    place_gain = np.where(hit, place_var / spread, 0.0)
    period_gain = np.where(hit, covariance / spread, 0.0)
    trains.place_mm += np.where(hit, (slots + place_gain * offset) * trains.period_mm, 0.0)
    trains.period_mm *= 1 + period_gain * offset
    trains.place_var = np.where(hit, place_var * (1 - place_gain), trains.place_var)
    trains.period_var -= period_gain * covariance
    trains.covariance = np.where(hit, covariance * (1 - place_gain), trains.covariance)
