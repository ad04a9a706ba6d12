"""A staged line in front of the station: what its feed reads, the frames and alarms that Kafka keeps."""

from __future__ import annotations

import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from contracts.alarms import Alarm, AlarmState
from contracts.message_codec import CoilRecord
from contracts.reports import Closing, CoilReport
from contracts.results import Inspection
from station.feed.alarm_writer import AlarmHasEnded
from station.feed.frame_store import StoredFrame
from station.feed.messages import BrokerState, FeedBatch, FrameLag
from station.feed.records import Gone
from tests.support.staged_coils import (
    GOOD,
    INCOMPLETE,
    MARKED,
    ORDINARY,
    POOR,
    SECOND_NS,
    At,
    Recipe,
    StagedCoil,
)
from tests.support.staged_frames import picture
from tests.support.staged_tracker import StagedTracker

MAPS_KEPT = 4
"""Coils whose strip is kept: the newest, which may run, and three before it."""
HELD_AT = 0.6
"""Of its strip a coil has passed when the line is held."""
KEPT_RECIPES = (GOOD, POOR, ORDINARY, MARKED)
EARLIER_RECIPES = (GOOD, ORDINARY, GOOD, GOOD, POOR, GOOD, MARKED, GOOD)
LOST_AT = -5
"""The number of the coil that misses frames."""
_TURN_S = 0.1
_BREAK_S = 8.0
"""Between two coils of a running line."""
_EARLIER_FRAMES = 140
"""Of a coil whose map is not kept: enough for a report, and quick to stage."""


class Staging(StrEnum):
    """What the line does."""

    LIVE = "live"
    """It rolls, coil after coil."""
    HELD = "held"
    """As when it rolls, but nothing moves: a coil is part of the way through."""
    ROLLED = "rolled"
    """The last coil has passed and has its verdict."""
    EMPTY = "empty"
    """There was never anything."""


class Condition(StrEnum):
    """What is amiss on a line that is held; it can be changed while the station serves."""

    WELL = "well"
    BROKER_AWAY = "broker_away"
    WORKER_DOWN = "worker_down"
    STALE = "stale"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finished:
    """A coil that has passed."""

    coil: StagedCoil
    told: list[CoilRecord]
    """What the tracker said."""


class StagedLine:
    """What is used of `Feed`, and the doubles of Kafka that belong to it."""

    def __init__(self, staging: Staging, *, earlier: int = 26, frames_per_s: float = 40.0) -> None:
        self._staging = staging
        self._frames_per_s = frames_per_s
        self._earlier = earlier
        self._began_at_ns = time.time_ns()
        self._tracker = StagedTracker()
        self._kept: dict[str, StagedCoil] = {}
        """Coils whose frames Kafka still has."""
        self._waiting_frames = 0
        self._last: Inspection | None = None
        self._acknowledged: list[CoilRecord] = []
        self.condition = Condition.WELL
        self.caught_up = False
        self.unreadable = 0

    # --- what the station uses of the feed ---

    @property
    def broker(self) -> BrokerState:
        """Whether Kafka answers."""
        if self.condition is Condition.BROKER_AWAY:
            why = "no broker answers at kafka-1:9092"
            return BrokerState(up=False, since_ns=self._began_at_ns - 95 * SECOND_NS, why=why)
        return BrokerState(up=True, since_ns=self._began_at_ns - 7200 * SECOND_NS)

    @property
    def lag(self) -> FrameLag:
        """Frames that wait."""
        if self.condition is Condition.WORKER_DOWN:
            return FrameLag(waiting=2316, stuck_since_ns=self._began_at_ns - 130 * SECOND_NS)
        return FrameLag(waiting=self._waiting_frames)

    async def batches(self) -> AsyncIterator[FeedBatch]:
        """What is read."""
        if self._staging is not Staging.EMPTY:
            yield _batch(self._past())
        self.caught_up = True
        if self._staging in (Staging.LIVE, Staging.HELD):
            coil = self._new_coil(1, self._began_at_ns - (SECOND_NS if self._lives else self._passed_ns))
            messages = coil.messages()
            while True:
                until_ns = time.time_ns() if self._lives else self._began_at_ns
                due, messages = _due(messages, until_ns)
                self._count(coil, until_ns, due)
                told = self._tracker.take(due)
                yield _batch([*(message for _, message in due), *told, *self._heartbeat()], self._heard_at_ns)
                if self._lives and time.time_ns() >= coil.whole_at_ns + SECOND_NS:
                    yield _batch(self._tracker.close(coil.coil_id, Closing.COMPLETE, time.time_ns()))
                    self._waiting_frames = 0
                    await asyncio.sleep(_BREAK_S)
                    coil = self._new_coil(coil.number + 1, time.time_ns())
                    messages = coil.messages()
                await asyncio.sleep(_TURN_S if self._lives else 1.0)
        while True:
            yield _batch(self._heartbeat())
            await asyncio.sleep(_TURN_S)

    # --- what is used of the other parts of Kafka ---

    def frame(self, partition: int, offset: int) -> StoredFrame | Gone:
        """The frame that lies there."""
        for coil in self._kept.values():
            for camera, index in coil.scenes:
                if (coil.source(camera, index).partition, coil.source(camera, index).offset) == (
                    partition,
                    offset,
                ):
                    image = picture(coil.scenes[camera, index])
                    return StoredFrame(header=coil.header(camera, index), image=image)
        return Gone(why="Kafka's retention has taken it")

    def report(self, coil_id: str) -> CoilReport | Gone:
        """Reports are kept in the history here."""
        return Gone(why="no report of this coil is known")

    def note(self, places: object) -> None:
        """Of no use here."""

    def acknowledge(self, alarm: Alarm, who: str, at_ns: int) -> Alarm:
        """As the topic of alarms would give it back."""
        if alarm.state is AlarmState.ENDED:
            raise AlarmHasEnded("the alarm is over: there is nothing to acknowledge any more")
        seen = Alarm.model_validate(
            {
                **alarm.model_dump(),
                "state": AlarmState.ACKNOWLEDGED,
                "changed_at_ns": max(at_ns, alarm.changed_at_ns + 1),
                "acknowledged_by": who,
            }
        )
        self._acknowledged.append(seen)
        return seen

    # --- how it goes ---

    @property
    def _lives(self) -> bool:
        return self._staging is Staging.LIVE

    @property
    def _passed_ns(self) -> int:
        """Since the held coil began."""
        whole_s = 2 * MARKED.frames / self._frames_per_s
        return round(HELD_AT * whole_s * SECOND_NS)

    @property
    def _heard_at_ns(self) -> int:
        quiet = self.condition is not Condition.WELL
        return self._began_at_ns - 40 * SECOND_NS if quiet else time.time_ns()

    def _past(self) -> list[CoilRecord]:
        """The coils before: of the last three everything, of those before their verdicts."""
        told: list[CoilRecord] = []
        last = MAPS_KEPT if self._staging is Staging.ROLLED else MAPS_KEPT - 1
        for number in range(-self._earlier - last + 1, 1):
            kept = number > -last
            recipe = KEPT_RECIPES[number % 4] if kept else _earlier(number)
            # The staged coils end where the first live one begins, 150 s apart.
            coil = self._coil(number, self._began_at_ns + (number * 150 - 170) * SECOND_NS, recipe)
            messages = list(coil.messages())
            alarms = self._tracker.take(messages)
            told += [message for _, message in messages] if kept else []
            if kept and number > -last + 1:
                self._kept[coil.coil_id] = coil
            told += alarms
            told += self._closed(coil)
        return told

    def _closed(self, coil: StagedCoil) -> list[CoilRecord]:
        because = Closing.SETTLED if coil.recipe.missing else Closing.COMPLETE
        late = coil.number % 11 == 5
        after_s = coil.budget_s + 3.0 if late else 0.0
        at_ns = max(coil.whole_at_ns + SECOND_NS, coil.started_at_ns + round(after_s * SECOND_NS))
        return self._tracker.close(coil.coil_id, because, at_ns)

    def _new_coil(self, number: int, started_at_ns: int) -> StagedCoil:
        recipe = (MARKED, ORDINARY, GOOD, POOR)[(number - 1) % 4]
        coil = self._coil(number, started_at_ns, recipe)
        self._kept[coil.coil_id] = coil
        while len(self._kept) > MAPS_KEPT - 1:  # one less than are shown: the oldest map has no pictures
            self._kept.pop(next(iter(self._kept)))
        return coil

    def _coil(self, number: int, started_at_ns: int, recipe: Recipe) -> StagedCoil:
        return StagedCoil(
            number=number + 1000,
            coil_id=f"C-24-{1816 + number}",
            started_at_ns=started_at_ns,
            recipe=recipe,
            frames_per_s=self._frames_per_s,
        )

    def _count(self, coil: StagedCoil, until_ns: int, due: Sequence[At]) -> None:
        """Frames that have passed and are not inspected yet."""
        passed = min(2 * coil.recipe.frames, int((until_ns - coil.started_at_ns) / 1e9 * coil.frames_per_s))
        inspected = [message for _, message in due if isinstance(message, Inspection)]
        if inspected:
            self._last = inspected[-1]
        last = self._last
        reached = 0 if last is None or last.coil_id != coil.coil_id else 2 * (last.frame_index + 1)
        self._waiting_frames = max(0, passed - reached)

    def _heartbeat(self) -> list[CoilRecord]:
        """Something that is known already: it says only that the line is heard."""
        said = [self._last] if self._last is not None and self.condition is Condition.WELL else []
        acknowledged, self._acknowledged = self._acknowledged, []
        return [*acknowledged, *said]


def _earlier(number: int) -> Recipe:
    recipe = INCOMPLETE if number == LOST_AT else EARLIER_RECIPES[number % 8]
    return Recipe(
        frames=_EARLIER_FRAMES,
        shares=recipe.shares,
        mark=recipe.mark,
        lane=None if recipe.lane is None else (*recipe.lane[:2], 11),
        dead_lettered=min(1, recipe.dead_lettered),
        missing=recipe.missing,
    )


def _due(messages: Iterator[At], until_ns: int) -> tuple[list[At], Iterator[At]]:
    """Those written by then, and the others."""
    due: list[At] = []
    for each in messages:
        if each[0] > until_ns:
            return due, itertools.chain([each], messages)
        due.append(each)
    return due, iter(())


def _batch(messages: Sequence[CoilRecord], received_at_ns: int | None = None) -> FeedBatch:
    return FeedBatch(messages=messages, received_at_ns=received_at_ns or time.time_ns())
