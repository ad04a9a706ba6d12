from __future__ import annotations

import os
import subprocess
import sys

import pytest

from local.kafka.processes import command_line, end, kill, resident_bytes

STUBBORN = (
    "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('on', flush=True); signal.pause()"
)
OBEDIENT = "import signal; print('on', flush=True); signal.pause()"


def _start(program: str) -> subprocess.Popen[bytes]:
    child = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE)
    assert child.stdout is not None
    assert child.stdout.readline() == b"on\n"
    return child


@pytest.mark.parametrize(("program", "signal_number"), [(OBEDIENT, 15), (STUBBORN, 9)], ids=["term", "kill"])
def test_a_process_is_ended_for_certain(program: str, signal_number: int) -> None:
    with _start(program) as child:
        end(child.pid, "signal.pause", grace_s=0.1 if program == STUBBORN else 30.0)
        assert command_line(child.pid) == ""
        assert child.wait() == -signal_number


def test_a_process_with_another_command_line_is_left_alone() -> None:
    with _start(OBEDIENT) as child:
        end(child.pid, "not this one", grace_s=1.0)
        assert child.poll() is None
        kill(child.pid, "signal.pause")
        assert child.wait() == -9


def test_a_process_that_is_gone_has_no_command_line_and_no_memory() -> None:
    with _start(OBEDIENT) as child:
        child.kill()
    assert command_line(child.pid) == ""
    assert resident_bytes(child.pid) == 0


def test_own_process_is_known() -> None:
    assert command_line(os.getpid()) == " ".join(sys.orig_argv)
    assert resident_bytes(os.getpid()) > 1_000_000
