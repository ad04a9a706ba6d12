"""What the page needs of the rest of the station. Tests give doubles, `station.app` gives the rooms.

All of it is called on the event loop's thread; what is `async` may wait. Whoever can't give what was asked
for raises `PartRefused`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from contracts.reports import CoilReport, Verdict
from station.web.trial_wire import Bundles, TrialView
from station.web.wire import AlarmView, CoilPage, State, Trend


class Strip(Protocol):
    """The newest coils, live."""

    @property
    def revision(self) -> int:
        """Rises with every change of any coil."""

    def coil_ids(self) -> Mapping[str, Sequence[str]]:
        """By line, the newest first."""

    def seq(self, coil_id: str) -> int | None:
        """The coil's own sequence number; None: the coil is not kept (any more)."""

    def changes_since(self, coil_id: str, seq: int) -> Mapping[str, object]:
        """What is new since `seq`, as columns that JSON can say; 0: everything. It names its own `seq`."""


class Watch(Protocol):
    """The honest state of the line as a whole."""

    def state(self) -> State:
        """As it is now."""

    def ready(self) -> bool:
        """Whether the topics' past has been read, so that what the page shows is not half of it."""


class History(Protocol):
    """Every coil's report."""

    def page(
        self, query: str, verdict: Verdict | None, line: str | None, before: str | None, limit: int
    ) -> CoilPage:
        """Newest first; `before` is the cursor that the page before gave. Raises PartRefused: malformed."""

    def trend(self, line: str | None, last: int) -> Trend:
        """Defects per 100 m by class, coil by coil."""

    async def report(self, coil_id: str) -> CoilReport | None:
        """The newest version; None: there is none. Raises PartRefused: gone, broker away."""


class Exports(Protocol):
    """A report for people outside the page."""

    def json(self, report: CoilReport) -> str:
        """All of it, as text."""

    def csv(self, report: CoilReport) -> str:
        """Its defects as rows."""

    def pdf(self, report: CoilReport) -> bytes:
        """One page. Takes about a second: it is called on a thread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A frame's image as the camera sent it."""

    content_type: str
    image: bytes


class Frames(Protocol):
    """The frames themselves, as long as Kafka keeps them."""

    def frame(self, partition: int, offset: int) -> Picture:
        """Waits for Kafka: it is called on a thread. Raises PartRefused: gone, not here, broker away."""


class Alarms(Protocol):
    """What a person should look at."""

    async def acknowledge(self, coil_id: str, alarm_id: str, who: str) -> AlarmView:
        """Publish that `who` has seen it. Raises PartRefused: not here, ended, broker away."""


class Trial(Protocol):
    """Try an image."""

    def bundles(self) -> Bundles:
        """What is shipped."""

    async def run(self, image: bytes, bundle: str, preset: str) -> TrialView:
        """What the models say. Raises PartRefused, or Busy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """Everything behind the page."""

    strip: Strip
    watch: Watch
    history: History
    exports: Exports
    frames: Frames
    alarms: Alarms
    trial: Trial
    wall_ns: Callable[[], int]
    """Nanoseconds since the epoch, UTC."""
