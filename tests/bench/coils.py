"""Records of large coils for the benchmark of the tracker, on disk, so that they are not in its memory."""

from __future__ import annotations

import pickle
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from consumer.coils.ports import TakenRecord
from contracts.codec import encode
from contracts.message_codec import CoilRecord
from contracts.results import Box, BoxMm, DefectRegion, Fate
from contracts.topics import COIL_EVENTS, DEFECTS, INSPECTIONS
from tests.support.coils import CLASS_NAMES, CoilScript, source_at

MM_PER_PX, WIDTH_PX, HEIGHT_PX = 0.5, 1600, 256
FRAME_MM = HEIGHT_PX * MM_PER_PX
SCRATCHED_EACH, SCRATCHED = 200, 20
"""Frames: of each 200, 20 have one scratch through all of them."""
AT_ONCE = 2000
"""Records of a chunk: what the tracker takes in one turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Chunk:
    """Consecutive frames of one coil: all defective, each with its event."""

    coil_id: str
    inspections: list[TakenRecord]
    events: list[TakenRecord]


def script(coil_id: str) -> CoilScript:
    """One camera over the whole strip."""
    return CoilScript(
        coil_id=coil_id, width_px=WIDTH_PX, height_px=HEIGHT_PX, mm_per_px=MM_PER_PX, budget_s=86_400.0
    )


def write_coils(path: Path, coil_ids: list[str], frames: int, regions_per_frame: int, seed: int) -> None:
    """Chunks of all coils in turn, `frames` of each, as a stream of pickles."""
    rng = random.Random(seed)
    with path.open("wb") as file:
        for start in range(0, frames, AT_ONCE // 2):
            for coil_id in coil_ids:
                some = range(start, min(frames, start + AT_ONCE // 2))
                pickle.dump(_chunk(script(coil_id), some, regions_per_frame, rng), file)


def read_chunks(path: Path) -> Iterator[Chunk]:
    """One at a time."""
    with path.open("rb") as file:
        while True:
            try:
                yield pickle.load(file)
            except EOFError:
                return


def taken(kind: str, message: CoilRecord, offset: int) -> TakenRecord:
    """As the tracker takes it from Kafka."""
    encoded = encode(message)
    return TakenRecord((kind, 0), offset, encoded.value, encoded.headers, 1_767_225_600_000_000_000)


def start_and_end(coil_id: str, frames: int) -> tuple[TakenRecord, TakenRecord]:
    """What line control says of it."""
    coil = script(coil_id)
    return taken(COIL_EVENTS, coil.started(), 0), taken(COIL_EVENTS, coil.ended(frames), 1)


def _chunk(coil: CoilScript, frames: range, regions_per_frame: int, rng: random.Random) -> Chunk:
    inspections, events = [], []
    for index in frames:
        regions = tuple(_region(box, index) for box in _boxes(rng, index, regions_per_frame))
        event = coil.event_of(index, regions, source=source_at(index))
        inspection = coil.inspection(index, Fate.DEFECTIVE, source=event.source)
        inspections.append(taken(INSPECTIONS, inspection, index))
        events.append(taken(DEFECTS, event, index))
    return Chunk(coil_id=coil.coil_id, inspections=inspections, events=events)


def _boxes(rng: random.Random, index: int, regions: int) -> Iterator[tuple[int, Box]]:
    """Class and box: pits anywhere, and now and then a scratch that goes on for some frames in a lane."""
    for number in range(regions):
        if number == 0 and index % SCRATCHED_EACH < SCRATCHED:
            left = 37 * (index // SCRATCHED_EACH) % (WIDTH_PX - 4)
            yield 3, Box(row_min=0, row_max=HEIGHT_PX - 1, col_min=left, col_max=left + 3)
            continue
        top, left = rng.randrange(HEIGHT_PX), rng.randrange(WIDTH_PX - 12)
        bottom = min(HEIGHT_PX - 1, top + 15)
        yield rng.randint(1, 4), Box(row_min=top, row_max=bottom, col_min=left, col_max=left + 11)


def _region(at: tuple[int, Box], index: int) -> DefectRegion:
    """A full box; its mask is written without drawing it, which takes a hundredth of the time."""
    class_id, box = at
    rows, cols = box.row_max + 1 - box.row_min, box.col_max + 1 - box.col_min
    starts = (col * HEIGHT_PX + box.row_min + 1 for col in range(box.col_min, box.col_max + 1))
    return DefectRegion(
        class_id=class_id,
        class_name=CLASS_NAMES[class_id],
        score=0.75,
        area_px=rows * cols,
        area_mm2=rows * cols * MM_PER_PX**2,
        box_px=box,
        box_mm=BoxMm(
            along_min_mm=index * FRAME_MM + box.row_min * MM_PER_PX,
            along_max_mm=index * FRAME_MM + (box.row_max + 1) * MM_PER_PX,
            across_min_mm=box.col_min * MM_PER_PX,
            across_max_mm=(box.col_max + 1) * MM_PER_PX,
        ),
        mask_rle=" ".join(f"{start} {rows}" for start in starts),
    )
