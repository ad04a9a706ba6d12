"""Ports: is one free, which pair is, does a Kafka answer on it."""

from __future__ import annotations

import logging
import random
import socket
import time

from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

HOST = "127.0.0.1"
BELOW_EPHEMERAL = range(20_000, 32_000, 2)
"""Where a pair is looked for: from 32768 up the system lends ports to outgoing connections."""

SILENT = logging.Logger("librdkafka", level=logging.CRITICAL)
"""librdkafka reports each failed attempt; ours is one sentence when all have failed."""


def is_free(port: int) -> bool:
    """Nobody listens on it."""
    with socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            attempt.bind((HOST, port))
        except OSError:
            return False
    return True


def free_pair() -> int:
    """A port that is free together with the next one (the controller's)."""
    while True:
        port = random.choice(BELOW_EPHEMERAL)
        if is_free(port) and is_free(port + 1):
            return port


def serves(bootstrap_servers: str, *, within_s: float) -> bool:
    """A metadata request is answered and names a broker. Waits `within_s` at most, for the port too."""
    until = time.monotonic() + within_s
    first, _, port = bootstrap_servers.split(",")[0].rpartition(":")
    while not _accepts(first, int(port)):
        if time.monotonic() > until:
            return False
        time.sleep(0.05)
    # Below the log level of everything librdkafka says about a broker that is still starting.
    admin = AdminClient({"bootstrap.servers": bootstrap_servers, "log_level": 0}, logger=SILENT)
    while True:
        try:
            if admin.list_topics(timeout=max(0.2, min(2.0, until - time.monotonic()))).brokers:
                return True
        except KafkaException:
            pass
        if time.monotonic() > until:
            return False


def answers(bootstrap_servers: str) -> bool:
    """Somebody listens there now, and it is a Kafka. Does not wait for one that is not there."""
    host, _, port = bootstrap_servers.rpartition(":")
    return _accepts(host, int(port)) and serves(bootstrap_servers, within_s=5.0)


def _accepts(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), timeout=0.5).close()
    except OSError:
        return False
    return True
