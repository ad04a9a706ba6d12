"""What has been told of every coil already, by this tracker or any other: read from topics, kept small."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from pydantic import BaseModel, ConfigDict, ValidationError

from contracts.alarms import Alarm, AlarmKind, AlarmState
from contracts.reports import CameraLedger, ClassTotal, Closing, CoilLane, CoilReport


class ToldReport(NamedTuple):
    """The latest report of a coil, without what it found."""

    version: int
    final: bool
    """Nothing can come that would change it: every frame was there and none waits to be segmented."""
    started_at_ns: int | None
    """None when nobody said that it started."""
    deadline_at_ns: int
    digest: bytes


class _Gist(BaseModel):
    """What is read of a report: its defects and marks can be megabytes, and nobody asks for them here."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    line_id: str
    coil_id: str
    report_version: int
    closed_because: Closing | None = None
    started_at_ns: int
    ended_at_ns: int | None = None
    deadline_at_ns: int
    reported_at_ns: int
    ledger_by_camera: dict[str, CameraLedger]
    class_totals: tuple[ClassTotal, ...] = ()
    lanes: tuple[CoilLane, ...] = ()
    notes: tuple[str, ...] = ()


class ToldLanes(NamedTuple):
    """Where defects gathered on a coil, for comparison with the next coils of its line."""

    coil_id: str
    reported_at_ns: int
    lanes: Sequence[CoilLane]


class Told:
    """Reports and alarms that were published.

    A coil costs about 300 bytes for ever, because none may be reported twice; lanes are kept of the latest
    `lane_coils` of each line; alarms until their coil's final report.
    """

    def __init__(self, *, lane_coils: int) -> None:
        self._lane_coils = lane_coils
        self._reports: dict[str, ToldReport] = {}
        self._lanes: dict[str, list[ToldLanes]] = {}
        self._alarms: dict[str, dict[str, Alarm]] = {}
        self._reuses: set[tuple[str, str]] = set()

    def __len__(self) -> int:
        return len(self._reports)

    def report_of(self, coil_id: str) -> ToldReport | None:
        """The latest version, if the coil was reported at all."""
        return self._reports.get(coil_id)

    def alarms_of(self, coil_id: str) -> Sequence[Alarm]:
        """The latest state of each of its alarms, while its report is not final."""
        return tuple(self._alarms.get(coil_id, {}).values())

    def reuse_was_told(self, coil_id: str, alarm_id: str) -> bool:
        """Whether this alarm of a coil id used again was raised."""
        return (coil_id, alarm_id) in self._reuses

    def lanes_before(self, line_id: str, coil_id: str) -> list[tuple[str, Sequence[CoilLane]]]:
        """The lanes of the latest coils of the line but this one, the latest last."""
        return [
            (told.coil_id, told.lanes) for told in self._lanes.get(line_id, ()) if told.coil_id != coil_id
        ]

    def note_report_value(self, value: bytes) -> bool:
        """Note a report as it lies in Kafka; False when it is none of ours, and tells nothing."""
        try:
            self._note(_Gist.model_validate_json(value))
        except ValidationError:
            return False
        return True

    def note_report(self, report: CoilReport) -> None:
        """Note a report that was committed just now: the topic gives it back only later."""
        self._note(report)

    def note_alarm(self, alarm: Alarm) -> None:
        """Note an alarm; an older state than the one that is known changes nothing."""
        if alarm.kind is AlarmKind.COIL_ID_REUSED:
            self._reuses.add((alarm.coil_id, alarm.alarm_id))
            return
        told = self._reports.get(alarm.coil_id)
        if told is not None and told.final:
            return
        of_coil = self._alarms.setdefault(alarm.coil_id, {})
        known = of_coil.get(alarm.alarm_id)
        if known is None or known.changed_at_ns <= alarm.changed_at_ns:
            of_coil[alarm.alarm_id] = alarm

    def close(self, coil_id: str) -> None:
        """No further version of its report will come."""
        told = self._reports.get(coil_id)
        if told is not None:
            self._reports[coil_id] = told._replace(final=True)
        self._alarms.pop(coil_id, None)

    def _note(self, report: _Gist | CoilReport) -> None:
        known = self._reports.get(report.coil_id)
        if known is not None and known.version >= report.report_version:
            return
        final = report.closed_because is Closing.COMPLETE
        self._reports[report.coil_id] = ToldReport(
            report.report_version,
            final,
            None if report.closed_because is Closing.UNANNOUNCED else report.started_at_ns,
            report.deadline_at_ns,
            digest(report.ledger_by_camera, report.class_totals, report.ended_at_ns, report.notes),
        )
        if final:
            self._alarms.pop(report.coil_id, None)
        self._note_lanes(report)

    def _note_lanes(self, report: _Gist | CoilReport) -> None:
        kept = [told for told in self._lanes.get(report.line_id, ()) if told.coil_id != report.coil_id]
        kept.append(ToldLanes(report.coil_id, report.reported_at_ns, report.lanes))
        # Partitions are read one beside the other: by time, whatever their order.
        kept.sort(key=lambda told: (told.reported_at_ns, told.coil_id))
        self._lanes[report.line_id] = kept[-self._lane_coils :]


def digest(
    ledger: Mapping[str, CameraLedger],
    class_totals: Sequence[ClassTotal],
    ended_at_ns: int | None,
    notes: Sequence[str],
) -> bytes:
    """Of what a further record of the coil would change in its report."""
    text = [f"{camera} {ledger[camera].model_dump_json()}" for camera in sorted(ledger)]
    text += sorted(total.model_dump_json() for total in class_totals)
    text += [str(ended_at_ns), *sorted(notes)]
    return hashlib.blake2b("\n".join(text).encode(), digest_size=16).digest()


def digest_of(report: CoilReport) -> bytes:
    """The same of a report."""
    return digest(report.ledger_by_camera, report.class_totals, report.ended_at_ns, report.notes)


def is_open(alarm: Alarm) -> bool:
    """Whether it has not ended."""
    return alarm.state is not AlarmState.ENDED
