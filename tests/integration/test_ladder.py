"""The degrade ladder on a real broker: what was left unsegmented is amended, once, whatever dies."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest

from contracts.alarms import Alarm, AlarmState
from contracts.codec import decode
from contracts.results import Fate, Inspection
from contracts.topics import ALARMS, DEAD_LETTERS
from local.processes.children import turns
from local.processes.worker import WorkerProcess
from tests.integration.conftest import StartWorker, Topics
from tests.support.bundles import Painted, level_bundle, painted_frame
from tests.support.kafka_reading import defect_events, inspections, read_to_end
from tests.support.scraped import sample
from tests.support.strip import Coil, Strip

SETTINGS = {
    "worker_id": "w1",
    "commit_interval_ms": "100",
    "deadline_reserve_s": "3",
    "kafka_properties": '{"session.timeout.ms": "3000", "heartbeat.interval.ms": "500"}',
}
"""With a reserve of 3 s a rung is kept for half a second."""
BUDGET_S = 5.0
LOAD_S = 9.0
"""So long would the worker need in full."""
MEASURED_OVER = 400


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return level_bundle(tmp_path_factory.mktemp("bundles") / "level")


@pytest.fixture(scope="module")
def frames() -> list[bytes]:
    """Three of four are defective."""
    defective = [painted_frame([Painted(class_id=kind, rows=(32, 96), cols=(80, 144))]) for kind in (1, 2, 3)]
    return [*defective, painted_frame()]


def wait_for(worker: WorkerProcess, what: str, reached: Callable[[], bool], within_s: float = 60) -> None:
    for _ in turns(within_s, 0.05, what):
        worker.check()
        if reached():
            return


def by_source(topics: Topics) -> dict[tuple[int, int], list[Inspection]]:
    """(partition, offset) of each frame -> what was said of it, in order."""
    said: dict[tuple[int, int], list[Inspection]] = defaultdict(list)
    for inspection in inspections(topics.bootstrap_servers, topics.prefix):
        said[inspection.source.partition, inspection.source.offset].append(inspection)
    return said


def send(strip: Strip, frames: list[bytes], count: int, budget_s: float, coil_id: str) -> Coil:
    coil = strip.start(coil_id, budget_s)
    for index in range(count):
        strip.expose(coil, frames[index % len(frames)])
    strip.end(coil)
    strip.finish()
    return coil


def full_rate(topics: Topics, worker: WorkerProcess, strip: Strip, frames: list[bytes]) -> float:
    """Frames/s of this machine, now."""
    send(strip, frames, MEASURED_OVER, 300.0, "calm")
    wait_for(worker, "the worker has its measure", lambda: _committed(worker) >= MEASURED_OVER)
    times = sorted(i.inspected_at_ns for i in inspections(topics.bootstrap_servers, topics.prefix))
    return MEASURED_OVER / ((times[-1] - times[0]) / 1e9)


def _committed(worker: WorkerProcess) -> float:
    return sample(worker, "coilwatch_frames_total{")


def test_frames_left_unsegmented_are_amended_once_whatever_dies(
    topics: Topics, start_worker: StartWorker, bundle: Path, frames: list[bytes]
) -> None:
    worker = start_worker(topics, bundle=str(bundle), **SETTINGS)
    worker.wait_until_ready()
    strip = Strip(topics.bootstrap_servers, topics.prefix)
    rate = full_rate(topics, worker, strip, frames)
    count = round(rate * LOAD_S)
    send(strip, frames, count, BUDGET_S, "urgent")
    wait_for(
        worker,
        "frames are left unsegmented",
        lambda: sample(worker, "coilwatch_frames_total{", 'fate="unsegmented"') >= 0.7 * rate,
    )
    assert sample(worker, "coilwatch_rung ") == 1
    worker.kill()

    worker = start_worker(topics, bundle=str(bundle), **SETTINGS)
    amendments = "coilwatch_amendments_total{"
    wait_for(worker, "some are amended", lambda: sample(worker, amendments) >= 1)
    worker.kill()
    said = by_source(topics)
    assert len(said) > count - rate, "amendments begin when hardly a frame is new"
    left = [s for s, words in said.items() if words[-1].fate is Fate.UNSEGMENTED]

    worker = start_worker(topics, bundle=str(bundle), **SETTINGS)
    wait_for(worker, "all are amended", lambda: sample(worker, amendments) >= len(left))
    assert worker.stop() == 0, worker.log.read_text()
    assert_each_has_its_last_word(topics, frames, MEASURED_OVER + count)
    assert_alarmed(topics, "urgent")


def assert_each_has_its_last_word(topics: Topics, frames: list[bytes], count: int) -> None:
    said = by_source(topics)
    assert len(said) == count
    histories = Counter(tuple(word.fate for word in words) for words in said.values())
    assert histories.keys() == {(Fate.CLEAN,), (Fate.DEFECTIVE,), (Fate.UNSEGMENTED, Fate.DEFECTIVE)}
    assert histories[Fate.CLEAN,] == MEASURED_OVER // 4 + (count - MEASURED_OVER) // 4
    events = Counter(
        (e.source.partition, e.source.offset) for e in defect_events(topics.bootstrap_servers, topics.prefix)
    )
    assert set(events.values()) == {1}
    assert events.keys() == {s for s, words in said.items() if words[-1].fate is Fate.DEFECTIVE}
    for words in said.values():
        assert len({word.frame_index for word in words}) == 1
        assert words[-1].regions_by_class or words[-1].fate is Fate.CLEAN, "the right frame was segmented"
    assert read_to_end(topics.bootstrap_servers, topics.name(DEAD_LETTERS)) == []


def assert_alarmed(topics: Topics, coil_id: str) -> None:
    found = [decode(r.headers, r.value) for r in read_to_end(topics.bootstrap_servers, topics.name(ALARMS))]
    alarms = [alarm for alarm in found if isinstance(alarm, Alarm)]
    assert alarms[0].state is AlarmState.RAISED
    assert {alarm.coil_id for alarm in alarms} == {coil_id}
