"""From the reading thread to the event loop: in order, bounded, and with an end that is heard."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest

from station.feed.feed import Feed
from station.feed.handover import FeedCrashed, Handover
from station.feed.messages import FeedBatch
from station.feed.reader import Clocks, Reader
from tests.support.feed_broker import FakeBroker
from tests.support.messages import MESSAGES


def batch(number: int) -> FeedBatch:
    return FeedBatch(messages=[MESSAGES["coil-started"]], received_at_ns=number)


async def numbers(handover: Handover) -> list[int]:
    return [one.received_at_ns async for one in handover.batches()]


def test_what_is_offered_comes_in_order_and_the_end_after_it() -> None:
    handover = Handover(most=2)

    def offer() -> None:
        for number in range(500):
            while not handover.offer(batch(number), 1.0):
                pass
        handover.end()

    thread = threading.Thread(target=offer)
    thread.start()
    assert asyncio.run(numbers(handover)) == list(range(500))
    thread.join()


def test_a_taker_that_waits_is_woken() -> None:
    async def take_one_that_comes_later() -> int:
        handover = Handover()
        batches = handover.batches()
        waiting = asyncio.ensure_future(anext(aiter(batches)))
        await asyncio.sleep(0)
        assert not waiting.done()
        await asyncio.to_thread(handover.offer, batch(7), 0.0)
        return (await waiting).received_at_ns

    assert asyncio.run(take_one_that_comes_later()) == 7


def test_a_full_queue_refuses() -> None:
    handover = Handover(most=1)
    assert handover.offer(batch(1), 0.0)
    assert not handover.offer(batch(2), 0.0)


def test_a_crash_is_raised_behind_what_was_read_before_it() -> None:
    handover = Handover()
    handover.offer(batch(1), 0.0)
    handover.end(ValueError("a bug"))
    seen: list[int] = []

    async def take() -> None:
        async for one in handover.batches():
            seen.append(one.received_at_ns)  # noqa: PERF401 - what came before the crash counts

    with pytest.raises(FeedCrashed) as crashed:
        asyncio.run(take())
    assert isinstance(crashed.value.__cause__, ValueError)
    assert seen == [1]


def test_a_loop_that_has_closed_does_not_trouble_the_thread() -> None:
    handover = Handover()
    handover.offer(batch(1), 0.0)

    async def take_one() -> None:
        await anext(aiter(handover.batches()))

    asyncio.run(take_one())
    assert handover.offer(batch(2), 0.0)
    handover.end()


# --- the thread ---


def feed(broker: FakeBroker) -> Feed:
    handover = Handover()
    reader = Reader(
        connect=broker.connect,
        admin=broker,
        topic_prefix="",
        lookback_s=60,
        handover=handover,
        clocks=Clocks(monotonic_s=lambda: 5.0, wall_ns=lambda: 5_000_000_000),
    )
    return Feed(reader, handover)


def test_the_thread_reads_until_it_is_closed() -> None:
    broker = FakeBroker()
    broker.write(MESSAGES["coil-started"])
    reading = feed(broker)

    async def take_and_close() -> list[object]:
        taken: list[object] = []
        async for one in reading.batches():
            taken += one.messages
            await asyncio.to_thread(reading.close)
        return taken

    reading.start()
    assert asyncio.run(take_and_close()) == [MESSAGES["coil-started"]]
    assert broker.closed
    assert not reading.is_alive
    assert reading.broker.up
    assert reading.unreadable == 0


def test_a_feed_that_was_never_started_is_closed_all_the_same() -> None:
    broker = FakeBroker()
    reading = feed(broker)
    reading.close()
    assert broker.closed


def crashing(_: int, __: float) -> list[object]:
    raise ValueError("a bug")


def test_a_bug_ends_the_thread_loudly(caplog: pytest.LogCaptureFixture) -> None:
    broker = FakeBroker()
    consume: Callable[[int, float], list[object]] = crashing
    broker.consume = consume  # type: ignore[method-assign,assignment]
    reading = feed(broker)
    reading.start()

    async def take() -> None:
        async for _ in reading.batches():
            pass

    with pytest.raises(FeedCrashed):
        asyncio.run(take())
    assert "crashed" in caplog.text
