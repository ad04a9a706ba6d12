"""The degrade ladder's rungs: how much is done for a frame. What moves it is in `deadline_ladder`."""

from __future__ import annotations

from enum import IntEnum
from typing import Protocol


class Rung(IntEnum):
    """How much is done for a frame. Every step down is declared and counted; silence is not a rung."""

    FULL = 0
    GATE_ONLY = 1


class Ladder(Protocol):
    """Decides how much the worker can afford."""

    @property
    def rung(self) -> Rung:
        """Where the worker stands now."""


class AlwaysFull:
    """Never steps down."""

    @property
    def rung(self) -> Rung:
        """Always `Rung.FULL`."""
        return Rung.FULL
