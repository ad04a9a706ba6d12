"""Home: will every coil have its verdict in time, and where does the time go?"""

from __future__ import annotations

from grafana_foundation_sdk.builders import dashboard as build
from grafana_foundation_sdk.builders import heatmap, stat, table, timeseries
from grafana_foundation_sdk.models import dashboard as model
from grafana_foundation_sdk.models import prometheus as prometheus_model

from monitoring.catalogue import DEADLINE_EDGE_S, LATENCY, LINE, PREDICTED_SLACK, STAGE_LATENCY, STAGES
from monitoring.dashboards import looks
from monitoring.dashboards.finish import (
    DASHED,
    colour,
    logarithmic,
    no_number,
    painted,
    shaded,
    steps,
    with_limit,
)
from monitoring.dashboards.looks import Look
from monitoring.dashboards.panels import Ask, Saying, cells, heat, lines, numbers, place, stacked
from monitoring.dashboards.promql import EDGE, edge, grouped, increase, mean, quantile, rate, series
from monitoring.dashboards.surroundings import dashboard
from monitoring.rules.budget import OBJECTIVE, WINDOW_DAYS
from monitoring.tracker_catalogue import (
    FIRST_VERDICTS,
    OPEN_COILS,
    RUNNING_COILS,
    SLACK_PREDICTED_SECONDS,
    VERDICT_PREDICTED_SECONDS,
)

UID = "coilwatch-latency"
LITTLE_SLACK_S = 60.0
AN_HOUR_S = 3600.0
"""Where the worker's gauge stands while no deadline is in sight. The tracker's slack has no end while nothing
is inspected at all, and a picture can't show that."""
ALL_WORKERS = "all lines, as the workers see it"


def latency() -> model.Dashboard:
    """The dashboard that opens first."""
    return dashboard(
        UID,
        "Will every coil have its verdict before its deadline, and where does the time go?",
        [_open_coils(), _in_time(), _slack(), _percentiles(), _spread(), _stages()],
    )


def _open_coils() -> table.Panel:
    verdict = f"{grouped('line', 'max')} ({series(VERDICT_PREDICTED_SECONDS)})"
    columns = {
        "Open coils": f"{grouped('line')} ({series(OPEN_COILS)})",
        "Still running": f"{grouped('line')} ({series(RUNNING_COILS)})",
        "Least slack": _least_slack(),
        "Verdict expected in": f"clamp_max({verdict}, {AN_HOUR_S:.0f})",
    }
    kind = prometheus_model.PromQueryFormat.TABLE
    asks = [Ask(expr=expr, legend=name, once=True, format=kind) for name, expr in columns.items()]
    renamed = {LINE.name: "Line"} | {f"Value #{ref}": name for ref, name in zip("ABCD", columns, strict=True)}
    say = Saying(
        title="Which coils are open now, and will they make it?",
        description=(
            "One row a line: coils without a verdict, how many of them still run, the least time that a "
            "verdict will have to spare before its deadline, and how long the frames that are outstanding "
            "will take. Moved by frames that wait and by the rate at which they are inspected. Red slack is "
            "below zero: that verdict will be late. See DeadlineAtRisk in the runbook: start another worker, "
            "or slow the line down."
        ),
        unit="none",
        at=place(0, 0, 12, 7),
    )
    seconds = [model.DynamicConfigValue(id_val="unit", value="s"), _decimals(1)]
    slack = [
        *seconds,
        model.DynamicConfigValue(id_val="thresholds", value=_slack_limit().build()),
        model.DynamicConfigValue(
            id_val="custom.cellOptions", value={"type": "color-background", "mode": "basic"}
        ),
    ]
    return (
        cells(say, asks)
        .mappings([no_number("no open coil")])
        .with_transformation(model.DataTransformerConfig(id_val="merge", options={}))
        .with_transformation(
            model.DataTransformerConfig(
                id_val="organize",
                options={
                    "excludeByName": {"Time": True},
                    "indexByName": {name: index for index, name in enumerate(renamed)},
                    "renameByName": renamed,
                },
            )
        )
        .override_by_name("Least slack", slack)
        .override_by_name("Verdict expected in", seconds)
    )


def _in_time() -> stat.Panel:
    over = "$__range"
    in_budget = increase(LATENCY, part="_bucket", over=over, le=edge(DEADLINE_EDGE_S))
    frames = f"{in_budget} / {increase(LATENCY, part='_count', over=over)}"
    left = f"1 - (1 - {_coils_in_time(f'{WINDOW_DAYS}d')}) / {1 - OBJECTIVE:.2f}"
    say = Saying(
        title="Did it come in time?",
        description=(
            "Frames: share inspected within 300 s of their exposure. Coils: share whose first verdict came "
            "before the deadline with all frames in it; the objective is 99 %. Both over the time range that "
            "is chosen. Error budget: what is left of the 1 % of coils that may be late, over 30 days "
            "whatever the range. Red: the objective is missed. See VerdictBudgetBurnsFast in the runbook."
        ),
        unit="percentunit",
        at=place(12, 0, 12, 7),
    )
    budget = steps(looks.BAD, (0.0, looks.SOON), (0.25, looks.GOOD))
    return (
        numbers(
            say,
            [
                Ask(expr=frames, legend="frames within 300 s", once=True),
                Ask(expr=_coils_in_time(over), legend="coils in time", once=True),
                Ask(expr=left, legend="error budget left", once=True),
            ],
        )
        .decimals(1)
        .max(1)
        .mappings([no_number("no coil yet")])
        .thresholds(steps(looks.BAD, (OBJECTIVE, looks.GOOD)))
        .override_by_name(
            "error budget left", [model.DynamicConfigValue(id_val="thresholds", value=budget.build())]
        )
    )


def _coils_in_time(over: str) -> str:
    in_time = increase(FIRST_VERDICTS, over=over, outcome="in_time")
    return f"{in_time} / {increase(FIRST_VERDICTS, over=over)}"


def _slack() -> timeseries.Panel:
    say = Saying(
        title="How much time is to spare before the next deadline?",
        description=(
            "Predicted slack: deadline, less now, less what the outstanding frames will take; the least over "
            "the open coils of each line. It falls with the clock while a coil runs and jumps back when the "
            "coil is closed; a gap means that no coil is open, an hour below zero that nothing is inspected "
            "at all. The dashed line is the workers' own estimate, for the deadlines of the frames that they "
            "see. Below zero a verdict will be late: start another worker, or slow the line down."
        ),
        unit="s",
        at=place(0, 7, 12, 8),
    )
    workers = f"min ({series(PREDICTED_SLACK)} < {AN_HOUR_S:.0f})"
    panel = lines(say, [Ask(expr=_least_slack(), legend="{{line}}"), Ask(expr=workers, legend=ALL_WORKERS)])
    return (
        with_limit(shaded(panel), steps("transparent", (0.0, looks.BAD)))
        .override_by_name(ALL_WORKERS, [colour(looks.GREY), DASHED])
        .axis_soft_min(-10)
        .axis_soft_max(60)
    )


def _percentiles() -> timeseries.Panel:
    say = Saying(
        title="How long from a frame's exposure to its result?",
        description=(
            "Exposure to committed inspection: half of the frames are faster than p50, one in a hundred is "
            "slower than p99. The dashed line is the deadline of a coil, 300 s. The axis is logarithmic. "
            "Moved by lag, batch sizes and the model. When p99 nears the line, look at the stages below: "
            "waiting in Kafka means that workers are too slow or too few."
        ),
        unit="s",
        at=place(12, 7, 12, 8),
    )
    named = {"p50": Look("p50", looks.SKY), "p95": Look("p95", looks.BLUE), "p99": Look("p99", looks.PURPLE)}
    shares = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
    asks = [Ask(expr=quantile(share, LATENCY), legend=name) for name, share in shares.items()]
    return logarithmic(with_limit(painted(lines(say, asks), named), _deadline()), 0.1, 600)


def _spread() -> heatmap.Panel:
    say = Saying(
        title="Are there stragglers among the frames?",
        description=(
            "The same latency, every frame of it: one row a bucket, darker with more frames a second. The "
            "tick of a row stands on its upper edge, and one edge is exactly the deadline, 5 min: whatever "
            "is above that tick is late. (Grafana draws no line in a heatmap; python -m monitoring preview "
            "does.) Orange points are single frames with their trace. A second dark band is a second kind of "
            "frame: often one partition or one worker that lags."
        ),
        unit="suffix:frames/s",
        at=place(0, 15, 12, 9),
    )
    ask = Ask(
        expr=rate(LATENCY, EDGE, "_bucket"),
        legend="{{le}}",
        format=prometheus_model.PromQueryFormat.HEATMAP,
        exemplars=True,
    )
    return heat(say, [ask], "late above 5 min").thresholds(_deadline())


def _stages() -> timeseries.Panel:
    say = Saying(
        title="Where does a frame's time go?",
        description=(
            "Mean seconds a frame spends in each stage, on each other: together they are its whole latency. "
            "Of all lines: a stage does not know its line. Much waiting in Kafka: workers too slow or too "
            "few. Much waiting for a model: batches that wait for frames. Much publishing: the broker or its "
            "disks."
        ),
        unit="s",
        at=place(12, 15, 12, 9),
    )
    # One query a stage: so they lie on each other in the order of a frame's way.
    asks = [Ask(expr=mean(STAGE_LATENCY, stage=stage), legend=stage) for stage in STAGES]
    return painted(stacked(say, asks), looks.STAGES)


def _least_slack() -> str:
    return f"clamp_min({grouped('line', 'min')} ({series(SLACK_PREDICTED_SECONDS)}), -{AN_HOUR_S:.0f})"


def _slack_limit() -> build.ThresholdsConfig:
    return steps(looks.BAD, (0.0, looks.SOON), (LITTLE_SLACK_S, looks.GOOD))


def _deadline() -> build.ThresholdsConfig:
    return steps("transparent", (DEADLINE_EDGE_S, looks.BAD))


def _decimals(number: int) -> model.DynamicConfigValue:
    return model.DynamicConfigValue(id_val="decimals", value=number)
