"""What the worker and the coil tracker share as services: how they stop, how they end, how they log Kafka."""

from __future__ import annotations

import logging
import signal
from collections.abc import Mapping
from enum import IntEnum
from types import FrameType

log = logging.getLogger(__name__)


class Exit(IntEnum):
    """Exit codes, for the supervisor. Whatever it is, nothing half-done was committed: restarting is safe."""

    STOPPED = 0
    CRASHED = 1
    REFUSED = 2
    TOO_MANY_REJECTED = 3
    FENCED = 4
    MODEL_FAILED = 5


class Stop:
    """What SIGTERM and SIGINT do: set a flag. The loop looks at it between steps."""

    def __init__(self) -> None:
        self.requested = False

    def listen(self) -> None:
        """Take both signals over."""
        signal.signal(signal.SIGTERM, self)
        signal.signal(signal.SIGINT, self)

    def __call__(self, signum: int, _: FrameType | None) -> None:
        """The signal's handler."""
        log.info("stopping", extra={"signal": signal.Signals(signum).name})
        self.requested = True


def with_logger(properties: Mapping[str, object], log_level: str) -> dict[str, object]:
    """With a logger. librdkafka repeats each failed connection; the source says the state once."""
    level = 7 if log_level == "DEBUG" else 2  # syslog: 7 all, 2 critical
    return {"log_level": level, **properties, "logger": logging.getLogger("consumer.librdkafka")}
