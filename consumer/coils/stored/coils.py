"""Coils as the topics hold them, rebuilt record by record: what the tracker would know of them now."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from consumer.coils.kafka.home import home_partition
from consumer.coils.ledger.state import CoilState
from consumer.coils.ports import TakenRecord
from consumer.coils.stored.records import StoredTopics
from contracts.alarms import Alarm
from contracts.codec import CoilRecord, MessageRejected, decode
from contracts.coils import CoilEnded, CoilStarted
from contracts.reports import CoilReport
from contracts.results import DefectEvent, Inspection
from contracts.topics import ALARMS, CO_PARTITIONED, COIL_REPORTS, DEFECTS, INSPECTIONS


@dataclass(slots=True, kw_only=True)
class StoredCoil:
    """One coil. `report` is its latest one, of many coils without the list of its defects; or None."""

    state: CoilState
    report: CoilReport | None
    alarms: list[Alarm] = field(default_factory=list)
    """All of its alarms' states, as they were written; only where one coil was asked for."""

    @property
    def whole_as_reported(self) -> bool:
        """Nothing that its report counts has left the topics since: they keep 7 days, reports for ever."""
        if self.report is None:
            return True
        here = self.state.ledger()
        return all(
            camera in here and here[camera].received >= ledger.received
            for camera, ledger in self.report.ledger_by_camera.items()
        )


def read_coils(topics: StoredTopics, coil_ids: Collection[str] = ()) -> Iterator[StoredCoil]:
    """These coils, or all; partition by partition, so that an eighth of them is in memory at once.

    Last those of which only the report is left. Raises TopicMissing, StoredUnreadable, LedgerBroken.
    """
    reports = read_reports(topics, coil_ids)
    homes = {home for coil_id in coil_ids for home in _home(topics, coil_id)} or set(_everywhere(topics))
    for number in sorted(homes):
        states = _states(topics, [number], coil_ids)
        for coil_id in sorted(states):
            yield StoredCoil(state=states[coil_id], report=reports.pop(coil_id, None))
    for coil_id in sorted(reports):
        yield StoredCoil(state=CoilState(coil_id), report=reports[coil_id])


def read_coil(topics: StoredTopics, coil_id: str) -> StoredCoil | None:
    """One coil; None when no topic knows it. Only its key's partition is read, as the tracker does.

    Raises as `read_coils` does.
    """
    states = _states(topics, _home(topics, coil_id), [coil_id])
    report = read_reports(topics, [coil_id], with_defects=True).get(coil_id)
    if not states and report is None:
        return None
    alarms = _messages(topics, [ALARMS], _everywhere(topics, ALARMS), [coil_id])
    return StoredCoil(
        state=states.get(coil_id, CoilState(coil_id)),
        report=report,
        alarms=[message for message, _ in alarms if isinstance(message, Alarm)],
    )


def read_reports(
    topics: StoredTopics, coil_ids: Collection[str] = (), *, with_defects: bool = False
) -> dict[str, CoilReport]:
    """The latest report of each coil by its id. Raises TopicMissing, StoredUnreadable."""
    reports: dict[str, CoilReport] = {}
    for message, _ in _messages(topics, [COIL_REPORTS], _everywhere(topics, COIL_REPORTS), coil_ids):
        if isinstance(message, CoilReport):
            known = reports.get(message.coil_id)
            if known is None or message.report_version > known.report_version:
                # 5,000 defects are 10 MB of objects, and the state has them all.
                changes = {} if with_defects else {"defects": ()}
                reports[message.coil_id] = message.model_copy(update=changes)
    return reports


def read_events(topics: StoredTopics, coil_id: str) -> Iterator[DefectEvent]:
    """Every defect event of one coil, with the masks that a state does not keep; duplicates included."""
    for message, _ in _messages(topics, [DEFECTS], _home(topics, coil_id), [coil_id]):
        if isinstance(message, DefectEvent):
            yield message


def _home(topics: StoredTopics, coil_id: str) -> list[int]:
    return [home_partition(coil_id, topics.partitions(INSPECTIONS))]


def _everywhere(topics: StoredTopics, *kinds: str) -> range:
    return range(max(topics.partitions(kind) for kind in kinds or CO_PARTITIONED))


def _states(
    topics: StoredTopics, numbers: Collection[int], coil_ids: Collection[str]
) -> dict[str, CoilState]:
    states: dict[str, CoilState] = {}
    for message, at_ns in _messages(topics, CO_PARTITIONED, numbers, coil_ids):
        if isinstance(message, Inspection | DefectEvent | CoilStarted | CoilEnded):
            state = states.setdefault(message.coil_id, CoilState(message.coil_id))
            state.add(message, seen_at_ns=at_ns)
            state.take_sightings()  # nobody follows its marks while it is read
    return states


def _messages(
    topics: StoredTopics, kinds: Collection[str], numbers: Collection[int], coil_ids: Collection[str]
) -> Iterator[tuple[CoilRecord, int]]:
    """With the records' timestamps. What is no message of ours is passed over, as the tracker does."""
    for record in topics.read(tuple(kinds), numbers, [coil_id.encode() for coil_id in coil_ids]):
        message = _decoded(record)
        if message is not None and (not coil_ids or message.coil_id in coil_ids):
            yield message, record.at_ns


def _decoded(record: TakenRecord) -> CoilRecord | None:
    try:
        return decode(record.headers, record.value)
    except MessageRejected:
        return None
