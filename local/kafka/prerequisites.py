"""What the broker needs from the machine: Java 17 or newer, and Maven the first time."""

from __future__ import annotations

import re
import shutil
import subprocess

MIN_JAVA = 17
"""Kafka 4's brokers run on Java 17 and newer (KIP-1013)."""

OTHER_WAY = "or run the broker in a container: docker compose up kafka"


class BrokerUnavailable(Exception):
    """No broker can be had here; the message is one sentence that says what to do."""


def java() -> str:
    """Path of a `java` of version 17 or newer. Raises BrokerUnavailable."""
    path = _find("java", "openjdk-17-jre-headless")
    shown = subprocess.run([path, "-version"], capture_output=True, text=True, check=False)
    found = re.search(r'version "(\d+)', shown.stderr + shown.stdout)
    if found is None or int(found[1]) < MIN_JAVA:
        said = found[1] if found else "unreadable"
        raise BrokerUnavailable(
            f"Java is {said}, Kafka 4 needs {MIN_JAVA}: apt-get install openjdk-17-jre-headless, {OTHER_WAY}"
        )
    return path


def maven() -> str:
    """Path of `mvn`. Raises BrokerUnavailable."""
    return _find("mvn", "maven")


def _find(program: str, package: str) -> str:
    path = shutil.which(program)
    if path is None:
        raise BrokerUnavailable(f"{program} is not on this machine: apt-get install {package}, {OTHER_WAY}")
    return path
