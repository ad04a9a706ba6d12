"""Putting a folder in another's place at once: a kill at any moment leaves the former or the new one."""

from __future__ import annotations

import ctypes
import errno
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_AT_FDCWD: Final = -100
_RENAME_EXCHANGE: Final = 2
_NO_EXCHANGE: Final = frozenset({errno.ENOSYS, errno.EINVAL, errno.ENOTSUP})
_FRESH, _FORMER = "new", "old"


@contextmanager
def staged(goal: Path) -> Iterator[Path]:
    """An empty folder beside `goal`, to fill and to hand to `take_place`; gone afterwards.

    What killed runs have left of such folders is removed first: a live one holds a lock on its own.
    """
    prefix = f".{goal.name}.staging-"
    goal.parent.mkdir(parents=True, exist_ok=True)
    _sweep(goal, prefix)
    # Beside its goal, so that the rename stays inside one file system.
    hidden = Path(tempfile.mkdtemp(prefix=prefix, dir=goal.parent))
    lock = os.open(hidden, os.O_RDONLY)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        fresh = hidden / _FRESH
        fresh.mkdir()
        yield fresh
    finally:
        os.close(lock)
        shutil.rmtree(hidden, ignore_errors=True)


def take_place(fresh: Path, goal: Path) -> None:
    """Rename `fresh` to `goal`; what was there comes to lie beside `fresh`, and goes with it."""
    if not goal.exists():
        fresh.rename(goal)
        return
    if _exchange(fresh, goal):
        return
    former = fresh.with_name(_FORMER)  # two steps: only where the system cannot exchange two folders
    goal.rename(former)
    try:
        fresh.rename(goal)
    except OSError:
        former.rename(goal)
        raise


def _sweep(goal: Path, prefix: str) -> None:
    for left in goal.parent.iterdir():
        if not left.name.startswith(prefix) or not left.is_dir():
            continue
        try:
            lock = os.open(left, os.O_RDONLY)
        except FileNotFoundError:
            continue  # its owner has just finished
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue  # another run is at work in it
        else:
            if (left / _FORMER).is_dir() and not goal.exists():
                (left / _FORMER).rename(goal)  # killed between the two steps
            shutil.rmtree(left, ignore_errors=True)
        finally:
            os.close(lock)


def _exchange(one: Path, other: Path) -> bool:
    """Swap two folders in one step (renameat2, Linux 3.15). False where it cannot be done."""
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    names = os.fsencode(one), os.fsencode(other)
    if rename(_AT_FDCWD, names[0], _AT_FDCWD, names[1], _RENAME_EXCHANGE) == 0:
        return True
    failed = ctypes.get_errno()
    if failed in _NO_EXCHANGE:
        return False
    raise OSError(failed, os.strerror(failed), str(other))
