"""The tracker's composition root: builds everything, runs until told to stop, and says how it ended."""

from __future__ import annotations

import gc
import logging
import os
import signal
import time
from collections.abc import Callable
from functools import partial
from types import FrameType

from confluent_kafka.admin import AdminClient
from prometheus_client import CollectorRegistry

from consumer.coils.book import CoilBook
from consumer.coils.grading.rules import Rules, load_rules
from consumer.coils.intake import CoilIntake
from consumer.coils.kafka.coil_source import KafkaCoilSource, check_counts
from consumer.coils.kafka.home import home_partition
from consumer.coils.kafka.told_source import KafkaTold
from consumer.coils.marks.rolls import Roll, load_rolls
from consumer.coils.ports import FENCED_ADVICE, Place, TopicsRefused
from consumer.coils.settings import TrackerSettings, read_settings, variable
from consumer.coils.told import Told
from consumer.coils.tracker import Tracker
from consumer.coils.verdicts import Verdicts
from consumer.coils.yaml_lines import YamlRefused
from consumer.kafka_errors import TopicMissing
from consumer.kafka_sink import KafkaSink
from consumer.ports import Clocks, Fenced
from consumer.service import Exit, Stop, with_logger
from contracts.kafka_properties import SettingsRefused
from contracts.topics import ALARMS, CO_PARTITIONED, COIL_REPORTS, topic
from monitoring import logs
from monitoring.health import Health
from monitoring.http import serve
from monitoring.http_server import PortTaken
from monitoring.tracker_metrics import TrackerMetrics

log = logging.getLogger("consumer.coils")

COLLECT_EACH = (50_000, 20, 20)
"""`gc.set_threshold`: hundreds of thousands of small objects live as long as their coil, few in a cycle. With
Python's own (700, 10, 10) the search for cycles took a quarter of the time: without, 26,000 and more
inspections with their defect events came in a second instead of 20,400."""

SLOW_S = 15.0
"""Three times as long as a killed tracker's transaction stays open."""


class SteadyWall:
    """The wall clock, which here never goes backwards: what is published lies in order."""

    def __init__(self, clock: Callable[[], int] = time.time_ns) -> None:
        self._clock = clock
        self._latest_ns = 0

    def __call__(self) -> int:
        """Nanoseconds since the epoch, UTC."""
        self._latest_ns = max(self._latest_ns, self._clock())
        return self._latest_ns


class Reload:
    """What SIGHUP does: set a flag. The loop looks at it between steps."""

    def __init__(self) -> None:
        self.requested = False

    def listen(self) -> None:
        """Take the signal over."""
        signal.signal(signal.SIGHUP, self)

    def __call__(self, _: int, __: FrameType | None) -> None:
        """The signal's handler."""
        self.requested = True


def main() -> int:
    """Run a tracker. Returns an `Exit`."""
    try:
        settings = read_settings(os.environ)
    except SettingsRefused as refused:
        logs.configure("console", "INFO")
        log.error("refused to start: %s", refused)
        return Exit.REFUSED
    logs.configure(settings.log_format, settings.log_level)
    gc.set_threshold(*COLLECT_EACH)
    stop, reload = Stop(), Reload()
    stop.listen()
    reload.listen()
    try:
        run(settings, stop, reload)
    except (SettingsRefused, YamlRefused, PortTaken, TopicMissing, TopicsRefused) as refused:
        log.error("refused to start: %s", refused)
        return Exit.REFUSED
    except Fenced as fenced:
        log.error("stopped: %s", fenced)
        return Exit.FENCED
    except Exception:
        log.exception("crashed, nothing unfinished was committed")
        return Exit.CRASHED
    return Exit.STOPPED


def run(settings: TrackerSettings, stop: Stop, reload: Reload) -> None:
    """Build a tracker, read what was told, and let it work until `stop`."""
    rules = load_rules(settings.rules)
    rolls = load_rolls(settings.rolls) if settings.rolls else ()
    registry = CollectorRegistry()
    metrics = TrackerMetrics(registry)
    metrics.set_rules(rules.version)
    health = Health(time.monotonic, settings.stale_after_s, warming="reading what was told already")
    server = serve(
        registry, health, settings.metrics_host, settings.metrics_port, setting=variable("metrics_port")
    )
    log.info("monitoring", extra={"host": settings.metrics_host, "port": server.port})
    try:
        _track(settings, rules, rolls, metrics, health, stop, reload)
    finally:
        server.close()


def _track(
    settings: TrackerSettings,
    rules: Rules,
    rolls: tuple[Roll, ...],
    metrics: TrackerMetrics,
    health: Health,
    stop: Stop,
    reload: Reload,
) -> None:
    sink = KafkaSink[Place](
        properties=with_logger(settings.producer_properties(), settings.log_level),
        locate=lambda place: place,
        stop=lambda: stop.requested,
        fenced_advice=FENCED_ADVICE,
    )
    sink.begin()  # waits for the broker
    if stop.requested:
        return
    admin = AdminClient(with_logger(settings.admin_properties(), settings.log_level))
    read = {name: topic(name, settings.topic_prefix) for name in CO_PARTITIONED}
    partitions = check_counts(admin, tuple(read.values()))
    policy = settings.verdict_policy(rolls)
    told = KafkaTold(
        properties=with_logger(settings.told_properties(), settings.log_level),
        reports_topic=topic(COIL_REPORTS, settings.topic_prefix),
        alarms_topic=topic(ALARMS, settings.topic_prefix),
        admin=admin,
        told=Told(lane_coils=policy.lanes.of_last),
    )
    source = KafkaCoilSource(
        properties=with_logger(settings.consumer_properties(), settings.log_level),
        topics=read,
        admin=admin,
        metrics=metrics,
    )
    tracker = Tracker(
        source=source,
        told=told,
        sink=sink,
        book=CoilBook(topics=tuple(read.values()), told=told.told),
        intake=CoilIntake(partial(home_partition, partitions=partitions)),
        verdicts=Verdicts(policy, rules, told.told),
        policy=settings.policy,
        clocks=Clocks(monotonic_s=time.monotonic, wall_ns=SteadyWall()),
        topic_prefix=settings.topic_prefix,
        metrics=metrics,
        health=health,
    )
    try:
        _read_what_was_told(told, stop)
        health.warm = True
        tracker.join()
        while not stop.requested:
            tracker.step()
            metrics.ready.set(health.ready())
            if reload.requested:
                reload.requested = False
                _read_rules_again(settings, tracker)
        health.stopping = True
        tracker.drain()
    finally:
        health.stopping = True
        tracker.abandon()
        sink.close()
        source.close()
        told.close()
    log.info("stopped")


def _read_what_was_told(told: KafkaTold, stop: Stop) -> None:
    """Before joining, so that no partition waits for it: 100,000 coils are some 10 s."""
    told.look_ahead()
    warn_at_s = time.monotonic() + SLOW_S
    while not told.caught_up and not stop.requested:
        told.tail(0.05)
        if time.monotonic() > warn_at_s:
            log.warning("still reading what was told: many reports, or a transaction that stays open")
            warn_at_s = float("inf")
    log.info("read what was told already", extra={"coils": len(told.told)})


def _read_rules_again(settings: TrackerSettings, tracker: Tracker) -> None:
    try:
        rules = load_rules(settings.rules)
    except YamlRefused as refused:
        log.error("the rules stay as they were: %s", refused)
        return
    tracker.exchange_rules(rules)
    log.info("rules read again", extra={"version": rules.version})
