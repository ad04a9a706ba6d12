"""A frame's image by its place, kept in memory for those who ask again."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock
from typing import Protocol, Self

from contracts.codec import FrameRejected, read_frame_header
from contracts.frames import FrameHeader
from contracts.topics import FRAMES, MIB, topic
from station.feed.fetching import RecordFetcher
from station.feed.records import Fetched, Gone

KEPT_BYTES = 64 * MIB


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredFrame:
    """A frame as its camera sent it; the bytes are not looked at."""

    header: FrameHeader
    image: bytes


class Fetches(Protocol):
    """What is used of `RecordFetcher`."""

    def fetch(self, partition: int, offset: int) -> Fetched | Gone:
        """Raises NotInTime."""

    def close(self) -> None:
        """Let go."""


class FrameStore:
    """For any thread. On an event loop: `await asyncio.to_thread(store.frame, partition, offset)`."""

    def __init__(self, fetcher: Fetches, *, kept_bytes: int = KEPT_BYTES) -> None:
        self._fetcher = fetcher
        self._kept_bytes = kept_bytes
        self._frames: OrderedDict[tuple[int, int], StoredFrame] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    @classmethod
    def connect(cls, properties: Mapping[str, str], topic_prefix: str = "") -> Self:
        """A store of a broker's frames topic."""
        return cls(RecordFetcher(properties, topic(FRAMES, topic_prefix)))

    @property
    def held_bytes(self) -> int:
        """Of images that are kept."""
        return self._bytes

    def frame(self, partition: int, offset: int) -> StoredFrame | Gone:
        """The frame that lies there. Waits 3 s at the most. Raises NotInTime, a TimeoutError."""
        place = (partition, offset)
        with self._lock:
            if place in self._frames:
                self._frames.move_to_end(place)
                return self._frames[place]
        found = self._fetcher.fetch(partition, offset)
        frame = found if isinstance(found, Gone) else _frame(found)
        if isinstance(frame, StoredFrame):
            self._keep(place, frame)
        return frame

    def close(self) -> None:
        """Let go."""
        self._fetcher.close()

    def _keep(self, place: tuple[int, int], frame: StoredFrame) -> None:
        with self._lock:
            if place in self._frames or len(frame.image) > self._kept_bytes:
                return
            self._frames[place] = frame
            self._bytes += len(frame.image)
            while self._bytes > self._kept_bytes:
                _, oldest = self._frames.popitem(last=False)
                self._bytes -= len(oldest.image)


def _frame(found: Fetched) -> StoredFrame | Gone:
    if not found.value:
        return Gone(why="the record holds no image")
    try:
        header = read_frame_header(found.key, found.headers)
    except FrameRejected as rejected:
        return Gone(why=f"the record is no frame: {rejected.detail}")
    return StoredFrame(header=header, image=found.value)
