"""Processes known by pid: is it still the same program, and stop it for certain."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

POLL_S = 0.02
KILLED_WITHIN_S = 10.0


def command_line(pid: int) -> str:
    """The command line of a living process, empty when there is none (a zombie has none either)."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    except OSError:
        if Path("/proc/self").exists():
            return ""
    words = ["ps", "-ww", "-o", "command=", "-p", str(pid)]
    shown = subprocess.run(words, capture_output=True, text=True, check=False)
    return shown.stdout.strip()


def resident_bytes(pid: int) -> int:
    """Resident memory, 0 when it cannot be read."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def end(pid: int, marker: str, *, grace_s: float) -> None:
    """SIGTERM, and SIGKILL when it lives after `grace_s`. Only while its command line holds `marker`."""
    if not _ends(pid, marker, signal.SIGTERM, grace_s):
        kill(pid, marker)


def kill(pid: int, marker: str) -> None:
    """SIGKILL, and wait until it is gone. Only while its command line holds `marker`."""
    if not _ends(pid, marker, signal.SIGKILL, KILLED_WITHIN_S):
        raise TimeoutError(f"process {pid} does not end")


def _ends(pid: int, marker: str, number: signal.Signals, within_s: float) -> bool:
    until = time.monotonic() + within_s
    if marker in command_line(pid):
        with suppress(ProcessLookupError):
            os.kill(pid, number)
    while marker in command_line(pid):
        if time.monotonic() > until:
            return False
        time.sleep(POLL_S)
    return True
