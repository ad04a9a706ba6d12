"""`RecordSource` of the frames that were left unsegmented: the work list, with the frames that it names."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Protocol

from consumer.ports import PartitionsListener, Record, RecordSource
from contracts.codec import MessageRejected, decode
from contracts.results import Inspection, RecordId

log = logging.getLogger(__name__)

MOST_WAITING = 1000
"""Entries read ahead, 1.5 kB each, so that work goes on while the list is fetched."""
LOT = 64
"""Frames fetched ahead: 6 MB at 100 kB each. A coil's lie in blocks of 32 neighbours, in every partition, so
fewer would seek more."""
FULL_POLL_S = 1.0
"""With enough entries the list is polled so rarely: often enough for its group. To pause it would cost more:
librdkafka 2.16 fetches again up to a second after it was told to, which made 64 frames take 0.8 s."""


class FrameReader(Protocol):
    """Reads single frames again, by their place. Never waits."""

    def ask(self, places: Sequence[RecordId]) -> None:
        """Begin to fetch these, and forget what was asked before."""

    def answers(self) -> Mapping[RecordId, Record | None]:
        """What came since the last call; None: that frame is gone."""

    def close(self) -> None:
        """Let go."""


@dataclass(slots=True)
class _Entry:
    listed: Record
    place: RecordId | None
    """None: the entry can't be read."""
    asked: bool = False
    answered: bool = False
    frame: Record | None = None


class UnsegmentedSource:
    """Reads the work list as one member of its group, whatever the slack; gives frames only with slack.

    A record that it gives has the frame's key, value and headers, the ENTRY's partition and offset, which are
    what is committed, and the frame's place as `origin`. A frame that is gone has none of the former.
    """

    def __init__(
        self,
        *,
        work_list: RecordSource,
        frames: FrameReader,
        has_slack: Callable[[], bool],
        clock: Callable[[], float],
        most_waiting: int = MOST_WAITING,
    ) -> None:
        self._work_list = work_list
        self._frames = frames
        self._has_slack = has_slack
        self._clock = clock
        self._most_waiting = most_waiting
        self._listener: PartitionsListener | None = None
        self._assigned: set[int] = set()
        self._entries: deque[_Entry] = deque()
        self._polled_s = 0.0
        self._held = False

    def join(self, listener: PartitionsListener) -> None:
        """Subscribe to the work list; the listener hears of its partitions during later `take` calls."""
        self._listener = listener
        self._work_list.join(self)

    def take(self, max_records: int, timeout_s: float) -> list[Record]:
        """Up to `max_records` whose frames are there, in the list's order; waits for nothing but the list."""
        self._read_list(timeout_s)
        if self._held or not self._has_slack():
            return []
        self._fetch_frames()
        taken: list[Record] = []
        while self._entries and self._entries[0].answered and len(taken) < max_records:
            taken.append(_given(self._entries.popleft()))
        return taken

    def rewind(self, positions: Mapping[int, int]) -> None:
        """Read these partitions of the list again from these offsets."""
        self._drop(positions)
        self._work_list.rewind(positions)

    def pause(self) -> None:
        """Give nothing, stay in the group."""
        self._held = True

    def resume(self) -> None:
        """Give again."""
        self._held = False

    def backlog(self) -> int | None:
        """Entries that were not given yet."""
        unread = self._work_list.backlog()
        return None if unread is None else unread + len(self._entries)

    def group_metadata(self) -> object:
        """Of the work list's group."""
        return self._work_list.group_metadata()

    def close(self) -> None:
        """Leave the group."""
        self._work_list.close()
        self._frames.close()

    # --- PartitionsListener of the list, between it and the worker ---

    def partitions_assigned(self, partitions: Sequence[int]) -> None:
        """Begin with these."""
        self._assigned.update(partitions)
        self._heard().partitions_assigned(partitions)

    def partitions_revoked(self, partitions: Sequence[int]) -> None:
        """The worker finishes what it took; entries that it did not take are the next owner's."""
        self._heard().partitions_revoked(partitions)
        self._let_go(partitions)

    def partitions_lost(self, partitions: Sequence[int]) -> None:
        """Their entries are somebody else's already."""
        self._let_go(partitions)
        self._heard().partitions_lost(partitions)

    # --- the list ---

    def _read_list(self, timeout_s: float) -> None:
        """Whatever the slack, and now and then without room: the group thinks dead who does not poll."""
        room, now_s = self._most_waiting - len(self._entries), self._clock()
        if room <= 0 and now_s - self._polled_s < FULL_POLL_S:
            return
        self._polled_s = now_s
        records = self._work_list.take(min(max(1, room), LOT), 0.0 if self._entries else timeout_s)
        self._entries += [
            _Entry(listed=record, place=_place(record))
            for record in records
            if record.partition in self._assigned
        ]

    def _let_go(self, partitions: Sequence[int]) -> None:
        self._assigned.difference_update(partitions)
        self._drop(partitions)

    def _drop(self, partitions: Sequence[int] | Mapping[int, int]) -> None:
        """What was asked for them still comes, and finds nobody."""
        self._entries = deque(entry for entry in self._entries if entry.listed.partition not in partitions)

    def _heard(self) -> PartitionsListener:
        if self._listener is None:
            raise RuntimeError("partitions arrived before join()")
        return self._listener

    # --- the frames ---

    def _fetch_frames(self) -> None:
        """One lot after the other: what is asked for together is read in the order of the partitions."""
        ahead = list(islice(self._entries, 2 * LOT))  # what was asked for is in front
        if any(entry.asked and not entry.answered for entry in ahead):
            self._note(ahead, self._frames.answers())
        elif sum(entry.answered for entry in ahead) < LOT:
            self._ask([entry for entry in ahead if not entry.asked][:LOT])

    def _ask(self, lot: Sequence[_Entry]) -> None:
        for entry in lot:
            entry.asked, entry.answered = True, entry.place is None
        places = [entry.place for entry in lot if entry.place is not None]
        if places:
            self._frames.ask(places)

    def _note(self, ahead: Sequence[_Entry], answers: Mapping[RecordId, Record | None]) -> None:
        for entry in ahead:
            if entry.place is not None and entry.place in answers:
                entry.frame, entry.answered = answers[entry.place], True
        gone = [place for place, frame in answers.items() if frame is None]
        if gone:
            log.warning(
                "frames are gone from their topic and stay unsegmented",
                extra={"frames": len(gone), "first": f"{gone[0].topic}/{gone[0].partition}/{gone[0].offset}"},
            )


def _place(record: Record) -> RecordId | None:
    try:
        message = decode(record.headers, record.value)
        why = f"it is a {type(message).__name__}"
    except MessageRejected as rejected:
        message, why = None, str(rejected)
    if isinstance(message, Inspection):
        return message.source
    log.warning(
        "an entry of the work list can't be read, its frame stays unsegmented",
        extra={"partition": record.partition, "offset": record.offset, "why": why},
    )
    return None


def _given(entry: _Entry) -> Record:
    listed = entry.listed
    if entry.frame is None:
        return replace(listed, key=None, value=None, headers=None, origin=entry.place)
    return replace(
        entry.frame,
        topic=listed.topic,
        partition=listed.partition,
        offset=listed.offset,
        origin=entry.place,
    )
