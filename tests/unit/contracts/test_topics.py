"""The topics: what they promise each other, and how a broker is held against them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from contracts.message_codec import KINDS
from contracts.topic_check import FoundTopic, differences
from contracts.topics import (
    ALARMS,
    CO_PARTITIONED,
    COIL_EVENTS,
    COIL_REPORTS,
    DEAD_LETTERS,
    DEFECTS,
    FRAMES,
    INSPECTIONS,
    TOPICS,
    UNSEGMENTED,
    TopicSpec,
    producer_properties,
    topics,
)

BY_NAME = {spec.name: spec for spec in TOPICS}


def as_specified(specs: tuple[TopicSpec, ...] = TOPICS) -> dict[str, FoundTopic]:
    return {
        spec.name: FoundTopic(partitions=spec.partitions, config={**spec.config, "min.insync.replicas": "2"})
        for spec in specs
    }


def test_every_topic_of_the_design_is_there() -> None:
    assert {kind.topic for kind in KINDS} | {FRAMES, DEAD_LETTERS, UNSEGMENTED} == set(BY_NAME)
    assert {kind.topic for kind in KINDS} == {INSPECTIONS, DEFECTS, COIL_EVENTS, COIL_REPORTS, ALARMS}


def test_topics_that_are_read_together_have_equal_counts_and_time() -> None:
    assert len({BY_NAME[name].partitions for name in CO_PARTITIONED}) == 1
    assert len({BY_NAME[name].config["retention.ms"] for name in CO_PARTITIONED}) == 1


def test_a_dead_letter_has_room_for_the_frame() -> None:
    sizes = {name: int(spec.config["max.message.bytes"]) for name, spec in BY_NAME.items()}
    assert sizes[DEAD_LETTERS] > sizes[FRAMES] == 2 * 1024 * 1024
    assert int(producer_properties()["message.max.bytes"]) == max(sizes.values())


def test_the_worst_mask_has_room() -> None:
    """Every second pixel of four classes; a run is at most `409600 1 `."""
    worst_bytes = 4 * (256 * 1600 // 2) * len("409600 1 ")
    assert int(BY_NAME[DEFECTS].config["max.message.bytes"]) > worst_bytes


def test_frames_are_kept_short_and_bounded() -> None:
    config = BY_NAME[FRAMES].config
    assert int(config["retention.ms"]) < int(BY_NAME[INSPECTIONS].config["retention.ms"])
    assert int(config["segment.bytes"]) * 8 < int(config["retention.bytes"])
    assert config["compression.type"] == "uncompressed"


def test_only_reports_are_compacted() -> None:
    assert [n for n, spec in BY_NAME.items() if spec.config["cleanup.policy"] == "compact"] == [COIL_REPORTS]


def test_a_prefix_and_a_count() -> None:
    specs = topics(3, prefix="test.")
    assert [spec.name for spec in specs] == [f"test.{name}" for name in BY_NAME]
    assert {spec.partitions for spec in specs} == {3}
    assert differences(specs, as_specified(specs)) == []


def test_nothing_differs_from_what_was_specified() -> None:
    assert differences(TOPICS, as_specified()) == []


def test_a_missing_topic() -> None:
    found = as_specified()
    del found[ALARMS]
    assert [str(d) for d in differences(TOPICS, found)] == [
        "strip.alarms.v1: does not exist; run this command without --check"
    ]


@pytest.mark.parametrize(
    ("name", "partitions", "remedy"),
    [
        (FRAMES, 4, "at any time"),
        (ALARMS, 4, "only while no coil is open"),
        (FRAMES, 12, "--partitions 12"),
        (ALARMS, 12, "cannot be removed"),
    ],
)
def test_another_count_of_partitions(name: str, partitions: int, remedy: str) -> None:
    found = as_specified()
    found[name] = replace(found[name], partitions=partitions)
    (difference,) = differences(TOPICS, found)
    assert difference.topic == name
    assert difference.what == f"has {partitions} partitions, expected are 8"
    assert remedy in difference.remedy


@pytest.mark.parametrize("name", CO_PARTITIONED)
def test_unequal_counts_of_topics_that_are_read_together(name: str) -> None:
    found = as_specified()
    found[name] = replace(found[name], partitions=4)
    listed = differences(TOPICS, found)
    assert any(d.topic == name and "counts must be equal" in d.remedy for d in listed)


@pytest.mark.parametrize("value", ["604800000", None])
def test_another_setting(value: str | None) -> None:
    found = as_specified()
    found[FRAMES] = replace(found[FRAMES], config={**found[FRAMES].config, "retention.ms": value})
    (difference,) = differences(TOPICS, found)
    assert difference.what == f"retention.ms is {value}, expected is 21600000"
    assert difference.remedy.endswith("--entity-name strip.frames.v1 --add-config retention.ms=21600000")


def test_what_the_contract_does_not_name_is_the_brokers_business() -> None:
    found = as_specified()
    found["other.topic"] = FoundTopic(partitions=1, config={})
    assert differences(TOPICS, found) == []
