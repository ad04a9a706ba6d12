"""Creating and checking topics on a broker in memory; `tests/integration` does it on a real one."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future
from types import SimpleNamespace
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from contracts.admin import BROKERS_DEFAULT, TopicAdmin, TopicsUnavailable, connect
from contracts.topics import ALARMS, FRAMES, TOPICS


class InMemoryAdmin:
    """Keeps topics; `lists_after` answers pass before a new one is listed, as on a real cluster."""

    def __init__(self, *, lists_after: int = 0, refuses: int | None = None, away: bool = False) -> None:
        self.kept: dict[str, tuple[int, int, dict[str, str]]] = {}
        self.refuses, self.away = refuses, away
        self._lists_after = lists_after
        self._unlisted: dict[str, int] = {}

    def list_topics(self, *, timeout: float) -> Any:
        if self.away:
            raise KafkaException(KafkaError(KafkaError._TRANSPORT))
        listed = {}
        for name, (partitions, _, _) in self.kept.items():
            self._unlisted[name] = self._unlisted.get(name, 0) - 1
            if self._unlisted[name] < 0:
                listed[name] = SimpleNamespace(partitions=dict.fromkeys(range(partitions)), error=None)
        return SimpleNamespace(topics=listed)

    def create_topics(self, topics: Sequence[Any], *, request_timeout: float) -> dict[str, Future[None]]:
        futures = {}
        for new in topics:
            futures[new.topic] = future = Future[None]()
            if self.refuses is None:
                self.kept[new.topic] = new.num_partitions, new.replication_factor, new.config
                self._unlisted[new.topic] = self._lists_after
                future.set_result(None)
            else:
                future.set_exception(KafkaException(KafkaError(self.refuses)))
        return futures

    def describe_configs(
        self, resources: Sequence[Any], *, request_timeout: float
    ) -> dict[Any, Future[dict[str, Any]]]:
        futures = {}
        for resource in resources:
            futures[resource] = future = Future[dict[str, Any]]()
            if self.refuses is None:
                config = self.kept[resource.name][2]
                future.set_result({key: SimpleNamespace(value=value) for key, value in config.items()})
            else:
                future.set_exception(KafkaException(KafkaError(self.refuses)))
        return futures


def topic_admin(client: InMemoryAdmin, *, timeout_s: float = 5.0) -> TopicAdmin:
    return TopicAdmin(client, "broker:9092", timeout_s=timeout_s, wait=lambda _: None)


def test_what_is_created_is_as_the_contract_says() -> None:
    client = InMemoryAdmin(lists_after=3)
    created = topic_admin(client).create(TOPICS, replication_factor=3)
    assert created == [spec.name for spec in TOPICS]
    assert {replicas for _, replicas, _ in client.kept.values()} == {3}
    assert topic_admin(client).check(TOPICS) == []


def test_created_twice_is_created_once() -> None:
    client = InMemoryAdmin()
    topic_admin(client).create(TOPICS, replication_factor=BROKERS_DEFAULT)
    kept = dict(client.kept)
    assert topic_admin(client).create(TOPICS, replication_factor=1) == []
    assert client.kept == kept


def test_only_what_is_missing_is_created() -> None:
    client = InMemoryAdmin()
    topic_admin(client).create(TOPICS, replication_factor=1)
    del client.kept[ALARMS]
    assert topic_admin(client).create(TOPICS, replication_factor=1) == [ALARMS]


def test_what_exists_is_left_as_it_is_and_found_by_the_check() -> None:
    client = InMemoryAdmin()
    client.kept[FRAMES] = 2, 1, {"retention.ms": "1"}
    topic_admin(client).create(TOPICS, replication_factor=1)
    assert client.kept[FRAMES][0] == 2
    assert {d.topic for d in topic_admin(client).check(TOPICS)} == {FRAMES}


def test_an_empty_broker_differs_in_every_topic() -> None:
    assert [d.topic for d in topic_admin(InMemoryAdmin()).check(TOPICS)] == [spec.name for spec in TOPICS]


def test_somebody_else_created_them_first() -> None:
    first = InMemoryAdmin()
    topic_admin(first).create(TOPICS, replication_factor=1)

    class Raced(InMemoryAdmin):
        def create_topics(self, topics: Sequence[Any], *, request_timeout: float) -> dict[str, Future[None]]:
            self.kept = first.kept
            return super().create_topics(topics, request_timeout=request_timeout)

    client = Raced(refuses=KafkaError.TOPIC_ALREADY_EXISTS)
    assert topic_admin(client).create(TOPICS, replication_factor=1) == []


def test_the_broker_refuses() -> None:
    client = InMemoryAdmin(refuses=KafkaError.TOPIC_AUTHORIZATION_FAILED)
    with pytest.raises(
        TopicsUnavailable, match=r"^Kafka at broker:9092 refuses to create strip\.frames\.v1: .*"
    ):
        topic_admin(client).create(TOPICS, replication_factor=1)


def test_the_broker_refuses_to_describe() -> None:
    client = InMemoryAdmin()
    topic_admin(client).create(TOPICS, replication_factor=1)
    client.refuses = KafkaError.TOPIC_AUTHORIZATION_FAILED
    with pytest.raises(TopicsUnavailable, match="refuses to describe its topics"):
        topic_admin(client).check(TOPICS)


def test_the_broker_is_away() -> None:
    with pytest.raises(TopicsUnavailable) as caught:
        topic_admin(InMemoryAdmin(away=True)).check(TOPICS)
    assert "python -m local kafka up" in str(caught.value)


def test_a_created_topic_that_never_appears() -> None:
    client = InMemoryAdmin(lists_after=10**9)
    with pytest.raises(TopicsUnavailable, match="does not list them"):
        topic_admin(client, timeout_s=0.01).create(TOPICS, replication_factor=1)


@pytest.mark.parametrize(
    "properties",
    [{"sasl.pasword": "s3cret"}, {"security.protocol": "s3cret"}, {"socket.timeout.ms": "s3cret"}],
)
def test_a_property_that_librdkafka_refuses(properties: dict[str, str]) -> None:
    with pytest.raises(TopicsUnavailable, match="is refused") as caught:
        connect("broker:9092", properties)
    assert next(iter(properties)) in str(caught.value)
