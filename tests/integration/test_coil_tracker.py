"""The tracker's promise, on a real broker: exactly one report of each version of each coil, whatever dies."""

from __future__ import annotations

import os
import random
import signal
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewPartitions

from consumer.coils.grading.rules import SHIPPED, load_rules
from consumer.coils.kafka.home import home_partition
from contracts.alarms import Alarm
from contracts.codec import decode, encode
from contracts.reports import Closing, CoilReport, Verdict
from contracts.topics import ALARMS, COIL_EVENTS, COIL_REPORTS, producer_properties
from local.kafka.broker import LocalBroker
from local.processes.children import Child, ChildFailed, clean_environment, turns
from local.processes.tracker import TrackerProcess
from producer_sim.manifest import Manifest, load_manifest
from tests.integration.conftest import QUICK_GROUP, StartTracker, StartWorker, Topics
from tests.support.coils import CoilScript, Spot
from tests.support.kafka_reading import read_to_end
from tests.support.messages import MESSAGES


@pytest.fixture
def replay(topics: Topics, frames: Path, tmp_path: Path) -> Iterator[Callable[..., Child]]:
    started: list[Child] = []

    def start(*flags: str) -> Child:
        started.append(
            Child(
                "producer_sim",
                [
                    *("replay", "--bootstrap-servers", topics.bootstrap_servers, "--seed", "7"),
                    *("--topic-prefix", topics.prefix, "--frames", str(frames), "--no-progress"),
                    *("--manifest", str(tmp_path / "manifest.jsonl"), *flags),
                ],
                environment=clean_environment(os.environ, {}),
                log=tmp_path / "replay.log",
            )
        )
        return started[-1]

    yield start
    for child in started:
        child.kill()


def finished(sent: Child, folder: Path) -> Manifest:
    assert sent.wait(120) == 0, sent.log.read_text()
    return load_manifest(folder / "manifest.jsonl")


def reports(topics: Topics) -> list[CoilReport]:
    found = read_to_end(topics.bootstrap_servers, topics.name(COIL_REPORTS))
    decoded = [decode(r.headers, r.value) for r in found]
    assert all(isinstance(r, CoilReport) for r in decoded)
    return decoded  # type: ignore[return-value]


def alarms(topics: Topics) -> list[Alarm]:
    found = read_to_end(topics.bootstrap_servers, topics.name(ALARMS))
    return [decode(r.headers, r.value) for r in found]  # type: ignore[misc]


def wait_for_reports(topics: Topics, versions: int, tracker: TrackerProcess) -> list[CoilReport]:
    for _ in turns(60, 0.25, f"{versions} reports are there"):
        tracker.check()
        found = reports(topics)
        if len(found) >= versions:
            return found
    raise AssertionError


def write(topics: Topics, *messages: object, partition: int | None = None) -> None:
    """As line control and a worker would."""
    producer = Producer({"bootstrap.servers": topics.bootstrap_servers, **producer_properties()})
    for message in messages:
        encoded = encode(message)  # type: ignore[arg-type]
        place = {} if partition is None else {"partition": partition}
        producer.produce(
            topics.name(encoded.topic),
            key=encoded.key,
            value=encoded.value,
            headers=encoded.headers,
            **place,
        )
    assert producer.flush(10) == 0


def shows_a_defect(origin: str) -> bool:
    """As `frames` painted them."""
    return int(Path(origin).stem) % 4 == 3


def assert_agrees(found: list[CoilReport], manifest: Manifest) -> None:
    """One version 1 of every coil, whose ledger is the manifest's."""
    assert Counter((r.coil_id, r.report_version) for r in found) == Counter(
        {(coil.coil_id, 1): 1 for coil in manifest.coils}
    )
    of = {report.coil_id: report for report in found}
    for coil in manifest.coils:
        ledger = of[coil.coil_id].ledger_by_camera
        assert {camera: one.announced for camera, one in ledger.items()} == dict(coil.announced_by_camera)
        defective = Counter(
            f.camera_id for f in manifest.frames if f.coil_id == coil.coil_id and shows_a_defect(f.origin)
        )
        assert {camera: one.defective for camera, one in ledger.items()} == dict(defective)
        assert all(one.missing == 0 and one.duplicates == 0 for one in ledger.values())
        assert (of[coil.coil_id].closed_because, of[coil.coil_id].in_time) == (Closing.COMPLETE, True)


def test_kills_of_worker_and_tracker_leave_exactly_one_report_a_coil(
    topics: Topics,
    replay: Callable[..., Child],
    start_worker: StartWorker,
    start_tracker: StartTracker,
    bundle: Path,
    tmp_path: Path,
) -> None:
    """Kills hit at random: while a tracker starts, reads what was told, rebuilds its coils, commits."""
    chance = random.Random(15)
    sent = replay("--lines", "2", "--coils", "3", "--frames-per-coil", "200", "--fps", "60")
    work = {"bundle": str(bundle), "worker_id": "w1", "kafka_properties": QUICK_GROUP}
    track = {"coils_tracker_id": "t1", "kafka_properties": QUICK_GROUP, "coils_commit_interval_ms": "100"}
    worker, lives_with_records = start_worker(topics, **work), 0
    for number in range(15):
        tracker = start_tracker(topics, **track)
        until = chance.choice([0, 0, 1, chance.randrange(150)])
        for _ in turns(60, chance.uniform(0.02, 0.2), f"{until} records are taken"):
            tracker.check()
            if records_taken(tracker) >= until:
                break
        lives_with_records += records_taken(tracker) > 0
        tracker.kill()
        if number % 5 == 4:
            worker.kill()
            worker = start_worker(topics, **work)
    assert lives_with_records >= 5, "kills that hit nothing show nothing"
    tracker = start_tracker(topics, **track)
    manifest = finished(sent, tmp_path)
    wait_for_reports(topics, 6, tracker)
    tracker.signal(signal.SIGTERM)
    assert tracker.wait(30) == 0, tracker.log.read_text()
    assert_agrees(reports(topics), manifest)
    told = Counter((a.coil_id, a.alarm_id, a.state) for a in alarms(topics))
    assert all(times == 1 for times in told.values()), told


def records_taken(tracker: TrackerProcess) -> float:
    lines = (tracker.metrics() or "").splitlines()
    return sum(float(x.split()[-1]) for x in lines if x.startswith("coilwatch_coils_records_total{"))


def test_a_tracker_that_joins_and_leaves_takes_coils_over_and_gives_them_back(
    topics: Topics,
    replay: Callable[..., Child],
    start_worker: StartWorker,
    start_tracker: StartTracker,
    bundle: Path,
    tmp_path: Path,
) -> None:
    sent = replay("--lines", "2", "--coils", "2", "--frames-per-coil", "200", "--fps", "60")
    start_worker(topics, bundle=str(bundle), kafka_properties=QUICK_GROUP)
    first = start_tracker(topics, kafka_properties=QUICK_GROUP)
    first.wait_until_ready()
    second = start_tracker(topics, kafka_properties=QUICK_GROUP)
    for _ in turns(60, 0.1, "both own partitions"):
        first.check()
        if 0 < sample(first, "coilwatch_coils_assigned_partitions") < 8 and sample(
            second, "coilwatch_coils_ready"
        ):
            break
    assert sample(second, "coilwatch_coils_assigned_partitions") == 4
    wait_for_reports(topics, 1, second)
    second.signal(signal.SIGTERM)
    assert second.wait(30) == 0, second.log.read_text()
    manifest = finished(sent, tmp_path)
    wait_for_reports(topics, 4, first)
    first.check()
    assert_agrees(reports(topics), manifest)


def sample(tracker: TrackerProcess, name: str) -> float:
    """Summed over its labels; 0 while it does not answer."""
    lines = (tracker.metrics() or "").splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith((f"{name} ", f"{name}{{")))


def test_coils_without_a_worker_get_their_outcomes_and_junk_is_counted(
    topics: Topics, start_tracker: StartTracker
) -> None:
    """Records written by hand, as foreign writers might: the whole way through the broker's partitioner."""
    now_ns = time.time_ns()
    whole = CoilScript(coil_id="whole", started_at_ns=now_ns)
    gappy = CoilScript(coil_id="gappy", started_at_ns=now_ns)
    astray = CoilScript(coil_id="astray", started_at_ns=now_ns)
    spot = Spot(3, 110, 160, 20, 30)
    write(topics, whole.started(), whole.clean(0), *whole.defective(1, spot), whole.ended(2))
    write(topics, gappy.ended(2), gappy.clean(0), gappy.started())
    elsewhere = (home_partition("astray", 8) + 1) % 8
    write(topics, astray.started(), partition=elsewhere)
    tracker = start_tracker(topics, coils_settle_s="1", kafka_properties=QUICK_GROUP)
    found = {report.coil_id: report for report in wait_for_reports(topics, 2, tracker)}
    assert (found["whole"].closed_because, found["gappy"].closed_because) == (
        Closing.COMPLETE,
        Closing.SETTLED,
    )
    assert found["gappy"].verdict is not Verdict.RELEASE
    write(topics, gappy.clean(1))
    last = wait_for_reports(topics, 3, tracker)[-1]
    again = [r for r in reports(topics) if r.report_version == 2]
    assert [(r.coil_id, r.complete) for r in again] == [("gappy", True)]
    assert last is not None
    assert "belongs in partition" in tracker.log.read_text()
    refused = 'coilwatch_coils_refused_records_total{topic="strip.coil-events.v1"}'
    assert sample(tracker, refused) == 1


@pytest.mark.parametrize("commits", [True, False], ids=["committed", "aborted"])
def test_a_report_whose_transaction_is_open_is_waited_for(
    topics: Topics, start_tracker: StartTracker, commits: bool
) -> None:
    """As a tracker leaves it that dies while it commits: a read_committed reader does not see it yet."""
    told = MESSAGES["coil-report"].model_copy(update={"coil_id": "told", "report_version": 1})
    dying = Producer(
        {
            "bootstrap.servers": topics.bootstrap_servers,
            "transactional.id": f"{topics.prefix}dying",
            **producer_properties(),
        }
    )
    dying.init_transactions(30)
    dying.begin_transaction()
    encoded = encode(told.model_copy(update={"closed_because": Closing.COMPLETE}))
    dying.produce(topics.name(COIL_REPORTS), key=encoded.key, value=encoded.value, headers=encoded.headers)
    assert dying.flush(10) == 0
    coil = CoilScript(coil_id="told", started_at_ns=time.time_ns())
    write(topics, coil.started(), coil.clean(0), coil.ended(1))
    tracker = start_tracker(topics, kafka_properties=QUICK_GROUP)
    with pytest.raises(ChildFailed, match="is ready"):
        tracker.wait_until_ready(4)
    tracker.check()
    dying.commit_transaction(10) if commits else dying.abort_transaction(10)
    tracker.wait_until_ready()
    for _ in turns(30, 0.1, "the coil is done with"):
        if sample(tracker, "coilwatch_coils_told") == 1 and not sample(tracker, "coilwatch_coils_open"):
            break
    wait_for_reports(topics, 1, tracker)
    (report,) = reports(topics)
    assert (report.report_version, report.line_id) == (1, told.line_id if commits else coil.line_id)
    assert bool(report.defects) == commits, "the dying one's, or else the tracker's own"


def test_a_broker_restart_in_the_middle_of_a_coil_is_waited_out(
    own_broker: LocalBroker, create_topics: Callable[..., Topics], start_tracker: StartTracker
) -> None:
    topics = create_topics(own_broker.bootstrap_servers)
    tracker = start_tracker(topics, kafka_properties=QUICK_GROUP, coils_commit_interval_ms="100")
    coils = [CoilScript(coil_id=f"coil-{number}", started_at_ns=time.time_ns()) for number in range(4)]
    write(topics, *(m for coil in coils for m in (coil.started(), *(coil.clean(i) for i in range(50)))))
    for _ in turns(60, 0.1, "the records are taken"):
        if records_taken(tracker) == 4 * 51:
            break
    own_broker.restart()
    write(topics, *(coil.clean(i) for coil in coils for i in range(50, 100)))
    write(topics, *(coil.ended(100) for coil in coils))
    found = wait_for_reports(topics, 4, tracker)
    assert [(r.report_version, r.closed_because) for r in found] == [(1, Closing.COMPLETE)] * 4
    tracker.check()
    assert tracker.log.read_text().count("broker is away") <= 2, "said once, not once a try"


def test_sighup_reads_the_rules_again_and_a_bad_file_leaves_them_as_they_were(
    topics: Topics, start_tracker: StartTracker, tmp_path: Path
) -> None:
    rules = tmp_path / "rules.yaml"
    shipped = SHIPPED.read_text()
    rules.write_text(shipped)
    tracker = start_tracker(topics, coils_rules=str(rules), kafka_properties=QUICK_GROUP)
    tracker.wait_until_ready()
    rules.write_text(shipped + "\nverdicts_at_random: true\n")
    tracker.signal(signal.SIGHUP)
    for _ in turns(20, 0.1, "the bad file is refused"):
        if "the rules stay as they were" in tracker.log.read_text():
            break
    assert "verdicts_at_random" in tracker.log.read_text()
    rules.write_text(shipped + "# looked at again\n")
    tracker.signal(signal.SIGHUP)
    for _ in turns(20, 0.1, "the good file is read"):
        if "rules read again" in tracker.log.read_text():
            break
    tracker.check()
    coil = CoilScript(coil_id="after", started_at_ns=time.time_ns())
    write(topics, coil.started(), coil.clean(0), coil.ended(1))
    (report,) = wait_for_reports(topics, 1, tracker)
    assert report.rules_version == load_rules(rules).version


def test_two_trackers_with_one_id_leave_the_newer_running(
    topics: Topics, start_tracker: StartTracker
) -> None:
    settings = {"coils_tracker_id": "t1", "kafka_properties": QUICK_GROUP}
    older = start_tracker(topics, **settings)
    older.wait_until_ready()
    newer = start_tracker(topics, **settings)
    assert older.wait(60) == 4, older.log.read_text()
    assert "COILWATCH_COILS_TRACKER_ID" in older.log.read_text().splitlines()[-1]
    newer.wait_until_ready()


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ({"topic_prefix": "nobody-made-this."}, "python -m contracts topics"),
        ({"coils_rules": "no-such-file.yaml"}, "no-such-file.yaml"),
    ],
    ids=["topic", "rules"],
)
def test_what_is_wrong_at_start_is_refused_in_one_line(
    topics: Topics, start_tracker: StartTracker, settings: dict[str, str], says: str
) -> None:
    assert_refused(start_tracker(topics, **settings), says)


def test_topics_with_unequal_partition_counts_are_refused(
    topics: Topics, start_tracker: StartTracker
) -> None:
    name = topics.name(COIL_EVENTS)
    admin = AdminClient({"bootstrap.servers": topics.bootstrap_servers})
    for future in admin.create_partitions([NewPartitions(name, 9)]).values():
        future.result(10)
    assert_refused(start_tracker(topics), f"{name} has 9")


def assert_refused(tracker: TrackerProcess, says: str) -> None:
    assert tracker.wait(60) == 2, tracker.log.read_text()
    last = tracker.log.read_text().splitlines()[-1]
    assert "refused to start" in last
    assert says in last
