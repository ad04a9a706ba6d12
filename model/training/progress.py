"""What a person sees of a training: a bar with the time left on a terminal, else lines in a log."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """After a step. spent_s, left_s: of the stage; loss: smoothed."""

    step: int
    spent_s: float
    left_s: float
    loss: float
    learning_rate: float


class Watch(Protocol):
    """Who is told of every step."""

    def begins(self, stage: str, steps: int, at_step: int) -> None:
        """A stage begins, or goes on after `at_step` steps."""

    def stepped(self, moment: Moment) -> None:
        """A step was done."""

    def ends(self) -> None:
        """The stage is over."""


class Watches:
    """Tells several, or nobody."""

    def __init__(self, watches: Sequence[Watch] = ()) -> None:
        self._watches = watches

    def begins(self, stage: str, steps: int, at_step: int) -> None:
        """Pass it on."""
        for watch in self._watches:
            watch.begins(stage, steps, at_step)

    def stepped(self, moment: Moment) -> None:
        """Pass it on."""
        for watch in self._watches:
            watch.stepped(moment)

    def ends(self) -> None:
        """Pass it on."""
        for watch in self._watches:
            watch.ends()


class LogLines:
    """A line every `every` steps: for files and pipes."""

    def __init__(self, every: int = 50) -> None:
        self._every, self._stage, self._steps = every, "", 0

    def begins(self, stage: str, steps: int, at_step: int) -> None:
        """Say so."""
        self._stage, self._steps = stage, steps
        log.info(
            "stage %s: %s %d of %d steps", stage, "goes on after" if at_step else "begins,", at_step, steps
        )

    def stepped(self, moment: Moment) -> None:
        """Say so now and then."""
        if moment.step % self._every == 0:
            log.info(
                "stage %s: step %d of %d, loss %.4f, %s spent, %s left",
                self._stage,
                moment.step,
                self._steps,
                moment.loss,
                spelled(moment.spent_s),
                spelled(moment.left_s),
            )

    def ends(self) -> None:
        """Say so."""
        log.info("stage %s: done", self._stage)


class Bar:
    """A bar with the time left: for terminals."""

    def __init__(self, console: Console) -> None:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[said]}"),
        )
        self._progress = Progress(*columns, console=console)
        self._task = TaskID(0)

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(self, *raised: object) -> None:
        self._progress.stop()

    def begins(self, stage: str, steps: int, at_step: int) -> None:
        """A new bar."""
        self._task = self._progress.add_task(stage, total=steps, completed=at_step, said="")

    def stepped(self, moment: Moment) -> None:
        """Move it."""
        said = f"loss {moment.loss:.4f}, {spelled(moment.left_s)} left"
        self._progress.update(self._task, completed=moment.step, said=said)

    def ends(self) -> None:
        """The bar stays as it is."""


def spelled(seconds: float) -> str:
    """`1:02:03`, or `2:03`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
