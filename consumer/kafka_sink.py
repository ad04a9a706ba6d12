"""`ResultSink` on a broker: confluent-kafka's transactional producer (KIP-98, KIP-447)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping

from confluent_kafka import KafkaError, KafkaException, Producer, TopicPartition

from consumer.ports import FENCED_ADVICE, Fenced, Outgoing, TransactionAborted

log = logging.getLogger(__name__)

_FENCED = frozenset({KafkaError._FENCED, KafkaError.INVALID_PRODUCER_EPOCH, KafkaError.PRODUCER_FENCED})
_MAX_QUEUED_MESSAGES = 50_000


class KafkaSink:
    """Results, dead letters and positions in one transaction. Every call belongs to the owner thread."""

    def __init__(
        self, *, properties: Mapping[str, object], frames_topic: str, call_timeout_s: float = 1.0
    ) -> None:
        self._frames_topic = frames_topic
        self._call_timeout_s = call_timeout_s
        self._fatal: KafkaError | None = None
        self._producer = Producer({**properties, "error_cb": self._error})
        self._open = False
        self._pending: _Commit | None = None

    def begin(self, stop: Callable[[], bool]) -> None:
        """Take over the transactional id: fences whoever held it and finishes what they left open.

        Waits for the broker until `stop()`. Raises Fenced, KafkaException.
        """
        waiting = False
        while not stop():
            try:
                self._producer.init_transactions(self._call_timeout_s)
                return
            except KafkaException as failure:
                if not failure.args[0].retriable():
                    raise
                if not waiting:
                    log.warning("waiting for the broker", extra={"why": failure.args[0].str()})
                waiting = True

    def has_room(self) -> bool:
        """False while a commit is pending or too much waits for the broker."""
        return self._pending is None and len(self._producer) < _MAX_QUEUED_MESSAGES

    def publish(self, message: Outgoing) -> None:
        """Add to the transaction. Raises TransactionAborted when it is already lost, Fenced."""
        try:
            if not self._open:
                self._producer.begin_transaction()
                self._open = True
            self._producer.produce(
                message.topic, key=message.key, value=message.value, headers=list(message.headers)
            )
        except KafkaException as failure:
            raise self._fate(failure.args[0]) from failure
        self._producer.poll(0)

    def commit(self, positions: Mapping[int, int], group: object) -> bool:
        """Commit results and positions together; False: the broker is away, call again.

        A call that was interrupted is resumed where it was: librdkafka allows that for retriable errors, and
        only for the same arguments, so the first call's are kept.
        """
        if self._pending is None:
            self._pending = _Commit(positions=dict(positions), group=group)
        try:
            if not self._pending.offsets_sent:
                offsets = [
                    TopicPartition(self._frames_topic, partition, position)
                    for partition, position in self._pending.positions.items()
                ]
                self._producer.send_offsets_to_transaction(offsets, self._pending.group, self._call_timeout_s)
                self._pending.offsets_sent = True
            self._producer.commit_transaction(self._call_timeout_s)
        except KafkaException as failure:
            error: KafkaError = failure.args[0]
            if error.retriable() and not error.txn_requires_abort():
                if not self._pending.told:
                    log.warning("commit waits for the broker", extra={"why": error.str()})
                self._pending.told = True
                return False
            raise self._fate(error) from failure
        self._pending = None
        self._open = False
        return True

    def abort(self) -> None:
        """Throw the current transaction away, if there is one. Raises Fenced, KafkaException."""
        self._pending = None
        while self._open:
            try:
                self._producer.abort_transaction(self._call_timeout_s)
                self._open = False
            except KafkaException as failure:
                if not failure.args[0].retriable():
                    raise self._fate(failure.args[0]) from failure

    def close(self) -> None:
        """Abort what is open, as far as the broker can be reached; its timeout does the rest."""
        if self._open:
            try:
                self._producer.abort_transaction(self._call_timeout_s)
            except KafkaException as failure:
                log.warning(
                    "the broker will abort the open transaction", extra={"why": failure.args[0].str()}
                )
        self._open = False

    def _fate(self, error: KafkaError) -> BaseException:
        if error.code() in _FENCED or (self._fatal is not None and self._fatal.code() in _FENCED):
            return Fenced(FENCED_ADVICE)
        if error.txn_requires_abort() or error.code() in (KafkaError._STATE, KafkaError._PURGE_QUEUE):
            return TransactionAborted(error.str())
        unexpected: BaseException = KafkaException(error)
        return unexpected

    def _error(self, error: KafkaError) -> None:
        if error.fatal():
            self._fatal = error


class _Commit:
    """The arguments of a commit under way, and how far it got."""

    def __init__(self, *, positions: dict[int, int], group: object) -> None:
        self.positions = positions
        self.group = group
        self.offsets_sent = False
        self.told = False
