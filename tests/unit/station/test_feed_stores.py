"""Frames and reports by their place: found, gone, or not to be had now; the memory stays bounded."""

from __future__ import annotations

import threading
from collections import deque
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException, TopicPartition

from contracts.codec import encode, frame_headers
from contracts.topics import FRAMES
from station.feed.fetching import RecordFetcher
from station.feed.frame_store import FrameStore, StoredFrame
from station.feed.records import Fetched, Gone, NotInTime
from station.feed.report_store import ReportStore
from tests.support.feed_broker import FakeMessage
from tests.support.messages import FRAME_HEADER, MESSAGES

IMAGE = b"\xff\xd8 an image"


class FakeConsumer:
    """Answers each assignment with what a test prepared."""

    def __init__(self, *answers: FakeMessage | KafkaException | None) -> None:
        self.answers = deque(answers)
        self.assigned: list[TopicPartition] = []
        self.listed = 0
        self.closed = False

    def list_topics(self, topic: str, *, timeout: float) -> Any:
        self.listed += 1
        return SimpleNamespace(
            topics={topic: SimpleNamespace(error=None, partitions=dict.fromkeys(range(4)))}
        )

    def assign(self, places: list[TopicPartition]) -> None:
        self.assigned = places

    def unassign(self) -> None:
        self.assigned = []

    def poll(self, _: float) -> FakeMessage | None:
        answer = self.answers.popleft() if self.answers else None
        if isinstance(answer, KafkaException):
            raise answer
        return answer

    def close(self) -> None:
        self.closed = True


class Ticks:
    """A quarter of a second goes by each time somebody looks."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        self.now_s += 0.25
        return self.now_s


def fetcher(consumer: FakeConsumer) -> RecordFetcher:
    connect: Any = lambda _: consumer  # noqa: E731
    return RecordFetcher({}, FRAMES, connect=connect, monotonic_s=Ticks())


def found(offset: int = 7) -> FakeMessage:
    headers = frame_headers(FRAME_HEADER)
    return FakeMessage(FRAMES, 3, offset, key=FRAME_HEADER.key, value=IMAGE, headers=headers)


# --- one record ---


def test_a_record_is_fetched_past_what_says_nothing_of_it() -> None:
    passing = FakeMessage(FRAMES, 3, error=KafkaError._TRANSPORT)
    of_another_time = FakeMessage(FRAMES, 2, 7, value=b"stale")
    consumer = FakeConsumer(None, passing, of_another_time, found(6), found(7))
    record = fetcher(consumer).fetch(3, 7)
    assert isinstance(record, Fetched)
    assert record.value == IMAGE
    assert consumer.assigned == [], "nothing is fetched ahead"


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (found(8), "no longer"),
        (FakeMessage(FRAMES, 3, error=KafkaError._AUTO_OFFSET_RESET), "no longer"),
        (FakeMessage(FRAMES, 3, error=KafkaError._PARTITION_EOF), "no such"),
        (FakeMessage(FRAMES, 3, error=KafkaError._UNKNOWN_PARTITION), "no such"),
        (FakeMessage(FRAMES, 3, error=KafkaError.UNKNOWN_TOPIC_OR_PART), "no such"),
    ],
    ids=["a later one", "out of range", "at the end", "no partition", "no topic"],
)
def test_a_record_that_is_gone(answer: FakeMessage, why: str) -> None:
    gone = fetcher(FakeConsumer(answer)).fetch(3, 7)
    assert isinstance(gone, Gone)
    assert why in gone.why


@pytest.mark.parametrize("place", [(-1, 0), (0, -1), (2**31, 0), (0, 2**63)], ids=str)
def test_a_place_that_kafka_cannot_have_is_not_asked_for(place: tuple[int, int]) -> None:
    consumer = FakeConsumer(found())
    assert isinstance(fetcher(consumer).fetch(*place), Gone)
    assert consumer.answers


def test_a_partition_that_is_not_there_is_no_reason_to_wait() -> None:
    consumer = FakeConsumer(found())
    fetching = fetcher(consumer)
    assert isinstance(fetching.fetch(4, 7), Gone)
    assert isinstance(fetching.fetch(3, 7), Fetched)
    assert consumer.listed == 1, "what is known is not asked for again"


def test_a_silent_broker_is_given_up_after_a_while() -> None:
    consumer = FakeConsumer()
    with pytest.raises(NotInTime, match="within 3 s"):
        fetcher(consumer).fetch(3, 7)
    assert consumer.assigned == []


def test_an_error_of_the_client_is_no_crash() -> None:
    broken = KafkaException(KafkaError(KafkaError._STATE))
    with pytest.raises(NotInTime):
        fetcher(FakeConsumer(broken)).fetch(3, 7)


def test_who_finds_no_turn_is_told_so() -> None:
    began, go_on = threading.Event(), threading.Event()

    class Slow(FakeConsumer):
        def poll(self, timeout_s: float) -> FakeMessage | None:
            began.set()
            go_on.wait()
            return super().poll(timeout_s)

    connect: Any = lambda _: Slow(found())  # noqa: E731
    slow = RecordFetcher({}, FRAMES, within_s=0.01, connect=connect, monotonic_s=lambda: 0.0)
    thread = threading.Thread(target=slow.fetch, args=(3, 7))
    thread.start()
    began.wait()
    with pytest.raises(NotInTime, match="no turn"):
        slow.fetch(3, 8)
    go_on.set()
    thread.join()


def test_after_the_close_nothing_is_fetched() -> None:
    consumer = FakeConsumer(found())
    fetching = fetcher(consumer)
    fetching.fetch(3, 7)
    fetching.close()
    assert consumer.closed
    with pytest.raises(NotInTime):
        fetching.fetch(3, 7)


# --- frames ---


class Fetching:
    """What lies where, and how often somebody asked."""

    def __init__(self, **records: Fetched | Gone) -> None:
        self.records = records
        self.asked = 0

    def fetch(self, partition: int, offset: int) -> Fetched | Gone:
        self.asked += 1
        return self.records.get(f"at_{partition}_{offset}", Gone(why="not there"))

    def close(self) -> None:
        self.asked = -1


def stored(image: bytes | None = IMAGE) -> Fetched:
    return Fetched(key=FRAME_HEADER.key, value=image, headers=frame_headers(FRAME_HEADER))


def test_a_frame_comes_with_its_header_and_is_fetched_once() -> None:
    fetching = Fetching(at_3_7=stored())
    store = FrameStore(fetching)
    assert store.frame(3, 7) == StoredFrame(header=FRAME_HEADER, image=IMAGE)
    assert store.frame(3, 7) == StoredFrame(header=FRAME_HEADER, image=IMAGE)
    assert fetching.asked == 1


@pytest.mark.parametrize(
    "record",
    [stored(None), stored(b""), Fetched(key=b"other", value=IMAGE, headers=frame_headers(FRAME_HEADER))],
    ids=["null", "empty", "contradictory"],
)
def test_a_record_that_is_no_frame_is_gone(record: Fetched) -> None:
    assert isinstance(FrameStore(Fetching(at_3_7=record)).frame(3, 7), Gone)


def test_the_frames_asked_for_last_are_kept() -> None:
    fetching = Fetching(**{f"at_0_{offset}": stored(b"x" * 40) for offset in range(4)})
    store = FrameStore(fetching, kept_bytes=100)
    store.frame(0, 0)
    store.frame(0, 1)
    store.frame(0, 0)
    store.frame(0, 2)
    assert store.held_bytes == 80
    assert fetching.asked == 3
    store.frame(0, 0)
    assert fetching.asked == 3, "it was asked for lately"
    store.frame(0, 1)
    assert fetching.asked == 4


def test_a_frame_larger_than_the_memory_is_given_and_not_kept() -> None:
    store = FrameStore(Fetching(at_3_7=stored(b"x" * 101)), kept_bytes=100)
    assert isinstance(store.frame(3, 7), StoredFrame)
    assert store.held_bytes == 0


# --- reports ---


def reported(name: str = "coil-report", offset: int = 7) -> Fetching:
    encoded = encode(MESSAGES[name])
    record = Fetched(key=encoded.key, value=encoded.value, headers=encoded.headers)
    return Fetching(**{f"at_3_{offset}": record})


def test_the_latest_report_of_a_coil_is_read_again() -> None:
    store = ReportStore(reported(offset=9))
    store.note({"C26-000123": (3, 7)})
    store.note({"C26-000123": (3, 9)})
    assert store.report("C26-000123") == MESSAGES["coil-report"]


@pytest.mark.parametrize("name", ["alarm", "coil-started"])
def test_what_is_no_report_is_none(name: str) -> None:
    store = ReportStore(reported(name))
    store.note({"C26-000123": (3, 7)})
    assert isinstance(store.report("C26-000123"), Gone)


def test_a_place_taken_by_another_coil_is_none() -> None:
    store = ReportStore(reported())
    store.note({"C26-000999": (3, 7)})
    assert isinstance(store.report("C26-000999"), Gone)


def test_only_so_many_coils_are_known() -> None:
    fetching = reported()
    store = ReportStore(fetching, known_coils=2)
    store.note({"C26-000123": (3, 7)})
    store.note({"b": (1, 1), "c": (1, 2)})
    assert isinstance(store.report("C26-000123"), Gone)
    assert fetching.asked == 0


def test_unreadable_headers_are_refused() -> None:
    store = ReportStore(Fetching(at_3_7=Fetched(key=b"k", value=b"{}", headers=None)))
    store.note({"C26-000123": (3, 7)})
    gone = store.report("C26-000123")
    assert isinstance(gone, Gone)
    assert "no report" in gone.why
