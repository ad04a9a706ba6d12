"""A rejected frame stays in its coil's ledger when nothing disputes whose it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.codec import frame_headers, readable_identity
from tests.support.hostile_headers import Headers, Hostile, hostile_headers, with_header, without_header
from tests.support.messages import FRAME_HEADER

SOUND: Headers = list(frame_headers(FRAME_HEADER))
KEY = FRAME_HEADER.key


@pytest.mark.parametrize("case", hostile_headers(FRAME_HEADER), ids=str)
def test_identity_of_a_rejected_frame(case: Hostile) -> None:
    frame = readable_identity(case.key, case.headers)
    assert (frame is not None) == case.identity_readable
    if frame is not None:
        assert frame.identity == FRAME_HEADER.identity


def test_times_come_with_it() -> None:
    frame = readable_identity(KEY, SOUND)
    assert frame is not None
    assert frame.exposed_at_ns == FRAME_HEADER.exposed_at_ns
    assert frame.deadline_at_ns == FRAME_HEADER.deadline_at_ns


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(without_header(SOUND, "ce_exposedatns"), id="absent"),
        pytest.param(with_header(SOUND, "ce_exposedatns", None), id="null"),
        pytest.param(with_header(SOUND, "ce_exposedatns", b"soon"), id="no number"),
        pytest.param(with_header(SOUND, "ce_exposedatns", b"9223372036854775808"), id="out of range"),
        pytest.param(with_header(SOUND, "ce_exposedatns", b"\xff"), id="not UTF-8"),
        pytest.param([*SOUND, ("ce_exposedatns", b"1")], id="two values"),
    ],
)
def test_a_time_that_cannot_be_read_is_none(headers: Headers) -> None:
    frame = readable_identity(KEY, headers)
    assert frame is not None
    assert frame.exposed_at_ns is None
    assert frame.deadline_at_ns == FRAME_HEADER.deadline_at_ns


def test_four_headers_are_enough() -> None:
    headers = [(n, v) for n, v in SOUND if n in ("ce_lineid", "ce_coilid", "ce_cameraid", "ce_frameindex")]
    frame = readable_identity(None, headers)
    assert frame is not None
    assert frame.identity == FRAME_HEADER.identity


def test_the_id_is_enough() -> None:
    frame = readable_identity(None, [("ce_id", str(FRAME_HEADER).encode())])
    assert frame is not None
    assert frame.identity == FRAME_HEADER.identity


def test_the_key_alone_is_not() -> None:
    assert readable_identity(KEY, []) is None


@given(
    st.none() | st.binary(max_size=40),
    st.lists(
        st.tuples(
            st.sampled_from([name for name, _ in SOUND]) | st.text(max_size=20),
            st.none() | st.binary(max_size=40) | st.sampled_from([value for _, value in SOUND]),
        ),
        max_size=24,
    ),
)
def test_it_never_raises_and_agrees_with_the_key(key: bytes | None, headers: Headers) -> None:
    frame = readable_identity(key, headers)
    assert frame is None or key in (None, frame.key)
