from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from contracts.topics import TOPICS
from local.kafka.broker import CLUSTER_ID
from local.kafka.jars import kafka_version
from local.kafka.settings import DEFAULT_PORT, DEV_LINE, render, server_properties

COMPOSE = Path(__file__).parents[3] / "docker-compose.yml"


@pytest.fixture(scope="module")
def kafka_service() -> dict[str, object]:
    service = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))["services"]["kafka"]
    assert isinstance(service, dict)
    return service


def test_the_container_has_the_settings_of_the_local_broker(kafka_service: dict[str, object]) -> None:
    environment = kafka_service["environment"]
    assert isinstance(environment, dict)
    wanted = {f"KAFKA_{name.upper().replace('.', '_')}": value for name, value in DEV_LINE.items()}
    assert {name: environment.get(name) for name in wanted} == wanted
    assert environment["CLUSTER_ID"] == CLUSTER_ID


def test_the_container_is_the_same_kafka_on_the_same_port(kafka_service: dict[str, object]) -> None:
    assert kafka_service["image"] == f"apache/kafka:{kafka_version()}"
    assert kafka_service["ports"] == [f"127.0.0.1:{DEFAULT_PORT}:{DEFAULT_PORT}"]


def test_the_broker_takes_the_largest_record_of_every_topic() -> None:
    assert int(DEV_LINE["message.max.bytes"]) >= max(int(t.config["max.message.bytes"]) for t in TOPICS)


def test_properties_are_rendered_as_kafka_reads_them() -> None:
    properties = server_properties(port=1, controller_port=2, data=Path("/d"))
    lines = render(properties).splitlines()
    assert "listeners=PLAINTEXT://127.0.0.1:1,CONTROLLER://127.0.0.1:2" in lines
    assert "log.dirs=/d" in lines
    assert "auto.create.topics.enable=false" in lines
