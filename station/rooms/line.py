"""The line as a whole: takes what the feed reads, and says honestly how things stand."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Protocol

from contracts.alarms import Alarm
from contracts.coils import CoilEnded, CoilStarted
from contracts.message_codec import CoilRecord
from contracts.reports import CoilReport
from contracts.results import Inspection
from station.feed.messages import BrokerState, FeedBatch, FrameLag
from station.feed.report_store import ReportStore
from station.history.history import History
from station.rooms.alarms import StandingAlarms
from station.strip.changes import CoilNow
from station.strip.state import StripState
from station.web.condition import Facts, condition
from station.web.wire import BrokerView, State, WorkerView

AT_A_TIME = 200
"""Messages between two looks at the loop: some 40 ms of defect events."""


class Feeds(Protocol):
    """What is used of `Feed`."""

    @property
    def broker(self) -> BrokerState:
        """Whether Kafka answers."""

    @property
    def lag(self) -> FrameLag:
        """Frames that wait."""

    @property
    def caught_up(self) -> bool:
        """Whether the past was read."""

    @property
    def unreadable(self) -> int:
        """Records that could not be read."""

    def batches(self) -> AsyncIterator[FeedBatch]:
        """What is read."""


class Line:
    """Belongs to the event loop's thread."""

    def __init__(
        self,
        *,
        feed: Feeds,
        strip: StripState,
        history: History,
        alarms: StandingAlarms,
        reports: ReportStore,
        wall_ns: Callable[[], int],
    ) -> None:
        self._feed = feed
        self._strip = strip
        self._history = history
        self._alarms = alarms
        self._reports = reports
        self._wall_ns = wall_ns
        self._began_at_ns = wall_ns()
        self._heard_at_ns: int | None = None
        self._inspected_at_ns: int | None = None
        self._coil_changed_at_ns: int | None = None
        self._coils: tuple[int, list[CoilNow]] = (-1, [])

    async def follow(self) -> None:
        """Take in all that is read, until the feed ends. Raises FeedCrashed."""
        async for batch in self._feed.batches():
            self._reports.note(batch.report_places)
            for start in range(0, len(batch.messages), AT_A_TIME):
                for message in batch.messages[start : start + AT_A_TIME]:
                    self._take(message)
                await asyncio.sleep(0)
            if batch.messages:
                self._heard_at_ns = batch.received_at_ns

    def ready(self) -> bool:
        """Whether the past was read."""
        return self._feed.caught_up

    def state(self) -> State:
        """As it is now."""
        broker, lag, newest = self._feed.broker, self._feed.lag, self._newest()
        running = {coil.line_id: coil.coil_id for coil in newest if coil.runs}
        facts = Facts(
            began_at_ns=self._began_at_ns,
            broker_up=broker.up,
            broker_since_ns=broker.since_ns,
            stuck_since_ns=lag.stuck_since_ns,
            heard_at_ns=self._heard_at_ns,
            coil_runs=bool(running),
            coil_changed_at_ns=self._coil_changed_at_ns,
        )
        is_so, since_ns = condition(facts, self._wall_ns())
        seen_ns = self._inspected_at_ns
        return State(
            condition=is_so,
            since_ns=str(since_ns),
            broker=BrokerView(up=broker.up, since_ns=str(broker.since_ns), why=broker.why),
            worker=WorkerView(
                waiting_frames=lag.waiting, inspected_at_ns=None if seen_ns is None else str(seen_ns)
            ),
            coils=self._strip.coil_ids(),
            running=running,
            alarms=self._alarms.views(),
            classes={class_id: name for coil in newest for class_id, name in coil.class_names.items()},
            counters={"reports": len(self._history), "unreadable": self._feed.unreadable},
        )

    def _take(self, message: CoilRecord) -> None:
        self._strip.take(message)
        if isinstance(message, Inspection):
            self._inspected_at_ns = max(self._inspected_at_ns or 0, message.inspected_at_ns)
        elif isinstance(message, CoilReport):
            self._history.take(message)
        elif isinstance(message, Alarm):
            self._alarms.take(message)
        elif isinstance(message, CoilStarted):
            self._note_change(message.started_at_ns)
        elif isinstance(message, CoilEnded):
            self._note_change(message.ended_at_ns)

    def _note_change(self, at_ns: int) -> None:
        self._coil_changed_at_ns = max(self._coil_changed_at_ns or 0, at_ns)

    def _newest(self) -> list[CoilNow]:
        """The newest coil of each line, as it stands. Kept until something changes."""
        revision = self._strip.revision
        if self._coils[0] != revision:
            newest = [coils[0] for coils in self._strip.coil_ids().values()]
            self._coils = (revision, [self._strip.changes_since(each, revision).coil for each in newest])
        return self._coils[1]
