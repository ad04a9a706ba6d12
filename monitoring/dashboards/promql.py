"""PromQL written from the catalogues' metrics: a label that a metric has not is refused at once.

What carries a line or a camera is filtered by the dashboard's variables of that name, always.
"""

from __future__ import annotations

from typing import Literal

from prometheus_client.utils import floatToGoString

from monitoring.catalogue import CAMERA, LINE
from monitoring.metric import Metric

Part = Literal["", "_bucket", "_sum", "_count"]

OVER = "$__rate_interval"
"""Grafana's: at least four scrapes, and never less than a step of the picture."""
EDGE = "le"


def series(metric: Metric, part: Part = "", **where: str) -> str:
    """A selector: each of `where` is a label with its value, or with a regular expression after `~`."""
    known = {*metric.label_names, *({EDGE} if part == "_bucket" else ())}
    if strangers := where.keys() - known:
        raise ValueError(f"{metric.name} has no label {', '.join(sorted(strangers))}")
    if (metric.kind == "histogram") != bool(part):
        raise ValueError(f"{metric.name} is a {metric.kind}: {part or 'a part of it'} can't be asked for")
    matchers = [f'{label.name}=~"${label.name}"' for label in (LINE, CAMERA) if label in metric.labels]
    matchers += [
        f'{name}=~"{value[1:]}"' if value.startswith("~") else f'{name}="{value}"'
        for name, value in where.items()
    ]
    return f"{metric.name}{part}" + (f"{{{','.join(matchers)}}}" if matchers else "")


def grouped(by: str, function: str = "sum") -> str:
    """`sum by (a, b)`, or `sum` when `by` is empty."""
    return f"{function} by ({by})" if by else function


def rate(metric: Metric, by: str = "", part: Part = "", over: str = OVER, **where: str) -> str:
    """What is counted a second, summed over workers."""
    return f"{grouped(by)} (rate({series(metric, part, **where)}[{over}]))"


def increase(metric: Metric, by: str = "", part: Part = "", over: str = OVER, **where: str) -> str:
    """What was counted in a while, summed over workers."""
    return f"{grouped(by)} (increase({series(metric, part, **where)}[{over}]))"


def quantile(share: float, metric: Metric, over: str = OVER) -> str:
    """Of a histogram, over all workers, as good as its buckets are."""
    return f"histogram_quantile({share}, {rate(metric, EDGE, '_bucket', over)})"


def mean(metric: Metric, by: str = "", **where: str) -> str:
    """Of what a histogram saw: its sum by its count."""
    return f"{rate(metric, by, '_sum', OVER, **where)} / {rate(metric, by, '_count', OVER, **where)}"


def edge(value: float) -> str:
    """A bucket's edge as the client library writes it."""
    return str(floatToGoString(value))  # type: ignore[no-untyped-call]
