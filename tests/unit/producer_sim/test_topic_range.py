from __future__ import annotations

import pytest

from producer_sim.topic_range import Bound, belongs_to, consumer_configuration, parse_bound


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("beginning", Bound(kind="beginning")),
        ("end", Bound(kind="end")),
        ("0", Bound(kind="offset", value=0)),
        ("1200", Bound(kind="offset", value=1200)),
        ("2027-01-15T08:00:00Z", Bound(kind="time", value=1_800_000_000_000)),
        ("2027-01-15T10:00:00.25+02:00", Bound(kind="time", value=1_800_000_000_250)),
    ],
)
def test_a_bound_is_read(text: str, bound: Bound) -> None:
    assert parse_bound(text) == bound


@pytest.mark.parametrize("text", ["", "yesterday", "-3", "2027-01-15T08:00:00"])
def test_what_is_no_bound_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"neither|time zone"):
        parse_bound(text)


@pytest.mark.parametrize(
    ("key", "belongs"),
    [
        (b"c-1/camera-1/0", True),
        (b"c-1", True),
        (b"c-10/camera-1/0", False),
        (b"c-10", False),
        (b"\xff", False),
        (None, False),
    ],
)
def test_a_coils_records_are_known_by_their_key(key: bytes | None, belongs: bool) -> None:
    assert belongs_to(key, frozenset({"c-1", "c-2"})) is belongs
    assert belongs_to(key, frozenset())


def test_a_reader_joins_no_group_and_sees_only_what_is_committed() -> None:
    configuration = consumer_configuration(
        "b:1", {"isolation.level": "read_uncommitted", "fetch.max.bytes": "9"}
    )

    assert configuration["isolation.level"] == "read_committed"
    assert configuration["enable.auto.commit"] == "false"
    assert configuration["fetch.max.bytes"] == "9"
