"""The worker's settings: `COILWATCH_*` in the environment, read once, typed, unknown names refused.

Sets of properties that would break a promise are refused, not silently mended.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, Self

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import SettingsConfigDict, SettingsError

from consumer.deadline_ladder import LadderPolicy
from consumer.kafka_properties import MIB, new_name, refuse_short_poll_interval
from consumer.microbatch import BatchPolicy
from consumer.worker import WorkerPolicy
from contracts import topics
from contracts.kafka_properties import (
    CONSUMER_PROMISES,
    PREFIX,
    PRODUCER_PROMISES,
    consumer_side,
    first_mistake,
    given_properties,
    not_json,
    producer_side,
    promised,
    refuse_unknown,
)
from contracts.shared_settings import SharedSettings
from model.card import LINE, PLANT

_ELSEWHERE = ("COILWATCH_LOCAL_", "COILWATCH_FRAMES", "COILWATCH_COILS_", "COILWATCH_STATION_")
"""Names that belong to other parts of the house and may stand in the same environment."""

_OWN_SETTING = {
    "bootstrap.servers": "COILWATCH_BOOTSTRAP_SERVERS",
    "group.id": "COILWATCH_GROUP_ID",
    "transactional.id": "COILWATCH_WORKER_ID",
    "group.instance.id": "COILWATCH_WORKER_ID",
    "partition.assignment.strategy": "COILWATCH_GROUP_PROTOCOL",
    "group.protocol": "COILWATCH_GROUP_PROTOCOL",
}


class WorkerSettings(SharedSettings):
    """Everything that a worker can be told."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True)

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
    ladder: Literal["on", "off"] = Field(
        default="on", description="`off`: segment every frame even when its coil's verdict will be late"
    )
    deadline_reserve_s: float = Field(
        default=60,
        ge=0,
        description="Step down when less is left between finish and deadline, a fifth of the budget at most",
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
            high_bytes=round(self.in_flight_high_mib * MIB),
            low_bytes=round(self.in_flight_low_mib * MIB),
            drain_timeout_s=self.drain_timeout_s,
            max_rejected_in_a_row=self.max_rejected_in_a_row,
        )

    @property
    def ladder_policy(self) -> LadderPolicy:
        """When the degrade ladder steps."""
        return LadderPolicy(steps=self.ladder == "on", reserve_s=self.deadline_reserve_s)

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
            "fetch.message.max.bytes": 4 * MIB,
            "fetch.wait.max.ms": 50,
            "partition.assignment.strategy": "cooperative-sticky",
        }
        if self.group_protocol == "consumer":  # KIP-848: the broker assigns, and owns the session's timing
            for name in ("session.timeout.ms", "heartbeat.interval.ms", "partition.assignment.strategy"):
                del own[name]
            own["group.protocol"] = "consumer"
        if self.worker_id:  # KIP-345: within the session timeout a restart gets its partitions back at once
            own["group.instance.id"] = self.worker_id
        given = consumer_side(self._given())
        refuse_short_poll_interval(given, self.drain_timeout_s, "COILWATCH_DRAIN_TIMEOUT_S")
        return own | given | promised(CONSUMER_PROMISES)

    def producer_properties(self) -> dict[str, object]:
        """librdkafka properties of the transactional producer. Raises SettingsRefused."""
        own: dict[str, object] = {
            **topics.producer_properties(),
            "bootstrap.servers": self.bootstrap_servers,
            "transactional.id": f"{self.group_id}-{self.worker_id or new_name()}",
            "transaction.timeout.ms": 5_000,  # so long can a killed worker's open transaction block readers
            "linger.ms": 5,
            "compression.type": "lz4",
        }
        return own | producer_side(self._given()) | promised(PRODUCER_PROMISES)

    def _given(self) -> dict[str, str]:
        return given_properties(self.kafka_properties, self.kafka_properties_file, own_settings=_OWN_SETTING)


def read_settings(environment: Mapping[str, str]) -> WorkerSettings:
    """The settings from an environment. Raises SettingsRefused."""
    known = {PREFIX + name.upper() for name in WorkerSettings.model_fields}
    ours = [name for name in environment if not name.startswith(_ELSEWHERE)]
    refuse_unknown(ours, known=known, ours=PREFIX, whose="the worker")
    try:
        settings = WorkerSettings()
        settings.consumer_properties()
        settings.producer_properties()
    except ValidationError as invalid:
        raise first_mistake(invalid) from None
    except SettingsError:
        raise not_json() from None
    return settings
