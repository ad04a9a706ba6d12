"""A coil tracker as a process of its own, and what it says over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from local.processes.monitored import MonitoredChild

READY_WITHIN_S = 60.0
"""It has no model to warm: its imports, what was told already and the group take 2-4 s on two idle cores."""


class TrackerProcess(MonitoredChild):
    """`python -m consumer.coils` with these settings, its monitoring on a free port, or on `metrics_port`.

    Settings are named without COILWATCH_: its own begin with `coils_`, the others are those that it shares
    with the worker.
    """

    def __init__(
        self,
        settings: Mapping[str, str],
        *,
        environment: Mapping[str, str],
        log: Path,
        metrics_port: int | None = None,
    ) -> None:
        super().__init__(
            "consumer.coils", [], settings,
            own="coils_metrics", environment=environment, log=log, metrics_port=metrics_port,
        )  # fmt: skip

    def wait_until_ready(self, within_s: float = READY_WITHIN_S) -> None:
        """Until /readyz says so: it knows what was told already, and holds partitions. Raises ChildFailed."""
        super().wait_until_ready(within_s)
