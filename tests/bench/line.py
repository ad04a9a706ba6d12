"""A real broker, filled topics, workers as processes, and what they report."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

import psutil
from prometheus_client.parser import text_string_to_metric_families

from contracts.admin import create_topics
from contracts.topics import INSPECTIONS, topic, topics
from local.kafka.broker import LocalBroker
from local.kafka.ports import free_pair
from local.processes.monitored import MonitoredChild
from local.processes.worker import WorkerProcess
from tests.bench.measure import ROOT
from tests.support.kafka_reading import read_to_end

POLL_S = 1.0
"""Between looks at /metrics: no figure hangs on it, and each costs the worker some ms."""
_ASSIGNED = "partitions assigned"
"""What the worker logs when it may begin."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A broker of the benchmark's own, and a folder for logs and copies; both go when it ends."""

    bootstrap_servers: str
    broker_pid: int
    folder: Path
    running: ExitStack = field(repr=False)

    def fresh_topics(self) -> str:
        """All topics, empty; their prefix."""
        prefix = f"bench-{uuid.uuid4().hex[:8]}."
        create_topics(self.bootstrap_servers, specs=topics(prefix=prefix))
        return prefix

    def start_worker(self, prefix: str, bundle: Path, group: str = "", **settings: str) -> WorkerProcess:
        """A worker with the shipped settings; it is not waited for."""
        own = {
            "bootstrap_servers": self.bootstrap_servers,
            "topic_prefix": prefix,
            "group_id": group or f"{prefix}{uuid.uuid4().hex[:8]}",
            "bundle": str(bundle),
            "log_format": "json",
        }
        log = self.folder / f"worker-{uuid.uuid4().hex[:8]}.log"
        worker = WorkerProcess({**own, **settings}, environment=os.environ, log=log)
        self.running.callback(worker.kill)
        return worker


@contextmanager
def line() -> Iterator[Line]:
    """Start a broker on a free port; afterwards nothing is left."""
    folder = Path(tempfile.mkdtemp(prefix="coilwatch-bench-"))
    broker = LocalBroker(free_pair(), folder / "kafka", local_home=ROOT / ".local", say=print)
    try:
        broker.start()
        with ExitStack() as running:
            yield Line(
                bootstrap_servers=broker.bootstrap_servers,
                broker_pid=broker.pid or 0,
                folder=folder,
                running=running,
            )
    finally:
        broker.stop()
        shutil.rmtree(folder, ignore_errors=True)


def samples(worker: MonitoredChild) -> dict[tuple[str, tuple[str, ...]], float]:
    """(metric, label values) -> value, of /metrics; empty while it cannot be reached."""
    text = worker.metrics() or ""
    return {
        (sample.name, tuple(sample.labels.values())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def total(found: Mapping[tuple[str, tuple[str, ...]], float], name: str) -> float:
    """A metric summed over its labels."""
    return sum(value for (sample, _), value in found.items() if sample == name)


def cpu_s(pid: int) -> float:
    """CPU seconds that a process has used until now, all threads."""
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system


def wait_for_frames(worker: WorkerProcess, count: int, within_s: float) -> None:
    """Until the worker has committed so many frames. Raises when it ends, or takes longer."""
    until = time.monotonic() + within_s
    while total(samples(worker), "coilwatch_frames_total") < count:
        worker.check()
        if time.monotonic() > until:
            raise RuntimeError(
                f"{count} frames not within {within_s:.0f} s; the worker says\n{worker.last_words()}"
            )
        time.sleep(POLL_S)


def began_at_s(worker: WorkerProcess) -> float:
    """When its partitions were assigned, wall seconds: nothing was fetched before."""
    for line_ in worker.log.read_text(encoding="utf-8").splitlines():
        event = json.loads(line_)
        if event["message"] == _ASSIGNED:
            return datetime.fromisoformat(event["ts"]).timestamp()
    raise RuntimeError(f"the worker's log does not say {_ASSIGNED!r}")


def inspected_at_s(bootstrap_servers: str, prefix: str) -> list[float]:
    """When each committed inspection was made, wall seconds, ascending."""
    records = read_to_end(bootstrap_servers, topic(INSPECTIONS, prefix))
    return sorted(json.loads(record.value or b"{}")["inspected_at_ns"] / 1e9 for record in records)
