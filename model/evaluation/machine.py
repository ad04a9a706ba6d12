"""Where and when figures were measured."""

from __future__ import annotations

import importlib.metadata
import platform
from datetime import UTC, datetime
from pathlib import Path

from model.load import usable_cores


def machine_line() -> str:
    """Cores, processor, system and the versions that figures depend on."""
    return (
        f"{usable_cores()} x {processor()}, {platform.system()}, Python {platform.python_version()}, "
        f"OpenVINO {importlib.metadata.version('openvino')}"
    )


def now() -> str:
    """The time in UTC, to the second."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def processor() -> str:
    """The processor's name, as the system gives it."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        lines = []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
