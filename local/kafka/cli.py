"""`python -m local kafka up|down|status|fetch|clean`."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from local.kafka.broker import LocalBroker
from local.kafka.jars import kafka_version
from local.kafka.ports import answers
from local.kafka.processes import resident_bytes

NOT_RUNNING = 3
"""Exit code of `status` without a broker, as service managers have it (LSB)."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The words after `kafka`."""
    parser.add_argument(
        "action",
        choices=["up", "down", "status", "fetch", "clean"],
        help="fetch: only its jars; clean: down, and its data too",
    )


def broker_here(local_home: Path, port: int) -> LocalBroker:
    """The broker that belongs to this checkout and port: data and logs in `kafka-PORT`."""
    return LocalBroker(port, local_home / f"kafka-{port}", local_home=local_home, say=say)


def say(line: str) -> None:
    """To the terminal, at once: what follows may take seconds."""
    print(f"kafka: {line}", flush=True)


def run(action: str, local_home: Path, port: int) -> int:
    """One of the actions; the exit code. Raises BrokerUnavailable."""
    broker = broker_here(local_home, port)
    actions = {"fetch": _fetch, "up": _up, "down": _down, "status": _status, "clean": _clean}
    return actions[action](broker)


def _fetch(broker: LocalBroker) -> int:
    jars = broker.fetch()
    say(f"Apache Kafka {kafka_version()} is ready to start from {jars}")
    return 0


def _up(broker: LocalBroker) -> int:
    if broker.pid is None and answers(broker.bootstrap_servers):
        say(f"a broker that was not started here already serves at {broker.bootstrap_servers}: using it")
        return 0
    began = time.monotonic()
    if broker.start():
        after = f"after {time.monotonic() - began:.1f} s"
        say(f"Apache Kafka {kafka_version()} serves at {broker.bootstrap_servers} {after}, {_facts(broker)}")
    else:
        say(f"already serves at {broker.bootstrap_servers}, {_facts(broker)}")
    return 0


def _down(broker: LocalBroker) -> int:
    say("stopped" if broker.stop() else "was not running")
    return 0


def _status(broker: LocalBroker) -> int:
    if broker.serves():
        say(f"serves at {broker.bootstrap_servers}, {_facts(broker)}")
        return 0
    if broker.pid is not None:
        log = broker.home / "broker.log"
        say(f"process {broker.pid} does not answer at {broker.bootstrap_servers}; see {log}")
        return 1
    say(f"not running on port {broker.port}")
    return NOT_RUNNING


def _clean(broker: LocalBroker) -> int:
    broker.clean()
    say(f"stopped, {broker.home} removed")
    return 0


def _facts(broker: LocalBroker) -> str:
    pid = broker.pid
    resident_mb = resident_bytes(pid) / 1e6 if pid is not None else 0.0
    return f"process {pid}, {resident_mb:.0f} MB resident, data in {broker.home}"
