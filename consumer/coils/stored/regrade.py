"""What other rules would have said of stored coils: no model, no frame, and nothing is written."""

from __future__ import annotations

from dataclasses import dataclass

from consumer.coils.closing import closing
from consumer.coils.facts import CoilFacts
from consumer.coils.grading.grade import Grade, grade
from consumer.coils.grading.rules import Rules
from consumer.coils.marks.find import find_marks
from consumer.coils.marks.lanes import coil_lanes
from consumer.coils.merging.regions import sightings_of
from consumer.coils.report import facts
from consumer.coils.stored.coils import StoredCoil
from consumer.coils.verdicts import VerdictPolicy
from contracts.reports import Closing, Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Regraded:
    """One coil under two sets of rules. `why_not`: why it cannot be compared; then `new` is None."""

    coil_id: str
    stored: Verdict | None
    """None while nobody has closed it."""
    stored_rules: str = ""
    new: Verdict | None = None
    fires_now: tuple[str, ...] = ()
    """Rules that fire under the new ones only."""
    no_longer: tuple[str, ...] = ()
    why_not: str = ""

    @property
    def changes(self) -> bool:
        """Whether the verdict is another one."""
        return self.new is not None and self.stored is not None and self.new is not self.stored


def regrade(coil: StoredCoil, rules: Rules, policy: VerdictPolicy, now_ns: int) -> Regraded:
    """Grade a stored coil by these rules.

    What stands in the coil's report (why it was closed, marks, lanes) is taken from there, so that nothing
    but the rules makes a difference; of a coil that nobody reported it is reckoned as the tracker would now.
    """
    report = coil.report
    because = why_closed(coil, policy, now_ns)
    if because is None:
        return Regraded(coil_id=coil.state.coil_id, stored=None, why_not="still open")
    if report is None:
        graded = grade(known_of(coil, because, policy), rules)
        return Regraded(coil_id=coil.state.coil_id, stored=None, new=graded.verdict, fires_now=_fired(graded))
    if not coil.whole_as_reported:
        return Regraded(
            coil_id=report.coil_id,
            stored=report.verdict,
            stored_rules=report.rules_version,
            why_not="its records are no longer stored whole",
        )
    graded = grade(known_of(coil, because, policy), rules)
    before, after = report.rules_fired, _fired(graded)
    return Regraded(
        coil_id=report.coil_id,
        stored=report.verdict,
        stored_rules=report.rules_version,
        new=graded.verdict,
        fires_now=tuple(rule for rule in after if rule not in before),
        no_longer=tuple(rule for rule in before if rule not in after),
    )


def why_closed(coil: StoredCoil, policy: VerdictPolicy, now_ns: int) -> Closing | None:
    """As its report says; else as the tracker would close it now, and None while it would not."""
    if coil.report is not None and coil.report.closed_because is not None:
        return coil.report.closed_because
    return closing(coil.state, now_ns, policy.closing)


def known_of(coil: StoredCoil, because: Closing, policy: VerdictPolicy) -> CoilFacts:
    """What the rules may ask of a stored coil."""
    state, report = coil.state, coil.report
    defects = state.defects()
    if report is not None:
        return facts(state, because, report.marks, report.lanes, defects=defects)
    marks = find_marks(
        sightings_of(defects),
        length_mm=state.length_mm,
        width_mm=state.width_mm,
        policy=policy.marks,
        rolls=policy.rolls,
        class_names=state.class_names,
    )
    return facts(state, because, marks, coil_lanes(defects, state.width_mm, policy.lanes), defects=defects)


def _fired(graded: Grade) -> tuple[str, ...]:
    return tuple(finding.rule for finding in graded.findings)
