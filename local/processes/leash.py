"""A process that ends when the one that started it is gone, even when that was killed."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from functools import cache


def leashed(command: Sequence[str]) -> list[str]:
    """The command with a word to the kernel before it: SIGTERM when our process dies (PR_SET_PDEATHSIG).

    `setpriv` replaces itself by the command, so the process id is the command's. The kernel watches the
    thread that starts the process: start from the main one. Where there is no such `setpriv` (not Linux, or
    busybox) the command is left as it is.
    """
    return [*_setpriv(), *command]


@cache
def _setpriv() -> tuple[str, ...]:
    program = shutil.which("setpriv")
    if program is None:
        return ()
    words = (program, "--pdeathsig", "TERM")
    can = subprocess.run([*words, program, "--version"], capture_output=True, check=False).returncode == 0
    return words if can else ()
