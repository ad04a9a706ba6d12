"""The station as a process beside a whole line on a real broker: what it serves is what the topics hold."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from contracts.alarms import Alarm, AlarmState
from contracts.codec import decode
from contracts.topics import ALARMS
from local.processes.children import Child, clean_environment, turns
from tests.integration.conftest import StartTracker, StartWorker, Topics
from tests.support.asked_station import AskedStation
from tests.support.kafka_reading import defect_events, read_to_end
from tests.support.messages import MESSAGES
from tests.support.stored_coils import write

FRAMES_A_COIL = 60


@pytest.fixture
def rolled(
    topics: Topics, start_worker: StartWorker, start_tracker: StartTracker, tmp_path: Path
) -> Iterator[tuple[Topics, AskedStation]]:
    """Two coils with a damaged roll are rolled while the station watches."""
    worker = start_worker(topics)
    tracker = start_tracker(topics)
    with AskedStation(topics.bootstrap_servers, topics.prefix, tmp_path / "station.log") as station:
        tracker.wait_until_ready()
        worker.wait_until_ready()
        station.wait_until_ready()
        arguments = [
            "replay", "--bootstrap-servers", topics.bootstrap_servers, "--topic-prefix", topics.prefix,
            "--coils", "2", "--coil-prefix", "seen-", "--frames-per-coil", str(FRAMES_A_COIL), "--fps", "40",
            "--defect-share", "0.2", "--roll-mark", "diameter=305,class=1,lane=640", "--no-progress",
        ]  # fmt: skip
        environment = clean_environment(os.environ, {})
        with Child("producer_sim", arguments, environment=environment, log=tmp_path / "sim.log") as line:
            assert line.wait(60) == 0, line.last_words()
        for _ in turns(60, 0.2, "both verdicts are in the station's history"):
            if len(station.asked("/api/coils")["coils"]) == 2:
                break
        yield topics, station


def test_it_serves_what_the_topics_hold(rolled: tuple[Topics, AskedStation]) -> None:
    topics, station = rolled
    state = station.asked("/api/state")
    assert state["broker"]["up"]
    assert state["coils"] == {"line-1": ["seen-1-002", "seen-1-001"]}
    events = [e for e in defect_events(topics.bootstrap_servers, topics.prefix) if e.coil_id == "seen-1-001"]
    shown = station.asked("/api/coils/seen-1-001/map")
    regions = shown["regions"]
    assert len(regions["class_id"]) == sum(len(event.regions) for event in events)
    assert {*zip(regions["partition"], regions["offset"], strict=True)} == {
        (event.source.partition, event.source.offset) for event in events if event.regions
    }
    assert sum(length for camera in shown["fates"] for length in camera["length"]) == FRAMES_A_COIL
    first = events[0].source
    assert station.get(f"/api/frames/{first.partition}/{first.offset}").startswith(b"\xff\xd8")
    report = station.asked("/api/coils/seen-1-001/report.json")
    assert report["coil_id"] == "seen-1-001"
    assert station.get("/api/coils/seen-1-001/report.pdf").startswith(b"%PDF")


def test_an_alarm_is_acknowledged_on_its_topic(topics: Topics, tmp_path: Path) -> None:
    alarm = MESSAGES["alarm"]
    assert isinstance(alarm, Alarm)
    write(topics.bootstrap_servers, topics.prefix, [alarm])
    with AskedStation(topics.bootstrap_servers, topics.prefix, tmp_path / "station.log") as station:
        station.wait_until_ready()
        for _ in turns(30, 0.2, "the alarm is shown"):
            if station.asked("/api/state")["alarms"]:
                break
        said = station.post(
            f"/api/coils/{alarm.coil_id}/alarms/{alarm.alarm_id}/acknowledge", {"who": "anna"}
        )
        assert said["acknowledged_by"] == "anna"
        assert station.stop() == 0
    records = read_to_end(topics.bootstrap_servers, topics.name(ALARMS))
    told = [alarm for r in records if isinstance(alarm := decode(r.headers, r.value), Alarm)]
    assert [(one.state, one.acknowledged_by) for one in told] == [
        (AlarmState.UPDATED, None),
        (AlarmState.ACKNOWLEDGED, "anna"),
    ]
