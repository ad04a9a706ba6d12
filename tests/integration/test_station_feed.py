"""The station's feed on the real broker: what it reads, from where, what it fetches, and Kafka away."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from random import Random
from typing import Any

from confluent_kafka import Producer, TopicPartition
from confluent_kafka.admin import AdminClient, NewPartitions

from contracts import admin
from contracts.alarms import Alarm, AlarmState
from contracts.codec import encode, frame_headers
from contracts.frames import FrameHeader
from contracts.message_codec import CoilRecord
from contracts.reports import CoilReport
from contracts.results import Inspection, RecordId
from contracts.topics import ALARMS, COIL_EVENTS, FRAMES, INSPECTIONS, producer_properties
from contracts.topics import topics as topic_specs
from local.kafka.broker import LocalBroker
from station.feed.alarm_writer import AlarmNotPublished, AlarmWriter
from station.feed.feed import Feed
from station.feed.frame_store import FrameStore, StoredFrame
from station.feed.messages import FeedBatch
from station.feed.records import Gone, NotInTime
from station.feed.report_store import ReportStore
from tests.support.messages import FRAME_HEADER, MESSAGES

WITHIN_S = 30.0
TOLD = ["coil-started", "inspection-clean", "defect-event", "coil-ended", "coil-report", "alarm"]


class Writer:
    """Writes to a test's topics as the line, its workers and its tracker do."""

    def __init__(self, topics: Any, **properties: Any) -> None:
        self.topics = topics
        own = {"bootstrap.servers": topics.bootstrap_servers, "linger.ms": 0, "log_level": 0}
        self.producer = Producer({**own, **producer_properties(), **properties})

    def tell(self, *records: CoilRecord, **how: Any) -> None:
        for record in records:
            encoded = encode(record)
            name = self.topics.name(encoded.topic)
            self.producer.produce(name, key=encoded.key, value=encoded.value, headers=encoded.headers, **how)
        assert self.producer.flush(20) == 0

    def send(self, count: int, *, partition: int = 0) -> None:
        """Frames, their index as their offset in a partition that was empty."""
        for index in range(count):
            header = frame_header(index)
            self.producer.produce(
                self.topics.name(FRAMES),
                key=header.key,
                value=b"image %d" % index,
                headers=frame_headers(header),
                partition=partition,
            )
        assert self.producer.flush(20) == 0

    def inspected(self, *offsets: int, partition: int = 0) -> None:
        clean = MESSAGES["inspection-clean"]
        for offset in offsets:
            source = RecordId(topic=self.topics.name(FRAMES), partition=partition, offset=offset)
            self.tell(clean.model_copy(update={"source": source, "frame_index": offset}))


def frame_header(index: int) -> FrameHeader:
    return FRAME_HEADER.model_copy(update={"frame_index": index})


def properties(topics: Any) -> dict[str, str]:
    return {"bootstrap.servers": topics.bootstrap_servers}


class Listening:
    """A feed that runs, and everything that it has told."""

    def __init__(self, feed: Feed) -> None:
        self.feed = feed
        self.messages: list[CoilRecord] = []
        self.batches: list[FeedBatch] = []

    async def listen(self) -> None:
        async for batch in self.feed.batches():
            self.batches.append(batch)
            self.messages += batch.messages

    async def until(self, what: Callable[[], object]) -> None:
        deadline_s = time.monotonic() + WITHIN_S
        while not what():
            assert time.monotonic() < deadline_s, (self.feed.broker, self.feed.lag, len(self.messages))
            await asyncio.sleep(0.02)

    def of(self, kind: type[CoilRecord]) -> list[Any]:
        return [message for message in self.messages if isinstance(message, kind)]


@asynccontextmanager
async def listening(topics: Any, **how: Any) -> AsyncIterator[Listening]:
    feed = Feed.connect(properties(topics), topic_prefix=topics.prefix, **how)
    line = Listening(feed)
    task = asyncio.create_task(line.listen())
    feed.start()
    try:
        yield line
    finally:
        await asyncio.to_thread(feed.close)
        assert not feed.is_alive
        await task


def test_everything_that_lies_there_and_then_comes_is_told(topics: Any) -> None:
    writer = Writer(topics)
    writer.tell(*(MESSAGES[name] for name in TOLD))

    async def listen() -> None:
        async with listening(topics) as line:
            await line.until(lambda: len(line.messages) == len(TOLD) and line.feed.caught_up)
            assert {encode(m).value for m in line.messages} == {encode(MESSAGES[n]).value for n in TOLD}
            assert line.feed.broker.up
            assert line.feed.broker.why == ""
            writer.tell(MESSAGES["alarm-lane"])
            await line.until(lambda: MESSAGES["alarm-lane"] in line.messages)
            assert line.feed.unreadable == 0
        async with listening(topics) as again:
            await again.until(lambda: len(again.messages) == len(TOLD) + 1)

    asyncio.run(listen())
    broker = AdminClient(properties(topics))
    groups = broker.list_consumer_groups().result(10)
    assert not [group for group in groups.valid if "station" in group.group_id], "it is in no group"


def test_what_is_older_than_the_lookback_is_left_out_but_not_reports_and_alarms(topics: Any) -> None:
    writer = Writer(topics)
    two_hours_ago_ms = round((time.time() - 7200) * 1e3)
    writer.tell(*(MESSAGES[name] for name in TOLD), timestamp=two_hours_ago_ms)
    fresh = MESSAGES["coil-ended"].model_copy(update={"ended_at_ns": 9})
    writer.tell(fresh)

    async def listen() -> None:
        async with listening(topics, lookback_s=3600) as line:
            await line.until(lambda: line.feed.caught_up)
            await line.until(lambda: len(line.messages) == 3)
            assert {type(message) for message in line.messages} == {Alarm, CoilReport, type(fresh)}
            assert fresh in line.messages

    asyncio.run(listen())


def test_only_what_is_committed_is_told_and_an_open_transaction_is_not_skipped(topics: Any) -> None:
    transactional = {"transactional.id": f"{topics.prefix}writer"}
    writer = Writer(topics, **transactional)
    writer.producer.init_transactions(20)
    writer.producer.begin_transaction()
    writer.tell(MESSAGES["coil-started"])
    writer.producer.abort_transaction(20)
    writer.producer.begin_transaction()
    writer.tell(MESSAGES["coil-ended"])

    async def listen() -> None:
        async with listening(topics) as line:
            await line.until(lambda: line.feed.caught_up)
            assert line.messages == []
            await asyncio.to_thread(writer.producer.commit_transaction, 20)
            await line.until(lambda: line.messages)
            assert line.messages == [MESSAGES["coil-ended"]]

    asyncio.run(listen())


def test_partitions_that_are_added_are_read(topics: Any) -> None:
    broker = AdminClient(properties(topics))
    name = topics.name(COIL_EVENTS)

    async def listen() -> None:
        async with listening(topics, look_each_s=0.5) as line:
            await line.until(lambda: line.feed.caught_up)
            grown = broker.create_partitions([NewPartitions(name, 9)])
            await asyncio.to_thread(grown[name].result, 10)
            await asyncio.to_thread(Writer(topics).tell, MESSAGES["coil-started"], partition=8)
            await line.until(lambda: line.messages)

    asyncio.run(listen())


def test_frames_that_wait_are_counted_until_they_are_inspected(topics: Any) -> None:
    writer = Writer(topics)
    writer.send(5)
    writer.send(3, partition=1)

    async def listen() -> None:
        async with listening(topics) as line:
            await line.until(lambda: line.feed.lag.waiting == 8)
            assert line.feed.lag.stuck_since_ns is not None
            assert not line.feed.lag.worker_is_down(time.time_ns(), after_s=3600)
            await asyncio.to_thread(writer.inspected, 0, 1, 4)
            await line.until(lambda: line.feed.lag.waiting == 3)
            await asyncio.to_thread(writer.inspected, 0, 1, 2, partition=1)
            await line.until(lambda: line.feed.lag.waiting == 0)
            assert line.feed.lag.stuck_since_ns is None
            assert len(line.of(Inspection)) == 6

    asyncio.run(listen())


# --- on demand ---


def test_frames_are_fetched_in_any_order_and_said_to_be_gone_when_they_are(topics: Any) -> None:
    writer = Writer(topics)
    writer.send(20)
    name = topics.name(FRAMES)
    broker = AdminClient(properties(topics))
    deleted = broker.delete_records([TopicPartition(name, 0, 5)])
    for answer in deleted.values():
        answer.result(10)
    store = FrameStore.connect(properties(topics), topics.prefix)
    offsets = list(range(20))
    Random(7).shuffle(offsets)
    for offset in offsets:
        frame = store.frame(0, offset)
        if offset < 5:
            assert isinstance(frame, Gone), offset
            assert "no longer" in frame.why
        else:
            assert frame == StoredFrame(header=frame_header(offset), image=b"image %d" % offset)
    for nowhere in [(0, 20), (0, 2**40), (1, 0), (99, 0)]:
        assert isinstance(store.frame(*nowhere), Gone), nowhere
    store.close()


def test_the_latest_report_is_read_again_from_where_it_lies(topics: Any) -> None:
    first = MESSAGES["coil-report"]
    second = first.model_copy(update={"report_version": 3})
    Writer(topics).tell(first, second)
    store = ReportStore.connect(properties(topics), topics.prefix)

    async def listen() -> None:
        async with listening(topics) as line:
            await line.until(lambda: len(line.messages) == 2)
            for batch in line.batches:
                store.note(batch.report_places)

    asyncio.run(listen())
    assert store.report("C26-000123") == second
    store.close()


def test_an_acknowledgement_is_told_to_all_and_lies_beside_its_alarm(topics: Any) -> None:
    alarm = MESSAGES["alarm"]
    assert isinstance(alarm, Alarm)
    Writer(topics).tell(alarm)
    acknowledging = AlarmWriter(properties(topics), topics.prefix)

    async def listen() -> None:
        async with listening(topics) as line:
            await line.until(lambda: line.messages)
            seen = await asyncio.to_thread(acknowledging.acknowledge, alarm, "a.ivanova", time.time_ns())
            await line.until(lambda: len(line.messages) == 2)
            assert line.messages == [alarm, seen], "one partition, or the order would be chance"
            assert seen.state is AlarmState.ACKNOWLEDGED

    asyncio.run(listen())
    acknowledging.close()


# --- when Kafka is away ---


def test_missing_topics_are_waited_for(broker: LocalBroker, create_topics: Callable[..., Any]) -> None:
    topics = create_topics(broker.bootstrap_servers, partitions=1)
    topics = type(topics)(bootstrap_servers=topics.bootstrap_servers, prefix=f"{topics.prefix}late.")

    async def listen() -> None:
        async with listening(topics) as line:
            await line.until(lambda: line.feed.broker.up and line.feed.broker.why)
            assert topics.name(ALARMS) in line.feed.broker.why
            specs = topic_specs(1, prefix=topics.prefix)
            await asyncio.to_thread(admin.create_topics, topics.bootstrap_servers, specs=specs)
            await asyncio.to_thread(Writer(topics).tell, MESSAGES["alarm"])
            await line.until(lambda: line.messages and line.feed.caught_up)
            assert line.feed.broker.why == ""

    asyncio.run(listen())


def test_a_broker_that_goes_and_comes_back(
    own_broker: LocalBroker, create_topics: Callable[..., Any]
) -> None:
    topics = create_topics(own_broker.bootstrap_servers, partitions=2)
    frames = FrameStore.connect(properties(topics), topics.prefix)
    alarms = AlarmWriter(properties(topics), topics.prefix)
    writer = Writer(topics)
    writer.send(2)
    alarm = MESSAGES["alarm"]
    assert isinstance(alarm, Alarm)

    async def listen() -> None:
        async with listening(topics) as line:
            await line.until(lambda: line.feed.lag.waiting == 2)
            assert isinstance(await asyncio.to_thread(frames.frame, 0, 0), StoredFrame)
            went_ns = time.time_ns()
            await asyncio.to_thread(own_broker.kill)
            await line.until(lambda: not line.feed.broker.up)
            assert went_ns <= line.feed.broker.since_ns <= time.time_ns()
            assert line.feed.broker.why
            assert isinstance(await asyncio.to_thread(frames.frame, 0, 0), StoredFrame), "it is kept"
            fetched, published = await asyncio.gather(
                asyncio.to_thread(frames.frame, 0, 1),
                asyncio.to_thread(alarms.acknowledge, alarm, "me", time.time_ns()),
                return_exceptions=True,
            )
            assert isinstance(fetched, NotInTime)
            assert isinstance(published, AlarmNotPublished)
            await asyncio.to_thread(own_broker.start)
            await line.until(lambda: line.feed.broker.up)
            await asyncio.to_thread(writer.inspected, 0, 1)
            await line.until(lambda: line.feed.lag.waiting == 0)
            assert isinstance(await asyncio.to_thread(frames.frame, 0, 1), StoredFrame)
            await asyncio.to_thread(alarms.acknowledge, alarm, "me", time.time_ns())
            await line.until(lambda: line.of(Alarm))

    asyncio.run(listen())
    frames.close()
    alarms.close()


def test_the_topic_of_inspections_is_the_one_that_is_watched(topics: Any) -> None:
    """Frames of another line on the same broker are no lag of ours."""
    writer = Writer(topics)
    writer.send(1)
    other = RecordId(topic=FRAMES, partition=0, offset=99)
    writer.tell(MESSAGES["inspection-clean"].model_copy(update={"source": other}))

    async def listen() -> None:
        async with listening(topics) as line:
            await line.until(lambda: line.messages and line.feed.lag.waiting is not None)
            assert line.feed.lag.waiting == 1

    asyncio.run(listen())
    assert topics.name(INSPECTIONS) != INSPECTIONS
