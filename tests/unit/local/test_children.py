from __future__ import annotations

import signal
import sys
from pathlib import Path

import pytest

from local.processes.children import Child, ChildFailed, clean_environment, turns


def _module(folder: Path, source: str) -> dict[str, str]:
    (folder / "part.py").write_text(source, encoding="ascii")
    return {"PYTHONPATH": str(folder), "PATH": ""}


def test_a_child_is_gone_when_its_context_ends(tmp_path: Path) -> None:
    forever = _module(tmp_path, "import signal; signal.pause()")
    with Child("part", [], environment=forever, log=tmp_path / "log") as child:
        assert child.exit_code is None
        child.check()
    assert child.exit_code == -signal.SIGTERM


def test_a_child_that_ended_is_named_with_its_last_words(tmp_path: Path) -> None:
    failing = _module(tmp_path, "import sys; print('no such bundle'); sys.exit(2)")
    with Child("part", [], environment=failing, log=tmp_path / "log") as child:
        assert child.wait(30.0) == 2
        with pytest.raises(ChildFailed, match=r"part ended with exit code 2.*\n.*no such bundle"):
            child.check()


def test_a_child_that_does_not_end_is_named(tmp_path: Path) -> None:
    forever = _module(tmp_path, "import signal; signal.pause()")
    with (
        Child("part", [], environment=forever, log=tmp_path / "log") as child,
        pytest.raises(ChildFailed, match="part does not end"),
    ):
        child.wait(0.0)
    assert child.exit_code is not None


def test_a_child_does_not_inherit_our_settings() -> None:
    ours = {"COILWATCH_GROUP_ID": "mine", "PATH": "p"}
    clean = clean_environment(ours, {"bundle": "b"})
    assert clean == {"PATH": "p", "PYTHONUNBUFFERED": "1", "COILWATCH_BUNDLE": "b"}


def test_turns_end_with_what_was_waited_for() -> None:
    with pytest.raises(ChildFailed, match="the cows come home not within 0 s"):
        list(turns(0.0, 0.0, "the cows come home"))


def test_children_run_with_our_interpreter(tmp_path: Path) -> None:
    tells = _module(tmp_path, "import sys; print(sys.executable)")
    with Child("part", [], environment=tells, log=tmp_path / "log") as child:
        child.wait(30.0)
    assert child.last_words() == sys.executable
