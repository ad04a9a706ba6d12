"""Which processes of a test are left: they carry its mark in their environment."""

from __future__ import annotations

from collections.abc import Iterator

import psutil

MARK = "TEST_MARK"


def _marked(mark: str) -> Iterator[psutil.Process]:
    for process in psutil.process_iter():
        try:
            if process.environ().get(MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                yield process
        except psutil.Error:
            continue


def kill_marked(mark: str) -> list[psutil.Process]:
    """Kill those that live with the mark in their environment; which they were."""
    left = list(_marked(mark))
    for process in left:
        process.kill()
    return left
