"""The readers join no group and commit nothing, whatever they are given."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from station.feed.properties import admin_properties, feed_properties, fetch_properties

GIVEN = {
    "bootstrap.servers": "kafka:9092",
    "security.protocol": "SSL",
    "group.id": "coilwatch-workers",
    "group.instance.id": "worker-1",
    "enable.auto.commit": "true",
    "isolation.level": "read_uncommitted",
    "linger.ms": "5",
}


@pytest.mark.parametrize("made", [feed_properties, fetch_properties])
def test_a_reader_is_alone_and_commits_nothing(
    made: Callable[[Mapping[str, str]], dict[str, object]],
) -> None:
    properties = made(GIVEN)
    assert properties["enable.auto.commit"] == "false"
    assert properties["isolation.level"] == "read_committed"
    assert properties["security.protocol"] == "SSL"
    assert str(properties["group.id"]).startswith("coilwatch-station-")
    assert properties["group.id"] != made(GIVEN)["group.id"], "nobody else is in it"
    assert "group.instance.id" not in properties
    assert "linger.ms" not in properties


def test_where_retention_took_the_next_record_the_feed_goes_on_and_a_fetch_does_not() -> None:
    assert feed_properties(GIVEN)["auto.offset.reset"] == "earliest"
    assert fetch_properties({**GIVEN, "auto.offset.reset": "earliest"})["auto.offset.reset"] == "error"


def test_who_only_asks_is_told_how_to_connect_and_no_more() -> None:
    assert admin_properties(GIVEN).keys() >= {"bootstrap.servers", "security.protocol"}
    assert "group.id" not in admin_properties(GIVEN)
    assert "linger.ms" not in admin_properties(GIVEN)
