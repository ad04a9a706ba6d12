"""A topic range in one file, complete or refused.

Format, all integers big-endian:

    magic        14 bytes  `COILWATCH-REC\\x01`, the last one is the format's version
    each record  u32 length of the body, u32 CRC-32 of the body, body:
                   topic     u16 length, UTF-8 (without the run's topic prefix)
                   partition i32, offset i64, timestamp i64 (ms since the epoch; -1: none)
                   key       i32 length (-1: null), bytes
                   value     i32 length (-1: null), bytes
                   headers   u16 count, each: u16 length, name in UTF-8, i32 length (-1: null), bytes
    end          u32 0xFFFFFFFF, u64 number of records, 32 bytes SHA-256 of everything before `end`

The file gets its name only when it is whole, and is read to its end and checked before anything is made of
it: half a recording would look like a run with frames missing.
"""

from __future__ import annotations

import hashlib
import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Self

from producer_sim.refused import SimulatorRefused

MAGIC = b"COILWATCH-REC\x01"
_FRAME = struct.Struct(">II")
_PLACE = struct.Struct(">iqq")
_LENGTH = struct.Struct(">i")
_SHORT = struct.Struct(">H")
_END_MARK = 0xFFFFFFFF
_END = struct.Struct(">IQ32s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A Kafka record and where it lay."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]


class RecordingWriter:
    """Use as a context: the file appears when the block ends well, and not at all when it does not."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._partial = path.with_name(path.name + ".partial")
        self._sum = hashlib.sha256()
        self.records = 0

    def __enter__(self) -> Self:
        try:
            self._out: BinaryIO = self._partial.open("wb")
        except OSError as error:
            raise SimulatorRefused(f"{self._path} cannot be written: {error}.") from None
        self._put(MAGIC)
        return self

    def write(self, record: Record) -> None:
        """Append a record."""
        body = _pack(record)
        self._put(_FRAME.pack(len(body), zlib.crc32(body)))
        self._put(body)
        self.records += 1

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is not None:
            self._out.close()
            self._partial.unlink()
            return
        self._out.write(_END.pack(_END_MARK, self.records, self._sum.digest()))
        self._out.flush()
        os.fsync(self._out.fileno())
        self._out.close()
        self._partial.replace(self._path)

    def _put(self, piece: bytes) -> None:
        self._sum.update(piece)
        self._out.write(piece)


class Recording:
    """A checked recording. Records are read from the file when asked for: it may exceed the memory."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            with path.open("rb") as stream:
                self._index = _check(path, stream)
        except OSError as error:
            raise SimulatorRefused(f"{path} cannot be read: {error}.") from None

    def __len__(self) -> int:
        return len(self._index)

    @property
    def topics(self) -> frozenset[str]:
        """Topics that it holds records of."""
        return frozenset(entry.topic for entry in self._index)

    def records(self) -> Iterator[Record]:
        """All records by their timestamp; those of one partition stay in the order of their offsets."""
        with self._path.open("rb") as stream:
            for entry in _by_time(self._index):
                stream.seek(entry.at)
                yield _unpack(stream.read(entry.length))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    at: int
    length: int


def _by_time(index: list[_Entry]) -> list[_Entry]:
    """Producers' clocks may run backwards inside a partition; its order counts more than theirs."""
    latest: dict[tuple[str, int], int] = {}
    keyed = []
    for entry in sorted(index, key=lambda e: (e.topic, e.partition, e.offset)):
        place = (entry.topic, entry.partition)
        latest[place] = max(latest.get(place, -1), entry.timestamp_ms)
        keyed.append(((latest[place], entry.topic, entry.partition, entry.offset), entry))
    return [entry for _, entry in sorted(keyed, key=lambda pair: pair[0])]


def _check(path: Path, stream: BinaryIO) -> list[_Entry]:
    """Read it all and raise SimulatorRefused unless every byte is as it was written."""
    magic = stream.read(len(MAGIC))
    if magic != MAGIC:
        same_kind = magic[:-1] == MAGIC[:-1]
        raise SimulatorRefused(
            f"{path} is a recording of a newer version: update coilwatch."
            if same_kind
            else f"{path} is no recording."
        )
    total, index, size = hashlib.sha256(magic), list[_Entry](), os.fstat(stream.fileno()).st_size
    while True:
        frame = stream.read(_FRAME.size)
        if len(frame) < _FRAME.size:
            raise SimulatorRefused(f"{path} is cut off after {len(index)} records: record it again.")
        length, crc = _FRAME.unpack(frame)
        if length == _END_MARK:
            _check_end(path, frame + stream.read(), len(index), total.digest())
            return index
        at = stream.tell()
        if length > size - at:
            raise SimulatorRefused(f"{path} is cut off after {len(index)} records: record it again.")
        body = stream.read(length)
        if zlib.crc32(body) != crc:
            raise SimulatorRefused(f"{path} is damaged at record {len(index)}: record it again.")
        total.update(frame + body)
        record = _unpack(body)
        index.append(
            _Entry(
                topic=record.topic,
                partition=record.partition,
                offset=record.offset,
                timestamp_ms=record.timestamp_ms,
                at=at,
                length=length,
            )
        )


def _check_end(path: Path, end: bytes, records: int, digest: bytes) -> None:
    if end != _END.pack(_END_MARK, records, digest):
        raise SimulatorRefused(f"{path} is damaged: its end does not match its {records} records.")


def _pack(record: Record) -> bytes:
    parts = [
        _short(record.topic),
        _PLACE.pack(record.partition, record.offset, record.timestamp_ms),
        _nullable(record.key),
        _nullable(record.value),
        _SHORT.pack(len(record.headers)),
    ]
    for name, value in record.headers:
        parts += (_short(name), _nullable(value))
    return b"".join(parts)


def _short(text: str) -> bytes:
    encoded = text.encode()
    return _SHORT.pack(len(encoded)) + encoded


def _nullable(value: bytes | None) -> bytes:
    return _LENGTH.pack(-1) if value is None else _LENGTH.pack(len(value)) + value


class _Body:
    """Reads a record's body from its start to its end."""

    def __init__(self, body: bytes) -> None:
        self._body, self._at = body, 0

    def unpack(self, layout: struct.Struct) -> tuple[int, ...]:
        self._at += layout.size
        return layout.unpack_from(self._body, self._at - layout.size)

    def take(self, length: int) -> bytes:
        self._at += length
        return self._body[self._at - length : self._at]

    def short(self) -> str:
        return self.take(self.unpack(_SHORT)[0]).decode()

    def nullable(self) -> bytes | None:
        (length,) = self.unpack(_LENGTH)
        return None if length < 0 else self.take(length)


def _unpack(packed: bytes) -> Record:
    body = _Body(packed)
    topic = body.short()
    partition, offset, timestamp_ms = body.unpack(_PLACE)
    key, value = body.nullable(), body.nullable()
    headers = tuple((body.short(), body.nullable()) for _ in range(body.unpack(_SHORT)[0]))
    return Record(
        topic=topic,
        partition=partition,
        offset=offset,
        timestamp_ms=timestamp_ms,
        key=key,
        value=value,
        headers=headers,
    )
