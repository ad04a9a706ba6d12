"""`ResultSink` on a broker: confluent-kafka's transactional producer (KIP-98, KIP-447)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Generic

from confluent_kafka import KafkaError, KafkaException, Producer, TopicPartition

from consumer.ports import FENCED_ADVICE, Fenced, Outgoing, Place, TransactionAborted

log = logging.getLogger(__name__)

_GIVEN_UP = frozenset({KafkaError._FENCED, KafkaError.INVALID_PRODUCER_EPOCH, KafkaError.PRODUCER_FENCED})
"""What a producer hears when its transaction outlived its timeout, and when a namesake started: the broker
bumps the epoch for both. A namesake also takes our place in the group, which the source hears of."""
_MAX_REPLACEMENTS = 10
_MAX_QUEUED_MESSAGES = 50_000


class KafkaSink(Generic[Place]):
    """Results and positions in one transaction. Every call belongs to the owner thread.

    `locate` gives the topic and partition of what a position is keyed by. `stop` ends every wait for the
    broker.
    """

    def __init__(
        self,
        *,
        properties: Mapping[str, object],
        locate: Callable[[Place], tuple[str, int]],
        stop: Callable[[], bool],
        fenced_advice: str = FENCED_ADVICE,
        call_timeout_s: float = 1.0,
    ) -> None:
        self._properties = properties
        self._locate = locate
        self._stop = stop
        self._fenced_advice = fenced_advice
        self._call_timeout_s = call_timeout_s
        self._producer = self._new_producer()
        self._dead = False
        self._replacements = 0
        self._open = False
        self._commit_pending = False
        self._told = False

    def begin(self) -> None:
        """Take over the transactional id: fences whoever held it and finishes what they left open.

        Waits for the broker until `stop()`. Raises KafkaException.
        """
        waiting = False
        while not self._stop():
            try:
                self._producer.init_transactions(self._call_timeout_s)
                return
            except KafkaException as failure:
                error: KafkaError = failure.args[0]
                if not error.retriable():
                    raise
                if not waiting:
                    log.warning("waiting for the broker", extra={"why": error.str()})
                waiting = True

    def has_room(self) -> bool:
        """False while a commit is pending or too much waits for the broker."""
        return not self._commit_pending and len(self._producer) < _MAX_QUEUED_MESSAGES

    @property
    def commit_pending(self) -> bool:
        """Whether a commit was begun whose outcome is not known yet."""
        return self._commit_pending

    def publish(self, message: Outgoing) -> None:
        """Add to the transaction. Raises TransactionAborted when it is already lost, Fenced."""
        try:
            self._begin_transaction()
            self._producer.produce(
                message.topic, key=message.key, value=message.value, headers=list(message.headers)
            )
        except KafkaException as failure:
            raise self._fate(failure.args[0]) from failure

    def commit(self, positions: Mapping[Place, int], group: object) -> bool:
        """Commit results and positions together; False: the broker is away, call again.

        Only its second half is ever called again: `commit_transaction` resumes. After a failed
        `send_offsets_to_transaction` librdkafka 2.16 can block for ever in whatever it is asked next (seen in
        broker restarts), so that producer is given up, which is safe: nothing of it is committed yet.
        """
        self._listen()
        if not self._commit_pending:
            self._send_offsets(positions, group)
            self._commit_pending = True
        try:
            self._producer.commit_transaction(self._call_timeout_s)
        except KafkaException as failure:
            error: KafkaError = failure.args[0]
            if error.retriable() and not error.txn_requires_abort():
                if not self._told:
                    log.warning("commit waits for the broker", extra={"why": error.str()})
                self._told = True
                return False
            self._commit_pending = False
            raise self._fate(error) from failure
        self._commit_pending = False
        self._told = False
        self._open = False
        self._replacements = 0
        return True

    def _begin_transaction(self) -> None:
        if not self._open:
            self._producer.begin_transaction()
            self._open = True

    def _send_offsets(self, positions: Mapping[Place, int], group: object) -> None:
        offsets = [TopicPartition(*self._locate(place), at) for place, at in positions.items()]
        try:
            self._begin_transaction()  # where nothing was published: positions alone
            self._producer.send_offsets_to_transaction(offsets, group, self._call_timeout_s)
        except KafkaException as failure:
            fate = self._fate(failure.args[0])
            if not failure.args[0].retriable() and not isinstance(fate, TransactionAborted):
                raise fate from failure
            self._dead = True
            raise TransactionAborted(failure.args[0].str()) from failure

    def abort(self) -> None:
        """Throw the current transaction away, if there is one. Raises Fenced, KafkaException.

        A producer that can't abort, or that the broker gave up on because its transaction outlived its
        timeout, is replaced: its successor's first act is to abort what it left.
        """
        self._abort_what_is_open()
        if self._dead:
            self._replace()

    def close(self) -> None:
        """Abort what is open, as far as the broker can be reached; its timeout does the rest."""
        self._abort_what_is_open()

    def _abort_what_is_open(self) -> None:
        """One try; a producer that can't is dead, and its transaction is left to the broker."""
        if self._open and not self._dead:
            try:
                self._producer.abort_transaction(self._call_timeout_s)
            except KafkaException as failure:
                log.warning("abort failed", extra={"why": failure.args[0].str()})
                self._dead = True
        self._open = False

    def _replace(self) -> None:
        self._replacements += 1
        if self._replacements > _MAX_REPLACEMENTS:
            raise Fenced(self._fenced_advice)
        log.warning("starting a new producer in place of one that the broker gave up on")
        self._producer.purge()
        self._producer = self._new_producer()
        self._dead = False
        self.begin()

    def _new_producer(self) -> Producer:
        return Producer({**self._properties, "error_cb": self._error})

    def _fate(self, error: KafkaError) -> BaseException:
        self._listen()
        if error.fatal() or error.code() in _GIVEN_UP:
            self._dead = True
        if (
            self._dead
            or error.txn_requires_abort()
            or error.code() in (KafkaError._STATE, KafkaError._PURGE_QUEUE)
        ):
            return TransactionAborted(error.str())
        unexpected: BaseException = KafkaException(error)
        return unexpected

    def _listen(self) -> None:
        """Hear what librdkafka has to say. `poll` also raises what is fatal: noted here, met later."""
        try:
            self._producer.poll(0)
        except KafkaException as failure:
            if not failure.args[0].fatal():
                raise
            self._dead = True

    def _error(self, error: KafkaError) -> None:
        if error.fatal():
            self._dead = True
