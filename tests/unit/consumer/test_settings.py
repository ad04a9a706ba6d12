"""Settings: typed, unknown names refused, promises kept, secrets never shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from consumer.settings import WorkerSettings, read_settings
from contracts.kafka_properties import SettingsRefused


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """An environment without any setting; what a test sets through `given` is all that the worker sees."""
    import os

    for name in list(os.environ):
        if name.startswith("COILWATCH_"):
            monkeypatch.delenv(name)
    return {}


def read(monkeypatch: pytest.MonkeyPatch, **given: str) -> WorkerSettings:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return read_settings(given)


@pytest.mark.usefixtures("environment")
class TestSettings:
    def test_defaults_hold_every_promise(self, monkeypatch: pytest.MonkeyPatch) -> None:
        settings = read(monkeypatch)
        consumer, producer = settings.consumer_properties(), settings.producer_properties()
        assert consumer["enable.auto.commit"] == "false"
        assert consumer["isolation.level"] == "read_committed"
        assert consumer["auto.offset.reset"] == "earliest"
        assert consumer["partition.assignment.strategy"] == "cooperative-sticky"
        assert (producer["acks"], producer["enable.idempotence"]) == ("all", "true")
        assert producer["partitioner"] == "murmur2_random"

    @pytest.mark.parametrize(
        ("properties", "says"),
        [
            ('{"enable.auto.commit": "true"}', "enable.auto.commit must stay false: positions"),
            ('{"isolation.level": "read_uncommitted"}', "isolation.level must stay read_committed"),
            (
                '{"auto.offset.reset": "latest"}',
                "auto.offset.reset must stay earliest: `latest` silently skips",
            ),
            ('{"acks": "1"}', "acks must stay all"),
            ('{"enable.idempotence": "false"}', "enable.idempotence must stay true"),
            ('{"group.id": "x"}', "it is set by COILWATCH_GROUP_ID"),
            ('{"max.poll.interval.ms": "9000"}', "max.poll.interval.ms .9 s. must be more than twice"),
            ("not json", "COILWATCH_KAFKA_PROPERTIES must be JSON"),
        ],
        ids=lambda value: value[:40],
    )
    def test_what_would_break_a_promise_is_refused(
        self, monkeypatch: pytest.MonkeyPatch, properties: str, says: str
    ) -> None:
        with pytest.raises(SettingsRefused, match=says):
            read(monkeypatch, COILWATCH_KAFKA_PROPERTIES=properties)

    @pytest.mark.parametrize("same", ["-1", "all", "ALL "])
    def test_saying_what_is_so_anyway_is_fine(self, monkeypatch: pytest.MonkeyPatch, same: str) -> None:
        settings = read(monkeypatch, COILWATCH_KAFKA_PROPERTIES=f'{{"acks": "{same}"}}')
        assert settings.producer_properties()["acks"] == "all"

    @pytest.mark.parametrize(
        ("name", "value", "says"),
        [
            ("COILWATCH_BUNDEL", "x", "COILWATCH_BUNDEL is not a setting.*did you mean COILWATCH_BUNDLE"),
            ("COILWATCH_ZZZ", "x", "COILWATCH_ZZZ is not a setting.*README"),
            ("COILWATCH_ENGINE", "tensorrt", "COILWATCH_ENGINE: Input should be 'openvino'"),
            ("COILWATCH_METRICS_PORT", "70000", "COILWATCH_METRICS_PORT: Input should be less"),
            ("COILWATCH_IN_FLIGHT_LOW_MIB", "16", "in_flight_low_mib must be below in_flight_high_mib"),
        ],
    )
    def test_a_wrong_setting_is_refused_in_one_sentence(
        self, monkeypatch: pytest.MonkeyPatch, name: str, value: str, says: str
    ) -> None:
        with pytest.raises(SettingsRefused, match=says) as refused:
            read(monkeypatch, **{name: value})
        assert "\n" not in str(refused.value)

    def test_names_of_other_parts_are_left_alone(self, monkeypatch: pytest.MonkeyPatch) -> None:
        read(monkeypatch, COILWATCH_LOCAL_KAFKA_PORT="19092")

    @pytest.mark.parametrize(
        ("given", "steps", "reserve_s", "dwell_s"),
        [
            ({}, True, 60, 10),
            ({"COILWATCH_LADDER": "off"}, False, 60, 10),
            ({"COILWATCH_DEADLINE_RESERVE_S": "3"}, True, 3, 0.5),
        ],
        ids=["default", "off", "a short reserve"],
    )
    def test_the_ladder_is_on_unless_told_otherwise(
        self,
        monkeypatch: pytest.MonkeyPatch,
        given: dict[str, str],
        steps: bool,
        reserve_s: float,
        dwell_s: float,
    ) -> None:
        policy = read(monkeypatch, **given).ladder_policy
        assert (policy.steps, policy.reserve_s, policy.dwell_s) == (steps, reserve_s, dwell_s)

    def test_any_property_passes_to_the_side_that_knows_it(self, monkeypatch: pytest.MonkeyPatch) -> None:
        settings = read(
            monkeypatch,
            COILWATCH_KAFKA_PROPERTIES=(
                '{"security.protocol": "SASL_SSL", "fetch.min.bytes": "1", "linger.ms": "9"}'
            ),
        )
        consumer, producer = settings.consumer_properties(), settings.producer_properties()
        assert consumer["security.protocol"] == producer["security.protocol"] == "SASL_SSL"
        assert ("fetch.min.bytes" in consumer, "fetch.min.bytes" in producer) == (True, False)
        assert ("linger.ms" in consumer, producer["linger.ms"]) == (False, "9")

    def test_secrets_come_from_files_and_are_never_shown(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        mounted = tmp_path / "kafka.properties"
        mounted.write_text("# mounted secret\nsasl.password = hunter2\n\nsasl.username=worker\n")
        settings = read(
            monkeypatch,
            COILWATCH_KAFKA_PROPERTIES_FILE=str(mounted),
            COILWATCH_KAFKA_PROPERTIES='{"ssl.key.password": "hunter3"}',
        )
        assert settings.consumer_properties()["sasl.password"] == "hunter2"
        assert settings.consumer_properties()["ssl.key.password"] == "hunter3"
        assert "hunter" not in repr(settings)
        assert "hunter" not in settings.model_dump_json()

    def test_a_bad_properties_file_names_its_line(
        self, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        broken = tmp_path / "kafka.properties"
        broken.write_text("a=b\nhunter2\n")
        with pytest.raises(
            SettingsRefused, match=r"kafka.properties, line 2: expected `name=value`"
        ) as refused:
            read(monkeypatch, COILWATCH_KAFKA_PROPERTIES_FILE=str(broken))
        assert "hunter2" not in str(refused.value)

    def test_a_wrong_secret_is_not_repeated(self, monkeypatch: pytest.MonkeyPatch) -> None:
        with pytest.raises(SettingsRefused) as refused:
            read(monkeypatch, COILWATCH_KAFKA_PROPERTIES='{"sasl.password": {"nested": "hunter2"}}')
        assert "hunter2" not in str(refused.value)
