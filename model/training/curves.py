"""A training's curves: loss and learning rate by step, as CSV while it runs and as PNG after every stage."""

from __future__ import annotations

import csv
import os
from itertools import groupby
from pathlib import Path

from matplotlib.figure import Figure

from model.training.progress import Moment

COLUMNS = ("stage", "step", "spent_s", "loss", "learning_rate")


class Curves:
    """`curves.csv`, a row every `every` steps, and `curves.png` beside it: a Watch."""

    def __init__(self, folder: Path, every: int = 10) -> None:
        self._csv, self._png, self._every = folder / "curves.csv", folder / "curves.png", every
        self._stage, self._steps = "", 0

    def begins(self, stage: str, steps: int, at_step: int) -> None:
        """Take back what a killed run had noted after its checkpoint."""
        self._stage, self._steps = stage, steps
        kept = [r for r in self._rows() if r["stage"] != stage or int(r["step"]) <= at_step]
        part = self._csv.with_suffix(".part")
        with part.open("w", newline="") as file:
            writer = csv.DictWriter(file, COLUMNS)
            writer.writeheader()
            writer.writerows(kept)
        os.replace(part, self._csv)

    def stepped(self, moment: Moment) -> None:
        """Note it now and then."""
        if moment.step % self._every and moment.step != self._steps:
            return
        with self._csv.open("a", newline="") as file:
            csv.writer(file).writerow(
                [
                    self._stage,
                    moment.step,
                    f"{moment.spent_s:.1f}",
                    f"{moment.loss:.5f}",
                    f"{moment.learning_rate:.3e}",
                ]
            )

    def ends(self) -> None:
        """Draw all stages so far."""
        part = self._png.with_suffix(".part")
        _draw(self._rows()).savefig(part, format="png", dpi=100)
        os.replace(part, self._png)

    def _rows(self) -> list[dict[str, str]]:
        """Whole rows only: a kill can cut the last one short."""
        if not self._csv.exists():
            return []
        with self._csv.open(newline="") as file:
            return [r for r in csv.DictReader(file) if None not in r.values() and len(r) == len(COLUMNS)]


def _draw(rows: list[dict[str, str]]) -> Figure:
    """Loss above, rate below; stages follow one another, each marked by its name."""
    figure = Figure(figsize=(9, 5), layout="constrained")
    loss, rate = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    before = 0
    for stage, of_stage in groupby(rows, key=lambda r: r["stage"]):
        points = list(of_stage)
        steps = [before + int(p["step"]) for p in points]
        loss.plot(steps, [float(p["loss"]) for p in points], label=stage)
        rate.plot(steps, [float(p["learning_rate"]) for p in points])
        for axes in (loss, rate):
            axes.axvline(before, color="0.8", linewidth=1, zorder=0)
        before = steps[-1]
    loss.set_ylabel("loss (smoothed)")
    loss.set_ylim(bottom=0)
    rate.set_ylabel("learning rate")
    rate.set_xlabel("step")
    if rows:
        loss.legend(title="stage", frameon=False)
    return figure
