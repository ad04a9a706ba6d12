"""What a rule is: something recorded under a name, or an alert with its conditions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from monitoring.metric import Label

Severity = Literal["page", "ticket"]
"""`page`: a person is needed now. `ticket`: in working hours."""

RUNBOOK = "monitoring/RUNBOOK.md"

_AGGREGATION = re.compile(r"^\w+ by \([^)]*\) ")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """An expression that is kept under a name, because several rules or panels ask for it."""

    name: str
    says: str
    expr: str

    def as_yaml(self) -> dict[str, Any]:
        """As Prometheus reads it."""
        return {"record": self.name, "expr": self.expr}


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """A measure against a threshold. A measure has data whenever its part runs, whether it alerts or not."""

    measure: str
    op: Literal[">", ">=", "<", "<=", "=="]
    threshold: float | str
    """A figure, or another measure."""
    on: tuple[Label, ...] = ()
    """The labels in which it agrees with the conditions before it; none: it holds for all of them."""

    @property
    def expr(self) -> str:
        """The comparison."""
        threshold = self.threshold if isinstance(self.threshold, str) else f"{self.threshold:g}"
        return f"{_grouped(self.measure)} {self.op} {threshold}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One alerting rule: it fires when all conditions have held for `for_s`.

    Rules may share a name, as a ticket and a page or two windows do; they differ in their labels then. The
    first condition gives the alert its labels and its `$value`.
    """

    name: str
    conditions: tuple[Condition, ...]
    for_s: int
    severity: Severity
    summary: str
    """What happens and what to do first: one sentence."""
    description: str
    """The same with its figures."""
    labels: Mapping[str, str] = field(default_factory=dict)

    @property
    def expr(self) -> str:
        """All conditions."""
        first, *others = self.conditions
        return "\n".join([first.expr, *(f"{_joined(other)}\n{other.expr}" for other in others)])

    @property
    def runbook_url(self) -> str:
        """Its section of the runbook."""
        return f"{RUNBOOK}#{self.name.lower()}"

    def as_yaml(self) -> dict[str, Any]:
        """As Prometheus reads it."""
        return {
            "alert": self.name,
            "expr": self.expr,
            **({"for": f"{self.for_s}s"} if self.for_s else {}),
            "labels": {"severity": self.severity, **self.labels},
            "annotations": {
                "summary": self.summary,
                "description": self.description,
                "runbook_url": self.runbook_url,
            },
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rules that are evaluated together, in order: one may ask for what one before it recorded."""

    name: str
    rules: tuple[Record | Alert, ...]
    interval_s: int | None = None
    """How often; None: as `prometheus.yml` says."""


def _joined(condition: Condition) -> str:
    return f"and on ({', '.join(label.name for label in condition.on)})"


def _grouped(measure: str) -> str:
    """In parentheses when it has operators of its own: PromQL's `or` binds less than a comparison."""
    depth = 0
    for char in _AGGREGATION.sub("", measure):
        depth += (char in "([{") - (char in ")]}")
        if depth == 0 and char.isspace():
            indented = measure.replace("\n", "\n  ")
            return f"(\n  {indented}\n)" if "\n" in measure else f"({measure})"
    return measure
