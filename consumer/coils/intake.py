"""A record becomes a message of a coil, or is refused: counted, logged once a change, never a crash."""

from __future__ import annotations

import logging
from collections.abc import Callable

from consumer.coils.ledger.state import CoilRecord
from consumer.coils.ports import TakenRecord
from contracts.codec import MessageFault, MessageRejected, decode
from contracts.coils import CoilEnded, CoilStarted
from contracts.results import DefectEvent, Inspection

log = logging.getLogger(__name__)

_MOST_COILS = 4096
"""Homes that are kept: a coil's partition is reckoned once, not 100,000 times."""


class CoilIntake:
    """Reads the records of the three topics. `home`: coil_id -> the partition that its records belong in."""

    def __init__(self, home: Callable[[str], int]) -> None:
        self._home = home
        self._homes: dict[str, int] = {}
        self._refusing: dict[str, str] = {}
        """Topic -> what was refused there last, until a good record."""

    def read(self, record: TakenRecord) -> CoilRecord | None:
        """The message; None when it breaks the contract."""
        topic, partition = record.place
        try:
            message = decode(record.headers, record.value)
            if not isinstance(message, Inspection | DefectEvent | CoilStarted | CoilEnded):
                raise MessageRejected(
                    MessageFault.UNKNOWN_TYPE, f"a {type(message).__name__} does not belong here"
                )
            home = self._home_of(message.coil_id)
            if home != partition:
                raise MessageRejected(
                    MessageFault.MALFORMED,
                    f"coil {message.coil_id} belongs in partition {home}: key every record by coil_id, and "
                    "set the producer's partitioner to murmur2_random",
                )
        except MessageRejected as rejected:
            self._refuse(record, rejected)
            return None
        self._refusing.pop(topic, None)
        return message

    def _home_of(self, coil_id: str) -> int:
        home = self._homes.get(coil_id)
        if home is None:
            if len(self._homes) >= _MOST_COILS:
                self._homes.clear()
            home = self._homes[coil_id] = self._home(coil_id)
        return home

    def _refuse(self, record: TakenRecord, rejected: MessageRejected) -> None:
        topic, partition = record.place
        why = str(rejected)
        if self._refusing.get(topic) != why:
            self._refusing[topic] = why
            log.warning(
                "a record breaks the contract and is skipped",
                extra={"topic": topic, "partition": partition, "offset": record.offset, "why": why},
            )
