"""Panels of the workers: are they up, what do they hold, why do batches leave?"""

from __future__ import annotations

from grafana_foundation_sdk.builders import statetimeline, timeseries
from grafana_foundation_sdk.models import dashboard as model

from monitoring import catalogue
from monitoring.dashboards import looks
from monitoring.dashboards.finish import DASHED, OF_WORKERS, colour, painted, shaded, steps, with_limit
from monitoring.dashboards.looks import Look
from monitoring.dashboards.panels import Ask, Saying, bars, lines, place, stacked, states
from monitoring.dashboards.promql import grouped, increase, mean, rate, series
from monitoring.tracker_catalogue import TRACKER_READY

HIGH_WATER_BYTES = 16 * 2**20
"""`COILWATCH_IN_FLIGHT_HIGH_MIB` as it is unless set."""
BAR = "1m"
GROWTH = "growth, all workers (right)"
STATES = {
    0: Look("down", looks.BAD),
    1: Look("up, not ready", looks.GREY),
    2: Look("ready, gate only", looks.ORANGE),
    3: Look("ready", looks.GREEN),
}


def parts() -> statetimeline.Panel:
    """What each worker and tracker does."""
    say = Saying(
        title="Is every part up, and does it inspect in full?",
        description=(
            "One row for each worker and tracker. Down: Prometheus gets no answer. Not ready: it warms up, "
            "or has no partitions yet. Gate only: a deadline was in danger, so frames are called defective "
            "without being measured until there is time again. See WorkerDown, TrackerDown and Degraded in "
            "the runbook."
        ),
        unit="none",
        at=place(0, 0, 12, 7),
    )
    ready = f"{grouped('instance', 'max')} ({series(catalogue.WORKER_READY)})"
    rung = f"{grouped('instance', 'max')} ({series(catalogue.RUNG)})"
    worker = _state("worker", f"1 + {ready} * (2 - {rung})")
    tracker = _state("coils", f"1 + 2 * {grouped('instance', 'max')} ({series(TRACKER_READY)})")
    asks = [
        Ask(expr=worker, legend="worker {{instance}}"),
        Ask(expr=tracker, legend="tracker {{instance}}"),
    ]
    return states(say, asks, STATES)


def _state(job: str, while_up: str) -> str:
    up = f'{grouped("instance", "max")} (up{{job="{job}"}})'
    return f"({up} == 0) or {while_up}"


def batch_sizes() -> timeseries.Panel:
    """Mean size by model."""
    say = Saying(
        title="How many frames share a batch?",
        description=(
            "Mean frames in a micro-batch, by model. Small batches are no fault: a line that the workers "
            "keep up with has few frames waiting. They grow when frames wait, and that makes the workers "
            "faster."
        ),
        unit="suffix:frames",
        at=place(0, 15, 8, 8),
    )
    by = catalogue.MODEL.name
    named = {"gate": Look("gate", looks.BLUE), "segmenter": Look("segmenter", looks.ORANGE)}
    return painted(
        lines(say, [Ask(expr=mean(catalogue.BATCH_FRAMES, by), legend=f"{{{{{by}}}}}")]).min(0), named
    )


def left_because(which: str, x: int) -> timeseries.Panel:
    """Why the batches of one model left."""
    say = Saying(
        title=f"Why do the {which}'s batches leave?",
        description=(
            "Batches a second, by why each left. Idle: nothing else was coming, the normal reason. Full: "
            "frames wait, the workers are at their limit. Waited long enough: few frames, spread out. A "
            "deadline was near: the batch went early to save it. Drained: a worker stopped or gave "
            "partitions away."
        ),
        unit="suffix:batches/s",
        at=place(x, 15, 8, 8),
    )
    by = catalogue.LEFT_BECAUSE.name
    ask = Ask(expr=rate(catalogue.BATCHES, by, model=which), legend=f"{{{{{by}}}}}")
    return painted(stacked(say, [ask]), looks.LEFT_BECAUSE)


def lag_of_workers() -> timeseries.Panel:
    """Lag and its growth."""
    say = Saying(
        title="How many frames wait for each worker?",
        description=(
            "Records in Kafka behind what is committed, of the partitions that each worker owns. The dashed "
            "line, on the right axis, says how fast the whole lag grows; below zero the workers catch up. "
            "Growing for minutes: see LagGrowing in the runbook. One worker far above the others: look at "
            "its machine."
        ),
        unit="suffix:frames",
        at=place(0, 23, 8, 8),
    )
    lag = f"{grouped('instance')} ({series(catalogue.LAG_FRAMES)})"
    growth = f"sum (deriv({series(catalogue.LAG_FRAMES)}[1m]))"
    right = [
        colour(looks.GREY),
        model.DynamicConfigValue(id_val="custom.axisPlacement", value="right"),
        DASHED,
        model.DynamicConfigValue(id_val="unit", value="suffix:frames/s"),
    ]
    panel = lines(say, [Ask(expr=lag, legend="{{instance}}"), Ask(expr=growth, legend=GROWTH)])
    return shaded(panel, OF_WORKERS).override_by_name(GROWTH, right)


def in_flight() -> timeseries.Panel:
    """Bytes held, and the high-water mark."""
    say = Saying(
        title="How much do the workers hold in their hands?",
        description=(
            "Bytes of frames taken and not committed yet, by worker. The dashed line is the high-water mark "
            "as it is unless COILWATCH_IN_FLIGHT_HIGH_MIB says otherwise, 16 MiB: above it a worker takes no "
            "more frames. Often at the line: the worker is the bottleneck, and frames wait in Kafka, where "
            "nothing is lost."
        ),
        unit="bytes",
        at=place(8, 23, 8, 8),
    )
    held = f"{grouped('instance')} ({series(catalogue.IN_FLIGHT_BYTES)})"
    panel = shaded(lines(say, [Ask(expr=held, legend="{{instance}}")]), OF_WORKERS)
    limit = steps("transparent", (HIGH_WATER_BYTES, looks.SOON))
    return with_limit(panel, limit).min(0).axis_soft_max(HIGH_WATER_BYTES * 1.1)


def relief() -> timeseries.Panel:
    """Back-pressure and steps of the ladder."""
    say = Saying(
        title="Did a worker stop taking frames, or stop measuring?",
        description=(
            "How often, in each bar's time: taking frames was stopped (back-pressure), the ladder went down "
            "to gate only because a deadline was in danger, or up again. Empty is good. Steps down: see "
            "Degraded in the runbook. Up and down all the time: the line runs at its workers' limit."
        ),
        unit="none",
        at=place(16, 23, 8, 8),
    )
    named = {
        "stopped taking frames": Look("stopped taking frames", looks.SKY),
        "down": Look("down to gate only", looks.ORANGE),
        "up": Look("up to full inspection", looks.GREEN),
    }
    asks = [
        Ask(expr=f"round({increase(catalogue.HOLDS)})", legend="stopped taking frames", step=BAR),
        Ask(expr=f"round({increase(catalogue.RUNG_STEPS, 'direction')})", legend="{{direction}}", step=BAR),
    ]
    return painted(bars(say, asks), named).decimals(0).axis_soft_max(1)
