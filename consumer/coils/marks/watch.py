"""Watches a running coil for roll marks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from consumer.coils.facts import Sighting
from consumer.coils.marks.policy import MarkPolicy
from consumer.coils.marks.rolls import Roll
from contracts.alarms import AlarmState
from contracts.reports import RollMark


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkChange:
    """What became of a mark: raised, updated or ended. `at_mm`: the place on the strip that decided it."""

    state: AlarmState
    mark: RollMark
    at_mm: float


class MarkWatch:
    """One coil's roll marks while it runs. Pure: no clock, and the same sightings give the same marks."""

    def __init__(
        self, policy: MarkPolicy, rolls: Sequence[Roll] = (), class_names: Mapping[int, str] | None = None
    ) -> None:
        self._policy = policy

    def add(self, sightings: Iterable[Sighting]) -> None:
        """In any order, but before `look` has gone past them: what comes later than that is not looked at."""

    def look(self, up_to_mm: float) -> list[MarkChange]:
        """What the strip up to `up_to_mm` changes. Give a place behind which no frame is outstanding."""
        return []
