"""What the dashboards have in common around their panels: variables, links, coil changes, time range."""

from __future__ import annotations

from collections.abc import Iterable

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.cog import builder as cogbuilder
from grafana_foundation_sdk.models import dashboard as model

from monitoring.catalogue import CAMERA, FRAMES, LINE
from monitoring.dashboards import looks
from monitoring.dashboards.panels import DATASOURCE
from monitoring.dashboards.promql import grouped, series
from monitoring.metric import Label
from monitoring.tracker_catalogue import LAST_STARTED

TAG = "coilwatch"
EVERY = "5s"
"""As often as Prometheus scrapes: asking more often shows nothing new."""

DASHBOARDS = {
    "coilwatch-latency": "Latency against the deadline",
    "coilwatch-line": "Line",
    "coilwatch-coils": "Coils",
}
"""Title by uid; a uid never changes, people have bookmarks."""


class CoilChanges(model.AnnotationQuery):
    """A thin line where a coil starts. The SDK's class lacks what Prometheus's annotations need."""

    def to_json(self) -> dict[str, object]:
        """As Grafana keeps it. Its `step` is 60 s unless said: two coils within it would be one."""
        return {
            **super().to_json(),
            "target": {"expr": self.expr, "interval": EVERY, "refId": "Anno"},
            "step": EVERY,
            "titleFormat": "Coil started",
            "textFormat": "on {{line}}",
            "tagKeys": "line",
            # The series' value is the time of the event, in milliseconds.
            "useValueForTime": True,
        }


class _Made(cogbuilder.Builder[model.AnnotationQuery]):
    def build(self) -> model.AnnotationQuery:
        started = f"{grouped('line', 'max')} ({series(LAST_STARTED)} > 0)"
        return CoilChanges(
            name="Coil changes",
            datasource=DATASOURCE,
            enable=True,
            hide=False,
            icon_color=looks.GREY,
            expr=f"{started} * 1000",
        )


def dashboard(
    uid: str,
    description: str,
    panels: Iterable[cogbuilder.Builder[model.Panel]],
    *,
    by_camera: bool = False,
) -> model.Dashboard:
    """A whole dashboard. `by_camera`: it has panels that the camera variable filters."""
    made = (
        build.Dashboard(DASHBOARDS[uid])
        .uid(uid)
        .description(description)
        .tags([TAG])
        .timezone("browser")
        .refresh(EVERY)
        .time("now-30m", "now")
        .timepicker(build.TimePicker().refresh_intervals([EVERY, "10s", "30s", "1m", "5m"]))
        .tooltip(model.DashboardCursorSync.CROSSHAIR)
        .readonly()
        .annotation(_Made())
        .with_variable(_variable(LINE, "Line", f"label_values({FRAMES.name}, {LINE.name})"))
    )
    if by_camera:
        asked = f"label_values({series_of_lines()}, {CAMERA.name})"
        made = made.with_variable(_variable(CAMERA, "Camera", asked))
    for other, title in DASHBOARDS.items():
        if other != uid:
            made = made.link(_link(other, title))
    for number, panel in enumerate(panels, 1):
        built = panel.build()
        built.id_val = number
        made = made.with_panel(_Built(built))
    return made.build()


def series_of_lines() -> str:
    """Frames of the lines that are chosen, whatever the camera."""
    return f'{FRAMES.name}{{line=~"$line"}}'


class _Built(cogbuilder.Builder[model.Panel]):
    def __init__(self, panel: model.Panel) -> None:
        self._panel = panel

    def build(self) -> model.Panel:
        return self._panel


def _variable(label: Label, words: str, asked: str) -> build.QueryVariable:
    return (
        build.QueryVariable(label.name)
        .label(words)
        .datasource(DATASOURCE)
        .query({"qryType": 1, "query": asked, "refId": "PrometheusVariableQueryEditor-VariableQuery"})
        .multi(True)
        .include_all(True)
        # Also what has no series in this range yet: "All" filters nothing out.
        .all_value(".*")
        .current(model.VariableOption(selected=True, text=["All"], value=["$__all"]))
        .refresh(model.VariableRefresh.ON_TIME_RANGE_CHANGED)
        .sort(model.VariableSort.NATURAL_ASC)
    )


def _link(uid: str, title: str) -> build.DashboardLink:
    return (
        build.DashboardLink(title)
        .type(model.DashboardLinkType.LINK)
        .url(f"/d/{uid}")
        .icon("dashboard")
        .include_vars(True)
        .keep_time(True)
    )
