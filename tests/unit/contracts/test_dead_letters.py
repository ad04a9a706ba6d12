"""A dead letter carries the original headers, whatever they are, and says why and from where."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codec import MessageFault, MessageRejected, dead_letter_headers, read_dead_letter
from contracts.dead_letters import DEAD_LETTER_HEADERS
from contracts.rejections import Reason
from contracts.results import DeadLetter
from contracts.topics import MAX_DEAD_LETTER_BYTES, MAX_FRAME_BYTES
from tests.support.hostile_headers import Headers, with_header, without_header
from tests.support.message_strategies import dead_letters
from tests.support.messages import DEAD_LETTER

any_headers = st.lists(st.tuples(st.text(max_size=10), st.none() | st.binary(max_size=20)), max_size=8)
LETTER: Headers = dead_letter_headers(DEAD_LETTER, [("ce_type", b"\xff")])


@given(dead_letters, st.none() | any_headers)
def test_what_is_written_is_read_and_the_original_stays(letter: DeadLetter, original: Headers | None) -> None:
    headers = dead_letter_headers(letter, original)
    assert headers[: len(original or ())] == (original or [])
    assert read_dead_letter(headers) == letter


def test_of_a_letter_rejected_again_the_last_time_counts() -> None:
    again = DEAD_LETTER.model_copy(update={"reason": Reason.WRONG_SIZE, "rejected_at_ns": 1})
    headers = dead_letter_headers(again, LETTER)
    assert read_dead_letter(headers) == again
    assert headers[: len(LETTER)] == LETTER


@given(st.text(max_size=2000))
def test_a_long_detail_is_cut(detail: str) -> None:
    letter = DEAD_LETTER.model_validate({**DEAD_LETTER.model_dump(), "detail": detail})
    assert len(letter.detail) <= 500
    assert letter.detail == detail or letter.detail == detail[:499] + "…"


def test_the_topic_has_room_for_what_is_added() -> None:
    longest = DeadLetter.model_validate({**DEAD_LETTER.model_dump(), "detail": "\U0001f600" * 2000})
    added = sum(len(name) + len(value or b"") for name, value in dead_letter_headers(longest, []))
    assert added < (MAX_DEAD_LETTER_BYTES - MAX_FRAME_BYTES) / 10


@pytest.mark.parametrize(
    ("headers", "detail"),
    [
        (None, "absent: dl_reason, dl_detail, dl_source_topic"),
        *((without_header(LETTER, name), f"absent: {name}") for name in DEAD_LETTER_HEADERS),
        (with_header(LETTER, "dl_reason", b"bad luck"), "dl_reason"),
        (with_header(LETTER, "dl_reason", None), "dl_reason"),
        (with_header(LETTER, "dl_source_offset", b"-1"), "dl_source_offset"),
        (with_header(LETTER, "dl_source_partition", b"three"), "dl_source_partition"),
        (with_header(LETTER, "dl_detail", b"\xff"), "not UTF-8"),
    ],
)
def test_what_is_no_dead_letter(headers: Headers | None, detail: str) -> None:
    with pytest.raises(MessageRejected) as caught:
        read_dead_letter(headers)
    assert caught.value.reason is MessageFault.MALFORMED
    assert detail in caught.value.detail
