"""The station's reading thread: everything that happens on the line, handed to the event loop."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import AsyncIterator, Mapping
from typing import Self

from confluent_kafka import Consumer
from confluent_kafka.admin import AdminClient

from station.feed.handover import Handover
from station.feed.messages import BrokerState, FeedBatch, FrameLag
from station.feed.properties import admin_properties, feed_properties
from station.feed.reader import LOOK_EACH_S, Clocks, Reader

log = logging.getLogger(__name__)

LOOKBACK_S = 3600.0


class Feed:
    """Reads without a group and commits nothing: its restart reads again.

    `batches` is for one task on the loop; the properties may be read from anywhere.
    """

    def __init__(self, reader: Reader, handover: Handover) -> None:
        self._reader = reader
        self._handover = handover
        self._broker, self._lag, self._assignment = reader.watched
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="station-feed", daemon=True)

    @classmethod
    def connect(
        cls,
        properties: Mapping[str, str],
        *,
        topic_prefix: str = "",
        lookback_s: float = LOOKBACK_S,
        look_each_s: float = LOOK_EACH_S,
    ) -> Self:
        """A feed from a broker. `properties` are librdkafka's: bootstrap.servers, TLS, SASL.

        `look_each_s`: how often partitions that were added are looked for. The broker may be away, and
        topics missing: it waits, and says so. Raises KafkaException of a property that librdkafka refuses.
        """
        handover = Handover()
        reader = Reader(
            connect=lambda heard: Consumer({**feed_properties(properties), "error_cb": heard}),
            admin=AdminClient(admin_properties(properties)),
            topic_prefix=topic_prefix,
            lookback_s=lookback_s,
            handover=handover,
            clocks=Clocks(monotonic_s=time.monotonic, wall_ns=time.time_ns),
            look_each_s=look_each_s,
        )
        return cls(reader, handover)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def batches(self) -> AsyncIterator[FeedBatch]:
        """What is read, until `close`. Raises FeedCrashed when the thread met a bug."""
        return self._handover.batches()

    def close(self, within_s: float = 5.0) -> None:
        """End the thread; it waits for the broker for a few seconds at the most."""
        self._stopping.set()
        if self._thread.ident is None:
            self._reader.close()
            self._handover.end()
        else:
            self._thread.join(within_s)

    @property
    def is_alive(self) -> bool:
        """Whether the thread runs."""
        return self._thread.is_alive()

    @property
    def broker(self) -> BrokerState:
        """Whether Kafka answers."""
        return self._broker.state

    @property
    def lag(self) -> FrameLag:
        """Frames that wait to be inspected."""
        return self._lag.lag

    @property
    def caught_up(self) -> bool:
        """Whether everything that lay there was read once: before that, the picture is not whole."""
        return self._assignment.caught_up

    @property
    def unreadable(self) -> int:
        """Records that could not be read."""
        return self._reader.unreadable

    def _run(self) -> None:
        crash: BaseException | None = None
        try:
            while not self._stopping.is_set():
                self._reader.step()
        except BaseException as bug:
            log.exception("the reading thread crashed")
            crash = bug
        finally:
            self._handover.end(crash)
            self._reader.close()
