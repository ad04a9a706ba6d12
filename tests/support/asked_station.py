"""The station as a process beside a broker, asked as its page would ask."""

from __future__ import annotations

import json
import os
import urllib.request
from pathlib import Path
from typing import Any

from local.processes.station import StationProcess

JSON = {"Content-Type": "application/json", "X-Coilwatch": "1", "Sec-Fetch-Site": "same-origin"}


class AskedStation(StationProcess):
    """`python -m station` on a free port, its own settings as shipped."""

    def __init__(self, bootstrap_servers: str, prefix: str, log: Path) -> None:
        settings = {"bootstrap_servers": bootstrap_servers, "topic_prefix": prefix}
        super().__init__(settings, environment=os.environ, log=log)

    def get(self, path: str) -> bytes:
        """Raises URLError."""
        with urllib.request.urlopen(self.page + path.removeprefix("/"), timeout=60) as answer:
            body: bytes = answer.read()
        return body

    def asked(self, path: str) -> Any:
        """What a path says, as JSON."""
        return json.loads(self.get(path))

    def post(self, path: str, body: object) -> Any:
        """As the page would."""
        address, told = self.page + path.removeprefix("/"), json.dumps(body).encode()
        request = urllib.request.Request(address, told, JSON, method="POST")
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)
