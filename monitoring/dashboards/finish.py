"""What is put on a panel once it is made: words, colours, limits, a scale."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from grafana_foundation_sdk.builders import bargauge, common, heatmap, stat, statetimeline, table, timeseries
from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.models import common as common_model
from grafana_foundation_sdk.models import dashboard as model

from monitoring.dashboards import looks
from monitoring.dashboards.looks import Look, Looks

OF_WORKERS = r"/({digit}:9464|:(?!9464$)\d*{digit})$/"
"""Containers differ by host, and share the port that is the default; on one machine they differ by port."""

DASHED = model.DynamicConfigValue(id_val="custom.lineStyle", value={"fill": "dash", "dash": [6, 6]})


P = TypeVar(
    "P",
    bargauge.Panel,
    heatmap.Panel,
    stat.Panel,
    statetimeline.Panel,
    table.Panel,
    timeseries.Panel,
)
"""Whichever kind of panel goes in comes out."""


def painted(panel: P, named: Looks) -> P:
    """Each series of these names with its words and its colour."""
    for name, look in named.items():
        panel.override_by_name(name, list(_worn(name, look)))
    return panel


def shaded(panel: P, ending: str = r"/{digit}$/") -> P:
    """Series called after lines, cameras or workers: a digit at the end picks the colour, so it stays."""
    for digit in range(10):
        shade = looks.SHADES[digit % len(looks.SHADES)]
        panel.override_by_regexp(ending.replace("{digit}", str(digit)), [colour(shade)])
    return panel


def colour(code: str) -> model.DynamicConfigValue:
    """An override: always this colour."""
    return model.DynamicConfigValue(id_val="color", value={"mode": "fixed", "fixedColor": code})


def fixed(code: str) -> build.FieldColor:
    """The same for a whole panel."""
    return build.FieldColor().mode(model.FieldColorModeId.FIXED).fixed_color(code)


def steps(first: str, *others: tuple[float, str]) -> build.ThresholdsConfig:
    """Colours by value: `first` from below, then each from its value on."""
    listed = [
        model.Threshold(value=None, color=first),
        *(model.Threshold(value=at, color=code) for at, code in others),
    ]
    return build.ThresholdsConfig().mode(model.ThresholdsMode.ABSOLUTE).steps(listed)


def with_limit(panel: timeseries.Panel, limit: build.ThresholdsConfig) -> timeseries.Panel:
    """Draw where the thresholds stand, dashed, across the picture."""
    style = common.GraphThresholdsStyleConfig().mode(common_model.GraphThresholdsStyleMode.DASHED)
    return panel.thresholds(limit).thresholds_style(style)


def logarithmic(panel: timeseries.Panel, low: float, high: float) -> timeseries.Panel:
    """Powers of ten up the axis, which shows at least from `low` to `high`."""
    scale = common.ScaleDistributionConfig().type(common_model.ScaleDistribution.LOG).log(10)
    return panel.scale_distribution(scale).axis_soft_min(low).axis_soft_max(high)


def no_number(text: str) -> model.SpecialValueMap:
    """What stands where nothing was counted."""
    return model.SpecialValueMap(
        options=model.DashboardSpecialValueMapOptions(
            match=model.SpecialValueMatch.NULL_AND_NAN,
            result=model.ValueMappingResult(text=text, color=looks.NEUTRAL),
        )
    )


def _worn(name: str, look: Look) -> Iterable[model.DynamicConfigValue]:
    if look.words != name:
        yield model.DynamicConfigValue(id_val="displayName", value=look.words)
    if look.colour:
        yield colour(look.colour)
