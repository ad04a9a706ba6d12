"""The operator's page as a process of its own, and where a browser finds it."""

from __future__ import annotations

from local.kafka.ports import HOST
from local.processes.monitored import MonitoredChild


class StationProcess(MonitoredChild):
    """`python -m station`, reachable from this machine only. It monitors itself on the page's own port."""

    PART = "station"
    MONITORING = "station"
    READY_WITHIN_S = 60.0
    """Imports and the topics' past: 2-4 s on two idle cores."""

    @property
    def page(self) -> str:
        """What a person opens."""
        return f"http://{HOST}:{self.metrics_port}/"
