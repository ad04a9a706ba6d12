"""The worker's composition root: builds everything, runs until told to stop, and says how it ended."""

from __future__ import annotations

import logging
import os
import time
from concurrent.futures import ThreadPoolExecutor

from prometheus_client import CollectorRegistry

from consumer.inference import ModelFailed
from consumer.kafka_errors import TopicMissing
from consumer.members import members_of
from consumer.ports import Fenced
from consumer.score_reference import show_expected_scores
from consumer.service import Exit, Stop
from consumer.settings import WorkerSettings, read_settings
from consumer.worker import Threads, TooManyRejected
from contracts.kafka_properties import SettingsRefused
from model.bundle import BundleRefused, bundle_version, find
from model.inspector import Inspector
from model.load import load_inspector
from monitoring import logs
from monitoring.health import Health
from monitoring.http import serve
from monitoring.http_server import PortTaken
from monitoring.worker_metrics import WorkerMetrics

log = logging.getLogger("consumer")

_AMENDING_WAIT_S = 0.005
"""An idle worker that amends looks after its batches so often, instead of waiting for new frames."""


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
    show_expected_scores(metrics, inspector.card, settings.preset)
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
    threads = Threads(
        decode=ThreadPoolExecutor(settings.decode_threads, thread_name_prefix="decode"),
        inference=ThreadPoolExecutor(1, thread_name_prefix="inference"),
    )
    members = members_of(
        settings, inspector, version=version, threads=threads, metrics=metrics, health=health, stop=stop
    )
    frames, amendments = members.frames.worker, members.amendments.worker
    try:
        frames.join()
        amendments.join()
        while not stop.requested:
            frames.step(_AMENDING_WAIT_S if amendments.frames_in_flight else None)
            amendments.step()
            metrics.worker_ready.set(health.ready())
        health.stopping = True
        frames.drain()
        amendments.drain()
    finally:
        health.stopping = True
        members.frames.leave()
        members.amendments.leave()
        threads.inference.shutdown(cancel_futures=True)
        threads.decode.shutdown(cancel_futures=True)
    log.info("stopped")
