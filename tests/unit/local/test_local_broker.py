from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from local.kafka.broker import LocalBroker
from local.kafka.ports import answers, free_pair, is_free, serves
from local.kafka.prerequisites import BrokerUnavailable


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_pid_file_of_another_process_is_stale(tmp_path: Path) -> None:
    broker = LocalBroker(free_pair(), tmp_path)
    (tmp_path / "broker.pid").write_text(str(os.getpid()), encoding="ascii")
    assert broker.pid is None
    assert broker.stop() is False
    assert not (tmp_path / "broker.pid").exists()


def test_an_unreadable_pid_file_is_stale(tmp_path: Path) -> None:
    (tmp_path / "broker.pid").write_text("", encoding="ascii")
    assert LocalBroker(free_pair(), tmp_path).pid is None


@pytest.mark.parametrize("offset", [0, -1], ids=["own", "controller"])
def test_a_taken_port_is_named(tmp_path: Path, taken_port: int, offset: int) -> None:
    with pytest.raises(BrokerUnavailable, match=rf"port {taken_port} is taken.*COILWATCH_LOCAL_KAFKA_PORT"):
        LocalBroker(taken_port + offset, tmp_path).start()


def test_a_pair_of_ports_is_free() -> None:
    port = free_pair()
    assert is_free(port)
    assert is_free(port + 1)


def test_a_taken_port_is_not_free(taken_port: int) -> None:
    assert not is_free(taken_port)


def test_nobody_serves_on_a_free_port() -> None:
    nowhere = f"127.0.0.1:{free_pair()}"
    assert not serves(nowhere, within_s=0.0)
    assert not answers(nowhere)
