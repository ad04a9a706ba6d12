"""Decides which coils are due, and writes what is told of them. Pure: the times are passed in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from consumer.coils.alarms import coil_alarms, mark_alarms
from consumer.coils.book import OpenCoil
from consumer.coils.closing import ClosingPolicy, amendable, closing
from consumer.coils.grading.grade import grade
from consumer.coils.grading.rules import Rules
from consumer.coils.marks.find import find_marks
from consumer.coils.marks.lanes import LanePolicy, coil_lanes, recurring
from consumer.coils.marks.policy import MarkPolicy
from consumer.coils.marks.rolls import Roll
from consumer.coils.marks.watch import MarkWatch
from consumer.coils.merging.regions import sightings_of
from consumer.coils.report import MOST_DEFECTS, build_report, facts
from consumer.coils.told import Told, ToldReport, digest_of
from contracts.alarms import Alarm
from contracts.reports import Closing, CoilReport

HEAD_START_NS = 250_000_000
"""So long a closing at the deadline waits for what is written but not taken yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VerdictPolicy:
    """When coils are closed, and what is looked for on them."""

    closing: ClosingPolicy = field(default_factory=ClosingPolicy)
    marks: MarkPolicy = field(default_factory=MarkPolicy)
    lanes: LanePolicy = field(default_factory=LanePolicy)
    rolls: tuple[Roll, ...] = ()
    max_defects: int = MOST_DEFECTS
    mark_lookback_s: float = 2.0
    """What the furthest frame had reached so long ago is taken to be inspected: workers commit every .2 s."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """What is told of a coil that is due: a report and its alarms, or nothing when it only ends to settle."""

    coil_id: str
    report: CoilReport | None
    alarms: tuple[Alarm, ...] = ()
    final: bool
    """Nothing of the coil is waited for any more."""


class Verdicts:
    """Closes coils by `rules`, which may be exchanged while coils are open."""

    def __init__(self, policy: VerdictPolicy, rules: Rules, told: Told) -> None:
        self._policy = policy
        self._told = told
        self.rules = rules

    def look_for_marks(self, coil: OpenCoil, now_s: float, now_ns: int) -> list[Alarm]:
        """What a running coil's new sightings change."""
        policy = self._policy
        if coil.watch is None:
            coil.watch = MarkWatch(policy.marks, policy.rolls, coil.state.class_names)
        coil.watch.add(coil.fresh)
        coil.fresh = []
        coil.looked_at_s = now_s
        changes = coil.watch.look(coil.inspected_to_mm(now_s, policy.mark_lookback_s))
        told = self._told.alarms_of(coil.state.coil_id)
        return list(mark_alarms.of_changes(coil.state, changes, told, policy.marks, now_ns))

    def is_over(self, told: ToldReport, now_ns: int) -> bool:
        """Whether no record can change the coil's report any more."""
        return told.final or now_ns >= told.deadline_at_ns + round(self._policy.closing.amend_within_s * 1e9)

    def may_be_due(self, coil: OpenCoil, now_ns: int) -> bool:
        """Whether the time alone would close it: then it matters whether all that was written is taken."""
        if coil.settling:
            return not amendable(coil.state, now_ns, self._policy.closing)
        return closing(coil.state, now_ns, self._policy.closing) is not None

    def due(self, coil: OpenCoil, now_ns: int, read_up_to_ns: int) -> Closing | None:
        """Why it is to be closed, or reported again, now.

        All that was committed until `read_up_to_ns` has been taken: what a coil has waited in vain for is
        judged by that, or a restart would call frames missing that it has not read yet. Only the deadline is
        met by the clock itself, as long as it can be met.
        """
        until_ns = min(now_ns, read_up_to_ns)
        if coil.settling:
            if coil.state.whole:
                return Closing.COMPLETE
            if amendable(coil.state, until_ns, self._policy.closing):
                return None
            return closing(coil.state, until_ns, self._policy.closing)
        because = closing(coil.state, until_ns, self._policy.closing)
        if because is None and now_ns < coil.state.deadline_at_ns:
            because = closing(coil.state, now_ns - HEAD_START_NS, self._policy.closing)
            return because if because is Closing.DEADLINE else None
        return because

    def close(self, coil: OpenCoil, because: Closing, now_ns: int) -> Closed:
        """The coil's report and alarms. Raises LedgerBroken.

        A coil that ends to settle is reported again only when something changed since.
        """
        coil_id, told = coil.state.coil_id, self._told.alarms_of(coil.state.coil_id)
        report = self._report(coil, because, told, now_ns)
        ends = because is Closing.COMPLETE or coil.settling
        unchanged = coil.reported is not None and coil.reported.digest == digest_of(report)
        if unchanged and because is not Closing.COMPLETE:
            return Closed(coil_id=coil_id, report=None, final=True)
        lanes = recurring(
            (coil_id, report.lanes), self._told.lanes_before(report.line_id, coil_id), self._policy.lanes
        )
        alarms = (
            *mark_alarms.at_report(coil.state, report.marks, told, self._policy.marks, report.reported_at_ns),
            *coil_alarms.of_missing_frames(report, told),
            *coil_alarms.of_lanes(report, lanes, told),
        )
        return Closed(coil_id=coil_id, report=report, alarms=alarms, final=ends)

    def _report(self, coil: OpenCoil, because: Closing, told: Sequence[Alarm], now_ns: int) -> CoilReport:
        state, policy = coil.state, self._policy
        defects = state.defects()
        marks = find_marks(
            sightings_of(defects),  # a scratch over 3,000 frames is one, and repeats nothing
            length_mm=state.length_mm,
            width_mm=state.width_mm,
            policy=policy.marks,
            rolls=policy.rolls,
            class_names=state.class_names,
        )
        known = facts(
            state,
            because,
            mark_alarms.under_their_alarms_names(marks, told, policy.marks),
            coil_lanes(defects, state.width_mm, policy.lanes),
            defects=defects,
        )
        return build_report(
            state,
            known,
            grade(known, self.rules),
            now_ns=now_ns,
            version=1 if coil.reported is None else coil.reported.version + 1,
            rules_version=self.rules.version,
            max_defects=policy.max_defects,
        )
