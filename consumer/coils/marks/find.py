"""All roll marks of a coil that is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from consumer.coils.facts import Sighting
from consumer.coils.marks.policy import MarkPolicy
from consumer.coils.marks.rolls import Roll
from contracts.reports import RollMark


def find_marks(
    sightings: Sequence[Sighting],
    *,
    length_mm: float,
    width_mm: float,
    policy: MarkPolicy,
    rolls: Sequence[Roll] = (),
    class_names: Mapping[int, str] | None = None,
) -> tuple[RollMark, ...]:
    """The coil's marks, the most certain one first. The order of the sightings does not matter."""
    return ()


def same_mark(one: RollMark, other: RollMark, policy: MarkPolicy) -> bool:
    """Whether both tell of the same mark: class, lane and period agree within the policy's tolerances."""
    return False
