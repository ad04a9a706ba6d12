"""The frame's headers: what is written is read, and what is wrong is rejected with its reason."""

from __future__ import annotations

import contextlib
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.cloudevents import format_time
from contracts.codec import frame_headers, read_frame_header
from contracts.frames import FrameHeader
from contracts.rejections import FrameRejected, Reason
from tests.support.hostile_headers import Headers, Hostile, hostile_headers, with_header, without_header
from tests.support.message_strategies import frame_headers as any_frame
from tests.support.messages import FRAME_HEADER

HOSTILE = hostile_headers(FRAME_HEADER)
SOUND: Headers = list(frame_headers(FRAME_HEADER))


@given(any_frame)
def test_what_is_written_is_read(header: FrameHeader) -> None:
    assert read_frame_header(header.key, frame_headers(header)) == header


@given(any_frame)
def test_the_order_of_headers_does_not_matter(header: FrameHeader) -> None:
    assert read_frame_header(header.key, frame_headers(header)[::-1]) == header


def test_names_are_those_of_cloudevents() -> None:
    """CloudEvents 1.0.2, naming conventions: lower-case letters and digits, not more than 20."""
    attributes = [name for name, _ in SOUND if name != "content-type"]
    assert all(re.fullmatch(r"ce_[a-z0-9]{1,20}", name) for name in attributes)


@pytest.mark.parametrize("case", HOSTILE, ids=str)
def test_what_is_wrong_is_rejected_with_its_reason(case: Hostile) -> None:
    with pytest.raises(FrameRejected) as caught:
        read_frame_header(case.key, case.headers)
    assert caught.value.reason is case.reason
    assert case.mentions in caught.value.detail
    assert len(caught.value.detail) < 500, "hostile text must not swell the dead letter"
    assert "\n" not in caught.value.detail
    assert caught.value.detail.isprintable()


def test_the_table_holds_every_reason_that_headers_can_give() -> None:
    assert {case.reason for case in HOSTILE} == {
        Reason.HEADER_MISSING,
        Reason.HEADER_NOT_UTF8,
        Reason.HEADER_INVALID,
        Reason.HEADER_CONTRADICTORY,
        Reason.UNKNOWN_VERSION,
    }


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
def test_whatever_comes_is_rejected_or_read_and_nothing_else(key: bytes | None, headers: Headers) -> None:
    with contextlib.suppress(FrameRejected):
        read_frame_header(key, headers)


@given(st.sampled_from(range(len(SOUND))), st.none() | st.binary(max_size=40))
def test_one_bent_header_is_rejected_or_harmless(which: int, value: bytes | None) -> None:
    """However one header is bent, what is read says the same of the frame, or it is rejected."""
    name = SOUND[which][0]
    measured = {"ce_exposedatns", "ce_deadlineatns", "ce_widthpx", "ce_heightpx", "ce_mmperpxacross"}
    measured |= {"ce_mmperpxalong", "ce_positionmm", "ce_offsetmm"}
    try:
        header = read_frame_header(FRAME_HEADER.key, with_header(SOUND, name, value))
    except FrameRejected:
        return
    assert header.identity == FRAME_HEADER.identity
    if name not in measured:
        assert header.model_copy(update={"traceparent": FRAME_HEADER.traceparent}) == FRAME_HEADER


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(
            [*SOUND, ("ce_shift", b"night"), ("x-bin", b"\xff\x00"), ("y", None)], id="unknown headers"
        ),
        pytest.param([*SOUND, *SOUND], id="every header twice, the same"),
        pytest.param([*SOUND, ("x", b"1"), ("x", b"2")], id="an unknown header twice, two values"),
        pytest.param(without_header(SOUND, "ce_time"), id="no ce_time"),
        pytest.param(with_header(SOUND, "ce_time", b"2026-01-01T00:00:12.346Z"), id="milliseconds"),
        pytest.param(
            with_header(SOUND, "ce_time", b"2026-01-01T01:00:12.9+01:00"), id="another zone, 0.6 s after"
        ),
        pytest.param(
            with_header(SOUND, "content-type", b"Image/JPEG; q=1"), id="content type's other spelling"
        ),
        pytest.param([*SOUND, ("ce_datacontenttype", b"image/jpeg")], id="content type said twice"),
    ],
)
def test_what_is_harmless_is_accepted(headers: Headers) -> None:
    assert read_frame_header(FRAME_HEADER.key, headers) == FRAME_HEADER


def test_an_absent_offset_is_zero() -> None:
    header = read_frame_header(FRAME_HEADER.key, without_header(SOUND, "ce_offsetmm"))
    assert header.offset_mm == 0.0


@pytest.mark.parametrize(
    "value",
    [
        *(None, b"", b"\xff", b"00-zz-01", b"0" * 4000),
        b"00-%b-%b-01" % (b"0" * 32, b"a" * 16),
        b"00-%b-%b-01" % (b"a" * 32, b"0" * 16),
        b"ff-%b-%b-01" % (b"a" * 32, b"a" * 16),
        b"00-%b-%b-01" % (b"A" * 32, b"a" * 16),
    ],
)
def test_no_frame_is_lost_for_its_trace(value: bytes | None) -> None:
    header = read_frame_header(FRAME_HEADER.key, with_header(SOUND, "ce_traceparent", value))
    assert header == FRAME_HEADER.model_copy(update={"traceparent": None})


def test_a_frame_may_be_exposed_after_its_deadline() -> None:
    late = FRAME_HEADER.model_copy(update={"deadline_at_ns": FRAME_HEADER.exposed_at_ns - 1})
    assert read_frame_header(late.key, frame_headers(late)) == late


def test_the_detail_names_every_missing_header() -> None:
    headers = with_header(without_header(SOUND, "ce_widthpx", "ce_coilid"), "ce_heightpx", None)
    with pytest.raises(FrameRejected) as caught:
        read_frame_header(FRAME_HEADER.key, headers)
    assert caught.value.detail == "absent: ce_coilid, ce_widthpx; null: ce_heightpx"


def test_ce_time_is_the_exposure() -> None:
    assert dict(SOUND)["ce_time"] == format_time(FRAME_HEADER.exposed_at_ns).encode()
