"""Programs from the system's packages that some tests need: a visible skip without them, a failure in CI."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path
from typing import NoReturn

import pytest

PACKAGES = {
    "amtool": "prometheus-alertmanager",
    "docker-compose": "docker-compose",
    "prometheus": "prometheus",
    "prometheus-alertmanager": "prometheus-alertmanager",
    "promtool": "prometheus",
}
"""Debian's."""


def unavailable(sentence: str) -> NoReturn:
    """What a test needs is not here: a visible skip, in CI a failure."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI runs every test: {sentence}")
    pytest.skip(sentence)


def program(name: str) -> str:
    """Its path."""
    path = shutil.which(name)
    return path or unavailable(f"{name} is not on this machine: apt-get install {PACKAGES[name]}")


def run_program(name: str, *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run it to its end, both outputs as one text."""
    return subprocess.run(
        [program(name), *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
