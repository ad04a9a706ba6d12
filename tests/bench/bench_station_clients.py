"""Fifty open pages beside a line of 200 frames/s: the server's share of a core, and from event to pixels.

python -m tests.bench.bench_station_clients [--clients 50] [--rate 200] [--seconds 30]

A station and a broker as processes; inspections and defect events as workers would write them, one by one at
their time. Fifty pages read the live stream, one more is real, in Chromium: `coilwatch:drawn` is what it
marks when it has drawn a revision of the coil. A frame is on the screen with the first drawn revision that
counts it; its time begins when its event is handed to Kafka's client.
"""

from __future__ import annotations

import argparse
import bisect
import random
import time
from collections.abc import Iterator
from dataclasses import dataclass

from playwright.sync_api import Page

from contracts.coils import CoilStarted
from contracts.message_codec import CoilRecord
from contracts.results import DefectEvent
from local.processes.children import turns
from tests.bench.bench_station_state import coil_messages, draw_shapes
from tests.bench.line import Line, cpu_s, line
from tests.bench.measure import SEED, Figures, spread
from tests.bench.station_beside import OpenPage, Writer, start_station
from tests.support.asked_station import AskedStation
from tests.support.browser import launch
from tests.support.coils import CoilScript

EVERY = 20
"""One frame of so many is defective, with one region: an ordinary line has fewer."""
WARM_UP_S = 5.0
NOTE_DRAWN = """
window.drawn = [];
new PerformanceObserver((list) => {
  for (const mark of list.getEntries()) {
    if (mark.name === "coilwatch:drawn") {
      window.drawn.push([mark.detail.seq, performance.timeOrigin + mark.startTime]);
    }
  }
}).observe({ type: "mark" });
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """When frame number `n` of the coil was handed to Kafka's client: `at_s[n]`, since the epoch."""

    at_s: list[float]
    cpu_s: float
    """Of the station, in `wall_s`."""
    wall_s: float


def main() -> None:
    given = _arguments()
    figures = Figures("station_clients", vars(given))
    with line() as running:
        prefix = running.fresh_topics()
        station = start_station(running, prefix)
        station.wait_until_ready()
        _measure(figures, running, prefix, station, given)
    figures.write()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--rate", type=float, default=200.0, help="frames/s")
    parser.add_argument("--seconds", type=float, default=30.0)
    return parser.parse_args()


def _measure(
    figures: Figures, running: Line, prefix: str, station: AskedStation, given: argparse.Namespace
) -> None:
    idle_cpu_s, writer = cpu_s(station.pid), Writer(running, prefix, linger_ms=0)
    coil = CoilScript(
        coil_id="live-1",
        cameras={"top": 0.0, "bottom": 0.0},
        width_px=1600,
        height_px=256,
        mm_per_px=0.65,
        started_at_ns=time.time_ns(),
    )
    messages = coil_messages(coil, round(given.rate * given.seconds), EVERY, draw_shapes(random.Random(SEED)))
    writer.write([next(messages)])
    writer.finish()
    for _ in turns(30.0, 0.1, "the station knows the coil"):
        if station.asked("api/state")["coils"]:
            break
    pages = [OpenPage(station, keep=number == 0) for number in range(given.clients)]
    with launch() as browser:
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        page.add_init_script(NOTE_DRAWN)
        page.goto(station.page)
        page.wait_for_function("() => window.drawn.length > 0")
        figures.say(f"{given.clients} pages are open, and a real one; {idle_cpu_s:.1f} s of CPU until then")
        sent = _send(writer, messages, station, given.rate)
        drawn = _drawn(page, pages[0], len(sent.at_s))
        page.close()
    for each in pages:
        each.close()
    figures.add("share of one core", sent.cpu_s / sent.wall_s, "", goal="<= 0.3")
    figures.add("frames/s in", len(sent.at_s) / sent.wall_s, "")
    figures.add("events a page and second", pages[0].events / sent.wall_s, "")
    figures.add("the stream of one page", pages[0].size_bytes / sent.wall_s / 1024, "KiB/s")
    shown_ms = _shown_ms(sent.at_s, drawn)
    figures.add("event to pixels", spread(shown_ms), "ms", goal="<= 300 at p95")
    figures.add("drawn revisions a second", len(drawn) / sent.wall_s, "")


def _send(writer: Writer, messages: Iterator[CoilRecord], station: AskedStation, rate: float) -> Sent:
    """Each frame at its time, its defect event with it; the coil's end is left out, so that it stays live."""
    at_s, cpu_from_s = list[float](), cpu_s(station.pid)
    began_s = time.time()
    for message in messages:
        if isinstance(message, DefectEvent):
            writer.write([message])
        elif not isinstance(message, CoilStarted) and hasattr(message, "fate"):
            time.sleep(max(0.0, began_s + len(at_s) / rate - time.time()))
            at_s.append(time.time())
            writer.write([message])
    writer.finish()
    return Sent(at_s=at_s, cpu_s=cpu_s(station.pid) - cpu_from_s, wall_s=time.time() - began_s)


def _drawn(page: Page, read: OpenPage, frames: int) -> list[tuple[int, float]]:
    """(frames that are on the screen, since when in seconds), ascending; waits for the last one."""
    for _ in turns(30.0, 0.2, "the last frame is on the screen"):
        counted = sorted((seq, count) for seq, count, _ in list(read.received))
        seqs = [seq for seq, _ in counted]
        drawn = []
        for seq, at_ms in page.evaluate("window.drawn"):
            known = bisect.bisect_right(seqs, seq)
            drawn.append((counted[known - 1][1] if known else 0, at_ms / 1e3))
        if drawn and drawn[-1][0] >= frames:
            return drawn
    return drawn


def _shown_ms(sent_at_s: list[float], drawn: list[tuple[int, float]]) -> list[float]:
    """Of each frame after the warm-up, until it was on the screen."""
    shown, waits, at = [], iter(drawn), (0, 0.0)
    for number, sent_s in enumerate(sent_at_s):
        while at[0] <= number:
            at = next(waits)
        if sent_s - sent_at_s[0] >= WARM_UP_S:
            shown.append((at[1] - sent_s) * 1e3)
    return shown


if __name__ == "__main__":
    main()
