"""The parts of the line as processes of this one: started with a clean environment, ended for certain."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

from local.processes.leash import leashed

STOP_WITHIN_S = 20.0
LAST_LINES = 15


class ChildFailed(Exception):
    """A part ended by itself, or does not come up; the message holds its last words."""


class Process:
    """A command with its output in a log file. As a context it is gone afterwards, come what may.

    It lives in a session of its own: a Ctrl-C reaches only us, and we stop the parts in order. If we are
    killed it is told to end. `environment` None: ours.
    """

    def __init__(
        self, part: str, command: Sequence[str], *, environment: Mapping[str, str] | None, log: Path
    ) -> None:
        self.part = part
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                leashed(command),
                env=None if environment is None else dict(environment),
                stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
            )  # fmt: skip

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def exit_code(self) -> int | None:
        """None while it runs; negative when a signal ended it."""
        return self._process.poll()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal, when it still runs."""
        self._process.send_signal(number)

    def wait(self, within_s: float) -> int:
        """Its exit code. Raises ChildFailed when it runs longer."""
        try:
            return self._process.wait(within_s)
        except subprocess.TimeoutExpired:
            said = self.last_words()
            raise ChildFailed(f"{self.part} does not end within {within_s:.0f} s, it says:\n{said}") from None

    def stop(self, within_s: float = STOP_WITHIN_S) -> int:
        """SIGTERM, SIGKILL when it takes longer; the exit code."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                return self._process.wait(within_s)
            except subprocess.TimeoutExpired:
                self._process.kill()
        return self._process.wait()

    def kill(self) -> None:
        """SIGKILL, and wait until it is gone."""
        self._process.kill()
        self._process.wait()

    def last_words(self) -> str:
        """The end of its output."""
        return "\n".join(self.log.read_text(encoding="utf-8", errors="replace").splitlines()[-LAST_LINES:])

    def check(self) -> None:
        """Raises ChildFailed when it has ended, whatever its exit code."""
        code = self.exit_code
        if code is not None:
            raise ChildFailed(f"{self.part} ended with exit code {code}, it says:\n{self.last_words()}")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


class Child(Process):
    """A part of the house: `python -m PART ...`."""

    def __init__(
        self, part: str, arguments: Sequence[str], *, environment: Mapping[str, str], log: Path
    ) -> None:
        super().__init__(part, [sys.executable, "-m", part, *arguments], environment=environment, log=log)


def clean_environment(environment: Mapping[str, str], settings: Mapping[str, str]) -> dict[str, str]:
    """The caller's environment without its own COILWATCH settings, and these instead."""
    kept = {name: value for name, value in environment.items() if not name.startswith("COILWATCH_")}
    return kept | {"PYTHONUNBUFFERED": "1"} | {f"COILWATCH_{name.upper()}": v for name, v in settings.items()}


def turns(within_s: float, every_s: float, what: str) -> Iterator[None]:
    """One turn each `every_s` while there is time; then raises ChildFailed, which names `what`."""
    until = time.monotonic() + within_s
    while time.monotonic() < until:
        yield
        time.sleep(every_s)
    raise ChildFailed(f"{what} not within {within_s:.0f} s")
