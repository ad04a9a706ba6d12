"""Taking a folder's place at once: at any moment there is the former or the new one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from model import staging
from model.bundle import CARD_FILE, verify, write_bundle
from model.staging import staged, take_place
from tests.support.bundles import whole_card
from tests.support.sources import ROOT


def left_beside(goal: Path) -> list[str]:
    return sorted(entry.name for entry in goal.parent.iterdir() if entry != goal)


def put(goal: Path, text: str) -> None:
    with staged(goal) as fresh:
        (fresh / "text").write_text(text)
        take_place(fresh, goal)


def test_a_folder_is_made_and_replaced(tmp_path: Path) -> None:
    goal = tmp_path / "deep" / "goal"
    for text in ("first", "second"):
        put(goal, text)
        assert (goal / "text").read_text() == text
    assert left_beside(goal) == []


def test_what_fails_leaves_the_former_alone(tmp_path: Path) -> None:
    goal = tmp_path / "goal"
    put(goal, "first")

    def fail() -> None:
        with staged(goal):
            raise RuntimeError("no disk")

    with pytest.raises(RuntimeError, match="no disk"):
        fail()
    assert (goal / "text").read_text() == "first"
    assert left_beside(goal) == []


def test_what_killed_runs_left_is_swept_but_not_what_a_live_one_holds(tmp_path: Path) -> None:
    goal = tmp_path / "goal"
    (tmp_path / ".goal.staging-dead" / "new").mkdir(parents=True)
    (tmp_path / ".goal.staging-note").write_text("a file is not ours")
    (tmp_path / ".other.staging-dead").mkdir()

    with staged(goal) as live:
        put(goal, "meanwhile")
        assert live.is_dir()

    assert left_beside(goal) == [".goal.staging-note", ".other.staging-dead"]


def test_a_former_folder_that_lost_its_place_gets_it_back(tmp_path: Path) -> None:
    """Where folders cannot be exchanged, a kill can fall between the two renames."""
    goal = tmp_path / "goal"
    former = tmp_path / ".goal.staging-dead" / "old"
    former.mkdir(parents=True)
    (former / "text").write_text("first")

    with staged(goal):
        assert (goal / "text").read_text() == "first"

    assert left_beside(goal) == []


def test_without_an_exchange_two_renames_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "_RENAME_EXCHANGE", 1 << 20)  # flags that no kernel knows
    goal = tmp_path / "goal"
    for text in ("first", "second"):
        put(goal, text)
    assert (goal / "text").read_text() == "second"
    assert left_beside(goal) == []


def test_whoever_looks_meanwhile_always_finds_a_whole_folder(tmp_path: Path) -> None:
    goal = tmp_path / "goal"
    put(goal, "0")
    done = threading.Event()
    absent = []

    def look() -> None:
        while not done.is_set():
            if not (goal / "text").exists():
                absent.append(True)

    looking = threading.Thread(target=look)
    looking.start()
    for number in range(200):
        put(goal, str(number))
    done.set()
    looking.join()

    assert absent == []


WRITER = """
import itertools, sys
from pathlib import Path
from model.bundle import write_bundle
from tests.support.bundles import whole_card

root = Path(sys.argv[1])
for which in itertools.cycle("ab"):
    files = {f"{which}{i}.bin": root / f"{which}.bin" for i in range(3)}
    write_bundle(root / "bundles" / "plant", whole_card(name=which), files)
    print(which, flush=True)
"""


def test_a_kill_at_any_moment_leaves_one_whole_bundle(tmp_path: Path) -> None:
    """A process that does nothing but replace a bundle, killed at another moment each time."""
    for which in "ab":
        (tmp_path / f"{which}.bin").write_bytes(which.encode() * 200_000)
    goal = tmp_path / "bundles" / "plant"
    for lines in range(1, 7):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)],
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
        )
        assert writer.stdout is not None
        for _ in range(lines):
            writer.stdout.readline()
        writer.send_signal(signal.SIGKILL)  # right after a line: somewhere within the next replacement
        writer.wait()
        writer.stdout.close()
        card = verify(goal)
        assert set(card.files) == {f"{card.name}{i}.bin" for i in range(3)}

    write_bundle(goal, whole_card(name="last"), {"a.bin": tmp_path / "a.bin"})
    assert left_beside(goal) == []
    assert sorted(entry.name for entry in goal.iterdir()) == ["a.bin", CARD_FILE]
