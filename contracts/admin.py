"""Creates the topics on a broker, or checks them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from time import monotonic, sleep
from typing import Any, Protocol

from confluent_kafka import KafkaError, KafkaException
from confluent_kafka.admin import AdminClient, ConfigResource, NewTopic, ResourceType

from contracts.topic_check import Difference, FoundTopic, differences
from contracts.topics import TOPICS, TopicSpec

TIMEOUT_S = 10.0
BROKERS_DEFAULT = -1
"""As a replication factor: what the broker's `default.replication.factor` says (KIP-464)."""


class TopicsUnavailable(Exception):
    """The broker cannot be reached, or refuses; one sentence that says what to do."""


class Admin(Protocol):
    """What is used of `confluent_kafka.admin.AdminClient`."""

    def list_topics(self, *, timeout: float) -> Any:
        """Cluster metadata: `.topics`, by name."""

    def create_topics(self, topics: Sequence[Any], *, request_timeout: float) -> dict[str, Future[None]]:
        """One future a NewTopic, by name."""

    def describe_configs(
        self, resources: Sequence[Any], *, request_timeout: float
    ) -> dict[Any, Future[dict[str, Any]]]:
        """One future a ConfigResource: ConfigEntry by name."""


def create_topics(
    bootstrap_servers: str,
    properties: Mapping[str, str] | None = None,
    *,
    specs: Sequence[TopicSpec] = TOPICS,
    replication_factor: int = BROKERS_DEFAULT,
    timeout_s: float = TIMEOUT_S,
) -> list[str]:
    """Create what is missing and wait until it is seen; the names created. What exists is left as it is.

    `properties` are librdkafka's (security.protocol, sasl.*, ssl.*). Raises TopicsUnavailable.
    """
    client = connect(bootstrap_servers, properties)
    admin = TopicAdmin(client, bootstrap_servers, timeout_s=timeout_s)
    return admin.create(specs, replication_factor=replication_factor)


def check_topics(
    bootstrap_servers: str,
    properties: Mapping[str, str] | None = None,
    *,
    specs: Sequence[TopicSpec] = TOPICS,
    timeout_s: float = TIMEOUT_S,
) -> list[Difference]:
    """What differs from the contract; empty when nothing does. Raises TopicsUnavailable."""
    client = connect(bootstrap_servers, properties)
    return TopicAdmin(client, bootstrap_servers, timeout_s=timeout_s).check(specs)


def connect(bootstrap_servers: str, properties: Mapping[str, str] | None = None) -> Admin:
    """An admin client; opens no connection yet. Raises TopicsUnavailable for a property that is refused."""
    settings: dict[str, Any] = {**(properties or {}), "bootstrap.servers": bootstrap_servers}
    # librdkafka reports each failed attempt on stderr; the one sentence that is raised says it all.
    silent = logging.Logger("librdkafka", level=logging.CRITICAL)
    try:
        client: Admin = AdminClient(settings, logger=silent)
    except (KafkaException, TypeError, ValueError) as error:
        raise TopicsUnavailable(f"A Kafka property is refused: {_text(error)}") from error
    return client


class TopicAdmin:
    """The topics of one broker."""

    def __init__(
        self,
        client: Admin,
        bootstrap_servers: str,
        *,
        timeout_s: float,
        wait: Callable[[float], object] = sleep,
    ) -> None:
        self._client = client
        self._bootstrap_servers = bootstrap_servers
        self._timeout_s = timeout_s
        self._wait = wait

    def create(self, specs: Sequence[TopicSpec], *, replication_factor: int) -> list[str]:
        """Create what is missing, wait until the broker lists it; the names created."""
        present = self._partitions()
        missing = [spec for spec in specs if spec.name not in present]
        if not missing:
            return []
        topics = [
            NewTopic(
                spec.name,
                num_partitions=spec.partitions,
                replication_factor=replication_factor,
                config=dict(spec.config),
            )
            for spec in missing
        ]
        futures = self._client.create_topics(topics, request_timeout=self._timeout_s)
        created = [name for name, future in futures.items() if self._created(name, future)]
        self._wait_until_listed([spec.name for spec in missing])
        return created

    def check(self, specs: Sequence[TopicSpec]) -> list[Difference]:
        """What differs from `specs`."""
        present = self._partitions()
        names = [spec.name for spec in specs if spec.name in present]
        configs = self._configs(names) if names else {}
        found = {name: FoundTopic(partitions=present[name], config=configs[name]) for name in names}
        return differences(specs, found)

    def _partitions(self) -> dict[str, int]:
        try:
            listed = self._client.list_topics(timeout=self._timeout_s)
        except KafkaException as error:
            raise TopicsUnavailable(
                f"Kafka at {self._bootstrap_servers} does not answer ({_text(error)}, {self._timeout_s:g} s)"
                ": start it (python -m local kafka up), or correct --bootstrap-servers and --property."
            ) from error
        return {name: len(topic.partitions) for name, topic in listed.topics.items() if topic.error is None}

    def _created(self, name: str, future: Future[None]) -> bool:
        """False when somebody else was faster, which is as good."""
        try:
            future.result(self._timeout_s * 2)
        except KafkaException as error:
            if error.args[0].code() == KafkaError.TOPIC_ALREADY_EXISTS:
                return False
            raise self._refused(f"create {name}", error) from error
        return True

    def _wait_until_listed(self, names: Sequence[str]) -> None:
        """A created topic is known to the controller at once, and to the brokers a moment later."""
        give_up_at = monotonic() + self._timeout_s
        while not set(names) <= self._partitions().keys():
            self._wait(0.05)
            if monotonic() > give_up_at:
                raise TopicsUnavailable(
                    f"Kafka at {self._bootstrap_servers} created the topics but does not list them after "
                    f"{self._timeout_s:.0f} s: look at its log, then run this again."
                )

    def _configs(self, names: Sequence[str]) -> dict[str, dict[str, str | None]]:
        resources = [ConfigResource(ResourceType.TOPIC, name) for name in names]
        try:
            futures = self._client.describe_configs(resources, request_timeout=self._timeout_s)
            wait_s = self._timeout_s * 2
            described = {resource.name: future.result(wait_s) for resource, future in futures.items()}
        except KafkaException as error:
            raise self._refused("describe its topics", error) from error
        return {
            name: {key: entry.value for key, entry in entries.items()} for name, entries in described.items()
        }

    def _refused(self, what: str, error: KafkaException) -> TopicsUnavailable:
        return TopicsUnavailable(f"Kafka at {self._bootstrap_servers} refuses to {what}: {_text(error)}.")


def _text(error: BaseException) -> str:
    cause = error.args[0] if error.args else error
    return str(cause.str() if isinstance(cause, KafkaError) else cause).rstrip(".")
