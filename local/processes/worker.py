"""A worker as a process of its own, and what it says over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from local.processes.monitored import MonitoredChild

READY_WITHIN_S = 120.0
"""Importing the engine, compiling and warming the models, joining: 5-10 s on two idle cores."""


class WorkerProcess(MonitoredChild):
    """`python -m consumer` with these settings (names without COILWATCH_).

    Its monitoring is on a free port, or on `metrics_port`.
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
            "consumer", [], settings,
            own="metrics", environment=environment, log=log, metrics_port=metrics_port,
        )  # fmt: skip

    def wait_until_ready(self, within_s: float = READY_WITHIN_S) -> None:
        """Until /readyz says so: warm and a member of its group. Raises ChildFailed."""
        super().wait_until_ready(within_s)
