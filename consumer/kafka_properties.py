"""What a member of a group asks of its librdkafka properties besides the promises of all."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping

from contracts.kafka_properties import SettingsRefused

MIB = 1024 * 1024


def refuse_short_poll_interval(given: Mapping[str, str], longest_s: float, setting: str) -> None:
    """A drain of `longest_s`, set by `setting`, must fit between two polls. Raises SettingsRefused."""
    interval_s = float(given.get("max.poll.interval.ms", 300_000)) / 1e3
    if interval_s <= 2 * longest_s:
        raise SettingsRefused(
            f"max.poll.interval.ms ({interval_s:g} s) must be more than twice {setting} "
            f"({longest_s:g} s), or a drain loses its partitions"
        )


def new_name() -> str:
    """A name that no other process has, for one that was not given a stable one."""
    return f"{socket.gethostname()}-{os.getpid()}-{time.time_ns():x}"
