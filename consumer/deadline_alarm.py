"""The alarm `deadline at risk`: raised by a step down for the coil in danger, ended by the step up."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import NamedTuple

from consumer.forecast import CoilInSight, Prediction
from consumer.outgoing import outgoing
from consumer.ports import Outgoing
from contracts.alarms import Alarm, AlarmKind, AlarmState


class _Raised(NamedTuple):
    coil: CoilInSight
    at_ns: int


class DeadlineAlarm:
    """At most one at a time is raised by a worker; its id says which worker's."""

    def __init__(
        self, *, worker_name: str, steps: bool, topic_prefix: str, wall_clock_ns: Callable[[], int]
    ) -> None:
        self._alarm_id = f"deadline-{hashlib.sha256(worker_name.encode()).hexdigest()[:8]}"
        self._remedy = (
            "the worker gates only, and segments later what it marks as unsegmented"
            if steps
            else "the worker goes on in full, for its ladder is off"
        )
        self._prefix = topic_prefix
        self._wall_clock_ns = wall_clock_ns
        self._raised: _Raised | None = None

    def raise_for(self, coil: CoilInSight, prediction: Prediction) -> list[Outgoing]:
        """A coil is endangered from now on."""
        self._raised = _Raised(coil, self._wall_clock_ns())
        summary = (
            f"Deadline at risk: {prediction.outstanding} frames need {prediction.finish_s or 0:.0f} s, coil "
            f"{coil.coil_id} has {prediction.left_s or 0:.0f} s left; {self._remedy}."
        )
        return self._messages(self._raised, AlarmState.RAISED, summary)

    def end(self, why: str) -> list[Outgoing]:
        """No coil is endangered any more, as far as this worker sees. Nothing if none was."""
        raised, self._raised = self._raised, None
        if raised is None:
            return []
        return self._messages(raised, AlarmState.ENDED, f"Deadline no longer at risk: {why}.")

    def _messages(self, raised: _Raised, state: AlarmState, summary: str) -> list[Outgoing]:
        alarm = Alarm(
            line_id=raised.coil.line_id,
            coil_id=raised.coil.coil_id,
            alarm_id=self._alarm_id,
            kind=AlarmKind.DEADLINE_AT_RISK,
            state=state,
            raised_at_ns=raised.at_ns,
            changed_at_ns=max(raised.at_ns, self._wall_clock_ns()),
            summary=summary,
        )
        return [outgoing(alarm, self._prefix)]
