"""The kinds of panel that the dashboards use, each with what all of its kind share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from string import ascii_uppercase

from grafana_foundation_sdk.builders import (
    bargauge,
    common,
    heatmap,
    prometheus,
    stat,
    statetimeline,
    table,
    timeseries,
)
from grafana_foundation_sdk.models import common as common_model
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models import heatmap as heatmap_model
from grafana_foundation_sdk.models import prometheus as prometheus_model

from monitoring.dashboards import looks
from monitoring.dashboards.finish import P, fixed

DATASOURCE = model.DataSourceRef(type_val="prometheus", uid="prometheus")
"""As `monitoring/grafana/provisioning/datasources` names it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """One query of a panel."""

    expr: str
    legend: str = ""
    once: bool = False
    """Its value now, where a table or a big number needs no history."""
    format: prometheus_model.PromQueryFormat | None = None
    step: str = ""
    """The least step: bars that count need one that people can count in."""
    exemplars: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """What every panel says of itself."""

    title: str
    description: str
    unit: str
    at: model.GridPos


def place(x: int, y: int, w: int, h: int) -> model.GridPos:
    """On Grafana's grid of 24 columns."""
    return model.GridPos(x=x, y=y, w=w, h=h)


def lines(say: Saying, asks: Sequence[Ask]) -> timeseries.Panel:
    """Lines over time. Where there is no value there is a gap, never a bridge."""
    return (
        _said(timeseries.Panel(), say, asks)
        .draw_style(common_model.GraphDrawStyle.LINE)
        .line_interpolation(common_model.LineInterpolation.LINEAR)
        .line_width(2)
        .fill_opacity(0)
        .show_points(common_model.VisibilityMode.NEVER)
        .span_nulls(False)
        .legend(_legend())
        .tooltip(
            common.VizTooltipOptions()
            .mode(common_model.TooltipDisplayMode.MULTI)
            .sort(common_model.SortOrder.DESCENDING)
        )
    )


def stacked(say: Saying, asks: Sequence[Ask]) -> timeseries.Panel:
    """Areas on each other: what they sum to can be read too."""
    return (
        lines(say, asks)
        .line_width(1)
        .fill_opacity(70)
        .stacking(common.StackingConfig().mode(common_model.StackingMode.NORMAL).group("A"))
        .min(0)
    )


def bars(say: Saying, asks: Sequence[Ask]) -> timeseries.Panel:
    """Stacked bars, for what is counted now and then."""
    return stacked(say, asks).draw_style(common_model.GraphDrawStyle.BARS).line_width(0).fill_opacity(85)


def numbers(say: Saying, asks: Sequence[Ask]) -> stat.Panel:
    """Big numbers beside each other."""
    return (
        _said(stat.Panel(), say, asks)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .orientation(common_model.VizOrientation.VERTICAL)
        .text_mode(common_model.BigValueTextMode.VALUE_AND_NAME)
        .color_mode(common_model.BigValueColorMode.VALUE)
        .graph_mode(common_model.BigValueGraphMode.NONE)
        .justify_mode(common_model.BigValueJustifyMode.CENTER)
    )


def gauges(say: Saying, asks: Sequence[Ask]) -> bargauge.Panel:
    """A bar for each value, one below the other."""
    return (
        _said(bargauge.Panel(), say, asks)
        .reduce_options(common.ReduceDataOptions().calcs(["lastNotNull"]))
        .orientation(common_model.VizOrientation.HORIZONTAL)
        .display_mode(common_model.BarGaugeDisplayMode.BASIC)
        .name_placement(common_model.BarGaugeNamePlacement.LEFT)
        .min(0)
    )


def states(say: Saying, asks: Sequence[Ask], named: dict[int, looks.Look]) -> statetimeline.Panel:
    """One row for each part, coloured by what it does."""
    mapping = model.ValueMap(
        options={
            str(value): model.ValueMappingResult(text=look.words, color=look.colour, index=index)
            for index, (value, look) in enumerate(named.items())
        }
    )
    return (
        _said(statetimeline.Panel(), say, asks)
        .mappings([mapping])
        .color_scheme(fixed(looks.NEUTRAL))
        .show_value(common_model.VisibilityMode.AUTO)
        .merge_values(True)
        .row_height(0.8)
        .fill_opacity(85)
        .line_width(0)
        .legend(_legend())
    )


def cells(say: Saying, asks: Sequence[Ask]) -> table.Panel:
    """A table; how its columns are called is the caller's to say."""
    return _said(table.Panel(), say, asks).show_header(True).align(common_model.FieldTextAlignment.CENTER)


def heat(say: Saying, asks: Sequence[Ask], axis: str) -> heatmap.Panel:
    """A histogram over time. Its rows are the buckets: the tick of each stands on the bucket's upper edge."""
    return (
        _said(heatmap.Panel(), say, asks)
        .calculate(False)
        .rows_frame(heatmap.RowsHeatmapOptions().layout(common_model.HeatmapCellLayout.LE).value("frames"))
        .y_axis(
            heatmap.YAxisConfig().unit("s").axis_placement(common_model.AxisPlacement.LEFT).axis_label(axis)
        )
        .cell_values(heatmap.CellValues().unit(say.unit))
        .color(
            heatmap.HeatmapColorOptions()
            .mode(heatmap_model.HeatmapColorMode.SCHEME)
            .scheme("Blues")
            .scale(heatmap_model.HeatmapColorScale.EXPONENTIAL)
            .exponent(0.5)
            .steps(64)
        )
        .filter_values(heatmap.FilterValueRange().le(1e-9))
        .cell_gap(1)
        .show_legend()
        .exemplars_color(looks.ORANGE)
        .mode(common_model.TooltipDisplayMode.SINGLE)
    )


def _said(panel: P, say: Saying, asks: Sequence[Ask]) -> P:
    panel = panel.title(say.title).description(say.description).unit(say.unit).grid_pos(say.at)
    panel = panel.datasource(DATASOURCE)
    for ref, ask in zip(ascii_uppercase, asks, strict=False):
        panel = panel.with_target(_query(ref, ask))
    return panel


def _query(ref: str, ask: Ask) -> prometheus.Dataquery:
    query = prometheus.Dataquery().ref_id(ref).expr(ask.expr).datasource(DATASOURCE)
    query = query.editor_mode(prometheus_model.QueryEditorMode.CODE).legend_format(ask.legend)
    query = query.instant() if ask.once else query.range()
    if ask.format is not None:
        query = query.format(ask.format)
    if ask.step:
        query = query.interval(ask.step)
    return query.exemplar(True) if ask.exemplars else query


def _legend() -> common.VizLegendOptions:
    return (
        common.VizLegendOptions()
        .display_mode(common_model.LegendDisplayMode.LIST)
        .placement(common_model.LegendPlacement.BOTTOM)
        .show_legend(True)
        .calcs([])
    )
