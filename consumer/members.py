"""A process is a member of two groups: it inspects new frames, and amends old ones when there is slack.

Both do it on the same owner thread, with the same networks on the same inference thread.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial

from prometheus_client import CollectorRegistry

from consumer.amendments import GROUP_SUFFIX, Amending, EveryFrame, amending_policy, count_into
from consumer.deadline_alarm import DeadlineAlarm
from consumer.deadline_ladder import DeadlineLadder
from consumer.deadline_watch import DeadlineWatch
from consumer.forecast import Forecast
from consumer.kafka_frames import KafkaFrameReader
from consumer.kafka_properties import new_name
from consumer.kafka_sink import KafkaSink
from consumer.kafka_source import KafkaSource
from consumer.ladder import AlwaysFull
from consumer.ports import Clocks, RecordSource
from consumer.publishing import Publishing
from consumer.service import Stop, with_logger
from consumer.settings import WorkerSettings
from consumer.unsegmented import UnsegmentedSource
from consumer.worker import Threads, Worker
from contracts.topics import FRAMES, UNSEGMENTED, topic
from model.inspector import Inspector
from monitoring.health import Health
from monitoring.worker_metrics import WorkerMetrics

_CLOCKS = Clocks(monotonic_s=time.monotonic, wall_ns=time.time_ns)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A worker with its two ends."""

    worker: Worker
    source: RecordSource
    sink: KafkaSink[int]

    def leave(self) -> None:
        """Commit nothing any more, and leave the group."""
        self.worker.abandon()
        self.sink.close()
        self.source.close()


@dataclass(frozen=True, slots=True, kw_only=True)
class Members:
    """What one process is."""

    frames: Member
    amendments: Member


def members_of(
    settings: WorkerSettings,
    inspector: Inspector,
    *,
    version: str,
    threads: Threads,
    metrics: WorkerMetrics,
    health: Health,
    stop: Stop,
) -> Members:
    """Build both; their transactional ids are taken over, their groups are not joined yet."""
    publishing = Publishing(
        card=inspector.card,
        point=inspector.point,
        bundle=version,
        topic_prefix=settings.topic_prefix,
        wall_clock_ns=time.time_ns,
    )
    watch, ladder = _watch(settings, metrics)
    frames_sink, frames_source = _ends(settings, FRAMES, metrics, stop)
    frames = Worker(
        source=frames_source,
        sink=frames_sink,
        inspector=inspector,
        publishing=publishing,
        policy=settings.policy,
        threads=threads,
        clocks=_CLOCKS,
        ladder=ladder,
        metrics=metrics,
        health=health,
        watch=watch,
    )
    # What it counts is its own: the frames that it takes were counted when they were inspected first.
    unseen = WorkerMetrics(CollectorRegistry())
    list_sink, work_list = _ends(settings, UNSEGMENTED, unseen, stop, suffix=GROUP_SUFFIX)
    unsegmented = UnsegmentedSource(
        work_list=work_list,
        frames=KafkaFrameReader(_consumer(settings, GROUP_SUFFIX)),
        has_slack=lambda: watch.has_slack,
        clock=time.monotonic,
    )
    amendments = Worker(
        source=unsegmented,
        sink=list_sink,
        inspector=EveryFrame(inspector),
        publishing=Amending(publishing),
        policy=amending_policy(settings.policy),
        threads=threads,
        clocks=_CLOCKS,
        ladder=AlwaysFull(),
        metrics=unseen,
        health=Health(time.monotonic, settings.stale_after_s),
        on_committed=count_into(metrics),
        work="amendments",
    )
    return Members(
        frames=Member(worker=frames, source=frames_source, sink=frames_sink),
        amendments=Member(worker=amendments, source=unsegmented, sink=list_sink),
    )


def _watch(settings: WorkerSettings, metrics: WorkerMetrics) -> tuple[DeadlineWatch, DeadlineLadder]:
    ladder = DeadlineLadder(settings.ladder_policy, time.monotonic)
    alarm = DeadlineAlarm(
        worker_name=f"{settings.group_id}-{settings.worker_id or new_name()}",
        steps=ladder.steps,
        topic_prefix=settings.topic_prefix,
        wall_clock_ns=time.time_ns,
    )
    watch = DeadlineWatch(
        forecast=Forecast(_CLOCKS), ladder=ladder, alarm=alarm, clocks=_CLOCKS, metrics=metrics
    )
    return watch, ladder


def _ends(
    settings: WorkerSettings, kind: str, metrics: WorkerMetrics, stop: Stop, *, suffix: str = ""
) -> tuple[KafkaSink[int], KafkaSource]:
    name = topic(kind, settings.topic_prefix)
    producer = settings.producer_properties()
    producer["transactional.id"] = f"{producer['transactional.id']}{suffix}"
    sink = KafkaSink[int](
        properties=with_logger(producer, settings.log_level),
        locate=partial(_place, name),
        stop=lambda: stop.requested,
    )
    sink.begin()
    source = KafkaSource(
        properties=_consumer(settings, suffix),
        topic=name,
        metrics=metrics,
        tells_of_broker=kind == FRAMES,  # both have one broker: once in the log is enough
    )
    return sink, source


def _consumer(settings: WorkerSettings, suffix: str) -> Mapping[str, object]:
    consumer = settings.consumer_properties()
    consumer["group.id"] = f"{consumer['group.id']}{suffix}"
    return with_logger(consumer, settings.log_level)


def _place(name: str, partition: int) -> tuple[str, int]:
    return name, partition
