"""The tracker's settings: its own names and those that it shares, promises kept, nothing misspelt."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from consumer.coils.settings import TrackerSettings, read_settings
from contracts.kafka_properties import SettingsRefused


@pytest.fixture(autouse=True)
def _no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith("COILWATCH_"):
            monkeypatch.delenv(name)


def read(monkeypatch: pytest.MonkeyPatch, **given: str) -> TrackerSettings:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return read_settings(given)


def test_defaults_hold_every_promise(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch)
    consumer, producer = settings.consumer_properties(), settings.producer_properties()
    assert (consumer["isolation.level"], consumer["enable.auto.commit"]) == ("read_committed", "false")
    assert consumer["auto.offset.reset"] == "earliest"
    assert settings.told_properties()["group.id"] != consumer["group.id"]
    assert (producer["acks"], producer["partitioner"]) == ("all", "murmur2_random")
    policy = settings.verdict_policy(())
    assert (policy.closing.settle_s, policy.closing.reserve_s, policy.closing.grace_s) == (15, 5, 30)


def test_its_own_names_and_the_shared_ones_are_read(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    settings = read(
        monkeypatch,
        COILWATCH_BOOTSTRAP_SERVERS="broker:9092",
        COILWATCH_TOPIC_PREFIX="plant.",
        COILWATCH_COILS_GROUP_ID="coils",
        COILWATCH_COILS_TRACKER_ID="t1",
        COILWATCH_COILS_SETTLE_S="3.5",
        COILWATCH_COILS_RULES=str(tmp_path / "rules.yaml"),
        COILWATCH_COILS_METRICS_PORT="0",
        COILWATCH_KAFKA_PROPERTIES='{"security.protocol": "SSL"}',
    )
    assert settings.consumer_properties()["bootstrap.servers"] == "broker:9092"
    assert settings.consumer_properties()["group.instance.id"] == "t1"
    assert settings.producer_properties()["transactional.id"] == "coils-t1"
    assert "group.instance.id" not in settings.told_properties()
    assert settings.admin_properties() == {"bootstrap.servers": "broker:9092", "security.protocol": "SSL"}
    assert (settings.settle_s, settings.rules, settings.metrics_port) == (3.5, tmp_path / "rules.yaml", 0)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        (
            "COILWATCH_COILS_SETLE_S",
            "3",
            "is not a setting of the coil tracker; did you mean COILWATCH_COILS_SETTLE_S?",
        ),
        ("COILWATCH_COILS_ZZZ", "3", "the README lists the settings"),
        ("COILWATCH_COILS_SETTLE_S", "soon", "COILWATCH_COILS_SETTLE_S: Input should be a valid number"),
        ("COILWATCH_COILS_METRICS_PORT", "70000", "COILWATCH_COILS_METRICS_PORT: Input should be less"),
        ("COILWATCH_LOG_FORMAT", "xml", "COILWATCH_LOG_FORMAT: Input should be"),
        ("COILWATCH_COILS_LANE_COILS", "9", "COILWATCH_COILS_LANE_COILS must not be above"),
        ("COILWATCH_COILS_MARK_PERIOD_MIN_MM", "9000", "period_min_mm must be above 0 and below"),
        ("COILWATCH_KAFKA_PROPERTIES", "not json", "COILWATCH_KAFKA_PROPERTIES must be JSON"),
        ("COILWATCH_KAFKA_PROPERTIES", '{"group.id": "x"}', "it is set by COILWATCH_COILS_GROUP_ID"),
        ("COILWATCH_KAFKA_PROPERTIES", '{"isolation.level": "read_uncommitted"}', "must stay read_committed"),
        (
            "COILWATCH_KAFKA_PROPERTIES",
            '{"partition.assignment.strategy": "cooperative-sticky"}',
            "only `range` keeps a coil's partitions together",
        ),
        (
            "COILWATCH_KAFKA_PROPERTIES",
            '{"max.poll.interval.ms": "9000"}',
            "more than twice COILWATCH_COILS_DRAIN_TIMEOUT_S",
        ),
    ],
)
def test_a_wrong_setting_is_refused_in_one_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
) -> None:
    with pytest.raises(SettingsRefused) as refused:
        read(monkeypatch, **{name: value})
    assert says in str(refused.value)
    assert "\n" not in str(refused.value)


def test_the_workers_and_others_names_are_let_be(monkeypatch: pytest.MonkeyPatch) -> None:
    read(monkeypatch, COILWATCH_WORKER_ID="w1", COILWATCH_LOCAL_X="1", COILWATCH_STATION_Y="2")


def test_secrets_are_never_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = read(monkeypatch, COILWATCH_KAFKA_PROPERTIES='{"sasl.password": "hunter2"}')
    assert settings.consumer_properties()["sasl.password"] == "hunter2"
    assert "hunter2" not in repr(settings)
