"""The demo as a newcomer runs it, on frames whose defects a bundle without training finds for certain."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from confluent_kafka.admin import AdminClient

from local.kafka.broker import LocalBroker
from local.kafka.ports import free_pair
from model import rle
from producer_sim.manifest import load_manifest
from tests.support.bundles import Painted, level_bundle, painted_frame
from tests.support.marked_processes import MARK, kill_marked

ROOT = Path(__file__).parents[2]
WITHIN_S = 120.0

DEFECTS = (
    Painted(class_id=1, rows=(8, 72), cols=(80, 240)),
    Painted(class_id=3, rows=(0, 256), cols=(800, 864)),
)

Demo = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return level_bundle(tmp_path_factory.mktemp("bundle") / "level")


@pytest.fixture
def frames(tmp_path: Path) -> Path:
    """Four clean frames, two defective ones, and the labels beside them."""
    folder = tmp_path / "frames" / "images"
    folder.mkdir(parents=True)
    (folder.parent / "frames.csv").write_text(
        "ImageId,truth,classes\n"
        + "".join(f"{n}.jpg,{'mask' if n < 2 else 'clean'},{'1 3' if n < 2 else ''}\n" for n in range(6)),
        encoding="ascii",
    )
    for number in range(6):
        (folder / f"{number}.jpg").write_bytes(painted_frame(DEFECTS if number < 2 else []))
    return folder


@pytest.fixture
def demo(tmp_path: Path, bundle: Path, frames: Path) -> Iterator[Demo]:
    """Start `python -m local demo` with a port; all that it starts inherits a mark to be found by."""
    mark = uuid.uuid4().hex

    def start(port: int, *more: str) -> subprocess.Popen[str]:
        words = [
            "demo",
            "--frames",
            str(frames),
            "--bundle",
            str(bundle),
            "--out",
            str(tmp_path / "out"),
            *more,
        ]
        return subprocess.Popen(
            [sys.executable, "-m", "local", *words],
            env={**os.environ, "COILWATCH_LOCAL_KAFKA_PORT": str(port), MARK: mark},
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT,
        )  # fmt: skip

    yield start
    assert kill_marked(mark) == []


def test_two_coils_sum_agree_and_are_drawn(broker: LocalBroker, demo: Demo, tmp_path: Path) -> None:
    with demo(broker.port, "--frames-per-coil", "16", "--defect-share", "0.5", "--fps", "50") as process:
        said, _ = process.communicate(timeout=WITHIN_S)
    assert process.returncode == 0, said
    assert "every frame accounted for" in said
    assert "no roll mark, the labels know no frame for it" in said
    assert re.search(r"page: http://127[.]0[.]0[.]1:\d+/ shows the strip live", said)
    assert _row(said, "announced") == ["16", "16"]
    for row in ("complete", "in time", "the reader counts the same"):
        assert _row(said, row) == ["yes", "yes"]
    assert set(_row(said, "verdict")) <= {"release", "hold", "reject"}
    assert [cell[-8:] for cell in _row(said, "defective found")] == ["(100.0%)"] * 2
    assert [cell[-8:] for cell in _row(said, "clean passed")] == ["(100.0%)"] * 2
    regions = [cell.split(" from ")[1] for cell in _row(said, "kind 3")]
    assert regions == [f"{count} regions" for count in _row(said, "defective")]
    assert "whole" in said
    assert len(load_manifest(tmp_path / "out" / "manifest.jsonl").frames) == 32
    assert sorted(path.name for path in (tmp_path / "out").glob("*.png")) == [
        "demo-1-001.png",
        "demo-1-002.png",
    ]
    assert broker.serves()
    left = AdminClient({"bootstrap.servers": broker.bootstrap_servers}).list_topics(timeout=10.0).topics
    assert [name for name in left if name.startswith("demo-")] == []


def test_a_roll_mark_raises_its_alarm_while_the_coil_runs(
    broker: LocalBroker, demo: Demo, tmp_path: Path, frames: Path
) -> None:
    rows = [f"{n}.jpg,{d.class_id},{rle.encode(_mask(d))}\n" for n in range(2) for d in DEFECTS]
    (frames.parent / "train.csv").write_text("ImageId,ClassId,EncodedPixels\n" + "".join(rows))
    words = ("--coils", "1", "--frames-per-coil", "120", "--defect-share", "0", "--fps", "30")
    with demo(broker.port, *words, "--roll-mark", "diameter=326,class=1,lane=128") as process:
        said, _ = process.communicate(timeout=WITHIN_S)
    assert process.returncode == 0, said
    alarms = [line for line in said.splitlines() if "alarm" in line and "still runs" in line]
    assert alarms
    assert all("deflector roll" in alarm for alarm in alarms)
    assert _row(said, "sent") == ["1,024.0 mm, 24 of 24 turns"]
    assert _row(said, "roll") == ["deflector roll"]
    (mark,) = load_manifest(tmp_path / "out" / "manifest.jsonl").marks
    assert len(mark.hits_mm) == int(_row(said, "defective")[0]) == 24


def _mask(defect: Painted) -> np.ndarray:
    mask = np.zeros((256, 1600), np.bool_)
    mask[slice(*defect.rows), slice(*defect.cols)] = True
    return mask


def test_frames_without_labels_come_as_they_are(broker: LocalBroker, demo: Demo, frames: Path) -> None:
    (frames.parent / "frames.csv").unlink()
    with demo(broker.port, "--coils", "1", "--frames-per-coil", "12", "--fps", "50") as process:
        said, _ = process.communicate(timeout=WITHIN_S)
    assert process.returncode == 0, said
    assert "they come as they are" in said
    assert _row(said, "defective") == ["4"]
    assert _row(said, "truth unknown") == ["6"]


def test_a_bundle_that_is_not_there_is_said_in_a_sentence(broker: LocalBroker, demo: Demo) -> None:
    with demo(broker.port, "--bundle", "no-such-bundle") as process:
        said, _ = process.communicate(timeout=WITHIN_S)
    assert process.returncode == 1
    assert "no-such-bundle" in said
    assert "Traceback" not in said


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_demo_leaves_nothing_running(broker: LocalBroker, demo: Demo, number: int) -> None:
    with demo(broker.port, "--frames-per-coil", "5000", "--fps", "20") as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "line: 2 coils" in line:
                break
        process.send_signal(number)
        said, _ = process.communicate(timeout=WITHIN_S)
    assert process.returncode == 130, said
    assert "interrupted" in said
    assert broker.serves()


@pytest.mark.usefixtures("broker")  # java and the jars are there, or this is skipped
def test_a_broker_that_the_demo_started_is_stopped_when_interrupted(demo: Demo) -> None:
    port = free_pair()
    home = ROOT / ".local" / f"kafka-{port}"
    with demo(port) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if "broker: starting" in line:
                break
        process.send_signal(signal.SIGINT)
        said, _ = process.communicate(timeout=WITHIN_S)
    broker = LocalBroker(port, home)
    try:
        assert process.returncode == 130, said
        assert broker.pid is None
    finally:
        broker.clean()


def _row(said: str, name: str) -> list[str]:
    """The cells of the table row with this name."""
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in said.splitlines() if "│" in line]
    (found,) = [row[1:] for row in rows if row[0] == name]
    return found
