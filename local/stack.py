"""The parts of a line, started in order and gone afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from rich.console import Console

from contracts import admin
from contracts.topics import topics
from local.kafka.broker import LocalBroker
from local.kafka.ports import SILENT, answers
from local.live.addresses import free_page_port
from local.plan import ROLLS, LinePlan
from local.processes.children import Child, ChildFailed, clean_environment
from local.processes.interruption import Interruption
from local.processes.station import StationProcess
from local.processes.tracker import TrackerProcess
from local.processes.worker import WorkerProcess

MAP_WITHIN_S = 60.0
REFUSED = 2
"""The simulator's exit code for a command line that it cannot follow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a command runs, which begins each of its lines with its name."""

    command: str
    broker: LocalBroker
    environment: Mapping[str, str]
    console: Console
    interruption: Interruption

    def say(self, line: str) -> None:
        """To the terminal, when it is still there: who hung up wants everything ended all the same."""
        with suppress(OSError):
            self.console.print(f"[bold]{self.command}[/bold]  {line}", highlight=False, soft_wrap=True)


@contextmanager
def broker_serving(place: Place) -> Iterator[str]:
    """A broker that serves; it is left as it was found."""
    broker = place.broker
    bootstrap = broker.bootstrap_servers
    if answers(bootstrap):
        place.say(f"broker: one already serves at {bootstrap}, and stays")
        yield bootstrap
        return
    broker.fetch()
    place.say(f"broker: starting Apache Kafka at {bootstrap} (data in {short(broker.home)})")
    started = False
    try:
        with place.interruption.held():
            started = broker.start(on_leash=True)
        yield bootstrap
    finally:
        if started:
            place.say("broker: stopping it again")
            broker.stop()


@contextmanager
def run_topics(bootstrap_servers: str, prefix: str, place: Place) -> Iterator[None]:
    """All topics under a prefix of this run alone; they are removed again."""
    specs = topics(prefix=prefix)
    admin.create_topics(bootstrap_servers, specs=specs)
    place.say(f"topics: {len(specs)} made as {prefix}*, removed at the end")
    try:
        yield
    finally:
        _delete(bootstrap_servers, [spec.name for spec in specs], place)


def _delete(bootstrap_servers: str, names: list[str], place: Place) -> None:
    """What cannot be removed is only disk space: said, and no failure of the run."""
    client = AdminClient({"bootstrap.servers": bootstrap_servers}, logger=SILENT)
    try:
        for deletion in client.delete_topics(names, request_timeout=5.0).values():
            deletion.result(10.0)
    except KafkaException as error:
        place.say(f"topics: not removed ({error.args[0].str()})")


def start_worker(
    plan: LinePlan, place: Place, bootstrap: str, prefix: str, running: ExitStack
) -> WorkerProcess:
    """A worker that warms up; it is stopped when `running` closes."""
    settings = {
        "bootstrap_servers": bootstrap,
        "topic_prefix": prefix,
        "group_id": f"{prefix}workers",
        "bundle": plan.bundle,
    }
    log = plan.out / "worker.log"
    place.say(f"worker: starting with bundle {plan.bundle} and warming up (log {short(log)})")
    with place.interruption.held():
        return running.enter_context(WorkerProcess(settings, environment=place.environment, log=log))


def start_tracker(
    plan: LinePlan, place: Place, bootstrap: str, prefix: str, running: ExitStack
) -> TrackerProcess:
    """A coil tracker that knows the rolls of the demo's line; it is stopped when `running` closes."""
    rolls, log = plan.out / "rolls.yaml", plan.out / "tracker.log"
    rolls.write_text(ROLLS, encoding="utf-8")
    settings = {
        "bootstrap_servers": bootstrap,
        "topic_prefix": prefix,
        "coils_group_id": f"{prefix}trackers",
        "coils_rolls": str(rolls),
    }
    place.say(f"tracker: starting with the rolls in {short(rolls)} (log {short(log)})")
    with place.interruption.held():
        return running.enter_context(TrackerProcess(settings, environment=place.environment, log=log))


def start_station(
    plan: LinePlan, place: Place, bootstrap: str, prefix: str, running: ExitStack
) -> StationProcess:
    """The operator's page of this run's topics; it is stopped when `running` closes. Raises PortsRefused."""
    settings = {"bootstrap_servers": bootstrap, "topic_prefix": prefix}
    log, port = plan.out / "station.log", free_page_port(place.environment)
    place.say(f"page: starting the station (log {short(log)})")
    with place.interruption.held():
        return running.enter_context(
            StationProcess(settings, environment=place.environment, log=log, metrics_port=port)
        )


def wait_until_ready(
    worker: WorkerProcess, tracker: TrackerProcess, station: StationProcess, place: Place
) -> None:
    """Until both are members of their groups, and the page can be opened. Raises ChildFailed."""
    began = time.monotonic()
    tracker.wait_until_ready()
    worker.wait_until_ready()
    ports = f"metrics at ports {worker.metrics_port} and {tracker.metrics_port}"
    place.say(f"worker and tracker: ready after {time.monotonic() - began:.1f} s, {ports}")
    station.wait_until_ready()


def draw_map(coil_id: str, path: Path, bootstrap: str, prefix: str, place: Place) -> None:
    """`python -m consumer.coils map`: a coil's picture from the topics alone. Raises ChildFailed."""
    settings = {"bootstrap_servers": bootstrap, "topic_prefix": prefix}
    environment = clean_environment(place.environment, settings)
    log = path.with_suffix(".log")
    with place.interruption.held():
        child = Child(
            "consumer.coils", ["map", coil_id, "--out", str(path)], environment=environment, log=log
        )
    with child:
        if child.wait(MAP_WITHIN_S) != 0:
            raise ChildFailed(f"no map of {coil_id}: {child.last_words()}")
    log.unlink()


Plan = TypeVar("Plan", bound=LinePlan)


class Line(Generic[Plan]):
    """The simulated line as a process. It ends by itself, or when `running` closes.

    `arguments` makes its command line of what is left of the plan.
    """

    def __init__(
        self, plan: Plan, arguments: Callable[[Plan], list[str]], place: Place, running: ExitStack
    ) -> None:
        self._plan, self._arguments, self._place, self._running = plan, arguments, place, running
        place.say(f"line: each coil's verdict is due {plan.budget_s:g} s after its start (--budget-s)")
        if plan.roll_mark is not None:
            place.say(f"line: a damaged roll marks each coil: {plan.roll_mark} (--roll-mark)")
        self._child = self._start()

    def finished(self) -> bool:
        """Everything is sent. Raises ChildFailed when it ended in any other way."""
        code = self._child.exit_code
        less = self._plan.giving_way(self._child.last_words()) if code == REFUSED else None
        if less is not None:
            self._plan, why = less
            self._place.say(f"line: {why}")
            self._child = self._start()
        elif code not in (None, 0):
            self._child.check()
        return code == 0

    def stop(self) -> None:
        """Let it end its running coil."""
        self._child.stop()

    def _start(self) -> Child:
        environment = clean_environment(self._place.environment, {})
        log = self._plan.out / "simulator.log"
        with self._place.interruption.held():
            return self._running.enter_context(
                Child("producer_sim", self._arguments(self._plan), environment=environment, log=log)
            )


def source_of(plan: LinePlan) -> str:
    """Where the line's frames come from, in words."""
    return "a synthetic strip" if plan.frames is None else f"real frames from {short(plan.frames)}"


def short(path: Path) -> str:
    """A path as a person at this folder would type it."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_absolute() and path.is_relative_to(here) else str(path)
