"""A panel as the dashboard's JSON has it, read for drawing."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from monitoring.preview.queries import PanelQuery

PALETTE = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#999999")
LEGEND = re.compile(r"\{\{\s*(\w+)\s*\}\}")


@dataclass(frozen=True, slots=True)
class Step:
    """From `value` on, this colour; the first has no value."""

    value: float | None
    colour: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """How one series is drawn, all overrides applied."""

    name: str
    colour: str
    unit: str
    decimals: int | None
    steps: tuple[Step, ...]
    special: str
    """What stands for no number."""
    custom: Mapping[str, Any]

    def colour_of(self, value: float) -> str:
        """By the thresholds."""
        passed = [step.colour for step in self.steps if step.value is None or value >= step.value]
        return passed[-1] if passed else self.colour


class Panel:
    """One panel of the JSON, with its queries."""

    def __init__(self, json: Mapping[str, Any], queries: Sequence[PanelQuery]) -> None:
        self.json = json
        self.queries = tuple(queries)
        self.title: str = json["title"]
        self.kind: str = json["type"]
        self.grid: Mapping[str, int] = json["gridPos"]
        self.options: Mapping[str, Any] = json.get("options", {})
        self.defaults: Mapping[str, Any] = json["fieldConfig"]["defaults"]
        self.custom: Mapping[str, Any] = self.defaults.get("custom", {})

    @property
    def unit(self) -> str:
        """What the values are in, unless a series says otherwise."""
        return str(self.defaults.get("unit", ""))

    @property
    def steps(self) -> tuple[Step, ...]:
        """The thresholds."""
        return _steps(self.defaults.get("thresholds"))

    def look(self, name: str, index: int = 0) -> Look:
        """Of the series with this name, as its legend has it; `index` picks a colour where none is fixed."""
        own: dict[str, Any] = {}
        for override in self.json["fieldConfig"].get("overrides", ()):
            if _matches(override["matcher"], name):
                own |= {one["id"]: one["value"] for one in override["properties"]}
        colour = (own.get("color") or self.defaults.get("color") or {}).get("fixedColor")
        custom = dict(self.custom)
        custom |= {key.removeprefix("custom."): own[key] for key in own if key.startswith("custom.")}
        return Look(
            name=own.get("displayName", name),
            colour=colour or PALETTE[index % len(PALETTE)],
            unit=own.get("unit", self.unit),
            decimals=own.get("decimals", self.defaults.get("decimals")),
            steps=_steps(own.get("thresholds", self.defaults.get("thresholds"))),
            special=self.texts().get("null+nan", ("-", ""))[0],
            custom=custom,
        )

    def texts(self) -> dict[str, tuple[str, str]]:
        """Words and colour by value, and for no number under `null+nan`."""
        found: dict[str, tuple[str, str]] = {}
        for mapping in self.defaults.get("mappings", ()):
            if mapping["type"] == "special":
                result = mapping["options"]["result"]
                found[mapping["options"]["match"]] = (result["text"], result["color"])
            elif mapping["type"] == "value":
                found |= {value: (one["text"], one["color"]) for value, one in mapping["options"].items()}
        return found


def series_name(legend: str, labels: Mapping[str, str]) -> str:
    """The legend with a series' labels in it."""
    return LEGEND.sub(lambda found: labels.get(found[1], ""), legend)


def _matches(matcher: Mapping[str, str], name: str) -> bool:
    if matcher["id"] == "byName":
        return matcher["options"] == name
    if matcher["id"] == "byRegexp":
        return re.search(matcher["options"].strip("/"), name) is not None
    return False


def _steps(thresholds: Mapping[str, Any] | None) -> tuple[Step, ...]:
    return tuple(Step(one["value"], one["color"]) for one in (thresholds or {}).get("steps", ()))
