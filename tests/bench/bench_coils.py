"""The coil tracker's core on large coils: how fast records come in, the memory, how soon the report is there.

python -m tests.bench.bench_coils [--frames 100000] [--regions-per-frame 2]

From encoded records to the encoded report, without Kafka; every frame is defective. Each figure is taken in a
process of its own; its memory is the most that the process had (VmHWM). Where two times are given, the first
is the wall clock's and the second the processor's: on a machine that others use, too, they differ.
"""

from __future__ import annotations

import argparse
import gc
import tempfile
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from consumer.coils.app import COLLECT_EACH
from consumer.coils.book import OpenCoil
from consumer.coils.grading.grade import grade
from consumer.coils.grading.rules import load_rules
from consumer.coils.intake import CoilIntake
from consumer.coils.marks.find import find_marks
from consumer.coils.marks.lanes import coil_lanes
from consumer.coils.marks.policy import MarkPolicy
from consumer.coils.ports import TakenRecord
from consumer.coils.report import facts
from consumer.coils.told import Told
from consumer.coils.verdicts import VerdictPolicy, Verdicts
from contracts.codec import encode
from contracts.reports import Closing
from tests.bench.coils import read_chunks, start_and_end, write_coils
from tests.bench.measure import SEED, Figures

OPEN_COILS = 50
FRAMES_EACH = (100, 500, 1000, 2000)
"""Of each of the open coils, in turn."""

Times = dict[str, float]


class Watch:
    """Adds up how long its `with` blocks take."""

    def __init__(self) -> None:
        self.wall_s = self.cpu_s = 0.0

    def __enter__(self) -> None:
        self._from = time.perf_counter(), time.process_time()

    def __exit__(self, *_: object) -> None:
        self.wall_s += time.perf_counter() - self._from[0]
        self.cpu_s += time.process_time() - self._from[1]

    def shown(self) -> Times:
        return {"wall": self.wall_s, "processor": self.cpu_s}

    def rate(self, count: int) -> Times:
        return {name: count / seconds for name, seconds in self.shown().items()}


def main() -> None:
    given = _arguments()
    figures = Figures("coils", vars(given))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "records"
        figures.say(f"writing the records of {given.frames:,} frames")
        _apart(write_coils, path, ["C1"], given.frames, given.regions_per_frame, SEED)
        for figure in _apart(measure_one_coil, path, given.frames):
            figures.add(*figure)
        for frames in given.frames_each:
            coil_ids = [f"C{number}" for number in range(OPEN_COILS)]
            _apart(write_coils, path, coil_ids, frames, given.regions_per_frame, SEED)
            for figure in _apart(measure_open_coils, path):
                figures.add(*figure)
    figures.write(given.out)


def measure_one_coil(path: Path, frames: int) -> list[tuple[Any, ...]]:
    """Takes in a coil of so many frames, and reports it."""
    gc.set_threshold(*COLLECT_EACH)
    intake, coil = CoilIntake(home=lambda _: 0), OpenCoil("C1", 0)
    start, end = start_and_end("C1", frames)
    _add(coil, intake, [start])
    inspections, both, report = Watch(), Watch(), Watch()
    for chunk in read_chunks(path):
        with both:
            with inspections:
                _add(coil, intake, chunk.inspections)
            _add(coil, intake, chunk.events)
    resident_mib = _memory_mib("VmRSS")
    verdicts = Verdicts(VerdictPolicy(), load_rules(), Told(lane_coils=10))
    with report:
        _add(coil, intake, [end])
        closed = verdicts.close(coil, Closing.COMPLETE, coil.state.started_at_ns)
        encoded = encode(closed.report)
    peak_mib = _memory_mib("VmHWM")
    regions = sum(1 for _ in coil.state.sightings())
    return [
        ("frames", frames, ""),
        ("regions", regions, ""),
        ("inspections each second, alone", inspections.rate(frames), "", ">= 20,000"),
        ("inspections each second, each with its defect event", both.rate(frames), "", ">= 20,000"),
        ("from the last record to the encoded report", report.shown(), "s", "<= 5"),
        *((f"  of it {name}", watch.shown(), "s") for name, watch in _parts(coil).items()),
        ("defects", closed.report.defects_total, ""),
        ("encoded report", len(encoded.value) / 1e6, "MB", "<= 8.4"),
        ("resident before the report", resident_mib, "MiB"),
        ("resident, maximum", peak_mib, "MiB", "<= 1024"),
    ]


def measure_open_coils(path: Path) -> list[tuple[Any, ...]]:
    """Memory of coils that are open at once."""
    gc.set_threshold(*COLLECT_EACH)
    intake, coils = CoilIntake(home=lambda _: 0), {}
    before_mib = _memory_mib("VmRSS")
    for chunk in read_chunks(path):
        coil = coils.setdefault(chunk.coil_id, OpenCoil(chunk.coil_id, 0))
        _add(coil, intake, [*chunk.inspections, *chunk.events])
    regions = sum(len(coil.state.sightings()) for coil in coils.values())
    grown_mib = _memory_mib("VmRSS") - before_mib
    name = f"{len(coils)} coils open at once, {regions:,} regions"
    return [
        (name, grown_mib, "MiB"),
        ("  of it each 10,000 regions", grown_mib / regions * 10_000, "MiB", "the same at each size"),
    ]


def _parts(coil: OpenCoil) -> dict[str, Watch]:
    """Once more, step by step."""
    state, policy, rules = coil.state, VerdictPolicy(), load_rules()
    watches = {name: Watch() for name in ("merging", "search for marks and lanes", "grading")}
    merging, searching, grading = watches.values()
    with merging:
        defects = state.defects()
    with searching:
        marks = find_marks(
            state.sightings(), length_mm=state.length_mm, width_mm=state.width_mm, policy=MarkPolicy()
        )
        lanes = coil_lanes(defects, state.width_mm, policy.lanes)
    with grading:
        grade(facts(state, Closing.COMPLETE, marks, lanes, defects=defects), rules)
    return watches


def _add(coil: OpenCoil, intake: CoilIntake, records: Iterable[TakenRecord]) -> None:
    for record in records:
        message = intake.read(record)
        if message is None:
            raise RuntimeError("a record of the benchmark breaks the contract")
        coil.add(record, message)


def _memory_mib(field: str) -> float:
    """Of this process; not `ru_maxrss`, which an exec inherits from the parent."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) / 1024 for line in status.splitlines() if line.startswith(field))


def _apart(what: Callable[..., Any], *given: object) -> Any:
    """In a fresh process."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(what, *given).result()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frames", type=int, default=100_000)
    parser.add_argument("--regions-per-frame", type=int, default=2)
    parser.add_argument(
        "--frames-each", type=int, nargs="+", default=FRAMES_EACH, help="of each of 50 open coils"
    )
    parser.add_argument("--out", type=Path, default=Path("out/bench"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
