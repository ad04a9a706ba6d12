"""The bar that shows how far a run is, and how fast."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    Task,
    TextColumn,
    TimeRemainingColumn,
)
from rich.text import Text


class _Rate(ProgressColumn):
    def __init__(self, unit: str) -> None:
        super().__init__()
        self._unit = unit

    def render(self, task: Task) -> Text:
        """Steps a second, lately."""
        return Text(f"{task.speed:,.0f} {self._unit}/s" if task.speed else "", style="progress.data.speed")


class Bar:
    """Counts steps; `done` is how many."""

    def __init__(self, progress: Progress, title: str, total: int | None) -> None:
        self._progress = progress
        self._task = progress.add_task(title, total=total)
        self.done = 0

    def step(self) -> None:
        """One more."""
        self.done += 1
        self._progress.advance(self._task)

    def say(self, sentence: str) -> None:
        """Print above the bar."""
        self._progress.console.print(sentence, highlight=False, markup=False)


@contextmanager
def progress_bar(title: str, total: int | None, unit: str, *, visible: bool) -> Iterator[Bar]:
    """A bar on stderr, on a terminal only."""
    console = Console(stderr=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        _Rate(unit),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, disable=not (visible and console.is_terminal)) as progress:
        yield Bar(progress, title, total)
