"""A rule's condition over defects: which of them count, and whether they are too many or cover too much."""

from __future__ import annotations

from math import inf

import numpy as np

from consumer.coils.facts import CoilFacts
from consumer.coils.grading.defect_columns import Chosen, Column, DefectColumns
from consumer.coils.grading.rules_file import DefectsCondition, Range, Zone
from consumer.coils.grading.windows import most_area, most_defects
from consumer.coils.grading.words import by_class, figure, metres, percent, span

_LONG = {"area_mm2": "of {} mm2", "length_mm": "{} mm long", "width_mm": "{} mm wide"}
"""How the evidence says each measure that a rule may ask for."""


def defects_evidence(condition: DefectsCondition, facts: CoilFacts, defects: DefectColumns) -> str | None:
    """Why it holds; None when it does not. `defects` are the columns of `facts.defects`."""
    found = defects.only(_chosen(condition, facts, defects))
    if not len(found):
        return None
    if condition.density is not None:
        return _dense(condition, condition.density, facts, found)
    if condition.within_m is not None:
        return _gathered(condition, condition.within_m, found)
    return _counted(condition, found) if len(found) >= condition.at_least else None


def _chosen(condition: DefectsCondition, facts: CoilFacts, defects: DefectColumns) -> Chosen:
    chosen = defects.of_classes(condition.classes)
    for name in _LONG:
        wanted: Range | None = getattr(condition, name)
        if wanted is not None:
            low, high = wanted.bounds
            value = getattr(defects, name)
            chosen = chosen & (value >= low) & (value <= high)
    if condition.near is not None:
        chosen = chosen & _near(condition.near, facts, defects)
    if condition.body is not None:
        chosen = chosen & _in_body(condition.body, facts, defects)
    return chosen


def _near(zone: Zone, facts: CoilFacts, d: DefectColumns) -> Chosen:
    """Those that reach into a margin. Where the strip's size is unknown, any may."""
    near = np.zeros(len(d), np.bool_)
    if zone.edge_mm is not None:
        far_side_mm = facts.width_mm - zone.edge_mm if facts.width_mm > 0 else -inf
        near |= (d.across_min_mm <= zone.edge_mm) | (d.across_max_mm >= far_side_mm)
    if zone.head_mm is not None:
        near |= d.along_min_mm <= zone.head_mm
    if zone.tail_mm is not None:
        near |= d.along_max_mm >= (facts.length_mm - zone.tail_mm if facts.length_mm > 0 else -inf)
    return near


def _in_body(zone: Zone, facts: CoilFacts, d: DefectColumns) -> Chosen:
    """Those that reach into what is left without the margins. Of an unknown size nothing is cut off."""
    along = _left(facts.length_mm, zone.head_mm or 0.0, zone.tail_mm or 0.0)
    across = _left(facts.width_mm, zone.edge_mm or 0.0, zone.edge_mm or 0.0)
    if along is None or across is None:
        return np.zeros(len(d), np.bool_)
    reaches: Chosen = (d.along_max_mm > along[0]) & (d.along_min_mm < along[1])
    return reaches & (d.across_max_mm > across[0]) & (d.across_min_mm < across[1])


def _left(whole_mm: float, first_mm: float, last_mm: float) -> tuple[float, float] | None:
    """From, to, of what two cuts leave; None when they leave nothing. An end that is not cut has no bound."""
    if whole_mm <= 0:
        return (-inf, inf)
    if first_mm + last_mm >= whole_mm:
        return None
    return (first_mm or -inf, whole_mm - last_mm if last_mm else inf)


def _counted(condition: DefectsCondition, found: DefectColumns) -> str:
    said = f"{_described(condition, found)}, the first at {metres(found.along_min_mm[0])}"
    return said if condition.at_least == 1 else f"{said}; {condition.at_least:,} are too many"


def _gathered(condition: DefectsCondition, within_m: float, found: DefectColumns) -> str | None:
    window_mm = within_m * 1e3
    worst = most_defects(found.along_min_mm, found.along_max_mm, window_mm)
    if worst.held < condition.at_least:
        return None
    held = _described(condition, found.only(_reaching(found, worst.from_mm, window_mm)))
    from_mm = max(0.0, worst.from_mm)
    return (
        f"{held} within {figure(within_m)} m, from {metres(from_mm)} on; {condition.at_least:,} are too many"
    )


def _reaching(d: DefectColumns, from_mm: float, window_mm: float) -> Chosen:
    """Those that reach into a window."""
    reaching: Chosen = (d.along_min_mm <= from_mm + window_mm) & (d.along_max_mm >= from_mm)
    return reaching


def _dense(condition: DefectsCondition, limit: float, facts: CoilFacts, found: DefectColumns) -> str | None:
    """Of a strip of unknown size any share may be covered."""
    if facts.length_mm <= 0 or facts.width_mm <= 0:
        return (
            f"{_described(condition, found)} on a strip of unknown size; {percent(limit)} of it is too much"
        )
    if condition.within_m is None or condition.within_m * 1e3 >= facts.length_mm:
        window_mm, held, where = facts.length_mm, float(found.area_mm2.sum()), "of the strip"
    else:
        window_mm = condition.within_m * 1e3
        worst = most_area(found.along_min_mm, found.along_max_mm, found.area_mm2, window_mm)
        held = worst.held
        found = found.only(_reaching(found, worst.from_mm, window_mm))
        where = f"of {figure(condition.within_m)} m of strip, from {metres(max(0.0, worst.from_mm))} on,"
    share = held / (window_mm * facts.width_mm)
    if share < limit:
        return None
    return (
        f"{percent(share)} {where} under {by_class(found.numbers_by_class())}; {percent(limit)} is too much"
    )


def _described(condition: DefectsCondition, found: DefectColumns) -> str:
    """'3 scabs of 1,200-4,300 mm2': by what the rule asks for, else by area."""
    asked = [name for name in _LONG if getattr(condition, name) is not None] or ["area_mm2"]
    sizes = [_LONG[name].format(_span(getattr(found, name))) for name in asked]
    return " ".join([by_class(found.numbers_by_class()), ", ".join(sizes), *_place(condition)])


def _span(values: Column) -> str:
    return span(float(values.min()), float(values.max()))


def _place(condition: DefectsCondition) -> list[str]:
    said = []
    if condition.near is not None:
        said.append(f"within {' or '.join(_margins(condition.near, 'an edge'))}")
    if condition.body is not None:
        said.append(f"reaching further than {', '.join(_margins(condition.body, 'the edges'))}")
    return said


def _margins(zone: Zone, edge: str) -> list[str]:
    named = ((edge, zone.edge_mm), ("the head", zone.head_mm), ("the tail", zone.tail_mm))
    return [f"{figure(mm)} mm from {name}" for name, mm in named if mm is not None]
