"""What a running part says at /metrics."""

from __future__ import annotations

from local.processes.monitored import MonitoredChild


def sample(part: MonitoredChild, name: str, label: str = "") -> float:
    """All lines that begin so, with this label, summed; 0 while it does not answer."""
    lines = (part.metrics() or "").splitlines()
    return sum(float(line.split()[-1]) for line in lines if line.startswith(name) and label in line)
