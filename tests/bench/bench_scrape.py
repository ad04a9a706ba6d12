"""The worker's rate with and without a scrape every 5 s, and how many series a scrape gets.

    python -m tests.bench.bench_scrape [--pairs 12] [--window-s 15] [--coils 300]

A worker inspects a full topic beside a coil tracker. Window by window both are scraped as Prometheus would,
or left alone; which comes first changes as in ABBA BAAB. Workers start again and again on the same topic,
until there are enough pairs. Then the series are counted after one coil and after many.
"""

from __future__ import annotations

import argparse
import itertools
import os
import threading
import time
import urllib.request
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from contracts.topics import DEFAULT_PARTITIONS
from local.kafka.ports import HOST
from local.processes.monitored import MonitoredChild
from local.processes.tracker import TrackerProcess
from local.processes.worker import WorkerProcess
from monitoring import catalogue, tracker_catalogue
from tests.bench.cascade import recut
from tests.bench.frames import real_frames, repeated
from tests.bench.line import Line, cpu_s, line, samples, total
from tests.bench.measure import Figures, median, spread
from tests.bench.receipts import Receiver
from tests.bench.sending import fill
from tests.support.strip import Strip

SHARE = 0.05
BUNDLE = "synthetic"
SCRAPE_EACH_S = 5.0
SETTLE_S = 5.0
"""After a worker's first result: its first batches fill an empty pipeline."""
ACCEPT = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
"""What Prometheus sends."""
FRAMES_A_COIL = 4
WITHIN_S = 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scrape:
    """What one cost, and what it got."""

    took_s: float
    size_bytes: int
    series: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A stretch of a worker's work."""

    frames_per_s: float
    cpu_ms_a_frame: float


@dataclass(slots=True)
class Scraper:
    """As a context it scrapes each target every 5 s, on a thread."""

    targets: Sequence[MonitoredChild]
    scrapes: dict[str, list[Scrape]]
    """By part; added to."""
    _stop: threading.Event = field(default_factory=threading.Event)
    _thread: threading.Thread | None = None

    def __enter__(self) -> None:
        self._thread = threading.Thread(target=self._run, name="scraper", daemon=True)
        self._thread.start()

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            for target in self.targets:
                self.scrapes[target.part].append(scrape(target))
            self._stop.wait(SCRAPE_EACH_S)


def scrape(target: MonitoredChild) -> Scrape:
    """As Prometheus does it."""
    url = f"http://{HOST}:{target.metrics_port}/metrics"
    began_s = time.perf_counter()
    with urllib.request.urlopen(
        urllib.request.Request(url, headers={"Accept": ACCEPT}), timeout=10
    ) as answer:
        body: bytes = answer.read()
    took_s = time.perf_counter() - began_s
    rows = [row for row in body.splitlines() if not row.startswith(b"#")]
    return Scrape(took_s=took_s, size_bytes=len(body), series=len(rows))


def main() -> None:
    given = _arguments()
    figures = Figures("scrape", vars(given) | {"share": SHARE, "scrape_each_s": SCRAPE_EACH_S})
    frames = real_frames()
    with line() as running:
        cut = recut(given.bundle, frames, SHARE, running.folder, given.threads)
        _rates(figures, running, cut.folder, repeated(frames, given.frames), given)
        _series(figures, running, cut.folder, frames, given.coils)
    figures.write(given.out)


# --- rates ---


def _rates(
    figures: Figures, running: Line, bundle: Path, sent: list[bytes], given: argparse.Namespace
) -> None:
    prefix = running.fresh_topics()
    figures.say(f"filling the topic with {len(sent)} frames")
    fill(running.bootstrap_servers, prefix, sent)
    tracker = _start_tracker(running, prefix)
    tracker.wait_until_ready()
    receiver = Receiver(running.bootstrap_servers, prefix)
    scrapes: dict[str, list[Scrape]] = {"consumer": [], "consumer.coils": []}
    alone: list[Window] = []
    scraped: list[Window] = []
    while len(alone) < given.pairs:
        before, had = len(receiver), len(alone)
        # Off: the coil's deadline passes while the topic is read again and again.
        worker = running.start_worker(prefix, bundle, ladder="off")
        worker.wait_until_ready()
        _wait_for_work(receiver, before, worker)
        while len(alone) < given.pairs and _is_enough(receiver, before, len(sent), given.window_s):
            first = len(alone) % 4 in (0, 3)
            for with_scrapes in (first, not first):
                targets = (worker, tracker) if with_scrapes else ()
                found = _window(receiver, worker, Scraper(targets, scrapes), given.window_s)
                (scraped if with_scrapes else alone).append(found)
            figures.say(
                f"pair {len(alone)}: {alone[-1].frames_per_s:.1f} alone, "
                f"{scraped[-1].frames_per_s:.1f} frames/s scraped"
            )
        worker.kill()
        if len(alone) == had:
            raise RuntimeError(f"{len(sent)} frames do not last for one pair of {given.window_s:g} s windows")
    receiver.close()
    tracker.stop()
    _add_rates(figures, alone, scraped)
    for part, of_part in scrapes.items():
        figures.add(f"a scrape of {part}", _ms(spread([one.took_s for one in of_part])), "ms")
        figures.add(f"its size, {part}", max(one.size_bytes for one in of_part) / 1024, "KiB")


def _add_rates(figures: Figures, alone: Sequence[Window], scraped: Sequence[Window]) -> None:
    rates = [median([window.frames_per_s for window in windows]) for windows in (alone, scraped)]
    costs = [median([window.cpu_ms_a_frame for window in windows]) for windows in (alone, scraped)]
    pairs = [s.frames_per_s / a.frames_per_s for a, s in zip(alone, scraped, strict=True)]
    figures.add("worker, not scraped", rates[0], "frames/s")
    figures.add("worker, scraped every 5 s", rates[1], "frames/s")
    figures.add("scraped / not scraped, ratio of medians", rates[1] / rates[0], "", ">= 0.99")
    figures.add("scraped / not scraped, median of pairs", median(pairs), "")
    figures.add("scraped / not scraped, all pairs", pairs, "")
    figures.add("worker's CPU time a frame", {"not scraped": costs[0], "scraped": costs[1]}, "ms")


def _wait_for_work(receiver: Receiver, before: int, worker: WorkerProcess) -> None:
    until_s = time.monotonic() + WITHIN_S
    while len(receiver) == before:
        worker.check()
        if time.monotonic() > until_s:
            raise RuntimeError(f"no inspection; the worker says\n{worker.last_words()}")
        time.sleep(0.1)
    time.sleep(SETTLE_S)


def _is_enough(receiver: Receiver, before: int, sent: int, window_s: float) -> bool:
    """Whether the topic lasts for another pair, at the pace of the last seconds and a tenth above it."""
    recent = receiver.receipts()[before:]
    since_ns = recent[-1].inspected_at_ns - round(SETTLE_S * 1e9)
    per_s = sum(receipt.inspected_at_ns >= since_ns for receipt in recent) / SETTLE_S
    return sent - len(recent) > 1.1 * per_s * (2 * window_s + 1)


def _window(receiver: Receiver, worker: WorkerProcess, scraper: Scraper, window_s: float) -> Window:
    worker.check()
    first, began_ns, used_s = len(receiver), time.time_ns(), cpu_s(worker.pid)
    with scraper:
        time.sleep(window_s)
    ended_ns, used_s = time.time_ns(), cpu_s(worker.pid) - used_s
    time.sleep(1.0)  # what was inspected in the window is committed and read by now
    at_s = sorted(
        (receipt.inspected_at_ns - began_ns) / 1e9
        for receipt in receiver.receipts()[first:]
        if began_ns <= receipt.inspected_at_ns < ended_ns
    )
    # The slope, for results come in bursts of a micro-batch: one more or less would be 1 % of a window.
    rate = float(np.polyfit(at_s, np.arange(len(at_s)), 1)[0])
    return Window(frames_per_s=rate, cpu_ms_a_frame=1e3 * used_s / (rate * (ended_ns - began_ns) / 1e9))


# --- series ---


def _series(figures: Figures, running: Line, bundle: Path, frames: Sequence[bytes], coils: int) -> None:
    prefix = running.fresh_topics()
    tracker, worker = _start_tracker(running, prefix), running.start_worker(prefix, bundle)
    tracker.wait_until_ready()
    worker.wait_until_ready()
    strip, pictures = Strip(running.bootstrap_servers, prefix), itertools.cycle(frames)
    for count, already in ((1, 0), (coils, 1)):
        _send_coils(strip, pictures, count - already)
        _wait_until_all_is_said(worker, tracker, count)
        found = {"worker": scrape(worker).series, "tracker": scrape(tracker).series}
        figures.add(f"series, coils seen: {count}", found, "")
    most = {"worker": catalogue.MOST_SERIES, "tracker": tracker_catalogue.MOST_SERIES}
    figures.add("series, never more than", most, "")
    worker.stop()
    tracker.stop()


def _send_coils(strip: Strip, pictures: itertools.cycle[bytes], count: int) -> None:
    for _ in range(count):
        coil = strip.start(f"coil-{uuid.uuid4().hex[:8]}", WITHIN_S)
        for _ in range(FRAMES_A_COIL):
            strip.expose(coil, next(pictures))
        strip.end(coil)
    strip.finish()


def _wait_until_all_is_said(worker: WorkerProcess, tracker: TrackerProcess, coils: int) -> None:
    """So many coils have their verdict, and the worker knows how far each partition reaches."""
    until_s = time.monotonic() + WITHIN_S
    while (
        total(samples(tracker), tracker_catalogue.FIRST_VERDICTS.name) < coils
        or sum(name == catalogue.LAG_FRAMES.name for name, _ in samples(worker)) < DEFAULT_PARTITIONS
    ):
        worker.check()
        tracker.check()
        if time.monotonic() > until_s:
            raise RuntimeError(f"{coils} coils are not reported; the tracker says\n{tracker.last_words()}")
        time.sleep(1.0)


def _start_tracker(running: Line, prefix: str) -> TrackerProcess:
    tracker = TrackerProcess(
        {"bootstrap_servers": running.bootstrap_servers, "topic_prefix": prefix, "log_format": "json"},
        environment=os.environ,
        log=running.folder / f"tracker-{uuid.uuid4().hex[:8]}.log",
    )
    running.running.callback(tracker.kill)
    return tracker


def _ms(seconds: dict[str, float]) -> dict[str, float]:
    return {name: 1e3 * value for name, value in seconds.items()}


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--pairs", type=int, default=12, help="of windows, one scraped and one not")
    parser.add_argument("--window-s", type=float, default=15.0)
    parser.add_argument("--frames", type=int, default=24 * 1306, help="in the topic")
    parser.add_argument("--coils", type=int, default=300, help="many, for the number of series")
    parser.add_argument("--bundle", default=BUNDLE)
    parser.add_argument("--threads", type=int, default=2, help="of the engine")
    parser.add_argument("--out", type=Path, default=Path("out/bench"))
    return parser.parse_args()


if __name__ == "__main__":
    main()
