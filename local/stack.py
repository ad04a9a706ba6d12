"""The parts of a demo, started in order and gone afterwards."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from rich.console import Console

from contracts import admin
from contracts.topics import topics
from local.children import Child, clean_environment
from local.interruption import Interruption
from local.kafka.broker import LocalBroker
from local.kafka.ports import SILENT, answers
from local.plan import DemoPlan, simulator_arguments
from local.worker import WorkerProcess

REFUSED = 2
"""The simulator's exit code for a command line that it cannot follow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a demo runs."""

    broker: LocalBroker
    environment: Mapping[str, str]
    console: Console
    interruption: Interruption

    def say(self, line: str) -> None:
        """To the terminal."""
        self.console.print(f"[bold]demo[/bold]  {line}", highlight=False, soft_wrap=True)


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
            started = broker.start()
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
    plan: DemoPlan, place: Place, bootstrap: str, prefix: str, running: ExitStack
) -> WorkerProcess:
    """A worker that is warm and has joined; it is stopped when `running` closes. Raises ChildFailed."""
    settings = {
        "bootstrap_servers": bootstrap,
        "topic_prefix": prefix,
        "group_id": f"{prefix}workers",
        "bundle": plan.bundle,
    }
    log = plan.out / "worker.log"
    place.say(f"worker: starting with bundle {plan.bundle} and warming up (log {short(log)})")
    began = time.monotonic()
    with place.interruption.held():
        worker = running.enter_context(WorkerProcess(settings, environment=place.environment, log=log))
    worker.wait_until_ready()
    place.say(f"worker: ready after {time.monotonic() - began:.1f} s, metrics at port {worker.metrics_port}")
    return worker


class Line:
    """The simulated line as a process. It ends by itself, or when `running` closes."""

    def __init__(
        self, plan: DemoPlan, place: Place, bootstrap: str, prefix: str, manifest: Path, running: ExitStack
    ) -> None:
        self._plan, self._place, self._running = plan, place, running
        self._where = (bootstrap, prefix, manifest)
        what = "a synthetic strip" if plan.frames is None else f"real frames from {short(plan.frames)}"
        coils = f"{plan.coils} coil{'' if plan.coils == 1 else 's'} of {plan.frames_per_coil} frames"
        pace = f"{plan.fps:g} frames/s (a pace that two cores carry; --fps sets another)"
        place.say(f"line: {coils}, {what}, at {pace}")
        self._child = self._start()

    def finished(self) -> bool:
        """Everything is sent. Raises ChildFailed when it ended in any other way."""
        code = self._child.exit_code
        if code == REFUSED and self._plan.share_may_give_way:
            self._place.say("line: not both kinds of frames are known in this folder: they come as they are")
            self._plan = replace(self._plan, defect_share=None, share_may_give_way=False)
            self._child = self._start()
        elif code not in (None, 0):
            self._child.check()
        return code == 0

    def _start(self) -> Child:
        arguments = simulator_arguments(self._plan, *self._where)
        environment = clean_environment(self._place.environment, {})
        log = self._plan.out / "simulator.log"
        with self._place.interruption.held():
            return self._running.enter_context(
                Child("producer_sim", arguments, environment=environment, log=log)
            )


def short(path: Path) -> str:
    """A path as a person at this folder would type it."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_absolute() and path.is_relative_to(here) else str(path)
