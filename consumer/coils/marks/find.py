"""All roll marks of a coil that is over."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from consumer.coils.facts import Sighting
from consumer.coils.marks.policy import MarkPolicy
from consumer.coils.marks.rolls import Roll
from consumer.coils.marks.same import same_mark
from consumer.coils.marks.watch import MarkWatch
from contracts.reports import RollMark

__all__ = ["find_marks", "same_mark"]


def find_marks(
    sightings: Sequence[Sighting],
    *,
    length_mm: float,
    width_mm: float,
    policy: MarkPolicy,
    rolls: Sequence[Roll] = (),
    class_names: Mapping[int, str] | None = None,
) -> tuple[RollMark, ...]:
    """The coil's marks, the most certain one first. The order of the sightings does not matter.

    The same search as MarkWatch's, in one look. `length_mm` and `width_mm` need not be known to it: sightings
    outside of them count like any others.
    """
    watch = MarkWatch(policy, rolls, class_names)
    watch.add(sightings)
    watch.look(float("inf"))
    return watch.marks()
