"""Whether two reports tell of one mark."""

from __future__ import annotations

from consumer.coils.marks.policy import MarkPolicy
from contracts.reports import RollMark

PERIOD_SHARE = 0.005
"""Two periods this near are one: what the encoder is trusted to."""
DEVIATIONS = 3.0


def same_mark(one: RollMark, other: RollMark, policy: MarkPolicy) -> bool:
    """Class, lane (within half of one) and period (within .5 % or three standard deviations) agree.

    So that neither a restart nor a mark's return raises it twice.
    """
    if one.class_id != other.class_id or abs(one.lane_mm - other.lane_mm) > policy.lane_mm / 2:
        return False
    deviation_mm = (one.period_uncertainty_mm or 0.0) + (other.period_uncertainty_mm or 0.0)
    near_mm = max(PERIOD_SHARE * one.period_mm, DEVIATIONS * deviation_mm)
    return abs(one.period_mm - other.period_mm) <= near_mm
