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


class PrerequisiteMissing(BrokerUnavailable):
    """Because Java or Maven is not on this machine."""


def java(search_path: str | None = None) -> str:
    """Path of a `java` of version 17 or newer, looked for in PATH. Raises PrerequisiteMissing."""
    path = _find("java", "openjdk-17-jre-headless", search_path)
    shown = subprocess.run([path, "-version"], capture_output=True, text=True, check=False)
    found = re.search(r'version "(\d+)', shown.stderr + shown.stdout)
    if found is None or int(found[1]) < MIN_JAVA:
        said = found[1] if found else "unreadable"
        raise PrerequisiteMissing(
            f"Java is {said}, Kafka 4 needs {MIN_JAVA}: apt-get install openjdk-17-jre-headless, {OTHER_WAY}"
        )
    return path


def maven(search_path: str | None = None) -> str:
    """Path of `mvn`. Raises PrerequisiteMissing."""
    return _find("mvn", "maven", search_path)


def _find(program: str, package: str, search_path: str | None) -> str:
    path = shutil.which(program, path=search_path)
    if path is None:
        raise PrerequisiteMissing(f"{program} is not on this machine: apt-get install {package}, {OTHER_WAY}")
    return path
