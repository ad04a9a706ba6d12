"""From turns to figures: medians, ratios of neighbours, and the share up to which separate networks win."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import numpy as np

from model.bench.contenders import Contenders
from model.bench.rounds import Key, Measured, Plan
from model.bench.turns import Parts, Turn
from model.card import DESIGNS, SEPARATE, SHARED_BACKBONE, TWO_HEAD

REFERENCE_FRAMES: Final = 2_500

K80_S: Final = {
    "separate": {0: 244, 50: 380},
    "two_head": {0: 275, 50: 300},
    "shared_backbone": {0: 244, 50: 495},
}
"""Seconds for 2,500 frames that the reference states, by design and percent of defective frames."""

MEASURED: Final = "measured"

BY_CLOCK: Final[dict[str, Callable[[Turn], Parts]]] = {
    "time": lambda turn: turn.time,
    "cpu": lambda turn: turn.cpu,
}
"""The time that passed, and the processor's: a busy machine hardly changes that."""

Row = Mapping[str, Any]


def figures_of(of: Contenders, measured: Measured, plan: Plan) -> dict[str, Any]:
    """Everything about one set of networks, as the JSON holds it."""
    rows = [
        _row(measured, Key(engine, design, percent))
        for engine in plan.engines
        for design in DESIGNS
        for percent in plan.percents
    ]
    return {
        "models": of.name,
        "networks": {design: of.says(design) for design in DESIGNS},
        "frames": measured.strip.says,
        "rows": rows,
        "engines": {engine: _of_engine(rows, measured, plan, engine) for engine in plan.engines},
    }


def _row(measured: Measured, key: Key) -> dict[str, Any]:
    row: dict[str, Any] = {"engine": key.engine, "design": key.design, "percent": key.percent}
    turns = measured.turns.get(key)
    if not turns:
        return row | {"status": measured.reasons[key.engine, key.design]}
    frames, passed = turns[0].frames, turns[0].passed
    row |= {"status": MEASURED, "frames": frames, "turns": len(turns)}
    row |= {"to_pass": frames * key.percent // 100, "passed": passed}
    row |= {clock: _by_clock([of(turn) for turn in turns], frames, passed) for clock, of in BY_CLOCK.items()}
    row["frames_per_s"] = 1e3 / row["time"]["ms_a_frame"]
    row["s_for_2500_frames"] = REFERENCE_FRAMES * row["time"]["ms_a_frame"] / 1e3
    row["regions_ms_a_passed_frame"] = statistics.median(measured.seats[key.engine, key.design].regions_ms)
    return row


def _by_clock(parts: Sequence[Parts], frames: int, passed: int) -> dict[str, float]:
    """Milliseconds a frame of a row's turns."""
    totals = [1e3 * one.total_s / frames for one in parts]
    segment_s = statistics.median(one.segment_s for one in parts)
    found = {
        "ms_a_frame": statistics.median(totals),
        "least_ms_a_frame": min(totals),
        "most_ms_a_frame": max(totals),
        "decode_ms_a_frame": 1e3 * statistics.median(one.decode_s for one in parts) / frames,
        "gate_ms_a_frame": 1e3 * statistics.median(one.gate_s for one in parts) / frames,
        "segment_ms_a_frame": 1e3 * segment_s / frames,
    }
    return found | ({"segment_ms_a_passed_frame": 1e3 * segment_s / passed} if passed else {})


def _of_engine(rows: Sequence[Row], measured: Measured, plan: Plan, engine: str) -> dict[str, Any]:
    ran = {
        (row["design"], row["percent"]): row
        for row in rows
        if row["engine"] == engine and row["status"] == MEASURED
    }
    fastest = {}
    for percent in plan.percents:
        of = [row for (_, p), row in ran.items() if p == percent]
        if of:
            fastest[str(percent)] = min(of, key=lambda row: row["time"]["ms_a_frame"])["design"]
    return {
        "fastest": fastest,
        "fastest_from": fastest_from(
            {key: row["time"]["ms_a_frame"] for key, row in ran.items()}, plan.percents
        ),
        "shared_backbone_to_two_head": {
            str(percent): ratio(
                measured.turns[Key(engine, SHARED_BACKBONE, percent)],
                measured.turns[Key(engine, TWO_HEAD, percent)],
            )
            for percent in plan.percents
            if (SHARED_BACKBONE, percent) in ran and (TWO_HEAD, percent) in ran
        },
        "break_even": {clock: break_even(ran, plan.percents, clock) for clock in BY_CLOCK},
    }


def fastest_from(
    ms_a_frame: Mapping[tuple[str, int], float], percents: Sequence[int]
) -> list[dict[str, Any]]:
    """From which percent of defective frames on which design is the fastest, ascending.

    Between two of `percents`, which ascend, a design's time lies on a straight line. Empty where none ran.
    """
    curves = {design: [ms_a_frame[design, p] for p in percents] for design, _ in ms_a_frame}
    found: list[dict[str, Any]] = []
    for percent in range(percents[0], percents[-1] + 1) if curves else ():
        at = {design: float(np.interp(percent, percents, curve)) for design, curve in curves.items()}
        design = min(at, key=at.__getitem__)
        if not found or found[-1]["design"] != design:
            found.append({"percent": percent, "design": design})
    return found


def ratio(ours: Sequence[Turn], theirs: Sequence[Turn]) -> dict[str, float]:
    """The median of each round's own ratio: of the time that passed, and of the processor's."""
    return {
        clock: statistics.median(
            _quotient(of(a).total_s, of(b).total_s) for a, b in zip(ours, theirs, strict=True)
        )
        for clock, of in BY_CLOCK.items()
    }


def _quotient(ours_s: float, theirs_s: float) -> float:
    """A clock of the processor's time may not have moved."""
    return ours_s / theirs_s if theirs_s else 1.0


def break_even(
    ran: Mapping[tuple[str, int], Row], percents: Sequence[int], clock: str
) -> dict[str, Any] | None:
    """The share passed on below which `separate` beats `shared_backbone`: by formula, and as measured.

    The formula is r < (E + h - g) / E, with g the gate, E the encoder, h the shared head: E + h is what
    `shared_backbone` takes before its decoder, E the difference of a whole segmenter and a decoder alone.
    `percents` ascend. None where a design did not run, or no frame passed. A share above 1 or below 0 is
    never reached.
    """
    low, high = percents[0], percents[-1]
    wanted = [(SEPARATE, low), (SHARED_BACKBONE, low), (SEPARATE, high), (SHARED_BACKBONE, high)]
    if not all(key in ran for key in wanted) or not all(ran[key]["passed"] for key in wanted[2:]):
        return None
    gate_ms = ran[SEPARATE, low][clock]["gate_ms_a_frame"]
    shared_ms = ran[SHARED_BACKBONE, low][clock]["gate_ms_a_frame"]
    whole_ms = ran[SEPARATE, high][clock]["segment_ms_a_passed_frame"]
    decoder_ms = ran[SHARED_BACKBONE, high][clock]["segment_ms_a_passed_frame"]
    encoder_ms = whole_ms - decoder_ms
    differences = [
        ran[SEPARATE, percent][clock]["ms_a_frame"] - ran[SHARED_BACKBONE, percent][clock]["ms_a_frame"]
        for percent in percents
    ]
    return {
        "gate_ms": gate_ms,
        "encoder_and_head_ms": shared_ms,
        "segmenter_ms": whole_ms,
        "decoder_ms": decoder_ms,
        "encoder_ms": encoder_ms,
        "computed_share": (shared_ms - gate_ms) / encoder_ms if encoder_ms > 0 else None,
        "measured_share": crossing([percent / 100 for percent in percents], differences),
        "separate_wins_at": [p for p, d in zip(percents, differences, strict=True) if d < 0],
    }


def crossing(shares: Sequence[float], differences: Sequence[float]) -> float | None:
    """Where `separate` stops being faster, between two measured shares; None where it never does.

    `differences` are its time less the other's, negative where it is faster; 0.0 where it never was.
    """
    if differences[0] >= 0:
        return 0.0
    for i in range(1, len(shares)):
        before, after = differences[i - 1], differences[i]
        if after >= 0:
            return shares[i - 1] + (shares[i] - shares[i - 1]) * before / (before - after)
    return None
