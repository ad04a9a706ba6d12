"""The worker's resident memory while it reads 20,000 frames as fast as it can.

python -m tests.bench.bench_memory [--frames 20000]
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psutil

from tests.bench.cascade import recut
from tests.bench.frames import real_frames, repeated
from tests.bench.line import line, samples, total
from tests.bench.measure import Figures
from tests.bench.sending import fill

SHARE = 0.05
BUNDLE = "synthetic"
SAMPLE_EACH_S = 0.5
WARM_SHARE = 0.1


class Sample(NamedTuple):
    frames: float
    resident_mib: float


def main() -> None:
    given = _arguments()
    figures = Figures("memory", vars(given))
    frames = real_frames()
    with line() as running:
        cut = recut(given.bundle, frames, SHARE, running.folder, given.threads)
        prefix = running.fresh_topics()
        figures.say(f"filling the topic with {given.frames} frames")
        fill(running.bootstrap_servers, prefix, repeated(frames, given.frames))
        worker = running.start_worker(prefix, cut.folder)
        worker.wait_until_ready()
        process = psutil.Process(worker.pid)
        course = [Sample(0, process.memory_info().rss / 2**20)]
        while course[-1].frames < given.frames:
            worker.check()
            time.sleep(SAMPLE_EACH_S)
            done = total(samples(worker), "coilwatch_frames_total")
            course.append(Sample(done, process.memory_info().rss / 2**20))
    _report(figures, course, given.frames)
    figures.write(given.out)


def _report(figures: Figures, course: list[Sample], frames: int) -> None:
    warm = [sample for sample in course if sample.frames >= WARM_SHARE * frames]
    done, resident = np.array(warm).T
    slope_mib = float(np.polyfit(done, resident, 1)[0]) * 10_000 if len(warm) > 1 else 0.0
    figures.add("resident when warm", warm[0].resident_mib, "MiB")
    figures.add("resident at the end", course[-1].resident_mib, "MiB")
    figures.add("resident, maximum", max(sample.resident_mib for sample in course), "MiB", "<= 1536")
    figures.add("growth after warm-up, each 10,000 frames", slope_mib, "MiB", "flat")
    every = max(1, len(course) // 20)
    figures.add("course", {f"{sample.frames:.0f}": sample.resident_mib for sample in course[::every]}, "MiB")


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frames", type=int, default=20_000)
    parser.add_argument("--bundle", default=BUNDLE)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("out/bench"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
