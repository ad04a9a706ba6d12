"""A line on a real broker with everything that watches it: Prometheus, Alertmanager, the alert listener."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from local.kafka.ports import HOST, free_pair
from local.packages import PackagesMissing
from local.processes.children import Child, clean_environment, turns
from local.processes.tracker import TrackerProcess
from local.processes.worker import WorkerProcess
from local.watching.alertmanager import AlertmanagerProcess
from local.watching.configuration import RULES
from local.watching.packages import watching_programs
from local.watching.prometheus import PrometheusProcess
from tests.support.programs import unavailable


@dataclass(frozen=True, slots=True, kw_only=True)
class HeardAlert:
    """One alert as the listener logged it."""

    name: str
    status: str
    heard_at_s: float


@dataclass(slots=True, kw_only=True)
class WatchedLine:
    """Its parts; worker and tracker may be exchanged, at the ports that Prometheus knows."""

    bootstrap_servers: str
    prefix: str
    bundle: str
    folder: Path
    running: ExitStack
    worker_settings: dict[str, str]
    tracker_settings: dict[str, str]
    ports: tuple[int, int] = field(default_factory=lambda: (free_pair(), free_pair()))
    worker: WorkerProcess = field(init=False)
    tracker: TrackerProcess = field(init=False)
    prometheus: PrometheusProcess = field(init=False)
    listener: Child = field(init=False)

    def start_worker(self) -> None:
        """One more, in the place of the one before."""
        own = {
            "bootstrap_servers": self.bootstrap_servers,
            "topic_prefix": self.prefix,
            "group_id": f"{self.prefix}workers",
            "worker_id": "w1",
            "bundle": self.bundle,
        }
        self.worker = WorkerProcess(
            {**own, **self.worker_settings},
            environment=os.environ,
            log=self.folder / f"worker-{time.monotonic_ns()}.log",
            metrics_port=self.ports[0],
        )
        self.running.callback(self.worker.kill)

    def start_tracker(self) -> None:
        """One more, in the place of the one before."""
        own = {
            "bootstrap_servers": self.bootstrap_servers,
            "topic_prefix": self.prefix,
            "coils_group_id": f"{self.prefix}coils",
            "coils_tracker_id": "t1",
        }
        self.tracker = TrackerProcess(
            {**own, **self.tracker_settings},
            environment=os.environ,
            log=self.folder / f"tracker-{time.monotonic_ns()}.log",
            metrics_port=self.ports[1],
        )
        self.running.callback(self.tracker.kill)

    def alerts(self) -> list[HeardAlert]:
        """What the listener heard, in order."""
        return [heard for line in self.listener.log.read_text().splitlines() for heard in _heard(line)]

    def wait_for_alert(self, name: str, status: str, since_s: float, within_s: float) -> HeardAlert:
        """The first such alert that was heard since. Raises ChildFailed."""
        for _ in turns(within_s, 0.1, f"alert {name} {status}"):
            for heard in self.alerts():
                if (heard.name, heard.status) == (name, status) and heard.heard_at_s >= since_s:
                    return heard
        raise AssertionError("turns raises")


def need_watching_programs() -> None:
    """Prometheus and Alertmanager are here, or the test is skipped; in CI it fails."""
    try:
        watching_programs()
    except PackagesMissing as missing:
        unavailable(str(missing))


@contextmanager
def watched_line(
    bootstrap_servers: str,
    prefix: str,
    folder: Path,
    *,
    bundle: str = "synthetic",
    worker_settings: dict[str, str] | None = None,
    tracker_settings: dict[str, str] | None = None,
) -> Iterator[WatchedLine]:
    """Everything runs and is ready; everything is gone afterwards. The intervals are the shipped ones.

    Raises ChildFailed, PackagesMissing.
    """
    with ExitStack() as running:
        line = WatchedLine(
            bootstrap_servers=bootstrap_servers,
            prefix=prefix,
            bundle=bundle,
            folder=folder,
            running=running,
            worker_settings=worker_settings or {},
            tracker_settings=tracker_settings or {},
        )
        line.start_worker()
        line.start_tracker()
        _start_watching(line, running)
        line.tracker.wait_until_ready()
        line.worker.wait_until_ready()
        yield line


def _start_watching(line: WatchedLine, running: ExitStack) -> None:
    listening, alertmanager_port, prometheus_port = free_pair(), free_pair(), free_pair()
    line.listener = running.enter_context(
        Child(
            "monitoring",
            ["listen", "--port", str(listening), "--log-format", "json"],
            environment=clean_environment(os.environ, {}),
            log=line.folder / "alerts.log",
        )
    )
    for _ in turns(30, 0.1, "the listener listens"):
        line.listener.check()
        if "listening for alerts" in line.listener.log.read_text():
            break
    alertmanager = AlertmanagerProcess(
        f"{HOST}:{listening}",
        port=alertmanager_port,
        home=line.folder / "alertmanager",
        log=line.folder / "alertmanager.log",
    )
    running.enter_context(alertmanager)
    targets = {
        "worker": [f"{HOST}:{line.ports[0]}"],
        "coils": [f"{HOST}:{line.ports[1]}"],
        "alertmanager": [alertmanager.address],
        "prometheus": [f"{HOST}:{prometheus_port}"],
    }
    line.prometheus = running.enter_context(
        PrometheusProcess(
            targets,
            RULES,
            alertmanager.address,
            port=prometheus_port,
            home=line.folder / "prometheus",
            log=line.folder / "prometheus.log",
        )
    )
    alertmanager.wait_until_ready()
    line.prometheus.wait_until_ready()


def _heard(line: str) -> Iterator[HeardAlert]:
    event = json.loads(line)
    if "alert" in event:
        at = datetime.fromisoformat(event["ts"]).timestamp()
        yield HeardAlert(name=event["alert"], status=event["message"].split()[-1], heard_at_s=at)
