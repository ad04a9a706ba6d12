"""Whether a rule's condition holds on a coil, and the evidence for it in words and figures."""

from __future__ import annotations

from collections.abc import Iterable

from consumer.coils.facts import CoilFacts
from consumer.coils.grading.defect_columns import DefectColumns
from consumer.coils.grading.defect_conditions import defects_evidence
from consumer.coils.grading.rules_file import LanesCondition, MarksCondition, Range, When
from consumer.coils.grading.words import counted, figure
from contracts.reports import CoilLane, RollMark


def evidence(when: When, facts: CoilFacts, defects: DefectColumns) -> str | None:
    """Why the condition holds; None when it does not. `defects` are the columns of `facts.defects`."""
    if when.defects is not None:
        return defects_evidence(when.defects, facts, defects)
    if when.marks is not None:
        return _of_marks(when.marks, facts.marks)
    return None if when.lanes is None else _of_lanes(when.lanes, facts.lanes)


def _of_marks(condition: MarksCondition, marks: Iterable[RollMark]) -> str | None:
    found = sorted((m for m in marks if _mark_counts(condition, m)), key=_mark_order)
    if len(found) < condition.at_least:
        return None
    return _listed([_mark_words(mark) for mark in found])


def _mark_counts(condition: MarksCondition, mark: RollMark) -> bool:
    return (
        _is_of(condition.classes, mark.class_id, mark.class_name)
        and _within(condition.hits, mark.count)
        and _within(condition.period_mm, mark.period_mm)
        and _within(condition.false_alarm_probability, mark.false_alarm_probability)
        and condition.roll in (None, "unnamed" if mark.roll is None else "named")
    )


def _mark_order(mark: RollMark) -> tuple[float, int, float, float]:
    return (mark.false_alarm_probability, mark.class_id, mark.lane_mm, mark.period_mm)


def _mark_words(mark: RollMark) -> str:
    name = mark.class_name or f"class {mark.class_id}"
    roll = "no roll of the table fits" if mark.roll is None else f"fits {mark.roll}"
    return (
        f"{name} each {figure(mark.period_mm)} mm at {mark.lane_mm:,.0f} mm across, {mark.count:,} hits, "
        f"false-alarm probability {mark.false_alarm_probability:.1g}, {roll}"
    )


def _of_lanes(condition: LanesCondition, lanes: Iterable[CoilLane]) -> str | None:
    found = [lane for lane in lanes if _lane_counts(condition, lane)]
    if len(found) < condition.at_least:
        return None
    found.sort(key=lambda lane: (-lane.count, lane.class_id, lane.across_min_mm, lane.across_max_mm))
    return _listed([_lane_words(lane) for lane in found])


def _lane_counts(condition: LanesCondition, lane: CoilLane) -> bool:
    named = _is_of(condition.classes, lane.class_id, lane.class_name)
    return named and _within(condition.defects, lane.count)


def _lane_words(lane: CoilLane) -> str:
    across = f"{lane.across_min_mm:,.0f}-{lane.across_max_mm:,.0f} mm across"
    return f"{counted(lane.count, lane.class_name)} at {across}"


def _listed(said: list[str]) -> str:
    """The first three in words."""
    more = [f"{len(said) - 3:,} more"] if len(said) > 3 else []
    return "; ".join([*said[:3], *more])


def _is_of(classes: tuple[str | int, ...], class_id: int, class_name: str | None) -> bool:
    return not classes or class_id in classes or class_name in classes


def _within(wanted: Range | None, value: float) -> bool:
    return wanted is None or wanted.bounds[0] <= value <= wanted.bounds[1]
