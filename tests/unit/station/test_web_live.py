"""The live stream: a snapshot, then only what is new; whoever is slow costs nothing."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from station.web.live import CLIENTS, Follower, Pulse
from station.web.live_stream import LiveStream
from station.web.refusals import Busy
from station.web.turnstile import Turnstile
from station.web.wire import Condition
from tests.support.station_parts import NOW_NS, StripDouble, WatchDouble, parts

Event = tuple[str, Any]


def read(sent: bytes) -> list[Event]:
    """Server-sent events as (name, value); a comment as its own name."""
    events: list[Event] = []
    for block in sent.decode().split("\n\n")[:-1]:
        lines = [line for line in block.splitlines() if not line.startswith("retry:")]
        if lines[0].startswith(":"):
            events.append((lines[0], None))
        else:
            name, value = (line.partition(": ")[2] for line in lines)
            events.append((name, json.loads(value)))
    return events


class Client:
    """One connection. While `full` it takes nothing, like a browser that is stuck."""

    def __init__(self, pulse: Pulse, coil: str | None = None, **given: Any) -> None:
        self._left = asyncio.Event()
        self._got = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self.body = b""
        stream = LiveStream(
            pulse,
            Follower(pulse, coil),
            wall_ns=lambda: NOW_NS,
            **{"allowed": lambda: True, "heartbeat_s": 60.0} | given,
        )
        self.task = asyncio.create_task(stream({}, self._receive, self._send))

    async def _receive(self) -> dict[str, Any]:
        await self._left.wait()
        return {"type": "http.disconnect"}

    async def _send(self, message: Any) -> None:
        await self._room.wait()
        self.body += message.get("body", b"")
        self._got.set()

    def stick(self) -> None:
        self._room.clear()

    def free(self) -> None:
        self._room.set()

    def leave(self) -> None:
        self._left.set()

    async def until(self, number: int) -> list[Event]:
        """At least so many events; all of them."""
        while len(read(self.body)) < number and not self.task.done():
            self._got.clear()
            await self._got.wait()
        return read(self.body)


async def settle() -> None:
    """Let every task do what it can."""
    for _ in range(50):
        await asyncio.sleep(0)


def run(test: Callable[[], Awaitable[None]]) -> None:
    async def within() -> None:
        async with asyncio.timeout(20):
            await test()

    asyncio.run(within())


def test_a_snapshot_then_only_what_is_new() -> None:
    async def test() -> None:
        strip = StripDouble()
        pulse = Pulse(parts(strip=strip))
        pulse.turn()
        client = Client(pulse)
        first = await client.until(3)
        assert [name for name, _ in first] == ["hello", "state", "snapshot"]
        assert first[0][1] == {"now_ns": str(NOW_NS)}
        assert first[2][1] == {"coil_id": "C1", "since": 0, "seq": 2, "figures": [1, 2]}
        strip.add("C1", 3)
        pulse.turn()
        assert (await client.until(4))[3:] == [
            ("changes", {"coil_id": "C1", "since": 2, "seq": 3, "figures": [3]})
        ]
        client.leave()
        await client.task
        assert pulse.clients == 0

    run(test)


def test_a_turn_without_news_sends_nothing() -> None:
    async def test() -> None:
        pulse = Pulse(parts())
        pulse.turn()
        client = Client(pulse)
        await client.until(3)
        for _ in range(10):
            pulse.turn()
            await settle()
        assert len(read(client.body)) == 3
        client.leave()
        await client.task

    run(test)


def test_a_change_of_state_is_told_without_the_coil() -> None:
    async def test() -> None:
        watch = WatchDouble()
        pulse = Pulse(parts(watch=watch))
        pulse.turn()
        client = Client(pulse)
        await client.until(3)
        watch.condition = Condition.BROKER_AWAY
        pulse.turn()
        told = (await client.until(4))[3:]
        assert [(name, value["condition"]) for name, value in told] == [("state", "broker_away")]
        client.leave()
        await client.task

    run(test)


def test_a_stuck_client_gets_one_larger_delta_and_no_queue() -> None:
    async def test() -> None:
        strip = StripDouble()
        pulse = Pulse(parts(strip=strip))
        pulse.turn()
        client = Client(pulse)
        await client.until(3)
        client.stick()
        for figure in range(3, 103):
            strip.add("C1", figure)
            pulse.turn()
            await settle()
        client.free()
        events = await client.until(5)
        await settle()
        told = [value["figures"] for name, value in events if name == "changes"]
        assert len(told) == 2  # what was on its way, and all the rest at once
        assert [figure for each in told for figure in each] == list(range(3, 103))
        client.leave()
        await client.task

    run(test)


def test_clients_in_step_share_their_bytes() -> None:
    async def test() -> None:
        strip = StripDouble()
        pulse = Pulse(parts(strip=strip))
        pulse.turn()
        clients = [Client(pulse) for _ in range(CLIENTS)]
        for client in clients:
            await client.until(3)
        strip.asked.clear()
        strip.add("C1", 3)
        pulse.turn()
        for client in clients:
            await client.until(4)
        assert strip.asked == [("C1", 2)]
        one_more = Client(pulse)
        with pytest.raises(Busy):
            await one_more.task
        pulse.close()
        for client in clients:
            await client.task
            assert read(client.body)[-1] == ("bye", {})
        assert pulse.clients == 0

    run(test)


def test_a_new_coil_takes_the_place_of_the_one_before() -> None:
    async def test() -> None:
        strip = StripDouble()
        pulse = Pulse(parts(strip=strip))
        pulse.turn()
        live, chosen = Client(pulse), Client(pulse, "C1")
        await live.until(3)
        await chosen.until(3)
        strip.add("C2", 7)
        strip.add("C1", 8)
        pulse.turn()
        assert (await live.until(4))[3] == (
            "snapshot",
            {"coil_id": "C2", "since": 0, "seq": 1, "figures": [7]},
        )
        assert (await chosen.until(4))[3][1]["figures"] == [8]
        for client in (live, chosen):
            client.leave()
            await client.task

    run(test)


def test_a_heartbeat_when_nothing_happens() -> None:
    async def test() -> None:
        pulse = Pulse(parts())
        pulse.turn()
        client = Client(pulse, heartbeat_s=0.0)
        assert (await client.until(4))[3] == (": still here", None)
        client.leave()
        await client.task

    run(test)


def test_it_ends_with_the_session() -> None:
    async def test() -> None:
        pulse, allowed = Pulse(parts()), [True]
        pulse.turn()
        client = Client(pulse, allowed=lambda: allowed[0], heartbeat_s=0.0)
        await client.until(4)
        allowed[0] = False
        await client.task
        assert read(client.body)[-1][0] == "bye"

    run(test)


def test_a_cancelled_client_leaves_no_trace() -> None:
    async def test() -> None:
        pulse = Pulse(parts())
        pulse.turn()
        client = Client(pulse)
        await client.until(3)
        client.task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await client.task
        assert pulse.clients == 0

    run(test)


def test_a_turnstile_lets_few_in_and_few_wait() -> None:
    async def test() -> None:
        turnstile, door = Turnstile("things", at_once=1, waiting=1), asyncio.Event()
        inside: list[int] = []

        async def go(number: int) -> None:
            async with turnstile.place():
                inside.append(number)
                await door.wait()

        first, second = asyncio.create_task(go(1)), asyncio.create_task(go(2))
        await settle()
        with pytest.raises(Busy, match="Too many things at once"):
            await go(3)
        assert inside == [1]
        door.set()
        await asyncio.gather(first, second)
        await go(4)
        assert inside == [1, 2, 4]

    run(test)
