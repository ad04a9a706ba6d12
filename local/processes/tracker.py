"""A coil tracker as a process of its own, and what it says over HTTP."""

from __future__ import annotations

from local.processes.monitored import MonitoredChild


class TrackerProcess(MonitoredChild):
    """`python -m consumer.coils`.

    Settings are named without COILWATCH_: its own begin with `coils_`, the others are those that it shares
    with the worker.
    """

    PART = "consumer.coils"
    MONITORING = "coils_metrics"
    READY_WITHIN_S = 60.0
    """It has no model to warm: imports, what was told already and the group take 2-4 s on two idle cores."""
