"""A part of the line as a process that answers over HTTP: is it ready, what does it count."""

from __future__ import annotations

import random
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from local.kafka.ports import BELOW_EPHEMERAL, HOST, is_free
from local.processes.children import Child, clean_environment, turns


class MonitoredChild(Child):
    """`python -m PART` with these settings (names without COILWATCH_), its monitoring on `metrics_port`.

    None: on any free one.
    """

    PART: ClassVar[str]
    MONITORING: ClassVar[str]
    """What its monitoring's settings begin with: `metrics`, or `coils_metrics`."""
    READY_WITHIN_S: ClassVar[float]

    def __init__(
        self,
        settings: Mapping[str, str],
        *,
        environment: Mapping[str, str],
        log: Path,
        metrics_port: int | None = None,
    ) -> None:
        self.metrics_port = metrics_port or _free_port()
        monitoring = {
            f"{self.MONITORING}_host": HOST,
            f"{self.MONITORING}_port": str(self.metrics_port),
        }
        super().__init__(
            self.PART,
            [],
            environment=clean_environment(environment, {**settings, **monitoring}),
            log=log,
        )

    def wait_until_ready(self, within_s: float | None = None) -> None:
        """Until /readyz says so: it knows what it must, and is a member of its group. Raises ChildFailed."""
        for _ in turns(within_s or self.READY_WITHIN_S, 0.1, f"{self.part} is ready (see {self.log})"):
            if self.is_ready():
                return
            self.check()

    def is_ready(self) -> bool:
        """/readyz says so now."""
        return self._get("/readyz") is not None

    def metrics(self) -> str | None:
        """The text of /metrics; None when it cannot be reached."""
        return self._get("/metrics")

    def _get(self, path: str) -> str | None:
        try:
            with urllib.request.urlopen(f"http://{HOST}:{self.metrics_port}{path}", timeout=2.0) as answer:
                text: str = answer.read().decode("utf-8")
        except urllib.error.HTTPError as refusal:
            refusal.close()
            return None
        except OSError:
            return None
        return text


def _free_port() -> int:
    while True:
        port = random.choice(BELOW_EPHEMERAL)
        if is_free(port):
            return port
