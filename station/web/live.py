"""Server-sent events: a snapshot, then what is new. Of each client only sequence numbers are kept.

Nothing is queued for a client: a slow one is asked again when it has taken what it was sent, and gets one
larger delta. Who is in step with others shares their bytes: each delta is encoded once.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping

from station.web.parts import Parts
from station.web.refusals import Busy
from station.web.wire import State

TICK_S = 0.1
HEARTBEAT_S = 5.0
CLIENTS = 200
RETRY_MS = 2000
HEARTBEAT = b": still here\n\n"


def event(name: str, value: bytes) -> bytes:
    """One server-sent event; `value` is JSON, which has no line breaks."""
    return b"event: " + name.encode() + b"\ndata: " + value + b"\n\n"


def as_json(value: object) -> bytes:
    """As compact as it gets; NaN is refused, JSON has none."""
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()


class Pulse:
    """Turns ten times a second, and wakes the clients when something has changed."""

    def __init__(self, parts: Parts, *, tick_s: float = TICK_S) -> None:
        self._parts = parts
        self._tick_s = tick_s
        self._revision = -1
        self._state: State | None = None
        self._news = asyncio.Event()
        self._encoded: dict[tuple[str, int], asyncio.Task[tuple[int, bytes]]] = {}
        self.state_event = b""
        self.closed = False
        self.clients = 0

    @property
    def news(self) -> asyncio.Event:
        """Is set when anything changes after this moment, or at the end."""
        return self._news

    async def run(self) -> None:
        """Turn until cancelled."""
        while True:
            self.turn()
            await asyncio.sleep(self._tick_s)

    def turn(self) -> None:
        """Look once whether anything changed."""
        state, revision = self._parts.watch.state(), self._parts.strip.revision
        if state == self._state and revision == self._revision:
            return
        if state != self._state:
            self.state_event = event("state", state.model_dump_json().encode())
        if revision != self._revision:
            self._encoded.clear()
        self._state, self._revision = state, revision
        self._wake()

    def close(self) -> None:
        """End every stream: the server is going down."""
        self.closed = True
        self._wake()

    def enter(self) -> None:
        """Count a client in. Raises Busy."""
        if self.clients >= CLIENTS:
            raise Busy("open pages")
        self.clients += 1

    def leave(self) -> None:
        """Count it out."""
        self.clients -= 1

    def newest(self) -> list[str]:
        """The coil on each line that runs now, or ran last."""
        return [coils[0] for coils in self._parts.strip.coil_ids().values() if coils]

    def seq(self, coil_id: str) -> int | None:
        """Of a coil; None: it is not kept."""
        return self._parts.strip.seq(coil_id)

    async def delta(self, coil_id: str, since: int) -> tuple[int, bytes]:
        """The coil's sequence number and its event, encoded once for all who are at `since`."""
        key = (coil_id, since)
        task = self._encoded.get(key)
        if task is None:
            changes = self._parts.strip.changes_since(coil_id, since)
            task = self._encoded[key] = asyncio.create_task(_encode(coil_id, since, changes))
        return await asyncio.shield(task)  # one client that goes must not take the others' bytes along

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()


async def _encode(coil_id: str, since: int, changes: Mapping[str, object]) -> tuple[int, bytes]:
    seq = changes["seq"]
    assert isinstance(seq, int)
    body = {"coil_id": coil_id, "since": since, **changes}
    if since == 0:  # a whole coil can be megabytes: others are served meanwhile
        text = await asyncio.to_thread(as_json, body)
    else:
        text = as_json(body)
    return seq, event("snapshot" if since == 0 else "changes", text)


class Follower:
    """One client: which coils it follows, and how far it has come."""

    def __init__(self, pulse: Pulse, coil_id: str | None) -> None:
        """`coil_id`: follow this one; None: the newest of each line."""
        self._pulse = pulse
        self._chosen = coil_id
        self._seqs: dict[str, int] = {}
        self._state = b""

    async def new(self) -> list[bytes]:
        """The events since it was last asked."""
        events = []
        if self._state is not self._pulse.state_event:
            self._state = self._pulse.state_event
            events.append(self._state)
        followed = self._pulse.newest() if self._chosen is None else [self._chosen]
        seqs = {coil_id: self._seqs.get(coil_id, 0) for coil_id in followed}
        for coil_id, since in seqs.items():
            at = self._pulse.seq(coil_id)
            if at is not None and at > since:
                seqs[coil_id], told = await self._pulse.delta(coil_id, since)
                events.append(told)
        self._seqs = seqs
        return events


def hello(wall_ns: Callable[[], int]) -> bytes:
    """The first event: the server's clock, by which the page counts down; and how soon to come back."""
    return f"retry: {RETRY_MS}\n".encode() + event("hello", as_json({"now_ns": str(wall_ns())}))
