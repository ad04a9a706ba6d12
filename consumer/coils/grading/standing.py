"""Findings that no rules file can switch off: what was not seen, or is not certain, is never released."""

from __future__ import annotations

from collections.abc import Iterator

from consumer.coils.facts import CoilFacts
from consumer.coils.grading.defect_columns import DefectColumns
from consumer.coils.grading.rules import Rules
from consumer.coils.grading.rules_values import FrameLimit
from consumer.coils.grading.words import by_class, clipped, counted, percent
from contracts.reports import Closing, Finding, Verdict

_NOT_INSPECTED = (
    ("missing", "frames_missing", "without an inspection"),
    ("dead_lettered", "frames_dead_lettered", "that can never be inspected"),
    ("unsegmented", "frames_unsegmented", "that the gate took for defective and nobody segmented"),
)
_UNFINISHED = {
    Closing.DEADLINE: "the deadline came before its last inspection or segmentation",
    Closing.TIMED_OUT: "nobody said that it ended",
    Closing.UNANNOUNCED: "nobody said that it started",
}


def standing_findings(facts: CoilFacts, rules: Rules, defects: DefectColumns) -> Iterator[Finding]:
    """Those that apply. `defects` are the columns of `facts.defects`."""
    yield from _beyond_allowance(facts, rules)
    announced, surplus = _total(facts, "announced"), _total(facts, "surplus")
    if _total(facts, "received") + surplus == 0:
        yield _held("coil_empty", "no frame of this coil was ever inspected")
    if surplus:
        said = f"{counted(surplus, 'frame')} beyond the {announced:,} that line control announced"
        yield _held("frames_surplus", f"{said}, on {_cameras(facts, 'surplus')}")
    unfinished = _unfinished(facts)
    if unfinished is not None:
        yield _held("coil_incomplete", unfinished)
    if facts.notes:
        yield _held("contradictions", "; ".join(facts.notes))
    yield from _unknown_classes(facts, rules, defects)


def _beyond_allowance(facts: CoilFacts, rules: Rules) -> Iterator[Finding]:
    announced = _total(facts, "announced")
    for column, name, words in _NOT_INSPECTED:
        limit: FrameLimit = getattr(rules.allowance, column)
        number = _total(facts, column)
        if number > limit.of(announced):
            share = f" ({percent(number / announced)})" if announced else ""
            said = f"{number:,} of {counted(announced, 'frame')}{share} {words}, on {_cameras(facts, column)}"
            evidence = clipped(f"{said}; allowed: {limit}")
            yield Finding(rule=name, verdict=rules.allowance.beyond, evidence=evidence)


def _unfinished(facts: CoilFacts) -> str | None:
    """Settled with frames missing is what the allowance is about. Settled with none: an event is missing."""
    reason = _UNFINISHED.get(facts.closed_because)
    if reason is not None:
        return reason
    if facts.closed_because is Closing.SETTLED and not _total(facts, "missing"):
        return "all inspections are there, but not every defective frame's defects"
    if not facts.complete and facts.closed_because is Closing.COMPLETE:
        return "the coil is not complete"
    return None


def _unknown_classes(facts: CoilFacts, rules: Rules, defects: DefectColumns) -> Iterator[Finding]:
    """A new model's new class must not pass because no rule knows it. One a rule gives by id is known."""
    if not rules.classes or not facts.defects:
        return
    named = {c for rule in rules.rules for c in rule.when.classes}
    unknown = ~defects.of_classes((*rules.classes, *named))
    if unknown.any():
        numbers = defects.only(unknown).numbers_by_class()
        yield _held("class_unknown", f"{by_class(numbers)}: the rules know only {', '.join(rules.classes)}")


def _held(rule: str, evidence: str) -> Finding:
    return Finding(rule=rule, verdict=Verdict.HOLD, evidence=clipped(evidence))


def _total(facts: CoilFacts, column: str) -> int:
    return sum(getattr(ledger, column) for ledger in facts.ledger_by_camera.values())


def _cameras(facts: CoilFacts, column: str) -> str:
    """Those with any, and how many: 'top 3, bottom 1'."""
    found = [
        (camera, getattr(ledger, column))
        for camera, ledger in sorted(facts.ledger_by_camera.items())
        if getattr(ledger, column)
    ]
    return ", ".join(f"{camera} {number:,}" for camera, number in found)
