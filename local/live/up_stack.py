"""All that runs beside the broker and the line: what inspects, what closes coils, what watches."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

from local.live.addresses import Ports, address
from local.plan import ROLLS, UpPlan
from local.processes.children import Process
from local.processes.kept import Kept
from local.processes.monitored import MonitoredChild
from local.processes.station import StationProcess
from local.processes.tracker import TrackerProcess
from local.processes.worker import WorkerProcess
from local.stack import Place, short
from local.watching.alertmanager import AlertmanagerProcess
from local.watching.configuration import RULES
from local.watching.listener import HeardAlerts, ListenerProcess
from local.watching.prometheus import PrometheusProcess
from local.watching.served import ServedProcess

PLACE_NAME = "up"
"""Of the one worker and the one tracker: one that was killed gets its partitions back at once (KIP-345)."""

Part = TypeVar("Part", bound=MonitoredChild)
Served = TypeVar("Served", bound=ServedProcess)


class UpStack:
    """Started in an order that raises no false alarm, and ended in the opposite one when `running` closes.

    Worker, tracker and page are started again when they end. The others are not: without them it is no whole
    line.
    """

    def __init__(self, plan: UpPlan, ports: Ports, place: Place, bootstrap: str, running: ExitStack) -> None:
        self._plan, self._ports, self._place = plan, ports, place
        self._bootstrap, self._running = bootstrap, running
        self._broker_is_ours = place.broker.pid is not None
        self._kept: list[Kept[WorkerProcess] | Kept[TrackerProcess] | Kept[StationProcess]] = []
        self._watching: list[Process] = []
        self._alerts: HeardAlerts | None = None
        self.alerts_page: str | None = None

    def start(self) -> None:
        """All of it, until it is ready. Raises ChildFailed, PackagesMissing and ConfigurationInvalid."""
        if self._plan.watched:
            self._start_alerting()
        page = self._start_page()
        self._start_inspecting()
        page.current.wait_until_ready()
        self._place.say(f"page: ready at {page.current.page}")
        if self._plan.watched:
            self._start_scraping()

    def check(self) -> None:
        """Start again what may be; raises ChildFailed or BrokerUnavailable when something else has ended."""
        if self._broker_is_ours:
            self._place.broker.check()
        for part in self._watching:
            part.check()
        for kept in self._kept:
            kept.check()

    def new_alerts(self) -> Iterator[str]:
        """What the alert listener has heard since the last time, for a person."""
        return iter(()) if self._alerts is None else self._alerts.new()

    def _start_alerting(self) -> None:
        home, ports = self._plan.out, self._ports
        listener = self._watch(lambda: ListenerProcess(port=ports.alerts, log=home / "alerts.log"))
        alertmanager = self._watch(
            lambda: AlertmanagerProcess(
                address(ports.alerts),
                port=ports.alertmanager,
                home=home / "alertmanager",
                log=home / "alertmanager.log",
            )
        )
        listener.wait_until_ready()
        alertmanager.wait_until_ready()
        self._alerts = HeardAlerts(listener.log)
        self._place.say(f"Alertmanager and the alert listener: ready (log {short(listener.log)})")

    def _start_page(self) -> Kept[StationProcess]:
        """It comes up while the model warms, and is waited for afterwards."""
        self._place.say(f"page: starting the station (log {short(self._log('station'))})")
        page = self._keep("station", self._station)
        self._kept.append(page)
        return page

    def _start_inspecting(self) -> None:
        plan, place = self._plan, self._place
        began = time.monotonic()
        rolls = plan.out / "rolls.yaml"
        rolls.write_text(ROLLS, encoding="utf-8")
        place.say(
            f"worker: starting with bundle {plan.bundle} and warming up (log {short(self._log('worker'))})"
        )
        place.say(f"tracker: starting with the rolls in {short(rolls)} (log {short(self._log('tracker'))})")
        if plan.rules is not None:
            place.say(f"tracker: verdicts by {short(plan.rules)}, made for the synthetic strip")
        tracker = self._keep("tracker", lambda: self._tracker(rolls))
        worker = self._keep("worker", self._worker)
        self._kept += [worker, tracker]
        tracker.current.wait_until_ready()
        worker.current.wait_until_ready()
        place.say(f"worker and tracker: ready after {time.monotonic() - began:.1f} s")

    def _start_scraping(self) -> None:
        """When there is something to scrape: a worker that only warms up is no worker that is down."""
        home, ports = self._plan.out, self._ports
        prometheus = self._watch(
            lambda: PrometheusProcess(
                targets(ports),
                RULES,
                address(ports.alertmanager),
                port=ports.prometheus,
                home=home / "prometheus",
                log=home / "prometheus.log",
            )
        )
        prometheus.wait_until_ready()
        self.alerts_page = prometheus.alerts_page()
        self._place.say(f"Prometheus: ready, with the shipped rules (log {short(prometheus.log)})")

    def _worker(self) -> WorkerProcess:
        settings = {
            "bootstrap_servers": self._bootstrap,
            "bundle": self._plan.bundle,
            "worker_id": PLACE_NAME,
        }
        return WorkerProcess(
            settings,
            environment=self._place.environment,
            log=self._log("worker"),
            metrics_port=self._ports.worker,
        )

    def _tracker(self, rolls: Path) -> TrackerProcess:
        settings = {
            "bootstrap_servers": self._bootstrap,
            "coils_rolls": str(rolls),
            "coils_tracker_id": PLACE_NAME,
        }
        if self._plan.rules is not None:
            settings["coils_rules"] = str(self._plan.rules)
        return TrackerProcess(
            settings,
            environment=self._place.environment,
            log=self._log("tracker"),
            metrics_port=self._ports.tracker,
        )

    def _station(self) -> StationProcess:
        return StationProcess(
            {"bootstrap_servers": self._bootstrap},
            environment=self._place.environment,
            log=self._log("station"),
            metrics_port=self._ports.station,
        )

    def _keep(self, title: str, start: Callable[[], Part]) -> Kept[Part]:
        place = self._place
        return Kept(title, start, running=self._running, interruption=place.interruption, say=place.say)

    def _watch(self, start: Callable[[], Served]) -> Served:
        with self._place.interruption.held():
            process = start()
            self._running.enter_context(process)
        self._watching.append(process)
        return process

    def _log(self, part: str) -> Path:
        return self._plan.out / f"{part}.log"


def targets(ports: Ports) -> dict[str, list[str]]:
    """Where each job of the shipped `prometheus.yml` is found here."""
    return {
        "worker": [address(ports.worker)],
        "coils": [address(ports.tracker)],
        "prometheus": [address(ports.prometheus)],
        "alertmanager": [address(ports.alertmanager)],
    }
