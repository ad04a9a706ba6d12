"""Offset order: results leave in the order their records came, and only a finished prefix is committed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain

from consumer.flight import Flight


class _Partition:
    __slots__ = ("committed", "flights", "position")

    def __init__(self) -> None:
        self.flights: deque[Flight] = deque()
        self.position: int | None = None
        """Next offset after the last result that left; what the next commit says."""
        self.committed: int | None = None
        """Where to go back to after an abort."""


class OffsetOrder:
    """Flights of every assigned partition, in offset order.

    `pop_finished()` never gives a flight behind an unfinished one of its partition, and moves the position
    that the next commit carries. Positions are NEXT offsets: all below is done.
    """

    def __init__(self) -> None:
        self._partitions: dict[int, _Partition] = {}

    def __len__(self) -> int:
        return sum(len(p.flights) for p in self._partitions.values())

    @property
    def assigned(self) -> frozenset[int]:
        """The partitions that are ours."""
        return frozenset(self._partitions)

    def assign(self, partitions: Sequence[int]) -> None:
        """Begin with partitions that are ours from now on."""
        for partition in partitions:
            self._partitions.setdefault(partition, _Partition())

    def unassign(self, partitions: Sequence[int]) -> list[Flight]:
        """Let partitions go; returns what was still in flight, marked as dropped."""
        gone = [self._partitions.pop(p) for p in partitions if p in self._partitions]
        return _drop(flight for partition in gone for flight in partition.flights)

    def take(self, flight: Flight) -> None:
        """Add the next flight of its partition. Raises RuntimeError when its offset went backwards: a bug."""
        partition = self._partitions[flight.partition]
        last = partition.flights[-1].offset if partition.flights else (partition.position or 0) - 1
        if flight.offset <= last:
            raise RuntimeError(f"partition {flight.partition}: offset {flight.offset} came after {last}")
        if partition.committed is None:
            partition.committed = flight.offset
        partition.flights.append(flight)

    def in_flight(self, partitions: Sequence[int]) -> int:
        """How many flights these partitions still have."""
        return sum(len(self._partitions[p].flights) for p in partitions if p in self._partitions)

    def flights(self) -> Iterator[Flight]:
        """All that did not leave yet."""
        return chain.from_iterable(p.flights for p in self._partitions.values())

    def pop_finished(self) -> Flight | None:
        """The next flight that may leave, if there is one; its partition's position moves behind it."""
        for partition in self._partitions.values():
            if partition.flights and partition.flights[0].finished:
                flight = partition.flights.popleft()
                partition.position = flight.offset + 1
                return flight
        return None

    def uncommitted(self) -> dict[int, int]:
        """Positions that moved since the last commit."""
        return {
            number: p.position
            for number, p in self._partitions.items()
            if p.position is not None and p.position != p.committed
        }

    def committed(self, positions: Mapping[int, int]) -> None:
        """Note that a commit of these positions succeeded."""
        for number, position in positions.items():
            if number in self._partitions:
                self._partitions[number].committed = position

    def rewind(self) -> tuple[dict[int, int], list[Flight]]:
        """After an abort: the offsets to read again from, and what was in flight, marked as dropped."""
        positions = {n: p.committed for n, p in self._partitions.items() if p.committed is not None}
        flights = _drop(flight for p in self._partitions.values() for flight in p.flights)
        for partition in self._partitions.values():
            partition.flights.clear()
            partition.position = partition.committed
        return positions, flights


def _drop(flights: Iterator[Flight]) -> list[Flight]:
    dropped = list(flights)
    for flight in dropped:
        flight.dropped = True
    return dropped
