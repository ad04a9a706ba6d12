"""The rooms as the page asks for them, and the process as its supervisor sees it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from contracts.alarms import Alarm, AlarmKind, AlarmState
from contracts.coils import CoilEnded, CoilStarted
from contracts.message_codec import CoilRecord
from contracts.reports import CoilReport
from monitoring.http_server import PortTaken
from station.feed.alarm_writer import AlarmHasEnded, AlarmNotPublished
from station.feed.messages import BrokerState, FeedBatch, FrameLag
from station.feed.records import Gone, NotInTime
from station.feed.report_store import ReportStore
from station.history.history import History
from station.rooms.alarms import StandingAlarms
from station.rooms.line import Line
from station.rooms.past import Past
from station.rooms.pictures import FramePictures, TriedPictures
from station.serving import listen
from station.strip.state import StripState
from station.trial.shelf import Shelf
from station.trial.trial import Trial
from station.web.refusals import Fault, PartRefused
from station.web.wire import Condition
from tests.support.station_parts import NOW_NS, report

SECOND = 1_000_000_000


def an_alarm(state: AlarmState = AlarmState.RAISED, at_ns: int = NOW_NS, **given: Any) -> Alarm:
    return Alarm(
        **{
            "line_id": "L1",
            "coil_id": "C1",
            "alarm_id": "A1",
            "kind": AlarmKind.DEADLINE_AT_RISK,
            "state": state,
            "raised_at_ns": NOW_NS,
            "changed_at_ns": at_ns,
            "summary": "it gets late",
            **given,
        }
    )


class FeedDouble:
    broker = BrokerState(up=True, since_ns=NOW_NS)
    lag = FrameLag(waiting=0)
    caught_up = True
    unreadable = 0

    def __init__(self, *messages: CoilRecord, at_ns: int = NOW_NS) -> None:
        self._batch = FeedBatch(messages=messages, received_at_ns=at_ns)

    async def batches(self) -> AsyncIterator[FeedBatch]:
        yield self._batch


class Writer:
    def __init__(self, failure: Exception | None = None) -> None:
        self._failure = failure

    def acknowledge(self, alarm: Alarm, who: str, at_ns: int) -> Alarm:
        if self._failure is not None:
            raise self._failure
        told = {"state": AlarmState.ACKNOWLEDGED, "changed_at_ns": at_ns, "acknowledged_by": who}
        return alarm.model_copy(update=told)


class Fetches:
    """Raises, or gives what it was given."""

    def __init__(self, found: Any) -> None:
        self._found = found

    def _give(self) -> Any:
        if isinstance(self._found, Exception):
            raise self._found
        return self._found

    def fetch(self, partition: int, offset: int) -> Any:
        return self._give()

    def report(self, coil_id: str) -> Any:
        return self._give()

    def frame(self, partition: int, offset: int) -> Any:
        return self._give()

    def close(self) -> None:
        pass


def follow(feed: FeedDouble, now_ns: int) -> Line:
    line = Line(
        feed=feed,
        strip=StripState(20),
        history=History(),
        alarms=StandingAlarms(Writer(), lambda: now_ns),
        reports=ReportStore(Fetches(None)),
        wall_ns=lambda: now_ns,
    )
    asyncio.run(line.follow())
    return line


STARTED = CoilStarted(line_id="L1", coil_id="C1", started_at_ns=NOW_NS, cameras=("top",))
ENDED = CoilEnded(
    line_id="L1", coil_id="C1", ended_at_ns=NOW_NS + SECOND, frames_by_camera={"top": 2}, length_mm=10
)


class TestLine:
    def test_a_coil_runs_until_it_ends(self) -> None:
        running = follow(FeedDouble(STARTED, an_alarm()), NOW_NS + SECOND).state()
        assert (running.condition, running.since_ns) == (Condition.RUNNING, str(NOW_NS))
        assert (running.running, running.coils) == ({"L1": "C1"}, {"L1": ["C1"]})
        assert [alarm.alarm_id for alarm in running.alarms] == ["A1"]
        idle = follow(FeedDouble(STARTED, ENDED), NOW_NS + 2 * SECOND).state()
        assert (idle.condition, idle.running) == (Condition.IDLE, {})

    def test_quiet_while_a_coil_runs_is_stale(self) -> None:
        assert follow(FeedDouble(STARTED), NOW_NS + 11 * SECOND).state().condition is Condition.STALE

    def test_nothing_ever_is_no_data(self) -> None:
        state = follow(FeedDouble(), NOW_NS).state()
        assert (state.condition, state.since_ns) == (Condition.NO_DATA, str(NOW_NS))

    def test_a_report_is_in_the_history(self) -> None:
        assert follow(FeedDouble(report()), NOW_NS).state().counters["reports"] == 1


class TestAlarms:
    def acknowledge(self, standing: StandingAlarms, alarm_id: str = "A1", coil_id: str = "C1") -> Any:
        return asyncio.run(standing.acknowledge(coil_id, alarm_id, "ann"))

    def test_who_has_seen_it_stands_beside_it(self) -> None:
        standing = StandingAlarms(Writer(), lambda: NOW_NS + SECOND)
        standing.take(an_alarm())
        assert self.acknowledge(standing).acknowledged_by == "ann"
        assert [alarm.acknowledged_by for alarm in standing.views()] == ["ann"]

    def test_an_alarm_s_name_is_its_own_only_within_its_coil(self) -> None:
        standing = StandingAlarms(Writer(), lambda: NOW_NS + SECOND)
        standing.take(an_alarm())
        standing.take(an_alarm().model_copy(update={"coil_id": "C2"}))
        assert self.acknowledge(standing, coil_id="C2").coil_id == "C2"
        assert {alarm.coil_id: alarm.acknowledged_by for alarm in standing.views()} == {
            "C1": None,
            "C2": "ann",
        }

    def test_one_that_ended_stands_no_more(self) -> None:
        standing = StandingAlarms(Writer(), lambda: NOW_NS)
        standing.take(an_alarm(AlarmState.ENDED, NOW_NS + 1))
        standing.take(an_alarm())
        assert standing.views() == []

    @pytest.mark.parametrize(
        ("failure", "alarm_id", "fault"),
        [
            (None, "other", Fault.NOT_HERE),
            (AlarmHasEnded("over"), "A1", Fault.CONFLICT),
            (AlarmNotPublished("away; try again"), "A1", Fault.AWAY),
        ],
    )
    def test_what_can_not_be_acknowledged(
        self, failure: Exception | None, alarm_id: str, fault: Fault
    ) -> None:
        standing = StandingAlarms(Writer(failure), lambda: NOW_NS)
        standing.take(an_alarm())
        with pytest.raises(PartRefused) as refused:
            self.acknowledge(standing, alarm_id)
        assert refused.value.fault is fault


class TestPast:
    def past(self, found: Any) -> Past:
        """One coil whose whole report is kept no more."""
        history = History(reports_kept=1)
        for coil_id in ("C1", "C2"):
            later = 0 if coil_id == "C1" else SECOND
            history.take(report(coil_id).model_copy(update={"started_at_ns": NOW_NS + later}))
        return Past(history, Fetches(found))

    def test_an_older_report_is_read_again(self) -> None:
        past, old = self.past(report("C1")), report("C1")
        assert asyncio.run(past.report("C1")) == old
        kept = asyncio.run(past.report("C2"))
        assert isinstance(kept, CoilReport)
        assert kept.coil_id == "C2"
        assert asyncio.run(past.report("C3")) is None

    @pytest.mark.parametrize(
        ("found", "fault"), [(Gone(why="it left"), Fault.GONE), (NotInTime("late"), Fault.AWAY)]
    )
    def test_or_not(self, found: Any, fault: Fault) -> None:
        with pytest.raises(PartRefused) as refused:
            asyncio.run(self.past(found).report("C1"))
        assert refused.value.fault is fault

    def test_pages_and_trend(self) -> None:
        past = self.past(None)
        page = past.page("", None, None, None, 1)
        assert [coil.coil_id for coil in page.coils] == ["C2"]
        assert page.classes == {1: "scratch"}
        assert [coil.coil_id for coil in past.page("", None, None, page.before, 1).coils] == ["C1"]
        assert past.trend(None, 50).coil_id == ["C1", "C2"]
        with pytest.raises(PartRefused):
            past.page("", None, None, "nonsense", 1)


@pytest.mark.parametrize(
    ("found", "fault"), [(Gone(why="it left"), Fault.GONE), (NotInTime("late"), Fault.AWAY)]
)
def test_a_frame_that_can_not_be_had(found: Any, fault: Fault) -> None:
    with pytest.raises(PartRefused) as refused:
        FramePictures(Fetches(found)).frame(0, 0)
    assert refused.value.fault is fault


def test_shipped_bundles_can_be_shown_and_no_image_is_refused() -> None:
    trial = Trial(Shelf())
    tried = TriedPictures(trial)
    try:
        assert {"severstal", "synthetic"} <= {bundle.name for bundle in tried.bundles().bundles}
        for image, bundle, fault in [
            (b"no image", "synthetic", Fault.NOT_AN_IMAGE),
            (b"", "../etc", Fault.NOT_HERE),
        ]:
            with pytest.raises(PartRefused) as refused:
                asyncio.run(tried.run(image, bundle, "line"))
            assert refused.value.fault is fault
    finally:
        trial.close()


def test_a_taken_port_names_the_setting() -> None:
    with listen("127.0.0.1", 0, "X") as first, pytest.raises(PortTaken, match="COILWATCH_STATION_PORT"):
        listen("127.0.0.1", first.getsockname()[1], "COILWATCH_STATION_PORT")


def test_small_answers_are_sent_at_once() -> None:
    """asyncio turns Nagle's algorithm off only where a socket says that it is TCP."""
    with listen("127.0.0.1", 0, "X") as listening:
        assert listening.proto == socket.IPPROTO_TCP


class TestProcess:
    def start(self, **given: str) -> subprocess.Popen[str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("COILWATCH_")}
        return subprocess.Popen(
            [sys.executable, "-m", "station"],
            env=clean | {f"COILWATCH_{name}": value for name, value in given.items()},
            cwd=Path(__file__).parents[3],
            stderr=subprocess.PIPE,
            text=True,
        )

    def test_without_a_broker_it_serves_says_so_and_ends_as_told(self) -> None:
        with self.start(BOOTSTRAP_SERVERS="127.0.0.1:1", STATION_PORT="0") as station:
            assert station.stderr is not None
            try:
                port = next(found[1] for line in station.stderr if (found := re.search(r"port=(\d+)", line)))
                at = f"http://127.0.0.1:{port}/api"
                with urllib.request.urlopen(f"{at}/state", timeout=20) as got:
                    assert json.load(got)["condition"] == "broker_away"
                with urllib.request.urlopen(f"{at}/live", timeout=20) as live:
                    live.readline()
                    station.send_signal(signal.SIGTERM)
                    assert live.read().endswith(b"event: bye\ndata: {}\n\n")
                assert station.wait(20) == 0
            finally:
                station.kill()

    def test_it_refuses_to_be_reached_by_all_without_a_token(self) -> None:
        with self.start(STATION_HOST="0.0.0.0") as station:
            _, said = station.communicate(timeout=60)
        assert station.returncode == 2
        assert "COILWATCH_STATION_TOKEN is needed" in said
