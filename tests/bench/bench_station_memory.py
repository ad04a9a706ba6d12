"""The memory of a station with 20 coils of 100,000 frames and 20,000 regions, read from a real broker.

python -m tests.bench.bench_station_memory [--coils 20] [--frames 100000] [--regions 20000]

The topics are filled first, the station reads them as after a restart, and serves its page: the newest coil
as a whole, then the frames of the page itself.
"""

from __future__ import annotations

import argparse
import random
import time
import urllib.request

import psutil

from local.processes.children import turns
from station.memory import EACH_S
from tests.bench.bench_station_state import coil_arguments, coil_messages, draw_shapes
from tests.bench.line import Line, line
from tests.bench.measure import SEED, Figures
from tests.bench.station_beside import OpenPage, Writer, start_station
from tests.support.coils import CoilScript

WITHIN_S = 900.0
PAGE = ("", "main.js", "words.js", "style/tokens.css")


def main() -> None:
    given = coil_arguments(__doc__)
    figures = Figures("station_memory", vars(given))
    with line() as running:
        prefix = running.fresh_topics()
        figures.say(f"writing {given.coils} coils of {given.frames:,} frames, {given.regions:,} regions each")
        _fill(running, prefix, given)
        _measure(figures, running, prefix, given)
    figures.write()


def _fill(running: Line, prefix: str, given: argparse.Namespace) -> None:
    writer, shapes = Writer(running, prefix, linger_ms=50), draw_shapes(random.Random(SEED))
    for number in range(given.coils):
        coil = CoilScript(
            coil_id=f"coil-{number}",
            cameras={"top": 0.0, "bottom": 0.0},
            width_px=1600,
            height_px=256,
            mm_per_px=0.65,
            started_at_ns=time.time_ns(),
            budget_s=3600,
        )
        writer.write(coil_messages(coil, given.frames, given.frames // given.regions, shapes))
    writer.finish()


def _measure(figures: Figures, running: Line, prefix: str, given: argparse.Namespace) -> None:
    station = start_station(running, prefix)
    process = psutil.Process(station.pid)
    began_s = time.monotonic()
    station.wait_until_ready(WITHIN_S)
    kept = sum(map(len, station.asked("api/state")["coils"].values()))
    assert kept == given.coils, f"{kept} coils are kept"
    figures.add("until the past is read", time.monotonic() - began_s, "s")
    figures.add("most while it read", _peak_mib(process), "MiB")
    page = OpenPage(station, keep=True)
    for path in PAGE:
        urllib.request.urlopen(f"{station.page}{path}", timeout=30).close()
    for _ in turns(60.0, 0.2, "the newest coil is sent"):
        if page.received:
            break
    time.sleep(EACH_S + 2.0)  # by then it has given back what it needed only for a moment
    memory = process.memory_full_info()
    page.close()
    figures.add("memory with the page served", memory.rss / 2**20, "MiB", goal="<= 286 (300 MB)")
    figures.add("of it its own, not shared with others", memory.uss / 2**20, "MiB")


def _peak_mib(process: psutil.Process) -> float:
    with open(f"/proc/{process.pid}/status", encoding="ascii") as status:
        (line_,) = [each for each in status if each.startswith("VmHWM")]
    return int(line_.split()[1]) / 1024


if __name__ == "__main__":
    main()
