"""`python -m consumer.coils regrade`: which verdicts other rules would change."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from rich.console import Console
from rich.table import Table

from consumer.coils.grading.rules import Rules
from consumer.coils.grading.words import counted
from consumer.coils.stored.coils import read_coils
from consumer.coils.stored.records import StoredTopics
from consumer.coils.stored.regrade import Regraded, regrade
from consumer.coils.verdicts import VerdictPolicy

ABSENT = "-"


class CoilUnknown(Exception):
    """No topic holds a coil of this id."""

    def __init__(self, coil_ids: Collection[str]) -> None:
        listed = ", ".join(sorted(coil_ids))
        super().__init__(f"no topic holds a record of coil {listed}; is the topic prefix right?")


def regrade_stored(
    topics: StoredTopics, rules: Rules, policy: VerdictPolicy, coil_ids: Sequence[str], now_ns: int
) -> list[Regraded]:
    """Every stored coil, or these, by its id. Raises CoilUnknown, TopicMissing, StoredUnreadable."""
    found = [regrade(coil, rules, policy, now_ns) for coil in read_coils(topics, coil_ids)]
    unknown = set(coil_ids) - {one.coil_id for one in found}
    if unknown:
        raise CoilUnknown(unknown)
    return sorted(found, key=lambda one: one.coil_id)


def show(coils: Sequence[Regraded], rules: Rules, console: Console) -> None:
    """A table, those whose verdict changes first, and a line of counts."""
    table = Table(title=f"By the rules {rules.version}", title_justify="left", title_style="bold")
    for name in ("coil", "stored verdict", "by rules", "new verdict", "fires now", "no longer fires"):
        table.add_column(name, overflow="fold")
    ordered = sorted(coils, key=lambda one: not one.changes)
    changed = sum(one.changes for one in coils)
    for number, one in enumerate(ordered, start=1):
        table.add_row(*_cells(one), end_section=number == changed)
    if coils:
        console.print(table)
    console.print(summary(coils), highlight=False, soft_wrap=True)


def summary(coils: Sequence[Regraded]) -> str:
    """One line: how many verdicts change, how, and how many coils could not be compared."""
    changed = [one for one in coils if one.changes]
    compared = [one for one in coils if one.new is not None and one.stored is not None]
    said = [f"{len(changed):,} of {counted(len(compared), 'verdict')} would change"]
    kinds = sorted({(one.stored, one.new) for one in changed})
    said += [f"{sum((c.stored, c.new) == kind for c in changed):,} {kind[0]} -> {kind[1]}" for kind in kinds]
    others = [one for one in coils if one not in compared]
    said += [f"{number:,} {words}" for words, number in _counts(_why_not_compared(one) for one in others)]
    return "; ".join(said)


def _why_not_compared(one: Regraded) -> str:
    return one.why_not or "never reported"


def _counts(words: Iterable[str]) -> list[tuple[str, int]]:
    listed = list(words)
    return sorted((word, listed.count(word)) for word in set(listed))


def _cells(one: Regraded) -> tuple[str, ...]:
    new = one.why_not if one.new is None else f"[bold]{one.new}[/bold]" if one.changes else one.new.value
    return (
        one.coil_id,
        one.stored or ABSENT,
        one.stored_rules or ABSENT,
        new,
        ", ".join(one.fires_now) or ABSENT,
        ", ".join(one.no_longer) or ABSENT,
    )
