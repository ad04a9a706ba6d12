"""The page with a large coil, in Chromium without a GPU: how soon it is drawn, how smoothly it zooms.

python -m tests.bench.bench_station_page [--frames 100000] [--regions 20000] [--repeats 5]

Opened: from the navigation to a coil's page with an empty cache until its map is on the canvas, the server's
work included; the first time the server encodes the coil, later it still has the bytes. Zoomed: a turn of the
wheel with every frame of the screen, in to a few metres and out again.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace

import cv2
import uvicorn
from playwright.sync_api import Browser, Page

from station.app import PAGES
from station.serving import listen
from station.strip.state import StripState
from station.strip.wire import StripOnWire
from station.web.factory import make_app
from station.web.security import Security
from tests.bench.bench_station_state import coil_messages, draw_shapes
from tests.bench.measure import SEED, Figures, median, spread
from tests.support.browser import DESK, launch, unheld
from tests.support.coils import CoilScript
from tests.support.station_parts import parts

COIL = "coil-0"
ZOOM_S = 6

_DRAWN = """(coilId) => performance.getEntriesByName("coilwatch:drawn")
  .find((each) => each.detail.coilId === coilId)?.startTime"""

_ZOOM = """async (seconds) => {
  const map = document.querySelector(".strip-map"), box = map.getBoundingClientRect();
  const [clientX, clientY] = [box.left + box.width / 2, box.top + box.height / 2];
  const shown = [];
  const until = performance.now() + seconds * 1000;
  for (let n = 0; performance.now() < until; n += 1) {
    const deltaY = n % 120 < 60 ? -80 : 80;
    map.dispatchEvent(new WheelEvent("wheel", {deltaY, clientX, clientY, bubbles: true, cancelable: true}));
    shown.push(await new Promise(requestAnimationFrame));
  }
  return shown.slice(1).map((at, n) => at - shown[n]);
}"""


def main() -> None:
    given = _arguments()
    figures = Figures("station_page", vars(given))
    cv2.setNumThreads(1)
    with _serving(_filled(given.frames, given.regions)) as url, launch() as browser:
        opened_ms = [_open(browser, url) for _ in range(given.repeats)]
        figures.add("a coil opened", median(opened_ms) / 1e3, "s", goal="<= 2")
        figures.add("the first time", opened_ms[0] / 1e3, "s", goal="<= 2")
        figures.add("each time", [each / 1e3 for each in opened_ms], "s")
        frames_ms = _zoom(browser, url)
    figures.add("zoomed", 1e3 * len(frames_ms) / sum(frames_ms), "frames/s", goal=">= 30")
    figures.add("from frame to frame", spread(frames_ms), "ms")
    figures.write()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--frames", type=int, default=100_000, help="on two cameras")
    parser.add_argument("--regions", type=int, default=20_000, help="one a defective frame")
    parser.add_argument("--repeats", type=int, default=5)
    return parser.parse_args()


def _filled(frames: int, regions: int) -> StripState:
    state, shapes = StripState(1), draw_shapes(random.Random(SEED))
    coil = CoilScript(
        coil_id=COIL,
        cameras={"top": 0.0, "bottom": 1040.0},
        width_px=1600,
        height_px=256,
        mm_per_px=0.65,
        started_at_ns=1_767_225_600_000_000_000,
    )
    for message in coil_messages(coil, frames, frames // regions, shapes):
        state.take(message)
    return state


@contextmanager
def _serving(state: StripState) -> Iterator[str]:
    app = make_app(replace(parts(), strip=StripOnWire(state)), Security(), pages=PAGES)
    server = uvicorn.Server(uvicorn.Config(app, log_level="warning"))
    with closing(listen("127.0.0.1", 0, "--port")) as listening:
        serving = threading.Thread(target=lambda: asyncio.run(server.serve(sockets=[listening])), daemon=True)
        serving.start()
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/#/coils/{COIL}"
        finally:
            app.state.pulse.close()
            server.should_exit = True
            serving.join(10)


def _open(browser: Browser, url: str) -> float:
    with unheld(browser, DESK, theme="dark", language="en") as (page, _):
        return _wait_until_drawn(page, url)


def _wait_until_drawn(page: Page, url: str) -> float:
    """ms since the navigation."""
    page.goto(url, wait_until="commit")
    page.wait_for_function(f"(coilId) => ({_DRAWN})(coilId) !== undefined", arg=COIL)
    at_ms: float = page.evaluate(_DRAWN, COIL)
    return at_ms


def _zoom(browser: Browser, url: str) -> list[float]:
    """From frame to frame of the screen, ms."""
    with unheld(browser, DESK, theme="dark", language="en") as (page, _):
        _wait_until_drawn(page, url)
        found: list[float] = page.evaluate(_ZOOM, ZOOM_S)
        return found


if __name__ == "__main__":
    main()
