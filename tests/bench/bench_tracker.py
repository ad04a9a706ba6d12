"""The whole tracker through a real broker: inspections a second, from the topics to the committed reports.

python -m tests.bench.bench_tracker [--coils 16] [--frames 15000] [--defective 0.05]

The topics are filled first; a tracker process then reads what is there, as after a restart.
"""

from __future__ import annotations

import argparse
import os
import random
import time
from collections.abc import Iterator
from pathlib import Path

from confluent_kafka import Producer

from contracts.codec import encode
from contracts.message_codec import CoilRecord
from contracts.topics import producer_properties, topic
from local.processes.tracker import TrackerProcess
from tests.bench.line import Line, cpu_s, line, samples, total
from tests.bench.measure import SEED, Figures
from tests.support.coils import CoilScript, Spot

POLL_S = 0.1


def main() -> None:
    given = _arguments()
    figures = Figures("tracker", vars(given))
    with line() as running:
        prefix = running.fresh_topics()
        figures.say(f"writing {given.coils} coils of {given.frames:,} frames")
        _fill(running.bootstrap_servers, prefix, given)
        _measure(figures, running, prefix, given)
    figures.write()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--coils", type=int, default=16)
    parser.add_argument("--frames", type=int, default=15_000, help="of each coil")
    parser.add_argument("--defective", type=float, default=0.05, help="share of frames with one region")
    return parser.parse_args()


def _messages(coil: CoilScript, frames: int, defective: float, chance: random.Random) -> Iterator[CoilRecord]:
    yield coil.started()
    for index in range(frames):
        if chance.random() < defective:
            along_mm, across_mm = index * coil.pitch_mm, chance.uniform(0, 60)
            spot = Spot(3, along_mm + 20, along_mm + 40, across_mm, across_mm + 20)
            yield from coil.defective(index, spot)
        else:
            yield coil.clean(index)
    yield coil.ended(frames)


def _fill(bootstrap_servers: str, prefix: str, given: argparse.Namespace) -> None:
    producer = Producer(
        {"bootstrap.servers": bootstrap_servers, "linger.ms": 50, "compression.type": "lz4"}
        | producer_properties()
    )
    chance = random.Random(SEED)
    for number in range(given.coils):
        coil = CoilScript(coil_id=f"coil-{number}", started_at_ns=time.time_ns(), budget_s=3600)
        for message in _messages(coil, given.frames, given.defective, chance):
            encoded = encode(message)
            while True:
                try:
                    producer.produce(
                        topic(encoded.topic, prefix),
                        key=encoded.key,
                        value=encoded.value,
                        headers=encoded.headers,
                    )
                    break
                except BufferError:
                    producer.poll(0.1)
    if producer.flush(120):
        raise RuntimeError("the broker did not take every record")


def _measure(figures: Figures, running: Line, prefix: str, given: argparse.Namespace) -> None:
    tracker = TrackerProcess(
        {"bootstrap_servers": running.bootstrap_servers, "topic_prefix": prefix},
        environment=os.environ,
        log=Path(running.folder) / "tracker.log",
    )
    running.running.callback(tracker.kill)
    marks: list[tuple[float, float, float]] = []
    want = given.coils * given.frames
    until = time.monotonic() + 300
    while time.monotonic() < until:
        tracker.check()
        found = samples(tracker)
        taken = found.get(("coilwatch_coils_records_total", ("strip.inspections.v1",)), 0.0)
        if not marks or taken > marks[-1][1]:  # before the first record too: else the first sample is lost
            marks = marks if taken else []
            marks.append((time.monotonic(), taken, cpu_s(tracker.pid)))
        if total(found, "coilwatch_coils_reports_total") >= given.coils:
            break
        time.sleep(POLL_S)
    first, last = marks[0], marks[-1]
    rate = (last[1] - first[1]) / (last[0] - first[0])
    cpu_rate = (last[1] - first[1]) / (last[2] - first[2])
    reported_s = time.monotonic() - last[0]
    figures.add("inspections", int(last[1]), f"of {want}")
    figures.add("inspections taken", rate, "a second", goal=">= 20000")
    figures.add("inspections taken, of one processor's second", cpu_rate, "a second")
    figures.add("from the last inspection to all reports", reported_s, "s", goal="<= 5")


if __name__ == "__main__":
    main()
