"""A coil's alarms as they stand: the tracker's latest word on each, and who acknowledged it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from contracts.alarms import Alarm, AlarmState

MOST_ALARMS: Final = 200
"""Of one coil; a coil with that many says nothing by one more."""

_STATES: Final = tuple(AlarmState)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmNow:
    """An alarm as it stands."""

    alarm: Alarm
    """As the tracker said it last; as it was acknowledged, where nothing else is known."""
    acknowledged: Alarm | None
    """The latest acknowledgement."""

    @property
    def ended(self) -> bool:
        """What it warned of is over. An acknowledgement after that changes nothing."""
        return self.alarm.state is AlarmState.ENDED


class AlarmBook:
    """Alarms of one coil, by their id. Of two states the one that began later counts."""

    def __init__(self) -> None:
        self._told: dict[str, Alarm] = {}
        self._acknowledged: dict[str, Alarm] = {}

    def __len__(self) -> int:
        return len(self._told.keys() | self._acknowledged.keys())

    def take(self, alarm: Alarm) -> bool:
        """Whether it is new, or later than what is known."""
        if len(self) >= MOST_ALARMS and not self._knows(alarm):
            return False
        book = self._acknowledged if alarm.state is AlarmState.ACKNOWLEDGED else self._told
        known = book.get(alarm.alarm_id)
        if known is not None and _rank(known) >= _rank(alarm):
            return False
        book[alarm.alarm_id] = alarm
        return True

    def now(self) -> Iterator[AlarmNow]:
        """All of them, the one that was raised first first."""
        found = []
        for alarm_id in self._told.keys() | self._acknowledged.keys():
            acknowledged = self._acknowledged.get(alarm_id)
            alarm = self._told.get(alarm_id, acknowledged)
            if alarm is not None:
                found.append(AlarmNow(alarm=alarm, acknowledged=acknowledged))
        yield from sorted(found, key=lambda now: (now.alarm.raised_at_ns, now.alarm.alarm_id))

    def get(self, alarm_id: str) -> AlarmNow | None:
        """One of them."""
        return next((now for now in self.now() if now.alarm.alarm_id == alarm_id), None)

    def _knows(self, alarm: Alarm) -> bool:
        return alarm.alarm_id in self._told or alarm.alarm_id in self._acknowledged


def _rank(alarm: Alarm) -> tuple[int, int, str]:
    return alarm.changed_at_ns, _STATES.index(alarm.state), alarm.model_dump_json()
