"""What the broker needs from the machine: Java 17 or newer, and Maven the first time."""

from __future__ import annotations

import re
import subprocess

from local.packages import Package

MIN_JAVA = 17
"""Kafka 4's brokers run on Java 17 and newer (KIP-1013)."""

JAVA = Package(name="openjdk-17-jre-headless", title=f"Java {MIN_JAVA}", programs=("java",))
MAVEN = Package(name="maven", title="Maven", programs=("mvn",))

OTHER_WAY = "or run the broker in a container: docker compose up kafka"


class BrokerUnavailable(Exception):
    """No broker can be had here; the message is one sentence that says what to do."""


class PrerequisiteMissing(BrokerUnavailable):
    """Because Java or Maven is not on this machine."""


def java(search_path: str | None = None) -> str:
    """Path of a `java` of version 17 or newer, looked for in PATH. Raises PrerequisiteMissing."""
    path = _find(JAVA, search_path)
    shown = subprocess.run([path, "-version"], capture_output=True, text=True, check=False)
    found = re.search(r'version "(\d+)', shown.stderr + shown.stdout)
    if found is None or int(found[1]) < MIN_JAVA:
        said = found[1] if found else "unreadable"
        raise PrerequisiteMissing(
            f"Java is {said}, Kafka 4 needs {MIN_JAVA}: apt-get install {JAVA.name}, {OTHER_WAY}"
        )
    return path


def maven(search_path: str | None = None) -> str:
    """Path of `mvn`. Raises PrerequisiteMissing."""
    return _find(MAVEN, search_path)


def missing_for_broker(*, jars_are_here: bool, search_path: str | None = None) -> list[Package]:
    """What a broker needs and this machine has not; Maven only to fetch the jars."""
    missing = []
    try:
        java(search_path)
    except PrerequisiteMissing:
        missing.append(JAVA)
    if not jars_are_here and MAVEN.find(search_path) is None:
        missing.append(MAVEN)
    return missing


def _find(package: Package, search_path: str | None) -> str:
    path = package.find(search_path)
    if path is None:
        raise PrerequisiteMissing(
            f"{package.programs[0]} is not on this machine: apt-get install {package.name}, {OTHER_WAY}"
        )
    return path
