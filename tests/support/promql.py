"""PromQL held against the catalogues: names and labels that do not exist are found before Prometheus runs.

`problems(expr, recorded)` says in words what is wrong with a query: a metric or label nobody exposes, a
value that a closed label never has, `rate` of a gauge, a quantile without `le`, two sides that can never
match. Labels are followed through the whole expression: `sum by (line) (sum by (stage) (...))` is refused.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import promql_parser as promql
import yaml

from monitoring.catalogue import METRICS
from monitoring.metric import Label, Metric
from monitoring.tracker_catalogue import TRACKER_METRICS

Kind = Literal["counter", "gauge", "bucket", "scalar", "any"]

JOB = Label(
    name="job",
    bound="the scrape configuration",
    values=("worker", "coils", "prometheus", "alertmanager", "station"),
)
INSTANCE = Label(name="instance", bound="the targets of a job")
LE = Label(name="le", bound="a histogram's buckets")
TARGET_LABELS = {"job": JOB, "instance": INSTANCE}
"""What Prometheus itself puts on every series that it scrapes."""

OF_COUNTERS = frozenset({"rate", "irate", "increase", "resets"})
OF_GAUGES = frozenset({"deriv", "delta", "idelta", "predict_linear", "changes"})
WITHOUT_SERIES = frozenset({"time", "vector", "scalar", "pi", "absent", "absent_over_time"})
KEEPS_SERIES = frozenset({"topk", "bottomk", "limitk"})
SET_OPERATORS = frozenset({"and", "or", "unless"})

Recorded = Mapping[str, tuple[str, frozenset[str]]]
"""A recorded name, with its expression and the labels that the rule adds."""


@dataclass(frozen=True)
class Series:
    """What an expression yields: its labels, and what may be done with it."""

    kind: Kind
    labels: Mapping[str, Label | None] = field(default_factory=dict)

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self.labels)

    def keep(self, names: Iterable[str], kind: Kind | None = None) -> Series:
        kept = {name: self.labels.get(name) for name in names}
        return Series(kind or self.kind, kept)


SCALAR = Series("scalar")


def problems(expr: str, recorded: Recorded | None = None) -> list[str]:
    """Everything wrong with a query, in words; empty when it can return what it asks for."""
    try:
        tree = promql.parse(expr)
    except ValueError as error:
        return [f"no PromQL: {error}"]
    found: list[str] = []
    _Reading(recorded or {}, found).read(tree)
    return found


def series_of(expr: str, recorded: Recorded | None = None) -> Series:
    """What a sound query yields: its labels."""
    return _Reading(recorded or {}, []).read(promql.parse(expr))


def recorded_names(rules: Path) -> dict[str, tuple[str, frozenset[str]]]:
    """The recorded names of a rules file; nothing where there is no file yet."""
    if not rules.exists():
        return {}
    groups = yaml.safe_load(rules.read_text(encoding="utf-8"))["groups"]
    return {
        rule["record"]: (rule["expr"], frozenset(rule.get("labels", {})))
        for group in groups
        for rule in group["rules"]
        if "record" in rule
    }


def exposed() -> dict[str, Series]:
    """Every series name that the line's processes expose, and Prometheus's own `up`."""
    target: dict[str, Label | None] = {**TARGET_LABELS}
    series = {"up": Series("gauge", target)}
    for metric in (*METRICS, *TRACKER_METRICS):
        labels = {**target, **{label.name: label for label in metric.labels}}
        series |= dict(_parts(metric, labels))
    return series


def _parts(metric: Metric, labels: dict[str, Label | None]) -> Iterable[tuple[str, Series]]:
    if metric.kind != "histogram":
        yield metric.name, Series(metric.kind, labels)
        return
    yield f"{metric.name}_bucket", Series("bucket", {**labels, "le": LE})
    yield f"{metric.name}_sum", Series("counter", labels)
    yield f"{metric.name}_count", Series("counter", labels)


class _Reading:
    """One walk over an expression; what it finds wrong goes to `found`."""

    def __init__(self, recorded: Recorded, found: list[str]) -> None:
        self._recorded = recorded
        self._found = found
        self._exposed = exposed()

    def read(self, expr: Any) -> Series:
        match expr:
            case promql.VectorSelector():
                return self._selector(expr)
            case promql.MatrixSelector():
                return self._selector(expr.vector_selector)
            case promql.ParenExpr() | promql.UnaryExpr() | promql.SubqueryExpr():
                return self.read(expr.expr)
            case promql.AggregateExpr():
                return self._aggregate(expr)
            case promql.BinaryExpr():
                return self._binary(expr)
            case promql.Call():
                return self._call(expr)
        return SCALAR

    def _selector(self, selector: Any) -> Series:
        series = self._named(selector.name)
        for matcher in selector.matchers.matchers:
            if matcher.name not in series.labels:
                self._say(f"{selector.name} has no label {matcher.name}")
            else:
                self._value(selector.name, matcher, series.labels[matcher.name])
        return series

    def _named(self, name: str | None) -> Series:
        if name in self._exposed:
            return self._exposed[name]
        if name is not None and name in self._recorded:
            expr, added = self._recorded[name]
            series = _Reading(self._recorded, []).read(promql.parse(expr))
            labels: dict[str, Label | None] = dict.fromkeys(added)
            # A recorded counter is a rate already: what comes out of a rule is a gauge, or buckets of rates.
            return Series("any", {**series.labels, **labels})
        self._say(f"nobody exposes {name}")
        return Series("any")

    def _value(self, name: str, matcher: Any, label: Label | None) -> None:
        if label is None or not label.values or matcher.value == "":
            return
        exact = matcher.op in (promql.MatchOp.Equal, promql.MatchOp.NotEqual)
        pattern = re.escape(matcher.value) if exact else matcher.value
        if not any(re.fullmatch(pattern, value) for value in label.values):
            self._say(f"{name}: {matcher.name} is never {matcher.value!r}")

    def _call(self, call: Any) -> Series:
        name = call.func.name
        read = [self.read(argument) for argument in call.args]
        series = next((one for one in read if one.kind != "scalar"), SCALAR)
        if name in OF_COUNTERS and series.kind not in ("counter", "bucket", "any"):
            self._say(f"{name}() of a {series.kind}: it is for counters and parts of histograms")
        if name in OF_GAUGES and series.kind not in ("gauge", "any"):
            self._say(f"{name}() of a {series.kind}: it is for gauges")
        if name == "histogram_quantile":
            return self._quantile(series)
        if name in WITHOUT_SERIES:
            return SCALAR if name in ("scalar", "time", "pi") else Series("gauge")
        if name in ("label_replace", "label_join"):
            return Series(series.kind, {**series.labels, call.args[1].val: None})
        return series

    def _quantile(self, series: Series) -> Series:
        if series.kind not in ("bucket", "any"):
            self._say("histogram_quantile() of what is no histogram's buckets")
        elif "le" not in series.labels:
            self._say("histogram_quantile() without le: the buckets were summed away")
        return series.keep(series.names - {"le"}, "gauge")

    def _aggregate(self, expr: Any) -> Series:
        series = self.read(expr.expr)
        if expr.modifier is None:
            listed: frozenset[str] = frozenset()
            without = False
        else:
            listed = frozenset(expr.modifier.labels)
            without = expr.modifier.type == promql.AggModifierType.Without
        for name in sorted(listed - series.names):
            self._say(f"grouped by {name}, which is not on what is grouped ({_listed(series)})")
        if str(expr.op) in KEEPS_SERIES:
            return series
        kept = series.names - listed if without else listed & series.names
        summed = str(expr.op) == "sum"
        return series.keep(kept, series.kind if summed else "gauge")

    def _binary(self, expr: Any) -> Series:
        left, right = self.read(expr.lhs), self.read(expr.rhs)
        if left.kind == "scalar" or right.kind == "scalar":
            both_scalar = left.kind == right.kind
            return SCALAR if both_scalar else (right if left.kind == "scalar" else left)
        operator, modifier = str(expr.op), expr.modifier
        matching = modifier.matching if modifier else None
        if matching is None:
            self._matched(operator, left.names, right.names)
        elif matching.type == promql.LabelModifierType.Include:
            self._on(matching.labels, left, right)
        else:
            ignored = frozenset(matching.labels)
            self._matched(operator, left.names - ignored, right.names - ignored)
        return self._joined(operator, modifier, left, right)

    def _matched(self, operator: str, left: frozenset[str], right: frozenset[str]) -> None:
        if left != right and operator != "or":
            self._say(f"{operator}: the sides never match: {sorted(left)} and {sorted(right)}")

    def _on(self, labels: Iterable[str], left: Series, right: Series) -> None:
        for name in labels:
            for side in (left, right):
                if name not in side.labels:
                    self._say(f"on ({name}), which one side has not ({_listed(side)})")

    def _joined(self, operator: str, modifier: Any, left: Series, right: Series) -> Series:
        kind: Kind = "any" if "any" in (left.kind, right.kind) else left.kind
        if operator == "or":
            return Series(kind, {**right.labels, **left.labels})
        if operator in SET_OPERATORS or modifier is None or modifier.matching is None:
            return Series(kind, left.labels)
        grouped = str(modifier.card)
        if "ManyToOne" in grouped or "OneToMany" in grouped:
            many, one = (left, right) if "ManyToOne" in grouped else (right, left)
            brought = {name: one.labels.get(name) for name in modifier.group_labels or ()}
            return Series(kind, {**many.labels, **brought})
        listed = frozenset(modifier.matching.labels)
        included = modifier.matching.type == promql.LabelModifierType.Include
        return left.keep(listed & left.names if included else left.names - listed, kind)

    def _say(self, problem: str) -> None:
        self._found.append(problem)


def _listed(series: Series) -> str:
    return ", ".join(sorted(series.names)) or "no label"
