"""All rows of one set of networks, in turns: whoever else is at work on the machine hits all alike."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np

from model.bench.contenders import Contenders
from model.bench.engines import TORCH_CUDA, why_not
from model.bench.passing import Choice, choose, sequence
from model.bench.strip import Strip, decode, strip_of
from model.bench.turns import Bench, Clock, Turn
from model.bundle import BundleRefused
from model.card import DESIGNS, Design
from model.inspector import Inspector, Pixels
from model.regions import Probabilities, RegionFinder

log = logging.getLogger(__name__)

ALL_ALIKE: Final = "it scores all frames alike, so none can be chosen to pass"
MOST_FRAMES: Final = 2_500
"""In one turn: as many as the reference ran."""

REGION_FRAMES: Final = 8
GPU_BATCH, GATE_BATCH, SEGMENT_BATCH = 64, 16, 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What is measured, and how long."""

    engines: tuple[str, ...]
    percents: tuple[int, ...]
    repeats: int
    turn_s: float
    threads: int
    folder: Path | None
    distinct: int


class Key(NamedTuple):
    """One row."""

    engine: str
    design: Design
    percent: int


@dataclass(slots=True)
class Seat:
    """One inspector that takes part, with the frames that pass it."""

    inspector: Inspector
    choice: Choice
    finder: RegionFinder
    probabilities: list[Probabilities]
    regions_ms: list[float] = field(default_factory=list)
    """A frame that passed; each round's."""


@dataclass(slots=True)
class Measured:
    """The turns of every row that ran, in the order of the rounds, and why the others did not."""

    strip: Strip
    turns: dict[Key, list[Turn]] = field(default_factory=dict)
    seats: dict[tuple[str, Design], Seat] = field(default_factory=dict)
    reasons: dict[tuple[str, Design], str] = field(default_factory=dict)


def measure(
    of: Contenders,
    plan: Plan,
    decoders: Executor,
    clock: Clock = time.perf_counter,
    cpu_clock: Clock = time.process_time,
) -> Measured:
    """Build what can be built, then run every row `plan.repeats` times. Raises what an engine raises."""
    strip = strip_of(plan.folder, plan.distinct, of.input)
    measured = Measured(strip)
    frames = [decode(frame, of.input) for frame in strip.frames]
    _seat(measured, of, plan, frames)
    benches = {
        engine: _bench(engine, decoders, clock, cpu_clock) for engine in {e for e, _ in measured.seats}
    }
    counts = _frames_a_turn(measured, benches, plan)
    for number in range(plan.repeats):
        for key in _in_order(measured.seats, plan, number):
            seat, bench = measured.seats[key.engine, key.design], benches[key.engine]
            run = sequence(seat.choice, strip.frames, counts[key.engine], key.percent)
            turn = bench.take(seat.inspector, run)
            if turn.passed != (wanted := len(run) * key.percent // 100):
                log.warning("%s: %d frames passed, not %d", key, turn.passed, wanted)
            measured.turns.setdefault(key, []).append(turn)
        for seat in measured.seats.values():
            seat.regions_ms.append(_regions_ms(seat, clock))
        log.info("%s: round %d of %d", of.name, number + 1, plan.repeats)
    return measured


def _seat(measured: Measured, of: Contenders, plan: Plan, frames: Sequence[Pixels]) -> None:
    built: dict[tuple[str, Design], Inspector] = {}
    for engine in plan.engines:
        reason = why_not(engine)
        for design in DESIGNS:
            if reason is None:
                try:
                    built[engine, design] = _built(of, design, engine, plan.threads, frames)
                except BundleRefused as refused:
                    measured.reasons[engine, design] = str(refused)
            else:
                measured.reasons[engine, design] = reason
    scores = [np.array([g.score for g in one.gate(frames)]) for one in built.values()]
    for (place, inspector), choice in zip(built.items(), choose(scores) if scores else [], strict=True):
        if choice is None:
            measured.reasons[place] = ALL_ALIKE
            continue
        inspector.point = inspector.point.model_copy(update={"gate_threshold": choice.threshold})
        passing = [frames[i] for i in choice.passing[:REGION_FRAMES]]
        card = inspector.card
        finder = RegionFinder(card.input, [k.class_id for k in card.classes], inspector.point.masks)
        measured.seats[place] = Seat(inspector, choice, finder, inspector.probabilities(passing))


def _built(of: Contenders, design: Design, engine: str, threads: int, frames: Sequence[Pixels]) -> Inspector:
    log.info("%s: %s on %s", of.name, design, engine)
    inspector = of.build(design, engine, threads, frames)
    inspector.warm_up()
    return inspector


def _bench(engine: str, decoders: Executor, clock: Clock, cpu_clock: Clock) -> Bench:
    gate, segment = (GPU_BATCH, GPU_BATCH) if engine == TORCH_CUDA else (GATE_BATCH, SEGMENT_BATCH)
    return Bench(gate_batch=gate, segment_batch=segment, decoders=decoders, clock=clock, cpu_clock=cpu_clock)


def _frames_a_turn(measured: Measured, benches: Mapping[str, Bench], plan: Plan) -> dict[str, int]:
    """For each engine as many as its slowest design does in `turn_s`: of which every share is a whole number.

    The turns that tell are not counted: they warm up.
    """
    least = 100 // math.gcd(100, *plan.percents)
    slowest_s: dict[str, float] = {}
    for (engine, _), seat in measured.seats.items():
        run = sequence(seat.choice, measured.strip.frames, least, max(plan.percents))
        turn = benches[engine].take(seat.inspector, run)
        slowest_s[engine] = max(slowest_s.get(engine, 0.0), turn.time.total_s)
    return {
        engine: least * max(1, min(MOST_FRAMES // least, round(plan.turn_s / max(took_s, 1e-9))))
        for engine, took_s in slowest_s.items()
    }


def _in_order(seats: Mapping[tuple[str, Design], Seat], plan: Plan, number: int) -> Iterator[Key]:
    """Designs next to each other, another one first in each round."""
    for engine in plan.engines:
        for percent in plan.percents:
            for index in range(len(DESIGNS)):
                design = DESIGNS[(index + number) % len(DESIGNS)]
                if (engine, design) in seats:
                    yield Key(engine, design, percent)


def _regions_ms(seat: Seat, clock: Clock) -> float:
    began_s = clock()
    for one in seat.probabilities:
        seat.finder.find(one)
    return 1e3 * (clock() - began_s) / len(seat.probabilities)
