"""A foreign server as a process: it has an address, and says when it is ready."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from local.live.addresses import address
from local.processes.children import Process, turns

READY_WITHIN_S = 60.0
"""A second or two; longer after a crash, when Prometheus reads its log again."""


class ServedProcess(Process):
    """A command that serves HTTP on `port` of this machine, reachable from this machine only.

    `ready` is the path that answers with 200 once it does its work.
    """

    def __init__(
        self, part: str, command: Sequence[str], *, port: int, log: Path, ready: str = "/-/ready"
    ) -> None:
        self.port = port
        self._ready = ready
        super().__init__(part, command, environment=None, log=log)

    @property
    def address(self) -> str:
        """host:port"""
        return address(self.port)

    @property
    def url(self) -> str:
        """Where a browser finds it."""
        return f"http://{self.address}"

    def wait_until_ready(self, within_s: float = READY_WITHIN_S) -> None:
        """Until it says so. Raises ChildFailed."""
        for _ in turns(within_s, 0.1, f"{self.part} is ready (see {self.log})"):
            self.check()
            if self.has(self._ready):
                return

    def has(self, path: str) -> bool:
        """It answers there with 200."""
        try:
            with urllib.request.urlopen(f"{self.url}{path}", timeout=2.0):
                return True
        except urllib.error.HTTPError as refusal:
            refusal.close()
            return False
        except OSError:
            return False
