"""What a metric is: its name, its bounded labels, its buckets, and what moves it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["counter", "gauge", "histogram"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A label and why it cannot grow without end: a closed set of `values`, or at most so many."""

    name: str
    bound: str
    values: tuple[str, ...] = ()
    """The closed set, whose series exist from the start; empty where only the bound is known."""
    most: int = 0
    """How many values an open label can have."""
    within: str = ""
    """An open label whose `most` counts its pairs with the label of this name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One metric: what it counts, and `moved_by`, the event or setting that changes it."""

    name: str
    kind: Kind
    help: str
    moved_by: str
    labels: tuple[Label, ...] = ()
    buckets: tuple[float, ...] = ()

    @property
    def label_names(self) -> tuple[str, ...]:
        """The labels' names, in order."""
        return tuple(label.name for label in self.labels)

    @property
    def most_series(self) -> int:
        """As many as a process can ever have; a histogram has its buckets, +Inf, sum and count."""
        series = len(self.buckets) + 3 if self.kind == "histogram" else 1
        paired = {label.within for label in self.labels}
        for label in self.labels:
            if label.name not in paired:
                series *= len(label.values) or label.most
        return series


def most_series(metrics: Iterable[Metric]) -> int:
    """As many as a process can ever expose."""
    return sum(metric.most_series for metric in metrics)
