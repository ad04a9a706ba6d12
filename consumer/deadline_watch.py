"""Looks ahead every half second: predicts, lets the ladder step, and says so in log, metrics and alarms."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from consumer.deadline_alarm import DeadlineAlarm
from consumer.deadline_ladder import DeadlineLadder, Direction
from consumer.flight import Flight
from consumer.forecast import Forecast, Prediction
from consumer.ladder import Rung
from consumer.ports import Clocks, Outgoing
from monitoring.worker_metrics import WorkerMetrics

log = logging.getLogger(__name__)

EVERY_S = 0.5
FAR_S = 3600.0
"""The slack gauge stays within an hour either way, and stands at its end while no deadline is in sight."""
SPARE_S, SPARE_FRAMES = 0.5, 64
"""So little outstanding is none: what a worker that keeps up has in flight between two commits."""


class DeadlineWatch:
    """What the worker asks and tells about deadlines. Every call belongs to the owner thread."""

    def __init__(
        self,
        *,
        forecast: Forecast,
        ladder: DeadlineLadder,
        alarm: DeadlineAlarm,
        clocks: Clocks,
        metrics: WorkerMetrics,
    ) -> None:
        self._forecast = forecast
        self._ladder = ladder
        self._alarm = alarm
        self._clocks = clocks
        self._metrics = metrics
        self._looked_s: float | None = None
        self._assigned = False
        self._has_slack = False
        metrics.predicted_slack.set(FAR_S)

    @property
    def rung(self) -> Rung:
        """Where the worker stands now."""
        return self._ladder.rung

    @property
    def has_slack(self) -> bool:
        """Whether there is time for frames that can wait: the rung is full and hardly a frame is new."""
        return self._has_slack

    @property
    def due(self) -> bool:
        """Whether it is time to look again."""
        return self._looked_s is None or self._clocks.monotonic_s() - self._looked_s >= EVERY_S

    def partitions_assigned(self) -> None:
        """Others than before, or none: what waits in them is not known before the next look, due now.

        Slack that was seen without them would let old frames go before theirs.
        """
        self._assigned = True
        self._has_slack = False
        self._looked_s = None

    def committed(self, frames: int) -> None:
        """Count frames whose fate is committed: the rate is measured here."""
        self._forecast.committed(frames, self._ladder.rung)

    def look(self, *, backlog: int | None, in_flight: int, flights: Iterable[Flight]) -> list[Outgoing]:
        """Predict, and step if it is time to. The alarms to publish."""
        self._looked_s = self._clocks.monotonic_s()
        prediction = self._forecast.look(
            backlog=backlog, in_flight=in_flight, flights=flights, rung=self._ladder.rung
        )
        direction = self._ladder.look(prediction)
        alarms = [] if direction is None else self._stepped(direction, prediction)
        self._has_slack = self._assigned and not self._ladder.at_risk and _is_little(prediction)
        self._show(prediction)
        return alarms

    def stop(self) -> list[Outgoing]:
        """The worker leaves: what it had raised ends with it."""
        self._has_slack = False
        return self._alarm.end("its worker stops, others take over")

    def _stepped(self, direction: Direction, prediction: Prediction) -> list[Outgoing]:
        coil = prediction.coil
        facts = {
            "rung": self._ladder.rung.name.lower(),
            "coil": None if coil is None else coil.coil_id,
            "slack_s": _rounded(prediction.slack_s),
            "outstanding": prediction.outstanding,
            "rate": _rounded(prediction.rate),
            "full_rate": _rounded(prediction.full_rate),
        }
        if self._ladder.steps:
            self._metrics.rung_steps[direction].inc()
        if direction is Direction.UP or coil is None:
            log.info("deadline no longer at risk", extra=facts)
            return self._alarm.end("what waits will be done well before")
        log.warning("deadline at risk", extra=facts)
        return self._alarm.raise_for(coil, prediction)

    def _show(self, prediction: Prediction) -> None:
        slack_s = FAR_S if prediction.slack_s is None else prediction.slack_s
        self._metrics.rung.set(self._ladder.rung)
        self._metrics.predicted_verdict.set(prediction.finish_s or 0.0)
        self._metrics.predicted_slack.set(min(FAR_S, max(-FAR_S, slack_s)))


def _is_little(prediction: Prediction) -> bool:
    if prediction.outstanding is None:
        return False
    most = SPARE_FRAMES if prediction.full_rate is None else max(SPARE_FRAMES, SPARE_S * prediction.full_rate)
    return prediction.outstanding <= most


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 1)
