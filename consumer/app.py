"""The worker's composition root: builds everything, runs until told to stop, and says how it ended."""

from __future__ import annotations

import logging
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from enum import IntEnum
from types import FrameType

from prometheus_client import CollectorRegistry

from consumer.inference import ModelFailed
from consumer.kafka_sink import KafkaSink
from consumer.kafka_source import KafkaSource, TopicMissing
from consumer.ladder import AlwaysFull
from consumer.ports import Clocks, Fenced
from consumer.publishing import Publishing
from consumer.settings import SettingsRefused, WorkerSettings, read_settings
from consumer.worker import Threads, TooManyRejected, Worker
from contracts.topics import FRAMES, topic
from model.bundle import BundleRefused, bundle_version, find
from model.inspector import Inspector
from model.load import load_inspector
from monitoring import logs
from monitoring.health import Health
from monitoring.http import PortTaken, serve
from monitoring.worker_metrics import WorkerMetrics

log = logging.getLogger("consumer")


class Exit(IntEnum):
    """Exit codes, for the supervisor. Whatever it is, nothing half-done was committed: restarting is safe."""

    STOPPED = 0
    CRASHED = 1
    REFUSED = 2
    TOO_MANY_REJECTED = 3
    FENCED = 4
    MODEL_FAILED = 5


class Stop:
    """What SIGTERM and SIGINT do: set a flag. The loop looks at it between steps."""

    def __init__(self) -> None:
        self.requested = False

    def __call__(self, signum: int, _: FrameType | None) -> None:
        """The signal's handler."""
        log.info("stopping", extra={"signal": signal.Signals(signum).name})
        self.requested = True


def main() -> int:
    """Run a worker. Returns an `Exit`."""
    try:
        settings = read_settings(os.environ)
    except SettingsRefused as refused:
        logs.configure("console", "INFO")
        log.error("refused to start: %s", refused)
        return Exit.REFUSED
    logs.configure(settings.log_format, settings.log_level)
    stop = Stop()
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    try:
        run(settings, stop)
    except (BundleRefused, SettingsRefused, PortTaken, TopicMissing) as refused:
        log.error("refused to start: %s", refused)
        return Exit.REFUSED
    except TooManyRejected as rejected:
        log.error("stopped: %s", rejected)
        return Exit.TOO_MANY_REJECTED
    except Fenced as fenced:
        log.error("stopped: %s", fenced)
        return Exit.FENCED
    except ModelFailed:
        log.exception("stopped, nothing of the failed batch was committed")
        return Exit.MODEL_FAILED
    except Exception:
        log.exception("crashed, nothing unfinished was committed")
        return Exit.CRASHED
    return Exit.STOPPED


def run(settings: WorkerSettings, stop: Stop) -> None:
    """Build a worker, warm it up, and let it work until `stop`."""
    registry = CollectorRegistry()
    metrics = WorkerMetrics(registry)
    health = Health(time.monotonic, settings.stale_after_s)
    server = serve(registry, health, settings.metrics_host, settings.metrics_port)
    log.info("monitoring", extra={"host": settings.metrics_host, "port": server.port})
    try:
        inspector, version = _warm_inspector(settings, metrics, health)
        _work(settings, inspector, version, metrics, health, stop)
    finally:
        server.close()


def _warm_inspector(
    settings: WorkerSettings, metrics: WorkerMetrics, health: Health
) -> tuple[Inspector, str]:
    folder = find(settings.bundle)
    threads = settings.engine_threads or os.cpu_count() or 1
    inspector = load_inspector(
        folder,
        engine=settings.engine,
        threads=threads,
        preset=settings.preset,
        operating_point=settings.operating_point,
    )
    inspector.warm_up()
    version = bundle_version(folder, settings.preset, settings.operating_point)
    metrics.set_bundle(inspector.card.name, version)
    health.warm = True
    log.info("model is warm", extra={"bundle": version, "engine": settings.engine})
    return inspector, version


def _work(
    settings: WorkerSettings,
    inspector: Inspector,
    version: str,
    metrics: WorkerMetrics,
    health: Health,
    stop: Stop,
) -> None:
    frames_topic = topic(FRAMES, settings.topic_prefix)
    sink = KafkaSink(
        properties=_kafka(settings.producer_properties(), settings),
        frames_topic=frames_topic,
        stop=lambda: stop.requested,
    )
    sink.begin()
    source = KafkaSource(
        properties=_kafka(settings.consumer_properties(), settings), topic=frames_topic, metrics=metrics
    )
    decode = ThreadPoolExecutor(settings.decode_threads, thread_name_prefix="decode")
    inference = ThreadPoolExecutor(1, thread_name_prefix="inference")
    worker = Worker(
        source=source,
        sink=sink,
        inspector=inspector,
        publishing=Publishing(
            card=inspector.card,
            point=inspector.point,
            bundle=version,
            topic_prefix=settings.topic_prefix,
            wall_clock_ns=time.time_ns,
        ),
        policy=settings.policy,
        threads=Threads(decode=decode, inference=inference),
        clocks=Clocks(monotonic_s=time.monotonic, wall_ns=time.time_ns),
        ladder=AlwaysFull(),
        metrics=metrics,
        health=health,
    )
    try:
        worker.join()
        while not stop.requested:
            worker.step()
            metrics.worker_ready.set(health.ready())
        health.stopping = True
        worker.drain()
    finally:
        health.stopping = True
        worker.abandon()
        sink.close()
        source.close()
        inference.shutdown(cancel_futures=True)
        decode.shutdown(cancel_futures=True)
    log.info("stopped")


def _kafka(properties: dict[str, object], settings: WorkerSettings) -> dict[str, object]:
    """With a logger. librdkafka repeats each failed connection; the source says the state once."""
    level = 7 if settings.log_level == "DEBUG" else 2  # syslog: 7 all, 2 critical
    return {"log_level": level, **properties, "logger": logging.getLogger("consumer.librdkafka")}
