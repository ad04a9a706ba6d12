"""What is kept of a client's message, also of one whose headers the client cannot hand over."""

from __future__ import annotations

from consumer.coils.kafka.taken import taken_record
from consumer.coils.ports import TakenRecord

PLACE = ("inspections", 3)


class Message:
    def __init__(self, headers: list[tuple[str, bytes]] | None, at_ms: int = 1_800_000_000_000) -> None:
        self._headers = headers
        self._at_ms = at_ms

    def headers(self) -> list[tuple[str, bytes]]:
        if self._headers is None:
            raise SystemError("a header's name is not UTF-8")
        return self._headers

    def timestamp(self) -> tuple[int, int]:
        return 1, self._at_ms

    def offset(self) -> int:
        return 7

    def value(self) -> bytes:
        return b"v"


def test_a_message_is_taken() -> None:
    headers = [("ce_type", b"t")]
    taken = taken_record(Message(headers), PLACE)  # type: ignore[arg-type]
    assert taken == TakenRecord(PLACE, 7, b"v", headers, 1_800_000_000_000_000_000)


def test_one_without_a_readable_header_is_taken_without_any() -> None:
    assert taken_record(Message(None), PLACE).headers is None  # type: ignore[arg-type]


def test_one_without_a_timestamp_was_written_at_the_beginning() -> None:
    assert taken_record(Message([], at_ms=-1), PLACE).at_ns == 0  # type: ignore[arg-type]
