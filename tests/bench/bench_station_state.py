"""The station's state: memory of 20 coils of 100,000 frames and 20,000 regions, and messages taken a second.

python -m tests.bench.bench_station_state [--coils 20] [--frames 100000] [--regions 20000]

Memory is what the process grows by, held against what it was before the first message. Regions are blots of
24 to 120 px, so that their outlines have as many points as real ones.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import time
from collections.abc import Iterator

import cv2
import numpy as np
import psutil

from contracts.message_codec import CoilRecord
from contracts.results import DefectEvent, DefectRegion, Fate, Inspection
from station.strip.changes import Changes
from station.strip.state import StripState
from station.strip.wire import to_wire
from tests.bench.measure import SEED, Figures, median, spread
from tests.support.coils import CoilScript

WIDTH_PX, HEIGHT_PX, MM_PER_PX = 1600, 256, 0.65
SHAPES = 60
"""Different blots, each at 20 places: drawing 400,000 would take longer than all that is measured."""
EVENTS_TIMED = 10_000
REPEATS = 5


def main() -> None:
    given = coil_arguments(__doc__)
    figures = Figures("station_state", vars(given))
    cv2.setNumThreads(1)
    shapes = draw_shapes(random.Random(SEED))
    _measure_rates(figures, shapes)
    state, grown_mib = _fill(given, shapes)
    figures.add("memory of the state", grown_mib, "MiB", goal="<= 191 (200 MB)")
    _measure_answers(figures, state)
    figures.write()


def coil_arguments(about: str | None) -> argparse.Namespace:
    """How many coils, and how large."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--coils", type=int, default=20)
    parser.add_argument("--frames", type=int, default=100_000, help="of each coil, on two cameras")
    parser.add_argument("--regions", type=int, default=20_000, help="of each coil, one a defective frame")
    return parser.parse_args()


def _coil(number: int) -> CoilScript:
    return CoilScript(
        coil_id=f"coil-{number}",
        cameras={"top": 0.0, "bottom": 0.0},
        width_px=WIDTH_PX,
        height_px=HEIGHT_PX,
        mm_per_px=MM_PER_PX,
        started_at_ns=1_767_225_600_000_000_000 + number * 300 * 10**9,
    )


def draw_shapes(chance: random.Random) -> list[DefectRegion]:
    coil, regions = _coil(0), []
    for _ in range(SHAPES):
        mask = np.zeros((HEIGHT_PX, WIDTH_PX), np.uint8)
        size = chance.randint(12, 60)
        centre = (chance.randint(size, WIDTH_PX - size), HEIGHT_PX // 2)
        for _ in range(3):
            at = tuple(each + chance.randint(-size // 3, size // 3) for each in centre)
            axes = (max(3, size // 2), max(2, chance.randint(size // 6, size // 3)))
            cv2.ellipse(mask, at, axes, chance.randint(0, 180), 0, 360, 1, -1)
        regions.append(coil.region_of(chance.randint(1, 4), mask.astype(np.bool_), 0, "top"))
    return regions


def coil_messages(
    coil: CoilScript, frames: int, every: int, shapes: list[DefectRegion]
) -> Iterator[CoilRecord]:
    """Built once and bent: checking each message would take most of the time."""
    clean = coil.clean(0, camera_id="top")
    defective, event = coil.defective(0, camera_id="top")
    yield coil.started()
    for number in range(frames):
        camera, index = ("top", "bottom")[number % 2], number // 2
        at_ns = coil.exposed_at_ns(index)
        bent = {
            "camera_id": camera, "frame_index": index, "source": coil.source(), "exposed_at_ns": at_ns,
            "inspected_at_ns": at_ns + 10**8,
        }  # fmt: skip
        if number % every:
            yield _bent(clean, bent)
        else:
            yield _bent(defective, bent)
            regions = (shapes[number // every % SHAPES],)
            yield _bent(event, bent | {"regions": regions, "position_mm": index * coil.pitch_mm})
    yield coil.ended(frames // 2)


def _bent(message: Inspection | DefectEvent, changes: dict[str, object]) -> CoilRecord:
    return message.model_copy(update=changes)


def _measure_rates(figures: Figures, shapes: list[DefectRegion]) -> None:
    coil = _coil(0)
    events = [m for m in coil_messages(coil, EVENTS_TIMED, 1, shapes) if isinstance(m, DefectEvent)]
    clean = [coil.inspection(index, Fate.CLEAN, camera_id="top") for index in range(EVENTS_TIMED)]
    for name, messages, goal in (("defect events", events, ">= 5000"), ("inspections", clean, "")):
        rates = []
        for _ in range(REPEATS):
            state = StripState(20)
            began_s = time.perf_counter()
            for message in messages:
                state.take(message)
            rates.append(len(messages) / (time.perf_counter() - began_s))
        figures.add(f"{name} taken", median(rates), "a second", goal=goal)
    points = state_points(events)
    figures.add("points of a contour", points, "")


def state_points(events: list[DefectEvent]) -> dict[str, float]:
    state = StripState(1)
    for event in events:
        state.take(event)
    return spread(state.snapshot(events[0].coil_id).regions.contour_points.tolist())


def _fill(given: argparse.Namespace, shapes: list[DefectRegion]) -> tuple[StripState, float]:
    process = psutil.Process()
    gc.collect()
    before = process.memory_info().rss
    state = StripState(given.coils)
    for number in range(given.coils):
        for message in coil_messages(_coil(number), given.frames, given.frames // given.regions, shapes):
            state.take(message)
    gc.collect()
    return state, (process.memory_info().rss - before) / 2**20


def _measure_answers(figures: Figures, state: StripState) -> None:
    coil_id = next(iter(state.coil_ids().values()))[0]
    whole_ms = [_timed_ms(lambda: to_wire(state.snapshot(coil_id))) for _ in range(REPEATS)]
    figures.add("a whole coil as columns", median(whole_ms), "ms")
    wire = to_wire(state.snapshot(coil_id))
    figures.add("the same as JSON text", _timed_ms(lambda: json.dumps(wire)), "ms")
    figures.add("its size", len(json.dumps(wire, separators=(",", ":"))) / 2**20, "MiB")
    seq = state.seq(coil_id) or 0
    small_ms = [_timed_ms(lambda: to_wire(_delta(state, coil_id, seq))) for _ in range(200)]
    figures.add("a delta of the last 20 messages", spread(small_ms), "ms")


def _delta(state: StripState, coil_id: str, seq: int) -> Changes:
    return state.changes_since(coil_id, seq - 20)


def _timed_ms(call: object) -> float:
    assert callable(call)
    began_s = time.perf_counter()
    call()
    return (time.perf_counter() - began_s) * 1e3


if __name__ == "__main__":
    main()
