"""PromQL in words. Metrics and labels are the catalogues' own objects: no other name can be written.

What these functions return is PromQL; a line break in it is for whoever reads the written file.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from monitoring.metric import Label, Metric

WORKER_JOB, TRACKER_JOB = "worker", "coils"
"""As `prometheus.yml` names them."""


@dataclass(frozen=True, slots=True)
class Matcher:
    """Which values of a label count."""

    label: Label
    values: tuple[str, ...]
    is_not: bool = False

    def __str__(self) -> str:
        """As it stands between the braces."""
        equal, alike = ("!=", "!~") if self.is_not else ("=", "=~")
        operator = alike if len(self.values) > 1 else equal
        return f'{self.label.name}{operator}"{"|".join(self.values)}"'


def where(label: Label, *values: str) -> Matcher:
    """Only these values."""
    return _known(Matcher(label, values))


def where_not(label: Label, *values: str) -> Matcher:
    """All but these values."""
    return _known(Matcher(label, values, is_not=True))


def series(metric: Metric, *matchers: Matcher) -> str:
    """A counter or a gauge."""
    if metric.kind == "histogram":
        raise ValueError(f"{metric.name} is a histogram: take its buckets or its observations")
    return _selector(metric, "", matchers)


def buckets(metric: Metric, *matchers: Matcher) -> str:
    """A histogram's buckets."""
    return _selector(metric, "_bucket", matchers)


def observations(metric: Metric, *matchers: Matcher) -> str:
    """How often a histogram was fed."""
    return _selector(metric, "_count", matchers)


def rate(selector: str, window: str) -> str:
    """A counter's increase a second."""
    return f"rate({selector}[{window}])"


def increase(selector: str, window: str) -> str:
    """A counter's increase; a restart in between does not count as a fall."""
    return f"increase({selector}[{window}])"


def over_all(function: str, expression: str, *, by: Sequence[Label | str] = ()) -> str:
    """An aggregation: sum, max, ... over everything, or one each by labels."""
    names = ", ".join(label if isinstance(label, str) else label.name for label in by)
    return f"{function} by ({names}) ({expression})" if names else f"{function}({expression})"


def share(part: str, whole: str, *, matching: str = "") -> str:
    """A part of a whole. No series at all, instead of NaN, where the whole is nothing."""
    slash = f"/ {matching}" if matching else "/"
    return f"{part}\n{slash}\n({whole} > 0)"


def _selector(metric: Metric, suffix: str, matchers: Sequence[Matcher]) -> str:
    for matcher in matchers:
        if matcher.label not in metric.labels:
            raise ValueError(f"{metric.name} has no label {matcher.label.name}")
    inside = ",".join(map(str, matchers))
    return f"{metric.name}{suffix}{{{inside}}}" if inside else f"{metric.name}{suffix}"


def _known(matcher: Matcher) -> Matcher:
    unknown = set(matcher.values) - set(matcher.label.values)
    if matcher.label.values and unknown:
        raise ValueError(f"{matcher.label.name} is never {', '.join(sorted(unknown))}")
    return matcher
