"""A worker as a process of its own, and what it says over HTTP."""

from __future__ import annotations

import random
import urllib.error
import urllib.request
from collections.abc import Mapping
from pathlib import Path

from local.children import Child, clean_environment, turns
from local.kafka.ports import BELOW_EPHEMERAL, HOST, is_free

READY_WITHIN_S = 120.0
"""Importing the engine, compiling and warming the models, joining: 5-10 s on two idle cores."""


class WorkerProcess(Child):
    """`python -m consumer` with these settings (names without COILWATCH_), its monitoring on a free port."""

    def __init__(self, settings: Mapping[str, str], *, environment: Mapping[str, str], log: Path) -> None:
        self.metrics_port = _free_port()
        own = {"metrics_host": HOST, "metrics_port": str(self.metrics_port)}
        super().__init__(
            "consumer", [], environment=clean_environment(environment, {**settings, **own}), log=log
        )

    def wait_until_ready(self, within_s: float = READY_WITHIN_S) -> None:
        """Until /readyz says so: warm and a member of its group. Raises ChildFailed."""
        for _ in turns(within_s, 0.1, f"the worker is ready (see {self.log})"):
            if self._get("/readyz") is not None:
                return
            self.check()

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
