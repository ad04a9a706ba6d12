"""Times and types of the envelope."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.cloudevents import clip, format_time, parse_time, split_type, type_name
from contracts.identity import MAX_TIME_NS


@given(st.integers(0, MAX_TIME_NS))
def test_a_time_that_is_written_is_read(at_ns: int) -> None:
    assert parse_time(format_time(at_ns)) == at_ns


@pytest.mark.parametrize(
    ("text", "at_ns"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01T00:00:00.000000001Z", 1),
        ("1970-01-01t00:00:01.5z", 1_500_000_000),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1969-12-31T23:59:59-00:01", 59_000_000_000),
        ("1970-01-01T00:00:00.0000000019Z", 1),
    ],
)
def test_times_as_others_write_them(text: str, at_ns: int) -> None:
    assert parse_time(text) == at_ns


@pytest.mark.parametrize(
    "text", ["", "0", "1970-01-01", "1970-01-01T00:00:00", "1970-02-30T00:00:00Z", "1970-01-01T25:00:00Z"]
)
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse_time(text)


@given(st.text(max_size=40) | st.from_regex(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)"))
def test_no_text_does_worse_than_be_refused(text: str) -> None:
    with contextlib.suppress(ValueError):
        parse_time(text)


def test_types() -> None:
    assert type_name("defect-event") == "coilwatch.defect-event.v1"
    assert split_type("coilwatch.defect-event.v12") == ("defect-event", 12)
    assert split_type("coilwatch.defect-event.v1\n") is None
    assert split_type("coilwatch..v1") is None


@given(st.text() | st.just("\ud800" * 600))
def test_clipped_text_is_short_and_encodable(text: str) -> None:
    assert len(clip(text, 50)) <= 50
    clip(text).encode()
