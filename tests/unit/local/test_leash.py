from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import psutil
import pytest

from local.processes.leash import leashed

PARENT = """\
import subprocess, sys
from local.processes.leash import leashed
waits = [sys.executable, "-c", "import signal; print('on', flush=True); signal.pause()"]
child = subprocess.Popen(leashed(waits), stdout=subprocess.PIPE, start_new_session=True)
child.stdout.readline()
print(child.pid, flush=True)
child.wait()
"""


@pytest.mark.skipif(leashed([]) == [], reason="no setpriv that knows --pdeathsig on this machine")
def test_who_is_on_the_leash_of_a_killed_process_ends(tmp_path: Path) -> None:
    (tmp_path / "parent.py").write_text(PARENT, encoding="ascii")
    root = Path(__file__).parents[3]
    with subprocess.Popen(
        [sys.executable, str(tmp_path / "parent.py")], stdout=subprocess.PIPE, env={"PYTHONPATH": str(root)}
    ) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()
    child.wait(30.0)


def test_a_command_on_the_leash_keeps_its_process_and_its_words() -> None:
    tells = [sys.executable, "-c", "import os, sys; print(os.getpid(), sys.argv[1:])", "a b", ""]
    with subprocess.Popen(leashed(tells), stdout=subprocess.PIPE, text=True) as process:
        said, _ = process.communicate()
    assert said == f"{process.pid} ['a b', '']\n"
