"""The ladder that the deadline moves: down when a coil would be late, up again with hysteresis."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from consumer.forecast import Prediction
from consumer.ladder import Rung

LEAST_BACKLOG_S = 1.0
"""Less work than this is no backlog: a frame that meets no queue is committed within half a second."""
NEARLY_EMPTY_S = 0.5


class Direction(StrEnum):
    """Which way a step goes; a metric label."""

    DOWN = "down"
    UP = "up"


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderPolicy:
    """When to step."""

    steps: bool = True
    """False: the risk is still told, but every frame is segmented, late or not."""
    reserve_s: float = 60.0
    """What must be left between the predicted finish and the deadline. A prediction knows the frames that are
    there; the strip that still runs adds more. At most a fifth of a coil's budget, of which a strip takes
    about half."""

    @property
    def dwell_s(self) -> float:
        """Least time on a rung: 10 s at the default reserve, so that a rate is measured over its window."""
        return self.reserve_s / 6

    def reserve_of(self, budget_s: float) -> float:
        """The reserve of a coil with this budget, seconds."""
        return min(self.reserve_s, max(0.0, budget_s / 5))


class DeadlineLadder:
    """Steps down when a coil in sight would be late, and up again once all would be well before.

    Down: the predicted finish leaves less than the reserve, and the backlog is more than a tenth of it; who
    keeps up with the cameras gains nothing by doing less. Up: at the full rate that was measured last the
    finish would leave twice the reserve, or nearly nothing waits. Between the two lies the hysteresis.
    """

    def __init__(self, policy: LadderPolicy, clock: Callable[[], float]) -> None:
        self._policy = policy
        self._clock = clock
        self._stepped_s: float | None = None
        self.at_risk = False
        """Whether a coil is endangered; the rung follows, unless the policy forbids steps."""

    @property
    def rung(self) -> Rung:
        """Where the worker stands now."""
        return Rung.GATE_ONLY if self.at_risk and self._policy.steps else Rung.FULL

    @property
    def steps(self) -> bool:
        """Whether it ever leaves the full rung."""
        return self._policy.steps

    def look(self, prediction: Prediction) -> Direction | None:
        """Step if it is time to, and say which way; None: it stays."""
        now_s = self._clock()
        if self._stepped_s is not None and now_s - self._stepped_s < self._policy.dwell_s:
            return None
        at_risk = self._still_at_risk(prediction) if self.at_risk else self._would_be_late(prediction)
        if at_risk == self.at_risk:
            return None
        self.at_risk = at_risk
        self._stepped_s = now_s
        return Direction.DOWN if at_risk else Direction.UP

    def _would_be_late(self, prediction: Prediction) -> bool:
        slack_s, finish_s, coil = prediction.slack_s, prediction.finish_s, prediction.coil
        if slack_s is None or finish_s is None or coil is None:
            return False
        reserve_s = self._policy.reserve_of(coil.budget_s)
        return slack_s < reserve_s and finish_s > max(LEAST_BACKLOG_S, reserve_s / 10)

    def _still_at_risk(self, prediction: Prediction) -> bool:
        """With no deadline in sight it goes on quickly: behind those that were missed are some to keep."""
        finish_s, coil, left_s = prediction.full_finish_s, prediction.coil, prediction.left_s
        if finish_s is None:
            return True
        if finish_s <= max(NEARLY_EMPTY_S, self._policy.reserve_s / 30):
            return False
        if coil is None or left_s is None:
            return True
        return left_s - finish_s < 2 * self._policy.reserve_of(coil.budget_s)
