"""The worker's composition root: builds everything, runs until told to stop, and says how it ended."""

from __future__ import annotations

import logging
import os
import time
from concurrent.futures import ThreadPoolExecutor

from prometheus_client import CollectorRegistry

from consumer.inference import ModelFailed
from consumer.kafka_errors import TopicMissing
from consumer.kafka_properties import SettingsRefused
from consumer.kafka_sink import KafkaSink
from consumer.kafka_source import KafkaSource
from consumer.ladder import AlwaysFull
from consumer.ports import Clocks, Fenced
from consumer.publishing import Publishing
from consumer.service import Exit, Stop, with_logger
from consumer.settings import WorkerSettings, read_settings
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
    stop.listen()
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
    sink = KafkaSink[int](
        properties=with_logger(settings.producer_properties(), settings.log_level),
        locate=lambda partition: (frames_topic, partition),
        stop=lambda: stop.requested,
    )
    sink.begin()
    source = KafkaSource(
        properties=with_logger(settings.consumer_properties(), settings.log_level),
        topic=frames_topic,
        metrics=metrics,
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
