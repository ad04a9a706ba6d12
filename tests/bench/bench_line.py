"""Frames/s through Kafka at 5 % defective, and the bare cascade, the reference's design, an afternoon's loop.

    python -m tests.bench.bench_line [--frames 5224] [--repeats 3] [--bundles synthetic severstal]

The topic is filled beforehand with real frames; the gate's threshold is set so that 5 % of them pass,
whatever they are. Worker and bare cascade take turns, so that both meet the same machine.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from contracts.topics import DEFECTS, FRAMES, topic
from tests.bench.cascade import Recut, Run, bare_cascade, recut
from tests.bench.frames import real_frames, repeated
from tests.bench.line import Line, began_at_s, cpu_s, inspected_at_s, line, wait_for_frames
from tests.bench.measure import Figures, median
from tests.bench.rivals import Afternoon, reference_frames_per_s
from tests.bench.sending import fill

SHARE = 0.05
SMALL = "synthetic"
"""The MobileNetV4-S-class bundle; the reference and the afternoon are compared with it."""


def main() -> None:
    given = _arguments()
    figures = Figures("line", vars(given) | {"share": SHARE})
    frames = real_frames(given.distinct)
    sent = repeated(frames, given.frames)
    with line() as running:
        for source in given.bundles:
            bundle = Path(source).name
            figures.say(f"bundle {bundle}: setting the gate so that {SHARE:.0%} of {len(frames)} frames pass")
            cut = recut(source, frames, SHARE, running.folder, given.threads)
            figures.add(f"{bundle}: share that passes the gate", 100 * cut.share, "%")
            _worker_and_bare(figures, running, bundle, cut, sent, given.repeats, given.threads)
            if bundle == SMALL:
                _afternoon(figures, running, cut, sent[: given.afternoon_frames], given.repeats)
    if given.reference_frames and any(Path(source).name == SMALL for source in given.bundles):
        _reference(figures, frames[: given.reference_frames])
    figures.write(given.out)


def _worker_and_bare(
    figures: Figures, running: Line, bundle: str, cut: Recut, sent: list[bytes], repeats: int, threads: int
) -> None:
    bares: list[Run] = []
    workers: list[Run] = []
    broker_ms: list[float] = []
    for turn in range(repeats):
        bares.append(bare_cascade(sent, cut.folder, threads=threads))
        worker, of_broker_ms = _worker(running, cut.folder, sent)
        workers.append(worker)
        broker_ms.append(of_broker_ms)
        figures.say(
            f"turn {turn + 1}: bare {bares[-1].frames_per_s:.1f}, worker {worker.frames_per_s:.1f} frames/s"
        )
    small = bundle == SMALL
    rate = median([run.frames_per_s for run in workers])
    # Of each turn: what else the machine does changes from turn to turn.
    ratio = median([w.frames_per_s / b.frames_per_s for w, b in zip(workers, bares, strict=True)])
    figures.add(f"{bundle}: worker through Kafka", rate, "frames/s", ">= 220" if small else "")
    figures.add(f"{bundle}: bare cascade", median([run.frames_per_s for run in bares]), "frames/s")
    figures.add(f"{bundle}: worker / bare cascade", ratio, "", ">= 0.8" if small else "")
    used = {
        "bare": median([run.cpu_ms_a_frame for run in bares]),
        "worker": median([run.cpu_ms_a_frame for run in workers]),
        "broker": median(broker_ms),
    }
    figures.add(f"{bundle}: CPU time a frame", used, "ms")
    figures.add(f"{bundle}: all turns, worker", [run.frames_per_s for run in workers], "frames/s")
    figures.add(f"{bundle}: all turns, bare", [run.frames_per_s for run in bares], "frames/s")


def _worker(running: Line, bundle: Path, sent: list[bytes]) -> tuple[Run, float]:
    """One worker on a topic that is full before it starts: from its assignment to its last result.

    Beside it the broker's CPU time, ms a frame.
    """
    prefix = running.fresh_topics()
    fill(running.bootstrap_servers, prefix, sent)
    worker = running.start_worker(prefix, bundle)
    worker.wait_until_ready()
    worker_s, broker_s = cpu_s(worker.pid), cpu_s(running.broker_pid)
    wait_for_frames(worker, len(sent), within_s=60 + len(sent) / 5)
    worker_s, broker_s = cpu_s(worker.pid) - worker_s, cpu_s(running.broker_pid) - broker_s
    worker.stop()
    at_s = inspected_at_s(running.bootstrap_servers, prefix)
    if len(at_s) != len(sent):
        raise RuntimeError(f"{len(sent)} frames sent, {len(at_s)} inspected")
    run = Run(
        frames_per_s=len(sent) / (at_s[-1] - began_at_s(worker)), cpu_ms_a_frame=1e3 * worker_s / len(sent)
    )
    return run, 1e3 * broker_s / len(sent)


def _afternoon(figures: Figures, running: Line, cut: Recut, sent: list[bytes], repeats: int) -> None:
    prefix = running.fresh_topics()
    fill(running.bootstrap_servers, prefix, sent)
    names = (topic(FRAMES, prefix), topic(DEFECTS, prefix))
    worker = figures.value(f"{SMALL}: worker through Kafka")
    for name, our_decoder, goal in (("", False, ">= 1.5"), (" with our decoder", True, "")):
        loop = Afternoon(cut.folder, our_decoder=our_decoder)
        rates = [
            loop.frames_per_s(running.bootstrap_servers, *names, f"{prefix}{our_decoder}-{turn}", len(sent))
            for turn in range(repeats)
        ]
        figures.add(f"afternoon's loop{name}", median(rates), "frames/s")
        figures.add(f"worker / afternoon's loop{name}", worker / median(rates), "", goal)


def _reference(figures: Figures, frames: list[bytes]) -> None:
    figures.say(f"the reference's design on {len(frames)} frames")
    rate = reference_frames_per_s(frames, SHARE)
    figures.add("reference's design, eager torch", rate, "frames/s")
    figures.add(
        "worker / reference's design", figures.value(f"{SMALL}: worker through Kafka") / rate, "", ">= 100"
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frames", type=int, default=4 * 1306, help="frames in the topic")
    parser.add_argument(
        "--distinct", type=int, default=None, help="different frames among them (default: all)"
    )
    parser.add_argument("--bundles", nargs="+", default=[SMALL, "severstal"])
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2, help="of the engine")
    parser.add_argument("--afternoon-frames", type=int, default=2000)
    parser.add_argument("--reference-frames", type=int, default=40, help="0: leave the reference out")
    parser.add_argument("--out", type=Path, default=Path("out/bench"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
