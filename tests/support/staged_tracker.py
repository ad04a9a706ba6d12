"""The coil tracker's own judgement over staged messages: alarms while a coil runs, a report at its end."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import consumer.coils.marks
from consumer.coils.book import OpenCoil
from consumer.coils.grading.rules import load_rules
from consumer.coils.marks.rolls import load_rolls
from consumer.coils.ports import TakenRecord
from consumer.coils.told import Told
from consumer.coils.verdicts import VerdictPolicy, Verdicts
from contracts.alarms import Alarm
from contracts.message_codec import CoilRecord
from contracts.reports import Closing
from tests.support.staged_coils import At

ROLLS = Path(consumer.coils.marks.__path__[0]) / "example_rolls.yaml"
_RECORD = ("staged", 0)
_LOOK_S = 1.0


class StagedTracker:
    """Of one line. It is given messages with their time, and has no clock."""

    def __init__(self) -> None:
        policy = VerdictPolicy(rolls=load_rolls(ROLLS))
        self._told = Told(lane_coils=policy.lanes.of_last)
        self._verdicts = Verdicts(policy, load_rules(), self._told)
        self._coils: dict[str, OpenCoil] = {}

    def take(self, messages: Sequence[At]) -> list[Alarm]:
        """What they raise, looked for once a second of their time."""
        alarms: list[Alarm] = []
        for at_ns, message in messages:
            coil = self._coils.setdefault(message.coil_id, OpenCoil(message.coil_id, 0))
            coil.add(TakenRecord(_RECORD, 0, None, None, at_ns), message)
            if coil.fresh and at_ns / 1e9 - coil.looked_at_s >= _LOOK_S:
                alarms += self._verdicts.look_for_marks(coil, at_ns / 1e9, at_ns)
                self._note(alarms)
        return alarms

    def close(self, coil_id: str, because: Closing, at_ns: int) -> list[CoilRecord]:
        """Its alarms' last states, and its report."""
        closed = self._verdicts.close(self._coils.pop(coil_id), because, at_ns)
        assert closed.report is not None
        self._told.note_report(closed.report)
        self._note(closed.alarms)
        return [closed.report, *closed.alarms]

    def _note(self, alarms: Sequence[Alarm]) -> None:
        for alarm in alarms:
            self._told.note_alarm(alarm)
