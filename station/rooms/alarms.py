"""Alarms that stand, of however old a coil, and who has seen them."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

from contracts.alarms import Alarm
from station.feed.alarm_writer import AlarmHasEnded, NotAcknowledged
from station.strip.alarms import AlarmBook, AlarmNow
from station.web.refusals import Fault, PartRefused
from station.web.wire import AlarmView

COILS = 500
SHOWN = 100


class Writes(Protocol):
    """What is used of `AlarmWriter`."""

    def acknowledge(self, alarm: Alarm, who: str, at_ns: int) -> Alarm:
        """Raises NotAcknowledged."""


class StandingAlarms:
    """Bounded: the alarms of the coils that were alarmed last."""

    def __init__(self, writer: Writes, wall_ns: Callable[[], int]) -> None:
        self._writer = writer
        self._wall_ns = wall_ns
        self._books: OrderedDict[str, AlarmBook] = OrderedDict()
        self._views: list[AlarmView] | None = None

    def take(self, alarm: Alarm) -> None:
        """Note a state of an alarm, in any order."""
        book = self._books.setdefault(alarm.coil_id, AlarmBook())
        self._books.move_to_end(alarm.coil_id)
        if len(self._books) > COILS:
            self._books.popitem(last=False)
        if book.take(alarm):
            self._views = None

    def views(self) -> list[AlarmView]:
        """Those that have not ended, the newest first."""
        if self._views is None:
            standing = [now for book in self._books.values() for now in book.now() if not now.ended]
            standing.sort(key=lambda now: now.alarm.raised_at_ns, reverse=True)
            self._views = [_view(now) for now in standing[:SHOWN]]
        return self._views

    async def acknowledge(self, coil_id: str, alarm_id: str, who: str) -> AlarmView:
        """Publish that `who` has seen it. An alarm's id is unique within its coil only."""
        now = self._find(coil_id, alarm_id)
        if now is None:
            raise PartRefused(Fault.NOT_HERE, "No such alarm is known")
        try:
            seen = await asyncio.to_thread(self._writer.acknowledge, now.alarm, who, self._wall_ns())
        except AlarmHasEnded:
            raise PartRefused(Fault.CONFLICT, "This alarm is over: there is nothing to acknowledge") from None
        except NotAcknowledged as failure:
            raise PartRefused(Fault.AWAY, f"{failure}") from failure
        self.take(seen)  # it comes back from Kafka, too; the page need not wait for that
        return _view(self._find(coil_id, alarm_id) or AlarmNow(alarm=now.alarm, acknowledged=seen))

    def _find(self, coil_id: str, alarm_id: str) -> AlarmNow | None:
        book = self._books.get(coil_id)
        return None if book is None else book.get(alarm_id)


def _view(now: AlarmNow) -> AlarmView:
    alarm, seen = now.alarm, now.acknowledged
    return AlarmView(
        alarm_id=alarm.alarm_id,
        line_id=alarm.line_id,
        coil_id=alarm.coil_id,
        kind=alarm.kind,
        state=alarm.state,
        raised_at_ns=str(alarm.raised_at_ns),
        changed_at_ns=str(alarm.changed_at_ns),
        summary=alarm.summary,
        ended=now.ended,
        acknowledged_by=None if seen is None else seen.acknowledged_by,
        acknowledged_at_ns=None if seen is None else str(seen.changed_at_ns),
        mark=alarm.mark,
        lane=alarm.lane,
    )
