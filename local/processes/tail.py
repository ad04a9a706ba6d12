"""What a part adds to its log while it runs."""

from __future__ import annotations

from pathlib import Path


class Tail:
    """The lines of a growing file, each once, when it is whole."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._read_bytes = 0

    def new_lines(self) -> list[str]:
        """Those that were finished since the last time."""
        with self._path.open("rb") as log:
            log.seek(self._read_bytes)
            new = log.read()
        whole = new[: new.rfind(b"\n") + 1]
        self._read_bytes += len(whole)
        return whole.decode("utf-8", errors="replace").splitlines()
