"""What every benchmark shares: the machine line, quantiles, medians of repeats, and figures as JSON."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from model.evaluation.machine import processor
from model.load import usable_cores

ROOT = Path(__file__).resolve().parents[2]
OUT = ROOT / "out" / "bench"
SEED = 20_260
"""Of whatever a benchmark draws."""


def machine() -> dict[str, Any]:
    """What the figures depend on; `load_before` says whether somebody else was at work."""
    versions = ("openvino", "confluent-kafka", "numpy", "simplejpeg")
    return {
        "cpu": processor(),
        "cores": usable_cores(),
        "memory_gib": round(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 2**30, 1),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        **{name: _version(name) for name in versions},
        "load_before": round(os.getloadavg()[0], 2),
    }


def machine_line(facts: Mapping[str, Any]) -> str:
    """The same on one line."""
    return (
        f"{facts['cores']} x {facts['cpu']}, {facts['memory_gib']} GiB, {facts['system']}, "
        f"Python {facts['python']}, OpenVINO {facts['openvino']}, load before {facts['load_before']}"
    )


def spread(values: Sequence[float]) -> dict[str, float]:
    """p50, p95, p99 and maximum."""
    p50, p95, p99 = np.quantile(np.asarray(values), [0.5, 0.95, 0.99])
    return {"p50": float(p50), "p95": float(p95), "p99": float(p99), "max": float(max(values))}


def median(values: Sequence[float]) -> float:
    """Of repeats; with it the figure of one unlucky run does not count."""
    return float(statistics.median(values))


def rounded(value: Any) -> Any:
    """Four significant digits: more is noise."""
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, Mapping):
        return {name: rounded(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [rounded(item) for item in value]
    return value


class Figures:
    """The figures of one benchmark: printed as they come, written as JSON at the end."""

    def __init__(self, name: str, settings: Mapping[str, Any]) -> None:
        self.name = name
        self._machine = machine()
        self._settings = {name: str(v) if isinstance(v, Path) else v for name, v in settings.items()}
        self._found: dict[str, Any] = {}
        print(f"\n{name}: {machine_line(self._machine)}", flush=True)

    def say(self, text: str) -> None:
        """What goes on; not a figure."""
        print(f"  {text}", flush=True)

    def add(self, name: str, value: Any, unit: str, goal: str = "") -> None:
        """A figure, with the goal it is held against."""
        value = rounded(value)
        self._found[name] = {"value": value, "unit": unit} | ({"goal": goal} if goal else {})
        shown = ", ".join(f"{k} {v}" for k, v in value.items()) if isinstance(value, dict) else value
        print(f"  {name:<52} {shown} {unit}{f'   (goal {goal})' if goal else ''}", flush=True)

    def value(self, name: str) -> Any:
        """One that was added."""
        return self._found[name]["value"]

    def write(self, out: Path = OUT) -> Path:
        """The JSON file, with the machine, the settings, the commit and the command."""
        out.mkdir(parents=True, exist_ok=True)
        path = out / f"{self.name}.json"
        record = {
            "benchmark": self.name,
            "measured_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "commit": _commit(),
            "command": f"python -m tests.bench.bench_{self.name} {' '.join(sys.argv[1:])}".strip(),
            "machine": self._machine,
            "settings": self._settings,
            "figures": self._found,
        }
        path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
        print(f"  written to {path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}", flush=True)
        return path


def read_figure(benchmark: str, name: str, out: Path = OUT) -> Any:
    """A figure of an earlier run; None where there is none."""
    path = out / f"{benchmark}.json"
    if not path.exists():
        return None
    figure = json.loads(path.read_text(encoding="utf-8"))["figures"].get(name)
    return None if figure is None else figure["value"]


def _version(distribution: str) -> str:
    """A GPU machine runs torch alone: it may have no OpenVINO and no Kafka."""
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "none"


def _commit() -> str:
    shown = subprocess.run(
        ["git", "describe", "--always", "--dirty", "--abbrev=12"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return shown.stdout.strip()
