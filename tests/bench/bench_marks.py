"""Roll marks: false alarms on coils without any, detection against clutter and misses, and a plain rival.

python -m tests.bench.bench_marks [--coils 1000] [--curve-coils 100] [--quick]
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from consumer.coils.marks.find import find_marks
from model.evaluation.intervals import exact_interval
from tests.bench.marks_plot import Point, draw
from tests.bench.marks_trial import PERIOD_WITHIN, POLICY, Rivalry, Trial, false_alarm, trial
from tests.bench.measure import ROOT, SEED, Figures
from tests.support.marked_strips import WIDTH_MM, Recipe, unmarked

UNMARKED_LENGTH_MM = 1e6
DENSITIES = (1, 10, 100)
"""Defects each 100 m, over the whole width."""
CLUTTER = (0.0, 3.0, 10.0, 30.0, 100.0, 300.0)
MISSES = (0.0, 0.15, 0.3, 0.45, 0.6, 0.75)
STATED = Recipe()
OTHERS = {
    "jitter .3 %": replace(STATED, jitter=0.003),
    "jitter 2 %, twice what is expected": replace(STATED, jitter=0.02),
    "cumulative jitter .2 % of each spacing": replace(STATED, jitter=0.003, stretch=0.002),
    "every third hit is two pits": replace(STATED, twins=0.33),
    "three rolls in one lane, 1 : 1.13 : 1.37": replace(
        STATED, ratios=(1.0, 1.13, 1.37), period_mm=(1000, 5800)
    ),
    "two rolls in one lane, 1 : 1.03": replace(STATED, ratios=(1.0, 1.03), period_mm=(1000, 7700)),
}


def main() -> None:
    given = _arguments()
    figures = Figures("marks", vars(given))
    started = time.perf_counter()
    with ProcessPoolExecutor(given.processes) as pool:
        _false_alarms(figures, pool, given.coils)
        _stated(figures, pool, given.coils)
        for name, recipe in OTHERS.items():
            _row(figures, name, recipe, _trials(pool, recipe, given.curve_coils))
        by_clutter = {at: _trials(pool, replace(STATED, clutter=at), given.curve_coils) for at in CLUTTER}
        by_misses = {at: _trials(pool, replace(STATED, misses=at), given.curve_coils) for at in MISSES}
    clutter, misses = _curve(by_clutter), _curve(by_misses)
    for name in ("report", "in_30", "in_12", "rival", "rival_in_12"):
        for by, points in (("clutter", clutter), ("misses", misses)):
            figures.add(f"{name} by {by}", {f"{p.at:g}": getattr(p, name) for p in points}, "of coils")
    for path in (given.out / "marks.png", *([] if given.quick else [ROOT / "docs" / "marks.png"])):
        draw(path, clutter, misses, given.curve_coils)
    _speed(figures)
    figures.add("the benchmark took", time.perf_counter() - started, "s")
    figures.write(given.out)


def _false_alarms(figures: Figures, pool: ProcessPoolExecutor, coils: int) -> None:
    for each in DENSITIES:
        one = partial(false_alarm, defects=each * UNMARKED_LENGTH_MM / 1e5, length_mm=UNMARKED_LENGTH_MM)
        least = list(pool.map(one, _seeds(f"false alarms {each}", coils), chunksize=20))
        wrong = sum(probability <= POLICY.level for probability in least)
        interval = exact_interval(wrong, coils)
        figures.add(
            f"false alarms, {each} defects each 100 m",
            {"share": wrong / coils, "from": interval[0], "to": interval[1], "coils": coils},
            "of coils, 95 % interval",
            f"<= {POLICY.level}",
        )


def _stated(figures: Figures, pool: ProcessPoolExecutor, coils: int) -> None:
    trials = _trials(pool, STATED, coils)
    _row(figures, "as stated", STATED, trials, ">= .95 found, within .5 %, alarm <= 12")
    found = sum(each.found > 0 for each in trials)
    figures.add("as stated, found", _with_interval(found, coils), "of coils, 95 % interval", ">= 0.95")
    alarms = [each.revolutions for each in trials]
    figures.add(
        "as stated, revolutions to the alarm",
        {f"p{q}": float(np.quantile(alarms, q / 100)) for q in (5, 25, 50, 75, 95)},
        "",
        "p50 <= 12",
    )
    errors = [100 * each.error for each in trials if math.isfinite(each.error)]
    early = [100 * each.alarm_error for each in trials if math.isfinite(each.alarm_error)]
    for name, values in (("of the report", errors), ("of the alarm", early)):
        quantiles = {f"p{q}": float(np.quantile(values, q / 100)) for q in (50, 95, 99)}
        figures.add(f"as stated, the period's error {name}", quantiles, "%", "<= .5")


def _row(figures: Figures, name: str, recipe: Recipe, trials: Sequence[Trial], goal: str = "") -> None:
    """One line of the table."""
    share = sum(each.found for each in trials) / len(trials) / len(recipe.ratios)
    errors = [100 * each.error for each in trials if math.isfinite(each.error)]
    figures.add(
        name,
        {
            "marks found": share,
            "period error p95 %": float(np.quantile(errors, 0.95)) if errors else math.inf,
            "alarm p50 rev": float(np.median([each.revolutions for each in trials])),
            "not a mark": sum(each.others for each in trials) / len(trials),
            "rival": _rival([each.rival for each in trials]),
            "coils": len(trials),
        },
        "",
        goal,
    )


def _rival(rivalries: Sequence[Rivalry]) -> float:
    """How often it is above what 99 % of coils without marks reach, with the right period."""
    threshold = float(np.quantile([each.null for each in rivalries], 1 - POLICY.level))
    right = [each.score > threshold and each.error <= PERIOD_WITHIN for each in rivalries]
    return sum(right) / len(right)


def _curve(trials_at: dict[float, list[Trial]]) -> list[Point]:
    return [
        Point(
            at=at,
            report=sum(each.found > 0 for each in trials) / len(trials),
            in_30=sum(each.revolutions <= 30 for each in trials) / len(trials),
            in_12=sum(each.revolutions <= 12 for each in trials) / len(trials),
            rival=_rival([each.rival for each in trials]),
            rival_in_12=_rival([each.rival_early for each in trials]),
        )
        for at, trials in trials_at.items()
    ]


def _trials(pool: ProcessPoolExecutor, recipe: Recipe, coils: int) -> list[Trial]:
    return list(pool.map(partial(trial, recipe=recipe), _seeds(repr(recipe), coils), chunksize=5))


def _speed(figures: Figures) -> None:
    """200,000 sightings in one coil of 3.2 km."""
    coil = unmarked(np.random.default_rng(SEED), 200_000, 3.2e6)
    started, on_cpu = time.perf_counter(), time.process_time()
    find_marks(coil, length_mm=3.2e6, width_mm=WIDTH_MM, policy=POLICY)
    figures.add("find_marks, 200,000 sightings", time.perf_counter() - started, "s", "<= 2")
    figures.add("of it on the processor", time.process_time() - on_cpu, "s")


def _with_interval(count: int, of: int) -> dict[str, Any]:
    interval = exact_interval(count, of)
    return {"share": count / of, "from": interval[0], "to": interval[1], "coils": of}


def _seeds(name: str, count: int) -> list[int]:
    salt = sum(ord(letter) * 31**place for place, letter in enumerate(name)) % 2**31
    return [SEED * 2**32 + salt + coil for coil in range(count)]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--coils", type=int, default=1000)
    parser.add_argument("--curve-coils", type=int, default=100)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="60 coils and 10: does it run at all")
    parser.add_argument("--out", type=Path, default=Path("out/bench"))
    given = parser.parse_args()
    if given.quick:
        given.coils, given.curve_coils = 60, 10
    return given


if __name__ == "__main__":
    main()
