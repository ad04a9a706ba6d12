"""Messages that belong to no frame, such as alarms: kept until a transaction with them is committed."""

from __future__ import annotations

from collections.abc import Iterable

from consumer.ports import Outgoing, ResultSink


class Outbox:
    """An abort puts back what the transaction had taken."""

    def __init__(self) -> None:
        self._waiting: list[Outgoing] = []
        self._in_transaction: list[Outgoing] = []

    @property
    def waits(self) -> bool:
        """Whether something is to be published."""
        return bool(self._waiting)

    @property
    def in_transaction(self) -> bool:
        """Whether the open transaction carries something of it."""
        return bool(self._in_transaction)

    def add(self, messages: Iterable[Outgoing]) -> None:
        """Let messages wait for the next transaction."""
        self._waiting += messages

    def publish(self, sink: ResultSink[int]) -> None:
        """Into the transaction. Raises TransactionAborted, which loses nothing."""
        while self._waiting:
            self._in_transaction.append(self._waiting.pop(0))
            sink.publish(self._in_transaction[-1])

    def committed(self) -> None:
        """The transaction is there for all to see."""
        self._in_transaction = []

    def aborted(self) -> None:
        """The transaction never was."""
        self._waiting = self._in_transaction + self._waiting
        self._in_transaction = []
