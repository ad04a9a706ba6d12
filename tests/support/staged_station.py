"""The station over a staged line: the real page, rooms and strip; no Kafka.

    python -m tests.support.staged_station --port 8505 [--rolled] [--condition broker_away] [--token TOKEN]

A test has it in a thread: `with serving(Staging.HELD) as station: page.goto(station.url)`.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import cast

from fastapi import FastAPI

from model.bundle import BUNDLES
from station.app import PAGES
from station.feed.report_store import ReportStore
from station.history.history import History
from station.rooms.alarms import StandingAlarms
from station.rooms.line import Line
from station.rooms.past import Files, Past
from station.rooms.pictures import FramePictures, TriedPictures
from station.serving import PageServer, listen
from station.strip.state import StripState
from station.strip.wire import StripOnWire
from station.trial.shelf import Shelf
from station.trial.trial import Trial
from station.web.factory import make_app
from station.web.parts import Parts
from station.web.security import Security
from tests.support.staged_line import MAPS_KEPT, Condition, StagedLine, Staging

HOST = "127.0.0.1"
CONDITIONS = {
    "broker_away": (Staging.HELD, Condition.BROKER_AWAY),
    "worker_down": (Staging.HELD, Condition.WORKER_DOWN),
    "stale": (Staging.HELD, Condition.STALE),
    "no_data": (Staging.EMPTY, Condition.WELL),
    "idle": (Staging.ROLLED, Condition.WELL),
    "held": (Staging.HELD, Condition.WELL),
    "running": (Staging.LIVE, Condition.WELL),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StagedStation:
    """A station that serves."""

    url: str
    staged: StagedLine


class _ThreadServer(PageServer):
    """Signals belong to the main thread."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextmanager
def serving(
    staging: Staging = Staging.HELD,
    condition: Condition = Condition.WELL,
    *,
    token: str | None = None,
    port: int = 0,
    earlier: int = 26,
) -> Iterator[StagedStation]:
    """A station in a thread, gone afterwards. The past is read when it yields."""
    staged = StagedLine(staging, earlier=earlier)
    staged.condition = condition
    with _listening(port) as listening:
        line, app = build(staged, token)
        server = _ThreadServer(app)
        thread = threading.Thread(target=asyncio.run, args=(_serve(server, line, listening),), daemon=True)
        thread.start()
        try:
            _wait_until_ready(line, thread)
            yield StagedStation(url=f"http://{HOST}:{listening.getsockname()[1]}", staged=staged)
        finally:
            server.stop()
            thread.join(20)


def build(staged: StagedLine, token: str | None) -> tuple[Line, FastAPI]:
    """All rooms over the staged line, and the application."""
    strip, history = StripState(MAPS_KEPT), History()
    alarms = StandingAlarms(staged, time.time_ns)
    line = Line(
        feed=staged,
        strip=strip,
        history=history,
        alarms=alarms,
        reports=cast(ReportStore, staged),
        wall_ns=time.time_ns,
    )
    parts = Parts(
        strip=StripOnWire(strip),
        watch=line,
        history=Past(history, staged),
        exports=Files(),
        frames=FramePictures(staged),
        alarms=alarms,
        trial=TriedPictures(Trial(Shelf(BUNDLES))),
        wall_ns=time.time_ns,
    )
    return line, make_app(parts, Security(token=token), pages=PAGES)


async def _serve(server: PageServer, line: Line, listening: socket.socket) -> None:
    following = asyncio.create_task(line.follow())
    following.add_done_callback(lambda _: server.stop())
    await server.serve(sockets=[listening])
    if following.done():
        following.result()
    following.cancel()
    with suppress(asyncio.CancelledError):
        await following


@contextmanager
def _listening(port: int) -> Iterator[socket.socket]:
    with contextlib.closing(listen(HOST, port, "--port")) as listening:
        yield listening


def _wait_until_ready(line: Line, thread: threading.Thread) -> None:
    until_s = time.monotonic() + 120
    while not line.ready():
        if not thread.is_alive() or time.monotonic() > until_s:
            raise RuntimeError("the staged station did not come up")
        thread.join(0.05)


def main(arguments: list[str]) -> int:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(prog="python -m tests.support.staged_station")
    parser.add_argument("--port", type=int, default=8500)
    parser.add_argument("--condition", choices=sorted(CONDITIONS), default="running")
    parser.add_argument("--rolled", action="store_true", help="the same as --condition idle")
    parser.add_argument("--token", help="what the page asks for at its door")
    parser.add_argument("--frames-per-s", type=float, default=40.0)
    given = parser.parse_args(arguments)
    staging, condition = CONDITIONS["idle" if given.rolled else given.condition]
    staged = StagedLine(staging, frames_per_s=given.frames_per_s)
    staged.condition = condition
    with _listening(given.port) as listening:
        line, app = build(staged, given.token)
        print(f"staging; then at http://{HOST}:{listening.getsockname()[1]}/", flush=True)
        asyncio.run(_serve(PageServer(app), line, listening))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
