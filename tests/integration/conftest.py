"""The real broker for the tests, topics of each test's own, and workers as processes."""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from contracts import admin
from contracts.topics import DEFAULT_PARTITIONS, topic
from contracts.topics import topics as topic_specs
from local.kafka.broker import LocalBroker
from local.kafka.ports import free_pair
from local.kafka.prerequisites import PrerequisiteMissing
from local.processes.tracker import TrackerProcess
from local.processes.worker import WorkerProcess
from tests.support.bundles import Painted, level_bundle, painted_frame
from tests.support.programs import unavailable

ROOT = Path(__file__).parents[2]
LOCAL_HOME = ROOT / ".local"
"""Keeps the broker's jars from one run to the next; nothing else of the tests lies there."""


QUICK_GROUP = (
    '{"session.timeout.ms": "3000", "heartbeat.interval.ms": "500", "transaction.timeout.ms": "4000"}'
)
"""A dead worker is noticed after 3 s, not 6: the tests kill many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Topics:
    """The line's topics under a prefix that no other test uses."""

    bootstrap_servers: str
    prefix: str

    def name(self, contract: str) -> str:
        """The name on the broker of a topic from `contracts.topics`."""
        return topic(contract, self.prefix)


StartWorker = Callable[..., WorkerProcess]
StartTracker = Callable[..., TrackerProcess]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs the broker, and says so by its marker."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here):
            item.add_marker(pytest.mark.integration)


@pytest.fixture(scope="session")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Finds painted defects exactly, in no time: these tests are about the line."""
    return level_bundle(tmp_path_factory.mktemp("bundles") / "level")


@pytest.fixture(scope="session")
def frames(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve frames, every fourth with a defect of another class."""
    folder = tmp_path_factory.mktemp("frames")
    for index in range(12):
        rows, cols = (32, 96), (80 + 64 * index, 144 + 64 * index)
        defects = [Painted(class_id=index // 4 + 1, rows=rows, cols=cols)] if index % 4 == 3 else []
        (folder / f"{index:02}.jpg").write_bytes(painted_frame(defects))
    return folder


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalBroker]:
    """One broker for the session. Tests that stop or kill a broker take `own_broker`."""
    with serving(tmp_path_factory.mktemp("kafka")) as broker:
        yield broker


@pytest.fixture
def own_broker(tmp_path: Path) -> Iterator[LocalBroker]:
    """A broker for this test alone: to be stopped, killed, restarted. Takes about 3 s."""
    with serving(tmp_path / "kafka") as broker:
        yield broker


@pytest.fixture
def create_topics() -> Callable[..., Topics]:
    """Create all topics under a fresh prefix on any broker."""

    def create(bootstrap_servers: str, partitions: int = DEFAULT_PARTITIONS) -> Topics:
        prefix = f"t{uuid.uuid4().hex[:8]}."
        admin.create_topics(bootstrap_servers, specs=topic_specs(partitions, prefix=prefix))
        return Topics(bootstrap_servers=bootstrap_servers, prefix=prefix)

    return create


@pytest.fixture
def topics(broker: LocalBroker, create_topics: Callable[..., Topics]) -> Topics:
    """All topics, empty, on the session's broker."""
    return create_topics(broker.bootstrap_servers)


@pytest.fixture
def start_worker(tmp_path: Path) -> Iterator[StartWorker]:
    """Start workers: `start_worker(topics, bundle="synthetic", ...)`; further settings without COILWATCH_.

    They share the group of their topics. All are killed when the test ends. Wait with `wait_until_ready()`.
    """
    with ExitStack() as running:
        number = 0

        def start(of: Topics, **settings: str) -> WorkerProcess:
            nonlocal number
            number += 1
            own = {
                "bootstrap_servers": of.bootstrap_servers,
                "topic_prefix": of.prefix,
                "group_id": f"{of.prefix}workers",
                "bundle": "synthetic",
            }
            log = tmp_path / f"worker-{number}.log"
            worker = WorkerProcess({**own, **settings}, environment=os.environ, log=log)
            running.callback(worker.kill)
            return worker

        yield start


@pytest.fixture
def start_tracker(tmp_path: Path) -> Iterator[StartTracker]:
    """Start coil trackers as `start_worker` starts workers: `start_tracker(topics, coils_settle_s="3")`."""
    with ExitStack() as running:
        number = 0

        def start(of: Topics, **settings: str) -> TrackerProcess:
            nonlocal number
            number += 1
            own = {
                "bootstrap_servers": of.bootstrap_servers,
                "topic_prefix": of.prefix,
                "coils_group_id": f"{of.prefix}coils",
            }
            log = tmp_path / f"tracker-{number}.log"
            tracker = TrackerProcess({**own, **settings}, environment=os.environ, log=log)
            running.callback(tracker.kill)
            return tracker

        yield start


@contextmanager
def serving(home: Path) -> Iterator[LocalBroker]:
    """A broker in a folder of its own; a visible skip where it cannot be had, a failure in CI."""
    broker = LocalBroker(free_pair(), home, local_home=LOCAL_HOME)
    try:
        broker.start()
    except PrerequisiteMissing as missing:
        unavailable(str(missing))
    try:
        yield broker
    finally:
        broker.stop()
