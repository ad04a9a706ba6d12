"""The station's composition root: builds everything, serves until told to stop, and says how it ended."""

from __future__ import annotations

import asyncio
import logging
import os
import time
from contextlib import ExitStack, suppress
from enum import IntEnum
from pathlib import Path

from confluent_kafka import KafkaException

from contracts.kafka_properties import SettingsRefused
from model.bundle import BUNDLES
from monitoring import logs
from monitoring.http_server import PortTaken
from station.feed.alarm_writer import AlarmWriter
from station.feed.feed import Feed
from station.feed.frame_store import FrameStore
from station.feed.report_store import ReportStore
from station.history.history import History
from station.memory import keep_giving_back
from station.rooms.alarms import StandingAlarms
from station.rooms.line import Line
from station.rooms.past import Files, Past
from station.rooms.pictures import FramePictures, TriedPictures
from station.serving import PageServer, listen
from station.settings import StationSettings, read_settings, variable
from station.strip.state import StripState
from station.strip.wire import StripOnWire
from station.trial.reading import Limits
from station.trial.shelf import Shelf
from station.trial.trial import Trial
from station.web.factory import make_app
from station.web.parts import Parts

log = logging.getLogger("station")

PAGES = Path(__file__).parent / "pages"


class Exit(IntEnum):
    """Exit codes, for the supervisor. The station keeps nothing: restarting is always safe."""

    STOPPED = 0
    CRASHED = 1
    REFUSED = 2


def main() -> int:
    """Run the station. Returns an `Exit`."""
    try:
        settings = read_settings(os.environ)
    except SettingsRefused as refused:
        logs.configure("console", "INFO")
        log.error("refused to start: %s", refused)
        return Exit.REFUSED
    logs.configure(settings.log_format, settings.log_level)
    try:
        asyncio.run(serve(settings))
    except (SettingsRefused, PortTaken) as refused:
        log.error("refused to start: %s", refused)
        return Exit.REFUSED
    except KafkaException as refused:
        log.error("refused to start: Kafka's client takes no such property: %s", refused)
        return Exit.REFUSED
    except Exception:
        log.exception("crashed")
        return Exit.CRASHED
    log.info("stopped")
    return Exit.STOPPED


async def serve(settings: StationSettings) -> None:
    """Build the station and serve it until a signal, or until the feed crashes."""
    with ExitStack() as closing:
        listening = listen(settings.host, settings.port, variable("port"))
        closing.callback(listening.close)
        feed, line, parts = build(settings, closing)
        server = PageServer(make_app(parts, settings.security, pages=PAGES))
        feed.start()
        following = asyncio.create_task(line.follow(), name="line")
        following.add_done_callback(lambda _: server.stop())
        tidying = asyncio.create_task(keep_giving_back(), name="memory")
        log.info("serving", extra={"host": settings.host, "port": listening.getsockname()[1]})
        await server.serve(sockets=[listening])
        if following.done():
            following.result()  # it ends by itself when the feed crashed, and says of what
        for task in (following, tidying):
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


def build(settings: StationSettings, closing: ExitStack) -> tuple[Feed, Line, Parts]:
    """All rooms; `closing` lets go of them. Raises KafkaException, SettingsRefused."""
    kafka, prefix = settings.kafka(), settings.topic_prefix
    feed = Feed.connect(kafka, topic_prefix=prefix, lookback_s=settings.lookback_s)
    closing.callback(feed.close)
    frames = FrameStore.connect(kafka, prefix)
    closing.callback(frames.close)
    reports = ReportStore.connect(kafka, prefix, known_coils=settings.history_coils)
    closing.callback(reports.close)
    writer = AlarmWriter(kafka, prefix)
    closing.callback(writer.close)
    trial = Trial(Shelf(settings.bundles or BUNDLES), limits=Limits(max_bytes=settings.security.upload_bytes))
    closing.callback(trial.close)
    strip, history = StripState(settings.coils_kept), History(settings.history_coils)
    alarms = StandingAlarms(writer, time.time_ns)
    line = Line(feed=feed, strip=strip, history=history, alarms=alarms, reports=reports, wall_ns=time.time_ns)
    parts = Parts(
        strip=StripOnWire(strip),
        watch=line,
        history=Past(history, reports),
        exports=Files(),
        frames=FramePictures(frames),
        alarms=alarms,
        trial=TriedPictures(trial),
        wall_ns=time.time_ns,
    )
    return feed, line, parts
