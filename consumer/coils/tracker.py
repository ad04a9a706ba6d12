"""The tracker: one owner thread, no locks.

It takes records, gives each to its coil, looks for roll marks, closes the coils that are due, and commits
reports, alarms and positions together. `step()` does one turn and never blocks for longer than a poll and the
merge of one coil, so tests drive it by hand.

Exactly one report of each version, whatever dies: positions never pass a record of a coil that is open or
settling, so a restart reads all of it again; a report and the positions that let its coil go are one
transaction; and nothing is published before everything that was told is read.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from consumer.coils.alarms.reuses import Reuses
from consumer.coils.book import CoilBook, OpenCoil
from consumer.coils.display import Display
from consumer.coils.grading.rules import Rules
from consumer.coils.intake import CoilIntake
from consumer.coils.ledger.state import CoilRecord
from consumer.coils.ports import CoilSource, Place, TakenRecord, ToldSource
from consumer.coils.verdicts import Closed, Verdicts
from consumer.outgoing import outgoing
from consumer.ports import Clocks, CommitInDoubt, Outgoing, ResultSink, TransactionAborted
from contracts.alarms import Alarm
from contracts.coils import CoilStarted
from contracts.results import Inspection
from monitoring.health import Health
from monitoring.tracker_metrics import TrackerMetrics

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackerPolicy:
    """The tracker's knobs; `consumer.coils.settings` explains those that a user sets."""

    commit_interval_s: float = 2.0
    """Positions alone, without anything to tell, are committed so often."""
    drain_timeout_s: float = 5.0
    look_interval_s: float = 1.0
    """Between two looks for roll marks on one coil."""
    close_for_s: float = 1.0
    """In one turn. Others that are due wait for the next, so that 50 merges hold up no first report."""
    take_max_records: int = 2000
    poll_s: float = 0.05


@dataclass(slots=True)
class _Transaction:
    """What is under way to the broker."""

    closed: list[Closed]
    alarms: list[Alarm]
    positions: dict[Place, int]
    began_s: float


class Tracker:
    """Follows every coil of its partitions from its first record to its final report."""

    def __init__(
        self,
        *,
        source: CoilSource,
        told: ToldSource,
        sink: ResultSink[Place],
        book: CoilBook,
        intake: CoilIntake,
        verdicts: Verdicts,
        policy: TrackerPolicy,
        clocks: Clocks,
        topic_prefix: str,
        metrics: TrackerMetrics,
        health: Health,
    ) -> None:
        self._source = source
        self._told = told
        self._sink = sink
        self._book = book
        self._intake = intake
        self._verdicts = verdicts
        self._policy = policy
        self._clocks = clocks
        self._prefix = topic_prefix
        self._metrics = metrics
        self._health = health
        self._display = Display(metrics)
        self._reuses = Reuses(told.told)
        self._under_way: _Transaction | None = None
        self._must_look_ahead = True
        self._must_learn = False
        self._committed_s = clocks.monotonic_s()
        self._abandoned = False

    # --- what the application calls ---

    def join(self) -> None:
        """Join the group. What was told is read by now: from here on partitions wait for this tracker."""
        self._source.join(self)

    def step(self) -> None:
        """One turn. Raises Fenced, LedgerBroken, TopicsRefused; anything else that it raises is a bug."""
        self._take()
        self._told.tail()
        self._publish()
        self._display.show(
            self._book, len(self._told.told), self._clocks.monotonic_s(), self._clocks.wall_ns()
        )
        self._health.turned()

    def exchange_rules(self, rules: Rules) -> None:
        """Grade by these from now on."""
        self._verdicts.rules = rules
        self._metrics.set_rules(rules.version)

    def drain(self) -> bool:
        """Commit what is under way, and the positions, within the drain timeout. Whether that was done."""
        return self._finish()

    def abandon(self) -> None:
        """Commit nothing any more: said before leaving the group."""
        self._abandoned = True

    # --- partitions come and go: PartitionsListener, called inside CoilSource.take ---

    def partitions_assigned(self, partitions: Sequence[int]) -> None:
        """Begin with these."""
        self._book.assign(partitions)
        self._must_look_ahead = True
        self._metrics.assigned_partitions.set(len(self._book.assigned))
        self._health.joined = True
        log.info("partitions assigned", extra={"partitions": sorted(partitions)})

    def partitions_revoked(self, partitions: Sequence[int]) -> None:
        """Commit, let go."""
        done = not self._abandoned and self._finish()
        self._let_go(partitions)
        log.info("partitions revoked", extra={"partitions": sorted(partitions), "committed": done})

    def partitions_lost(self, partitions: Sequence[int]) -> None:
        """Drop, never commit. What is under way may tell of their coils, so it goes too."""
        self._let_go(partitions)
        if not self._abandoned:
            self._start_over()
        log.warning("partitions lost", extra={"partitions": sorted(partitions)})

    def _let_go(self, partitions: Sequence[int]) -> None:
        self._book.unassign(partitions)
        self._reuses.forget()
        self._metrics.assigned_partitions.set(len(self._book.assigned))

    # --- take ---

    def _take(self) -> None:
        records = self._source.take(self._policy.take_max_records, self._policy.poll_s)
        inspections = 0
        for record in records:
            if self._book.owns(record.place):  # else let go while this turn was taking
                inspections += self._accept(record)
        self._display.took(inspections, self._clocks.monotonic_s())

    def _accept(self, record: TakenRecord) -> bool:
        """Whether it was an inspection."""
        self._book.take(record)
        kind = record.place[0].removeprefix(self._prefix)
        self._metrics.records[kind].inc()
        message = self._intake.read(record)
        if message is None:
            self._metrics.refused[kind].inc()
            return False
        if self._is_over(message):
            self._metrics.late_records.inc()
        else:
            self._book.add(record, message)
        return isinstance(message, Inspection)

    def _is_over(self, message: CoilRecord) -> bool:
        """Whether the coil's report is final: then this record is late, and changes nothing."""
        told = self._told.told.report_of(message.coil_id)
        if told is None or self._book.get(message.coil_id) is not None:
            return False
        over = self._verdicts.is_over(told, self._clocks.wall_ns())
        if over and isinstance(message, CoilStarted):
            self._reuses.look_at(message, told, self._clocks.wall_ns())
        return over

    # --- tell ---

    def _publish(self) -> None:
        if self._under_way is not None:
            self._commit()
        elif self._knows_what_was_told():
            self._tell()

    def _knows_what_was_told(self) -> bool:
        """Only then may anything be told: or what a killed tracker told last would be told again.

        Its positions are final once every place has been heard of; what belongs to them was begun before, so
        the ends that are asked for then lie behind it.
        """
        if self._must_look_ahead:
            if not self._source.heard_of_all:
                return False
            self._told.look_ahead()
            self._must_look_ahead = False
            self._must_learn = True
        if not self._told.caught_up:
            return False
        if self._must_learn:
            self._learn()
            self._must_learn = False
        return True

    def _learn(self) -> None:
        """Records were taken while it was being read what was told: their coils may be over."""
        self._book.learn()
        now_ns = self._clocks.wall_ns()
        for coil in self._book:
            told = coil.reported
            if told is not None and self._verdicts.is_over(told, now_ns):
                if coil.state.started is not None:
                    self._reuses.look_at(coil.state.started, told, now_ns)
                self._book.drop(coil.state.coil_id)

    def _tell(self) -> None:
        now_s, now_ns = self._clocks.monotonic_s(), self._clocks.wall_ns()
        closed = self._close_what_is_due(now_ns)
        alarms = [*self._reuses.waiting(), *self._look_for_marks(now_s, now_ns, {c.coil_id for c in closed})]
        tells = bool(alarms) or any(c.report is not None for c in closed)
        if not tells and not closed and now_s - self._committed_s < self._policy.commit_interval_s:
            return
        final = {c.coil_id for c in closed if c.final}
        positions = self._book.positions(without=final)
        if not tells and not positions:
            self._settle(closed)
            return
        self._under_way = _Transaction(
            closed, [*alarms, *(a for c in closed for a in c.alarms)], positions, now_s
        )
        try:
            for message in self._messages(self._under_way):
                self._sink.publish(message)
        except TransactionAborted as aborted:
            self._start_over(aborted)
            return
        self._commit()

    def _close_what_is_due(self, now_ns: int) -> list[Closed]:
        coils = [coil for coil in self._book if coil.state.whole or self._verdicts.may_be_due(coil, now_ns)]
        if not coils:
            return []
        timed = any(not coil.state.whole for coil in coils)
        read_up_to_ns = self._source.read_up_to_ns(now_ns) if timed else 0
        closed: list[Closed] = []
        began_s = self._clocks.monotonic_s()
        for coil in sorted(coils, key=lambda coil: coil.state.deadline_at_ns):
            because = self._verdicts.due(coil, now_ns, read_up_to_ns)
            if because is not None:
                closed.append(self._verdicts.close(coil, because, self._clocks.wall_ns()))
            if self._clocks.monotonic_s() - began_s > self._policy.close_for_s:
                break
        return closed

    def _look_for_marks(self, now_s: float, now_ns: int, but: set[str]) -> list[Alarm]:
        alarms: list[Alarm] = []
        for coil in self._book:
            if coil.state.coil_id not in but and self._is_to_look_at(coil, now_s):
                alarms += self._verdicts.look_for_marks(coil, now_s, now_ns)
                self._metrics.mark_search_seconds.observe(self._clocks.monotonic_s() - now_s)
        return alarms

    def _is_to_look_at(self, coil: OpenCoil, now_s: float) -> bool:
        if coil.settling or now_s - coil.looked_at_s < self._policy.look_interval_s:
            return False
        return bool(coil.fresh) or coil.watch is not None

    def _messages(self, transaction: _Transaction) -> list[Outgoing]:
        reports = [outgoing(c.report, self._prefix) for c in transaction.closed if c.report is not None]
        return [*reports, *(outgoing(alarm, self._prefix) for alarm in transaction.alarms)]

    # --- commit, or start over ---

    def _commit(self) -> None:
        """Commit what is under way. When the broker is away it stays so, for the next call."""
        transaction = self._under_way
        if transaction is None:
            return
        try:
            if not self._sink.commit(transaction.positions, self._source.group_metadata()):
                return
        except TransactionAborted as aborted:
            self._start_over(aborted)
            return
        self._under_way = None
        self._committed_s = self._clocks.monotonic_s()
        self._book.committed(transaction.positions)
        self._metrics.commits["committed"].inc()
        self._metrics.commit_seconds.observe(self._committed_s - transaction.began_s)
        for alarm in transaction.alarms:
            self._told.told.note_alarm(alarm)
        self._display.alarmed(transaction.alarms)
        self._settle(transaction.closed)

    def _settle(self, closed: Sequence[Closed]) -> None:
        """Coils whose report is committed: those that are final go, the others may get another version."""
        for one in closed:
            if one.report is not None:
                self._told.told.note_report(one.report)
                self._display.told(one.report)
            coil = self._book.get(one.coil_id)
            if coil is not None:
                coil.reported = self._told.told.report_of(one.coil_id)
            if one.final:
                self._book.drop(one.coil_id)
                self._told.told.close(one.coil_id)

    def _start_over(self, why: TransactionAborted | None = None) -> None:
        """Abort, forget every coil, read again from the last commit."""
        if self._sink.commit_pending:
            self._resolve_commit()
        if why is not None:
            log.warning("transaction aborted, going back to the last commit", extra={"why": str(why)})
        self._under_way = None
        self._sink.abort()
        self._metrics.commits["aborted"].inc()
        self._reuses.forget()
        self._must_look_ahead = True
        self._source.rewind(self._book.rewind())

    def _resolve_commit(self) -> None:
        """Find out how the commit under way ended. Raises CommitInDoubt when that takes too long."""
        ends_s = self._clocks.monotonic_s() + self._policy.drain_timeout_s
        while self._sink.commit_pending:
            if self._clocks.monotonic_s() >= ends_s:
                raise CommitInDoubt(
                    f"the broker did not say within {self._policy.drain_timeout_s:g} s whether it committed"
                )
            self._commit()

    def _finish(self) -> bool:
        """Commit what is under way and the positions, within the drain timeout."""
        ends_s = self._clocks.monotonic_s() + self._policy.drain_timeout_s
        if self._under_way is None:
            if self._reuses.waiting():  # the records that showed them are read again
                return False
            positions = self._book.positions()
            if not positions:
                return True
            self._under_way = _Transaction([], [], positions, self._clocks.monotonic_s())
        while self._under_way is not None:
            if self._clocks.monotonic_s() >= ends_s:
                self._start_over()
                return False
            self._commit()
        return True
