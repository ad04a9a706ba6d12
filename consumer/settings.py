"""The worker's settings: `COILWATCH_*` in the environment, read once, typed, unknown names refused.

Sets of properties that would break a promise are refused, not silently mended.
"""

from __future__ import annotations

import difflib
import os
import socket
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict, SettingsError

from consumer.microbatch import BatchPolicy
from consumer.worker import WorkerPolicy
from contracts import topics
from model.card import LINE, PLANT

PREFIX = "COILWATCH_"
_ELSEWHERE = ("COILWATCH_LOCAL_", "COILWATCH_FRAMES", "COILWATCH_COILS_", "COILWATCH_STATION_")
"""Names that belong to other parts of the house and may stand in the same environment."""

_MIB = 1024 * 1024

CONSUMER_PROMISES: Mapping[str, tuple[str, str]] = {
    "enable.auto.commit": ("false", "positions are committed with the results, never before them"),
    "enable.auto.offset.store": ("false", "positions are committed with the results, never before them"),
    "isolation.level": ("read_committed", "a frame of an aborted transaction does not exist"),
    "auto.offset.reset": ("earliest", "`latest` silently skips the frames sent before the first start"),
}
PRODUCER_PROMISES: Mapping[str, tuple[str, str]] = {
    "enable.idempotence": ("true", "results must not be written twice"),
    "acks": ("all", "a result must survive the broker that took it"),
    "partitioner": ("murmur2_random", "all who write of a coil must hash its key alike"),
}
_OWN_SETTING = {
    "bootstrap.servers": "COILWATCH_BOOTSTRAP_SERVERS",
    "group.id": "COILWATCH_GROUP_ID",
    "transactional.id": "COILWATCH_WORKER_ID",
    "group.instance.id": "COILWATCH_WORKER_ID",
    "partition.assignment.strategy": "COILWATCH_GROUP_PROTOCOL",
    "group.protocol": "COILWATCH_GROUP_PROTOCOL",
}
_ACKS_ALL = {"-1": "all"}
_CONSUMER_ONLY = ("fetch.", "queued.", "max.poll.", "session.", "heartbeat.", "auto.", "isolation.", "group.")
_PRODUCER_ONLY = (
    "linger.",
    "queue.buffering",
    "batch.",
    "compression.",
    "transaction.",
    "acks",
    "message.timeout",
)


class SettingsRefused(Exception):
    """A setting is wrong; the message is one sentence that says what to do."""


class WorkerSettings(BaseSettings):
    """Everything that a worker can be told."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

    bootstrap_servers: str = Field(
        default="127.0.0.1:19092", description="Kafka brokers, host:port, comma-separated"
    )
    group_id: str = Field(
        default="coilwatch-worker", description="Consumer group; its workers share the frames"
    )
    group_protocol: Literal["classic", "consumer"] = Field(
        default="classic",
        description="`classic`: cooperative-sticky; `consumer`: KIP-848, set the broker's timeouts too",
    )
    worker_id: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9._-]*$",
        description="Stable name of this worker's place: a restart takes over at once; empty: a new one",
    )
    topic_prefix: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9._-]*$",
        description="Put before every topic name, so that two runs can share a broker",
    )
    kafka_properties: dict[str, SecretStr] = Field(
        default_factory=dict, description="JSON of librdkafka properties (TLS, SASL ...); never logged"
    )
    kafka_properties_file: Path | None = Field(
        default=None, description="The same as `name=value` lines, for secrets that are mounted as files"
    )
    bundle: str = Field(default="severstal", description="Model bundle: a name in model/bundles, or a folder")
    preset: str = Field(default=LINE, description="How the bundle runs: `line` is fast, `accurate` surer")
    operating_point: str = Field(
        default=PLANT, description="Which thresholds: `plant` has recall first, `kaggle` mean Dice"
    )
    engine: Literal["openvino", "openvino-fp32", "torch"] = Field(
        default="openvino", description="What runs the networks"
    )
    engine_threads: int = Field(default=0, ge=0, le=256, description="Threads of the engine; 0: one a core")
    decode_threads: int = Field(default=2, ge=1, le=64, description="Threads that decode images")
    gate_batch_frames: int = Field(default=32, ge=1, le=1024, description="Largest micro-batch of the gate")
    segment_batch_frames: int = Field(
        default=8, ge=1, le=1024, description="Largest micro-batch of the segmenter"
    )
    max_wait_ms: float = Field(
        default=20, ge=0, le=60_000, description="How long a frame waits for company in a batch"
    )
    urgent_slack_s: float = Field(
        default=5, ge=0, description="Below this slack to its coil's deadline a frame does not wait"
    )
    commit_interval_ms: float = Field(
        default=200, ge=1, le=60_000, description="A transaction's age when it is committed"
    )
    commit_max_frames: int = Field(
        default=1000, ge=1, description="Frames that make a transaction go earlier"
    )
    in_flight_high_mib: float = Field(
        default=16, gt=0, description="Back-pressure: stop taking frames above this"
    )
    in_flight_low_mib: float = Field(
        default=14, gt=0, description="Back-pressure: take frames again below this"
    )
    drain_timeout_s: float = Field(
        default=5, gt=0, le=600, description="Longest finish at a rebalance or at SIGTERM"
    )
    max_rejected_in_a_row: int = Field(
        default=500, ge=1, description="More dead letters than this in a row stop the worker"
    )
    metrics_host: str = Field(default="127.0.0.1", description="Address of /metrics, /healthz, /readyz")
    metrics_port: int = Field(default=9464, ge=0, le=65535, description="Port of the same; 0: any free one")
    stale_after_s: float = Field(
        default=30, gt=0, description="/healthz fails when the owner thread has not turned for so long"
    )
    log_format: Literal["console", "json"] = Field(default="console", description="How log lines look")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="Least level that is logged"
    )

    @model_validator(mode="after")
    def _back_pressure_has_hysteresis(self) -> Self:
        if self.in_flight_low_mib >= self.in_flight_high_mib:
            raise ValueError("in_flight_low_mib must be below in_flight_high_mib")
        return self

    @property
    def policy(self) -> WorkerPolicy:
        """The knobs as the worker takes them."""
        return WorkerPolicy(
            gate=self._batch(self.gate_batch_frames),
            segment=self._batch(self.segment_batch_frames),
            commit_interval_s=self.commit_interval_ms / 1e3,
            commit_max_frames=self.commit_max_frames,
            high_bytes=round(self.in_flight_high_mib * _MIB),
            low_bytes=round(self.in_flight_low_mib * _MIB),
            drain_timeout_s=self.drain_timeout_s,
            max_rejected_in_a_row=self.max_rejected_in_a_row,
        )

    def _batch(self, max_frames: int) -> BatchPolicy:
        return BatchPolicy(
            max_frames=max_frames, max_wait_s=self.max_wait_ms / 1e3, urgent_slack_s=self.urgent_slack_s
        )

    def consumer_properties(self) -> dict[str, object]:
        """librdkafka properties of the consumer. Raises SettingsRefused."""
        own: dict[str, object] = {
            "bootstrap.servers": self.bootstrap_servers,
            "group.id": self.group_id,
            "session.timeout.ms": 6000,  # a killed worker's partitions move after this: 5.3 s measured at 6 s
            "heartbeat.interval.ms": 2000,
            "fetch.queue.backoff.ms": 20,  # 1000 by default: a full prefetch queue then stalls about a second
            "queued.max.messages.kbytes": 32_768,
            "queued.min.messages": 1000,
            "fetch.message.max.bytes": 4 * _MIB,
            "fetch.wait.max.ms": 50,
            "partition.assignment.strategy": "cooperative-sticky",
        }
        if self.group_protocol == "consumer":  # KIP-848: the broker assigns, and owns the session's timing
            for name in ("session.timeout.ms", "heartbeat.interval.ms", "partition.assignment.strategy"):
                del own[name]
            own["group.protocol"] = "consumer"
        if self.worker_id:  # KIP-345: within the session timeout a restart gets its partitions back at once
            own["group.instance.id"] = self.worker_id
        given = {n: v for n, v in self._given().items() if not n.startswith(_PRODUCER_ONLY)}
        self._refuse_short_poll_interval(given)
        return own | given | {name: value for name, (value, _) in CONSUMER_PROMISES.items()}

    def producer_properties(self) -> dict[str, object]:
        """librdkafka properties of the transactional producer. Raises SettingsRefused."""
        own: dict[str, object] = {
            **topics.producer_properties(),
            "bootstrap.servers": self.bootstrap_servers,
            "transactional.id": f"{self.group_id}-{self.worker_id or _new_name()}",
            "transaction.timeout.ms": 5_000,  # so long can a killed worker's open transaction block readers
            "linger.ms": 5,
            "compression.type": "lz4",
        }
        given = {n: v for n, v in self._given().items() if not n.startswith(_CONSUMER_ONLY)}
        return own | given | {name: value for name, (value, _) in PRODUCER_PROMISES.items()}

    def _given(self) -> dict[str, str]:
        given = {} if self.kafka_properties_file is None else _read_properties(self.kafka_properties_file)
        given |= {name: value.get_secret_value() for name, value in self.kafka_properties.items()}
        for name, value in given.items():
            if name in _OWN_SETTING:
                raise SettingsRefused(
                    f"Kafka property {name} can't be given here; it is set by {_OWN_SETTING[name]}"
                )
            _refuse_broken_promise(name, value)
        return given

    def _refuse_short_poll_interval(self, given: Mapping[str, str]) -> None:
        interval_s = float(given.get("max.poll.interval.ms", 300_000)) / 1e3
        if interval_s <= 2 * self.drain_timeout_s:
            raise SettingsRefused(
                f"max.poll.interval.ms ({interval_s:g} s) must be more than twice COILWATCH_DRAIN_TIMEOUT_S "
                f"({self.drain_timeout_s:g} s), or a drain loses its partitions"
            )


def read_settings(environment: Mapping[str, str]) -> WorkerSettings:
    """The settings from an environment. Raises SettingsRefused."""
    _refuse_unknown(environment)
    try:
        settings = WorkerSettings()
        settings.consumer_properties()
        settings.producer_properties()
    except ValidationError as invalid:
        first = invalid.errors(include_input=False, include_url=False)[0]
        name = PREFIX + "_".join(str(part) for part in first["loc"][:1]).upper()
        raise SettingsRefused(f"{name.rstrip('_')}: {first['msg']}") from None
    except SettingsError:
        raise SettingsRefused(
            'COILWATCH_KAFKA_PROPERTIES must be JSON, like {"security.protocol": "SSL"}'
        ) from None
    return settings


def _new_name() -> str:
    return f"{socket.gethostname()}-{os.getpid()}-{time.time_ns():x}"


def _refuse_unknown(environment: Mapping[str, str]) -> None:
    known = {PREFIX + name.upper() for name in WorkerSettings.model_fields}
    for name in environment:
        if name.startswith(PREFIX) and name not in known and not name.startswith(_ELSEWHERE):
            close = difflib.get_close_matches(name, known, n=1, cutoff=0.8)
            hint = f"; did you mean {close[0]}?" if close else "; the README lists the settings"
            raise SettingsRefused(f"{name} is not a setting of the worker{hint}")


def _refuse_broken_promise(name: str, value: str) -> None:
    wanted, why = {**CONSUMER_PROMISES, **PRODUCER_PROMISES}.get(name, (None, ""))
    if wanted is not None and _ACKS_ALL.get(value.strip(), value.strip().lower()) != wanted:
        raise SettingsRefused(f"Kafka property {name} must stay {wanted}: {why}")


def _read_properties(path: Path) -> dict[str, str]:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as failure:
        raise SettingsRefused(f"COILWATCH_KAFKA_PROPERTIES_FILE can't be read: {failure}") from None
    properties: dict[str, str] = {}
    for number, line in enumerate(lines, start=1):
        text = line.strip()
        if not text or text.startswith("#"):
            continue
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise SettingsRefused(f"{path.name}, line {number}: expected `name=value`")
        properties[name.strip()] = value.strip()
    return properties
