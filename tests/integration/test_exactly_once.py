"""The promise, on a real broker: one inspection for every frame, whatever dies."""

from __future__ import annotations

import os
import random
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition

from contracts.codec import read_dead_letter, readable_identity
from contracts.results import Fate
from contracts.topics import DEAD_LETTERS, FRAMES
from local.kafka.broker import LocalBroker
from local.processes.children import Child, clean_environment, turns
from local.processes.worker import WorkerProcess
from producer_sim.manifest import Manifest, load_manifest
from tests.integration.conftest import QUICK_GROUP, StartWorker, Topics
from tests.support.kafka_reading import defect_events, inspections, read_to_end


class Sent:
    """A replay under way, and afterwards what it says it sent."""

    def __init__(self, topics: Topics, frames: Path, folder: Path, *flags: str) -> None:
        self._manifest = folder / "manifest.jsonl"
        self.child = Child(
            "producer_sim",
            [
                *("replay", "--bootstrap-servers", topics.bootstrap_servers),
                *("--topic-prefix", topics.prefix, "--frames", str(frames), "--seed", "7", "--no-progress"),
                *("--manifest", str(self._manifest), *flags),
            ],
            environment=clean_environment(os.environ, {}),
            log=folder / "replay.log",
        )

    def manifest(self) -> Manifest:
        assert self.child.wait(120) == 0, self.child.log.read_text()
        return load_manifest(self._manifest)


@pytest.fixture
def replay(topics: Topics, frames: Path, tmp_path: Path) -> Iterator[Callable[..., Sent]]:
    started: list[Sent] = []

    def start(*flags: str, to: Topics = topics) -> Sent:
        started.append(Sent(to, frames, tmp_path, *flags))
        return started[-1]

    yield start
    for sent in started:
        sent.child.kill()


def wait_until_all_committed(topics: Topics, group_id: str, within_s: float = 120) -> None:
    """Until the group's positions are the ends of the frames topic."""
    reader = Consumer({"bootstrap.servers": topics.bootstrap_servers, "group.id": group_id})
    try:
        name = topics.name(FRAMES)
        partitions = [TopicPartition(name, p) for p in reader.list_topics(name, 10).topics[name].partitions]
        for _ in turns(within_s, 0.25, "every frame is committed"):
            ends = {p.partition: reader.get_watermark_offsets(p, 10)[1] for p in partitions}
            positions = {p.partition: max(p.offset, 0) for p in reader.committed(partitions, 10)}
            if positions == ends:
                return
    finally:
        reader.close()


def assert_exactly_once(topics: Topics, manifest: Manifest) -> None:
    """One inspection for each record, an event for each defective one, letters with their reasons."""
    sent = Counter({str(f.identity): f.sent for f in manifest.frames if f.sent})
    assert sent, "nothing was sent, so nothing is shown"
    found = inspections(topics.bootstrap_servers, topics.prefix)
    assert Counter(str(i) for i in found) == sent
    assert len({(i.source.partition, i.source.offset) for i in found}) == len(found)
    events = Counter(str(e) for e in defect_events(topics.bootstrap_servers, topics.prefix))
    assert events == Counter(str(i) for i in found if i.fate is Fate.DEFECTIVE)
    expected = {str(f.identity): f.expected_reason for f in manifest.frames if f.sent}
    assert {str(i): i.reason for i in found} == expected
    letters = read_to_end(topics.bootstrap_servers, topics.name(DEAD_LETTERS))
    reasons: dict[str, object] = {}
    for letter in letters:
        known = readable_identity(letter.key, letter.headers)
        assert known is not None
        reasons[str(known.identity)] = read_dead_letter(letter.headers).reason
    assert reasons == {name: reason for name, reason in expected.items() if reason is not None}


def committed_frames(worker: WorkerProcess) -> float:
    """What the worker says it has committed since it started; 0 while it does not answer."""
    lines = (worker.metrics() or "").splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith("coilwatch_frames_total{"))


def test_twenty_kills_leave_exactly_one_inspection_a_frame(
    topics: Topics, replay: Callable[..., Sent], start_worker: StartWorker, bundle: Path
) -> None:
    """Kills hit at random: while a worker starts, while it works, while it commits."""
    chance = random.Random(20)
    sent = replay("--coils", "2", "--frames-per-coil", "2000", "--fps", "60")
    settings = {"bundle": str(bundle), "worker_id": "w1", "kafka_properties": QUICK_GROUP}
    lives_with_progress = 0
    for _ in range(20):
        worker = start_worker(topics, commit_interval_ms="50", **settings)
        until_frames = chance.choice([0, 1, chance.randrange(200)])
        for _ in turns(60, chance.uniform(0.02, 0.2), f"{until_frames} frames are committed"):
            worker.check()
            if committed_frames(worker) >= until_frames:
                break
        lives_with_progress += committed_frames(worker) > 0
        worker.kill()
    assert lives_with_progress >= 5, "kills that hit nothing show nothing"
    start_worker(topics, **settings)
    manifest = sent.manifest()
    wait_until_all_committed(topics, f"{topics.prefix}workers")
    assert_exactly_once(topics, manifest)


def test_workers_that_join_and_leave_share_a_replay(
    topics: Topics, replay: Callable[..., Sent], start_worker: StartWorker, bundle: Path
) -> None:
    sent = replay("--coils", "2", "--frames-per-coil", "1500", "--fps", "60")
    settings = {"bundle": str(bundle), "kafka_properties": QUICK_GROUP}
    first = start_worker(topics, **settings)
    second = start_worker(topics, **settings)
    second.wait_until_ready()
    for _ in turns(60, 0.1, "both have worked"):
        if committed_frames(first) and committed_frames(second):
            break
    first.signal(signal.SIGTERM)
    assert first.wait(30) == 0, first.log.read_text()
    third = start_worker(topics, **settings)
    third.wait_until_ready()
    second.signal(signal.SIGTERM)
    assert second.wait(30) == 0, second.log.read_text()
    manifest = sent.manifest()
    wait_until_all_committed(topics, f"{topics.prefix}workers")
    assert_exactly_once(topics, manifest)


def test_a_broker_restart_in_the_middle_loses_and_doubles_nothing(
    own_broker: LocalBroker,
    create_topics: Callable[..., Topics],
    replay: Callable[..., Sent],
    start_worker: StartWorker,
    bundle: Path,
) -> None:
    topics = create_topics(own_broker.bootstrap_servers)
    worker = start_worker(topics, bundle=str(bundle), kafka_properties=QUICK_GROUP)
    worker.wait_until_ready()
    sent = replay("--frames-per-coil", "1500", "--fps", "100", to=topics)
    for _ in turns(60, 0.1, "the worker has begun"):
        if committed_frames(worker) > 50:
            break
    own_broker.restart()
    manifest = sent.manifest()
    wait_until_all_committed(topics, f"{topics.prefix}workers")
    worker.check()
    assert_exactly_once(topics, manifest)
    assert worker.log.read_text().count("broker is away") <= 2, "said once, not once a try"


def test_all_faults_at_once_end_in_the_ledger_with_the_right_reasons(
    topics: Topics, replay: Callable[..., Sent], start_worker: StartWorker, bundle: Path
) -> None:
    faults = ("drop", "duplicate", "corrupt", "truncate", "reorder", "late", "wrong-size", "unknown-version")
    flags = [flag for fault in faults for flag in ("--fault", f"{fault}=0.04")]
    sent = replay(
        "--lines", "2", "--coils", "2", "--cameras", "2", "--frames-per-coil", "150", "--flat-out", *flags
    )
    start_worker(topics, bundle=str(bundle))
    manifest = sent.manifest()
    assert {f.fault for f in manifest.frames} >= set(faults), "every fault happened"
    wait_until_all_committed(topics, f"{topics.prefix}workers")
    assert_exactly_once(topics, manifest)
    found = inspections(topics.bootstrap_servers, topics.prefix)
    per_camera = Counter((i.line_id, i.coil_id, i.camera_id) for i in found)
    sent_per_camera = Counter()
    for f in manifest.frames:
        sent_per_camera[f.line_id, f.coil_id, f.camera_id] += f.sent
    assert per_camera == sent_per_camera


def test_two_workers_with_one_id_leave_the_newer_running(
    topics: Topics, start_worker: StartWorker, bundle: Path
) -> None:
    settings = {"bundle": str(bundle), "worker_id": "w1", "kafka_properties": QUICK_GROUP}
    older = start_worker(topics, **settings)
    older.wait_until_ready()
    newer = start_worker(topics, **settings)
    assert older.wait(60) == 4, older.log.read_text()
    assert "COILWATCH_WORKER_ID" in older.log.read_text().splitlines()[-1]
    newer.wait_until_ready()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"bundle": "no-such-bundle"}, "no-such-bundle"),
        ({"topic_prefix": "nobody-made-this."}, "python -m contracts topics"),
        ({"engine": "abacus"}, "COILWATCH_ENGINE"),
        ({"kafka_properties": '{"enable.auto.commit": "true"}'}, "must stay false"),
    ],
    ids=["bundle", "topic", "setting", "promise"],
)
def test_what_is_wrong_at_start_is_refused_in_one_line(
    topics: Topics, start_worker: StartWorker, bundle: Path, settings: dict[str, str], says: str
) -> None:
    worker = start_worker(topics, **{"bundle": str(bundle), **settings})
    assert worker.wait(60) == 2, worker.log.read_text()
    last = worker.log.read_text().splitlines()[-1]
    assert "refused to start" in last
    assert says in last
