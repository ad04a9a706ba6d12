"""The simulator on the real broker: what it says it sent lies there; what it recorded can be sent again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from confluent_kafka import Producer

from contracts.codec import decode
from contracts.coils import CoilEnded, CoilStarted
from contracts.topics import COIL_EVENTS, FRAMES, producer_properties
from local.processes.children import turns
from producer_sim.cli import main
from producer_sim.manifest import Fault, Manifest, load_manifest
from producer_sim.recording import Record, Recording
from producer_sim.refused import SendFailed
from producer_sim.topic_range import Bound, TopicRange, consumer_configuration
from tests.integration.conftest import ROOT, StartWorker, Topics
from tests.support.bundles import (
    Painted,
    level_bundle,
    painted_frame,
    rule,
    whole_card,
    whole_point,
    with_point,
)
from tests.support.kafka_reading import ReadRecord, inspections, read_to_end

CreateTopics = Callable[..., Topics]


def run(command: str, topics: Topics, *arguments: object) -> int:
    return main([command, "--bootstrap-servers", topics.bootstrap_servers, *map(str, arguments)])


def replay(topics: Topics, *arguments: object) -> int:
    return run("replay", topics, "--topic-prefix", topics.prefix, *arguments)


def lying(topics: Topics, contract: str) -> list[ReadRecord]:
    return read_to_end(topics.bootstrap_servers, topics.name(contract))


def ce_ids(records: list[ReadRecord]) -> Counter[str]:
    return Counter((dict(record.headers)["ce_id"] or b"").decode() for record in records)


def by_key(records: list[ReadRecord]) -> dict[bytes | None, list[object]]:
    """Key -> its records in order, as far as a second sending must repeat them."""
    found: dict[bytes | None, list[object]] = {}
    for record in records:
        found.setdefault(record.key, []).append((record.partition, record.value, record.headers))
    return found


def sent(manifest: Manifest) -> dict[str, int]:
    return {str(frame.identity): frame.sent for frame in manifest.frames if frame.sent}


@pytest.fixture
def painted(tmp_path: Path) -> Path:
    """Two clean frames, and two with a defect each."""
    folder = tmp_path / "frames"
    folder.mkdir()
    for number, class_id in enumerate((None, 3, None, 1)):
        defects = [] if class_id is None else [Painted(class_id=class_id, rows=(64, 160), cols=(320, 480))]
        (folder / f"{number}.jpg").write_bytes(painted_frame(defects))
    return folder


def test_what_the_manifest_says_lies_on_the_topics(topics: Topics, tmp_path: Path) -> None:
    faults = [word for fault in Fault for word in ("--fault", f"{fault}=.1")]
    shape = ("--lines", 2, "--cameras", 2, "--coils", 2, "--frames-per-coil", 40, "--distinct", 8)

    code = replay(topics, *shape, *faults, "--flat-out", "--manifest", tmp_path / "m")

    manifest = load_manifest(tmp_path / "m")
    assert code == 0
    assert len(manifest.frames) == 2 * 2 * 2 * 40
    assert {frame.fault for frame in manifest.frames} == {None, *Fault}
    assert ce_ids(lying(topics, FRAMES)) == sent(manifest)
    ended = [m for r in lying(topics, COIL_EVENTS) if isinstance(m := decode(r.headers, r.value), CoilEnded)]
    assert {e.coil_id: e.frames_by_camera for e in ended} == {
        coil.coil_id: coil.announced_by_camera for coil in manifest.coils
    }
    assert len(ended) == 4


def test_a_roll_mark_is_on_the_frames_that_the_manifest_says(topics: Topics, tmp_path: Path) -> None:
    marks = (
        "--roll-mark",
        "diameter=200,class=4,lane=640,miss=.2",
        "--roll-mark",
        "diameter=300,class=2,lane=500",
    )
    shape = ("--coils", 2, "--frames-per-coil", 16, "--defect-share", 0, "--flat-out")

    code = replay(topics, *shape, *marks, "--manifest", tmp_path / "m")

    manifest = load_manifest(tmp_path / "m")
    assert code == 0
    assert [(mark.coil_id, mark.class_id) for mark in manifest.marks] == [
        (coil.coil_id, class_id) for coil in manifest.coils for class_id in (4, 2)
    ]
    for mark in manifest.marks:
        shown = {
            frame.frame_index
            for frame in manifest.frames
            if frame.coil_id == mark.coil_id and frame.truth and mark.class_id in frame.truth.classes
        }
        assert {int(hit_mm // 204.8) for hit_mm in mark.hits_mm} <= shown
        assert shown <= {int((hit_mm + d_mm) // 204.8) for hit_mm in mark.hits_mm for d_mm in (-50, 0, 50)}
    assert ce_ids(lying(topics, FRAMES)) == sent(manifest)


def test_a_recording_sent_again_is_the_same_to_the_byte(
    topics: Topics, create_topics: CreateTopics, tmp_path: Path
) -> None:
    again, recording = create_topics(topics.bootstrap_servers), tmp_path / "run.rec"
    faults = ("--fault", "unknown-version=.2", "--fault", "duplicate=.2", "--fault", "corrupt=.2")
    replay(topics, "--cameras", 2, "--frames-per-coil", 80, "--distinct", 4, "--flat-out", *faults)

    assert run("record", topics, "--topic-prefix", topics.prefix, "--out", recording) == 0
    assert replay(again, "--recording", recording) == 0

    for contract in (FRAMES, COIL_EVENTS):
        assert by_key(lying(again, contract)) == by_key(lying(topics, contract)) != {}


def test_only_what_is_asked_for_is_recorded(topics: Topics, tmp_path: Path) -> None:
    common = ("--coils", 2, "--frames-per-coil", 10, "--distinct", 2, "--flat-out")
    replay(topics, *common, "--coil-prefix", "first-")
    replay(topics, *common, "--coil-prefix", "second-")
    prefix = ("--topic-prefix", topics.prefix)

    run("record", topics, *prefix, "--coil", "first-1-002", "--out", tmp_path / "coil")
    run("record", topics, *prefix, "--topic", "coil-events", "--from", 1, "--out", tmp_path / "later")

    keys = {(record.key or b"").split(b"/")[0] for record in Recording(tmp_path / "coil").records()}
    assert keys == {b"first-1-002"}
    assert len(Recording(tmp_path / "coil")) == 12
    later = list(Recording(tmp_path / "later").records())
    assert all(record.offset >= 1 and record.topic == COIL_EVENTS for record in later)
    assert len(later) == 8 - len({record.partition for record in lying(topics, COIL_EVENTS)})


def test_a_reader_skips_what_was_aborted_and_waits_for_what_is_open(topics: Topics) -> None:
    name = topics.name(FRAMES)
    writer = Producer(
        {
            **producer_properties(),
            "bootstrap.servers": topics.bootstrap_servers,
            "transactional.id": topics.prefix,
            "log_level": 0,
        }
    )
    writer.init_transactions(10.0)
    for value, end in ((b"kept", writer.commit_transaction), (b"aborted", writer.abort_transaction)):
        writer.begin_transaction()
        writer.produce(name, value, partition=0)
        writer.flush(10.0)
        end(10.0)

    assert [record.value for record in read_all(topics)] == [b"kept"]

    writer.begin_transaction()
    writer.produce(name, b"open", partition=0)
    writer.flush(10.0)
    with pytest.raises(SendFailed, match="a transaction there stays open"):
        read_all(topics)
    writer.commit_transaction(10.0)
    assert [record.value for record in read_all(topics)] == [b"kept", b"open"]


def read_all(topics: Topics) -> list[Record]:
    reader = TopicRange(
        consumer_configuration(topics.bootstrap_servers, {}),
        topic_prefix=topics.prefix,
        start=Bound(kind="beginning"),
        end=Bound(kind="end"),
        silence_s=2.0,
    )
    return list(reader.read([FRAMES]))


def stopped_while_it_sends(
    topics: Topics, number: signal.Signals, *words: str
) -> tuple[subprocess.Popen[str], str, str]:
    """A simulator that got the signal once frames lay on the topic, and what it said on stdout and stderr."""
    where = ("--bootstrap-servers", topics.bootstrap_servers, "--topic-prefix", topics.prefix)
    simulator = subprocess.Popen(
        [sys.executable, "-m", "producer_sim", "replay", *where, "--distinct", "2", *words],
        cwd=ROOT, env=os.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        for _ in turns(60.0, 0.1, "the simulator sends"):
            if lying(topics, FRAMES):
                break
        simulator.send_signal(number)
        return simulator, *simulator.communicate(timeout=60.0)
    finally:
        simulator.kill()
        simulator.wait()


def test_an_interrupted_run_says_what_it_really_sent(topics: Topics, tmp_path: Path) -> None:
    words = ("--fps", "50", "--frames-per-coil", "100000", "--manifest", str(tmp_path / "m"))
    simulator, out, err = stopped_while_it_sends(topics, signal.SIGINT, *words)

    assert (simulator.returncode, err) == (130, "")
    assert out.startswith("Interrupted: ")
    manifest = load_manifest(tmp_path / "m")
    assert manifest.run.interrupted
    assert ce_ids(lying(topics, FRAMES)) == sent(manifest)
    (coil,) = manifest.coils
    assert sum(coil.announced_by_camera.values()) == len(manifest.frames) < 100_000


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_endless_run_is_done_when_it_is_stopped(topics: Topics, number: signal.Signals) -> None:
    simulator, out, err = stopped_while_it_sends(
        topics, number, "--endless", "--frames-per-coil", "5", "--fps", "50"
    )

    assert (simulator.returncode, err) == (0, "")
    events = [decode(r.headers, r.value) for r in lying(topics, COIL_EVENTS)]
    starts, ends = ([e for e in events if isinstance(e, kind)] for kind in (CoilStarted, CoilEnded))
    assert {e.coil_id for e in starts} == {e.coil_id for e in ends}
    assert f"Coils: {len(starts)}." in out
    assert sum(sum(e.frames_by_camera.values()) for e in ends) == len(lying(topics, FRAMES))


def test_a_run_without_its_topics_fails_and_makes_none(
    topics: Topics, capsys: pytest.CaptureFixture[str]
) -> None:
    absent = Topics(bootstrap_servers=topics.bootstrap_servers, prefix="absent.")

    assert replay(absent, "--frames-per-coil", 1) == 1
    assert "`python -m contracts topics --prefix absent.` makes them" in capsys.readouterr().err


def inspect(topics: Topics, start_worker: StartWorker, bundle: Path) -> None:
    """Let a worker inspect all frames that lie there."""
    worker = start_worker(topics, bundle=str(bundle))
    frames = len(lying(topics, FRAMES))
    for _ in turns(120.0, 0.2, f"{frames} frames are inspected (see {worker.log})"):
        if len(inspections(topics.bootstrap_servers, topics.prefix)) >= frames:
            break
        worker.check()
    worker.stop()


def test_a_recorded_run_inspected_again_differs_in_nothing(
    topics: Topics,
    create_topics: CreateTopics,
    start_worker: StartWorker,
    painted: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    bundle, again = level_bundle(tmp_path / "level"), create_topics(topics.bootstrap_servers)
    frames, results = tmp_path / "frames.rec", tmp_path / "results.rec"
    replay(topics, "--frames", painted, "--frames-per-coil", 48, "--flat-out", "--fault", "corrupt=.1")
    inspect(topics, start_worker, bundle)
    prefix = ("--topic-prefix", topics.prefix)
    run("record", topics, *prefix, "--out", frames)
    run("record", topics, *prefix, "--topic", "inspections", "--topic", "defects", "--out", results)
    replay(again, "--recording", frames)
    inspect(again, start_worker, bundle)
    capsys.readouterr()

    assert run("diff", topics, results, f"kafka:{again.prefix}") == 0
    assert capsys.readouterr().out.startswith("No difference in 48 frames, every region")


def test_a_run_with_another_model_differs(
    topics: Topics,
    create_topics: CreateTopics,
    start_worker: StartWorker,
    painted: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    other = create_topics(topics.bootstrap_servers)
    unheard = whole_point(masks=(rule(area_px=10**6), rule(), rule(), rule()))
    picky = level_bundle(tmp_path / "picky", card=with_point(whole_card(name="picky"), unheard))
    for each, bundle in ((topics, level_bundle(tmp_path / "level")), (other, picky)):
        replay(each, "--frames", painted, "--frames-per-coil", 8, "--flat-out", "--coil-prefix", "c-")
        inspect(each, start_worker, bundle)
    capsys.readouterr()

    assert run("diff", topics, f"kafka:{topics.prefix}", f"kafka:{other.prefix}") == 1
    said = capsys.readouterr().out
    assert "Bundles differ: level@" in said
    assert "2 of 8 frames differ. First, line-1/c-1-001/camera-1/3: " in said
