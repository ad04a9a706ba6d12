"""What counts as a roll mark, and how sure one has to be."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkPolicy:
    """The search for roll marks. Raises ValueError where the numbers contradict each other."""

    period_min_mm: float = 900.0
    """Just under 1 m: a work roll of 290 mm. Shorter ones cost level, and few lines have them."""
    period_max_mm: float = 8_500.0
    lane_mm: float = 24.0
    """Hits of one mark lie within this across the strip: +-12 mm about its lane."""
    cluster_mm: float = 50.0
    """Sightings of a lane closer than this along the strip are one event: a cluster of pits, the halves of a
    region that a frame's border cuts, a frame sent twice."""
    jitter: float = 0.01
    """One standard deviation of a hit about its place, as a share of the period: encoder noise."""
    stretch: float = 0.001
    """What the spacing itself wanders in a revolution, as a share of the period: strip stretch."""
    level: float = 0.01
    """The probability that a coil without any mark raises an alarm."""
    misses_to_end: int = 10
    """Revolutions without a hit after which a mark has ended. At 30 % misses .3 ** 10 = 6e-6 by chance."""

    def __post_init__(self) -> None:
        if not 0 < self.period_min_mm < self.period_max_mm:
            raise ValueError("period_min_mm must be above 0 and below period_max_mm")
        if not 0 <= self.cluster_mm <= self.period_min_mm / 4:
            raise ValueError("cluster_mm must be at most a quarter of period_min_mm")
        if self.lane_mm <= 0:
            raise ValueError("lane_mm must be above 0")
        if not (0 < self.jitter <= 0.05 and 0 <= self.stretch <= 0.05):
            raise ValueError("jitter must be above 0, jitter and stretch at most .05 of the period")
        if not 0 < self.level < 1:
            raise ValueError("level must lie between 0 and 1")
        if self.misses_to_end < 3:
            raise ValueError("misses_to_end must be at least 3: two in a row are usual")
