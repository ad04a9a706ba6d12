"""Alarms of roll marks: each mark raises one, however often the tracker that watches it is restarted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from consumer.coils.ledger.state import CoilState
from consumer.coils.marks.find import same_mark
from consumer.coils.marks.policy import MarkPolicy
from consumer.coils.marks.watch import MarkChange
from consumer.coils.told import is_open
from contracts.alarms import Alarm, AlarmKind, AlarmState
from contracts.reports import RollMark


def of_marks(alarms: Iterable[Alarm]) -> list[Alarm]:
    """Those of roll marks."""
    return [alarm for alarm in alarms if alarm.kind is AlarmKind.ROLL_MARK]


def of_changes(
    coil: CoilState, changes: Sequence[MarkChange], told: Sequence[Alarm], policy: MarkPolicy, now_ns: int
) -> Iterator[Alarm]:
    """What the changes of a running coil's marks tell. `told`: the coil's alarms so far.

    A watch that is new after a restart sees the same frames again and comes to the same changes: those that
    tell no more than was told before are not told again.
    """
    known = of_marks(told)
    for change in changes:
        same = _same(change.mark, known, policy)
        state = _new_state(change, same)
        if state is not None:
            alarm = _alarm(coil, change.mark, state, same, now_ns)
            known = [alarm, *(each for each in known if each is not same)]
            yield alarm


def _new_state(change: MarkChange, same: Alarm | None) -> AlarmState | None:
    """What is to be told of a change, `same` being what was told of the mark."""
    if change.state is AlarmState.ENDED:
        return AlarmState.ENDED if same is not None and is_open(same) else None
    if same is None:
        return AlarmState.RAISED
    return AlarmState.UPDATED if _is_news(change.mark, same) else None


def at_report(
    coil: CoilState, marks: Sequence[RollMark], told: Sequence[Alarm], policy: MarkPolicy, now_ns: int
) -> Iterator[Alarm]:
    """What the report tells of marks: one that only the whole coil shows is raised, and all of them end."""
    known = of_marks(told)
    for mark in marks:
        if _same(mark, known, policy) is None:
            raised = _alarm(coil, mark, AlarmState.RAISED, None, now_ns)
            yield raised
            yield _alarm(coil, mark, AlarmState.ENDED, raised, now_ns)
    for alarm in known:
        if is_open(alarm) and alarm.mark is not None:
            final = next((mark for mark in marks if same_mark(mark, alarm.mark, policy)), alarm.mark)
            yield _alarm(coil, final, AlarmState.ENDED, alarm, now_ns)


def under_their_alarms_names(
    marks: Sequence[RollMark], told: Sequence[Alarm], policy: MarkPolicy
) -> tuple[RollMark, ...]:
    """The whole coil's marks, each by the name of the alarm that told of it: its period was not so exact."""
    known = of_marks(told)
    named = []
    for mark in marks:
        same = _same(mark, known, policy)
        named.append(mark if same is None else mark.model_copy(update={"mark_id": same.alarm_id}))
    return tuple(named)


def mark_name(mark: RollMark) -> str:
    """Its alarm's id, where nobody gave it one."""
    return mark.mark_id or f"mark-{mark.class_id}-{mark.lane_mm:.0f}-{mark.period_mm:.0f}"


def _same(mark: RollMark, known: Sequence[Alarm], policy: MarkPolicy) -> Alarm | None:
    by_name = next((alarm for alarm in known if alarm.alarm_id == mark.mark_id), None)
    if by_name is not None:
        return by_name
    return next((a for a in known if a.mark is not None and same_mark(mark, a.mark, policy)), None)


def _is_news(mark: RollMark, alarm: Alarm) -> bool:
    """Whether it tells more than the alarm did: twice the hits, another roll, or hits after it was over."""
    before = alarm.mark
    if before is None:
        return True
    if not is_open(alarm):
        return (mark.last_mm or 0.0) > (before.last_mm or 0.0)
    return mark.count >= 2 * before.count or mark.roll != before.roll


def _alarm(coil: CoilState, mark: RollMark, state: AlarmState, before: Alarm | None, now_ns: int) -> Alarm:
    alarm_id = mark_name(mark) if before is None else before.alarm_id
    changed_at_ns = now_ns if before is None else max(now_ns, before.changed_at_ns + 1)
    return Alarm(
        line_id=coil.line_id,
        coil_id=coil.coil_id,
        alarm_id=alarm_id,
        kind=AlarmKind.ROLL_MARK,
        state=state,
        raised_at_ns=changed_at_ns if before is None else before.raised_at_ns,
        changed_at_ns=changed_at_ns,
        summary=_summary(mark, state),
        mark=mark.model_copy(update={"mark_id": alarm_id}),
    )


def _summary(mark: RollMark, state: AlarmState) -> str:
    what = f"{mark.class_name or f'class {mark.class_id}'} at {mark.lane_mm:.0f} mm across"
    roll = f", {mark.roll}" if mark.roll else ""
    if state is AlarmState.ENDED:
        return f"{what} returned each {mark.period_mm:.0f} mm{roll}: {mark.count} hits, and is over"
    return (
        f"{what} returns each {mark.period_mm:.0f} mm{roll}: {mark.count} hits, by chance with "
        f"{mark.false_alarm_probability:.1g}"
    )
