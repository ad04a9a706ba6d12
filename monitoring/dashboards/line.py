"""The line: what comes in, what becomes of it, and whether the parts that do it are well."""

from __future__ import annotations

from grafana_foundation_sdk.builders import bargauge, timeseries
from grafana_foundation_sdk.models import dashboard as model

from monitoring import catalogue
from monitoring.dashboards import looks
from monitoring.dashboards.finish import DASHED, painted, shaded, steps
from monitoring.dashboards.looks import Look
from monitoring.dashboards.panels import Ask, Saying, gauges, lines, place, stacked
from monitoring.dashboards.promql import increase, rate
from monitoring.dashboards.surroundings import dashboard
from monitoring.dashboards.workers import batch_sizes, in_flight, lag_of_workers, left_because, parts, relief

UID = "coilwatch-line"
DEFECTIVE = "~defective|unsegmented"
INSPECTED = "~clean|defective|unsegmented"


def line() -> model.Dashboard:
    """The dashboard of the line and its workers."""
    return dashboard(
        UID,
        "What comes in, what becomes of it, and are the parts that do it well?",
        [
            parts(),
            _frames(),
            _defective_by_class(),
            _defective_by_camera(),
            batch_sizes(),
            left_because("gate", 8),
            left_because("segmenter", 16),
            lag_of_workers(),
            in_flight(),
            relief(),
            _drift(),
            _dead_letters(),
        ],
        by_camera=True,
    )


def _frames() -> timeseries.Panel:
    say = Saying(
        title="How many frames come, and what becomes of them?",
        description=(
            "Frames a second with a committed result, by what became of them. It follows the speed of the "
            "strip. Zero while a coil runs: see NoFrames in the runbook. Much violet: the line is ahead of "
            "its workers. Any red: frames that cannot be read, see below by reason."
        ),
        unit="suffix:frames/s",
        at=place(12, 0, 12, 7),
    )
    by = catalogue.FATE.name
    return painted(stacked(say, [Ask(expr=rate(catalogue.FRAMES, by), legend=f"{{{{{by}}}}}")]), looks.FATES)


def _defective_by_class() -> timeseries.Panel:
    say = Saying(
        title="Which defects does the strip show?",
        description=(
            "Share of the inspected frames that show a defect of the class; a frame with two classes counts "
            "in both. Moved by the strip. A class that rises coil after coil points at the mill: look for "
            "marks and lanes on the Coils dashboard. All classes at once: look at the light and at the "
            "gate's scores below."
        ),
        unit="percentunit",
        at=place(0, 7, 12, 8),
    )
    by = catalogue.CLASS.name
    share = f"{rate(catalogue.FRAMES_WITH_CLASS, by)} / scalar({rate(catalogue.FRAMES, fate=INSPECTED)})"
    panel = lines(say, [Ask(expr=share, legend=f"{{{{{by}}}}}")]).min(0)
    return painted(panel, looks.CLASSES)


def _defective_by_camera() -> timeseries.Panel:
    say = Saying(
        title="Does one camera see more defects than the others?",
        description=(
            "Share of the inspected frames that the gate calls defective, by line and camera. Cameras of one "
            "line see one strip: when they differ for long, a lens is dirty, a lamp is weak, or the strip is "
            "worn on one side. A gap: that camera sent nothing."
        ),
        unit="percentunit",
        at=place(12, 7, 12, 8),
    )
    by = f"{catalogue.LINE.name}, {catalogue.CAMERA.name}"
    some = rate(catalogue.FRAMES, by, fate=DEFECTIVE)
    share = f"{some} / {rate(catalogue.FRAMES, by, fate=INSPECTED)}"
    panel = shaded(lines(say, [Ask(expr=share, legend="{{line}} {{camera}}")])).min(0)
    # The camera picks the colour; every second line is dashed.
    return panel.override_by_regexp("/[02468] /", [DASHED])


def _drift() -> timeseries.Panel:
    say = Saying(
        title="Does the gate still see what it was trained on?",
        description=(
            "How far the gate's scores of the last 15 minutes are from those on the bundle's held-out "
            "frames, whatever the share of defects, and how far they may be by chance. Above the dashed line "
            "for long: the strip, the light or a lens has changed. See GateScoreDrift in the runbook: look "
            "at frames, clean the lens, then calibrate again."
        ),
        unit="percentunit",
        at=place(0, 31, 12, 8),
    )
    named = {"drift": Look("drift", looks.BLUE), "limit": Look("limit", looks.BAD)}
    asks = [
        Ask(expr="max (coilwatch:gate_score_drift)", legend="drift"),
        Ask(expr="min (coilwatch:gate_score_drift_limit)", legend="limit"),
    ]
    panel = painted(lines(say, asks), named).override_by_name("limit", [DASHED])
    return panel.min(0)


def _dead_letters() -> bargauge.Panel:
    say = Saying(
        title="Which frames could not be inspected at all?",
        description=(
            "Records that went to the dead-letter topic in the time range that is chosen, by reason: they "
            "stay in their coil's ledger, and such a coil is never released. All zero is good. Header "
            "reasons: who sends the frames. Image reasons: the camera or its network. See DeadLetters in the "
            "runbook."
        ),
        unit="none",
        at=place(12, 31, 12, 8),
    )
    by = catalogue.REJECTION.name
    counted = f"round({increase(catalogue.DEAD_LETTERS, by, over='$__range')})"
    panel = gauges(say, [Ask(expr=counted, legend=f"{{{{{by}}}}}", once=True)])
    words = painted(panel, {name: Look(look.words, "") for name, look in looks.DEAD_LETTERS.items()})
    return words.decimals(0).thresholds(steps(looks.NEUTRAL, (0.5, looks.BAD)))
