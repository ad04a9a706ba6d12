"""Seconds from exposure to the committed inspection, at shares of the measured rate, at a fixed pace.

    python -m tests.bench.bench_latency [--rate 270] [--seconds 60] [--shares 0.5 0.8]

A reader under `read_committed` takes the time: what it cannot read yet is not committed. The rate is that of
the last `bench_line` unless given. The simulator runs on the same machine.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from local.processes.children import Child, clean_environment
from local.processes.worker import WorkerProcess
from monitoring.catalogue import STAGES
from tests.bench.cascade import recut
from tests.bench.frames import frame_folder, real_frames
from tests.bench.line import Line, line, samples, total
from tests.bench.measure import Figures, read_figure, spread
from tests.bench.receipts import Receipt, Receiver

SHARE = 0.05
BUNDLE = "synthetic"
WARM_S = 5.0
"""The first seconds hold the simulator's and the worker's first connections; they are not counted."""
GOALS = {0.8: "p99 <= 0.5"}


def main() -> None:
    given = _arguments()
    rate = given.rate or read_figure("line", f"{Path(given.bundle).name}: worker through Kafka", given.out)
    if rate is None:
        sys.exit("no rate to take a share of: run `python -m tests.bench.bench_line` first, or give --rate")
    figures = Figures("latency", vars(given) | {"rate": rate})
    with line() as running:
        cut = recut(given.bundle, real_frames(), SHARE, running.folder, given.threads)
        for share in given.shares:
            _measure(figures, running, cut.folder, share, rate, given.seconds)
    figures.write(given.out)


def _measure(
    figures: Figures, running: Line, bundle: Path, share: float, rate: float, seconds: float
) -> None:
    prefix = running.fresh_topics()
    worker = running.start_worker(prefix, bundle)
    worker.wait_until_ready()
    receiver = Receiver(running.bootstrap_servers, prefix)
    frames = round(share * rate * seconds)
    simulator = _offer(running, prefix, frames_per_s=share * rate, frames=frames)
    _wait(receiver, frames, worker, simulator, within_s=2 * seconds + 60)
    stages = _stage_means(worker)
    worker.stop()
    receiver.close()
    counted = _after_warm_up(receiver.receipts())
    label = f"{share:.0%} of {rate:.0f} frames/s"
    latency = spread([receipt.latency_s for receipt in counted])
    figures.add(f"exposure -> committed at {label}", latency, "s", GOALS.get(share, ""))
    figures.add(f"mean by stage at {label}", stages, "s")
    span_s = (counted[-1].received_at_ns - counted[0].received_at_ns) / 1e9
    figures.add(f"really inspected at {label}", len(counted) / span_s, "frames/s")


def _offer(running: Line, prefix: str, *, frames_per_s: float, frames: int) -> Child:
    """The simulator at a fixed pace, real frames; not waited for."""
    arguments = [
        *("replay", "--frames", str(frame_folder()), "--frames-per-coil", str(frames)),
        *("--fps", str(frames_per_s), "--no-progress"),
        *("--bootstrap-servers", running.bootstrap_servers, "--topic-prefix", prefix),
    ]
    child = Child(
        "producer_sim",
        arguments,
        environment=clean_environment(os.environ, {}),
        log=running.folder / f"simulator-{prefix}log",
    )
    running.running.callback(child.kill)
    return child


def _wait(receiver: Receiver, frames: int, worker: WorkerProcess, simulator: Child, within_s: float) -> None:
    until = time.monotonic() + within_s
    while len(receiver) < frames:
        worker.check()
        if simulator.exit_code not in (None, 0):
            raise RuntimeError(f"the simulator says\n{simulator.last_words()}")
        if time.monotonic() > until:
            raise RuntimeError(f"{len(receiver)} of {frames} inspections within {within_s:.0f} s")
        time.sleep(0.2)


def _after_warm_up(receipts: list[Receipt]) -> list[Receipt]:
    first_ns = min(receipt.exposed_at_ns for receipt in receipts)
    return [receipt for receipt in receipts if receipt.exposed_at_ns - first_ns >= WARM_S * 1e9]


def _stage_means(worker: WorkerProcess) -> dict[str, float]:
    """From the worker's own metrics, all frames; they sum to its mean latency."""
    found = samples(worker)
    count = total(found, "coilwatch_latency_seconds_count")
    means = {stage: found["coilwatch_stage_latency_seconds_sum", (stage,)] / count for stage in STAGES}
    return {**means, "whole": total(found, "coilwatch_latency_seconds_sum") / count}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--rate", type=float, default=None, help="frames/s that are 100 %% (default: bench_line's)"
    )
    parser.add_argument("--shares", type=float, nargs="+", default=[0.5, 0.8])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--bundle", default=BUNDLE)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("out/bench"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
