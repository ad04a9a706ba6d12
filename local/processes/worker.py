"""A worker as a process of its own, and what it says over HTTP."""

from __future__ import annotations

from local.processes.monitored import MonitoredChild


class WorkerProcess(MonitoredChild):
    """`python -m consumer`."""

    PART = "consumer"
    MONITORING = "metrics"
    READY_WITHIN_S = 120.0
    """Importing the engine, compiling and warming the models, joining: 5-10 s on two idle cores."""
