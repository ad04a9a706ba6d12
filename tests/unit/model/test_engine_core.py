"""One OpenVINO runtime for the process, or the next signal finds no stack to be handled on."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from model.engines.core import runtime
from tests.support.sources import ROOT

_SIGNALLED = """
import faulthandler, signal, sys
from model.load import load_inspector
faulthandler.enable()  # with it Python, as pytest does, handles signals on a stack of their own
first = load_inspector(sys.argv[1], threads=1)
second = load_inspector(sys.argv[1], threads=1)
del first
del second
signal.signal(signal.SIGTERM, lambda *_: print("handled"))
signal.raise_signal(signal.SIGTERM)
"""


def test_it_is_one() -> None:
    assert runtime() is runtime()


def test_inspectors_come_and_go_and_a_signal_is_handled(level_bundle: Path) -> None:
    ran = subprocess.run(
        [sys.executable, "-c", _SIGNALLED, str(level_bundle)], cwd=ROOT, capture_output=True, text=True
    )
    assert (ran.returncode, ran.stdout) == (0, "handled\n"), ran.stderr


def test_nobody_makes_another() -> None:
    made = [path for path in (ROOT / "model").rglob("*.py") if "Core()" in path.read_text(encoding="utf-8")]
    assert [path.name for path in made] == ["core.py"]
