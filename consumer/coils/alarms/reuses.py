"""Coil ids that are used again: each second start is alarmed once, in whatever life of the tracker."""

from __future__ import annotations

from consumer.coils.alarms.coil_alarms import of_reuse
from consumer.coils.told import Told, ToldReport
from contracts.alarms import Alarm
from contracts.coils import CoilStarted


class Reuses:
    """Alarms of such starts that wait to be published."""

    def __init__(self, told: Told) -> None:
        self._told = told
        self._noticed: dict[tuple[str, str], Alarm] = {}

    def look_at(self, start: CoilStarted, report: ToldReport, now_ns: int) -> None:
        """A start of a coil whose report is final: the same one again is no news."""
        if report.started_at_ns is None or report.started_at_ns == start.started_at_ns:
            return
        alarm = of_reuse(start, report.started_at_ns, now_ns)
        if not self._told.reuse_was_told(alarm.coil_id, alarm.alarm_id):
            self._noticed.setdefault((alarm.coil_id, alarm.alarm_id), alarm)

    def waiting(self) -> list[Alarm]:
        """Those not told yet; they wait until `told.note_alarm` knows them."""
        for coil_id, alarm_id in list(self._noticed):
            if self._told.reuse_was_told(coil_id, alarm_id):
                del self._noticed[coil_id, alarm_id]
        return list(self._noticed.values())

    def forget(self) -> None:
        """The records that showed them will be read again, here or elsewhere."""
        self._noticed.clear()
