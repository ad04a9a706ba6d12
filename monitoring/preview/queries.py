"""Every query of a dashboard's JSON, and what stands in for Grafana's variables in it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

LABEL_VALUES = re.compile(r"^label_values\((?P<series>.+), *(?P<label>\w+)\)$")
CHOSEN = re.compile(r"\$\{?(line|camera)\b(?::\w+)?\}?")


@dataclass(frozen=True, slots=True, kw_only=True)
class PanelQuery:
    """One query, as a panel, an annotation or a variable asks it."""

    dashboard: str
    panel: str
    ref: str
    expr: str
    legend: str
    kind: str
    """The panel's type; `annotation` or `variable` otherwise."""
    step: str = ""
    """The least step that the query may be asked with; empty: any."""


def panel_queries(dashboard: Mapping[str, Any]) -> list[PanelQuery]:
    """All queries, annotations and variables too; a variable's as the PromQL that finds the same values."""
    return [*_of_panels(dashboard), *_of_annotations(dashboard), *_of_variables(dashboard)]


def fill(expr: str, rate_interval: str = "30s", range_: str = "10m", interval: str = "15s") -> str:
    """The expression with all lines and cameras chosen, and these durations, as Grafana would send it."""
    for name, value in (("rate_interval", rate_interval), ("range", range_), ("interval", interval)):
        expr = re.sub(rf"\$\{{?__{name}\b\}}?", value, expr)
    return CHOSEN.sub(".*", expr)


def _of_panels(dashboard: Mapping[str, Any]) -> Iterator[PanelQuery]:
    for panel in dashboard["panels"]:
        for target in panel.get("targets", ()):
            yield PanelQuery(
                dashboard=dashboard["title"],
                panel=panel["title"],
                ref=target["refId"],
                expr=target["expr"],
                legend=target.get("legendFormat", ""),
                kind=panel["type"],
                step=target.get("interval", ""),
            )


def _of_annotations(dashboard: Mapping[str, Any]) -> Iterator[PanelQuery]:
    for annotation in dashboard.get("annotations", {}).get("list", ()):
        yield PanelQuery(
            dashboard=dashboard["title"],
            panel=annotation["name"],
            ref="A",
            expr=annotation["expr"],
            legend=annotation.get("textFormat", ""),
            kind="annotation",
            step=annotation.get("step", ""),
        )


def _of_variables(dashboard: Mapping[str, Any]) -> Iterator[PanelQuery]:
    for variable in dashboard.get("templating", {}).get("list", ()):
        asked = LABEL_VALUES.match(variable["query"]["query"])
        if asked is None:
            raise ValueError(
                f"variable {variable['name']}: {variable['query']['query']!r} is no label_values()"
            )
        yield PanelQuery(
            dashboard=dashboard["title"],
            panel=variable["name"],
            ref="A",
            expr=f"group by ({asked['label']}) ({asked['series']})",
            legend=f"{{{{{asked['label']}}}}}",
            kind="variable",
        )
