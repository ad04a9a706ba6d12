"""The coil tracker's settings: `COILWATCH_COILS_*`, and those that it shares with the worker, read once.

Unknown names that begin with COILWATCH_COILS_ are refused; the worker's and others' may stand beside them.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Self

from pydantic import Field, ValidationError, model_validator
from pydantic_settings import SettingsConfigDict, SettingsError

from consumer.coils.closing import ClosingPolicy
from consumer.coils.marks.lanes import LanePolicy
from consumer.coils.marks.policy import MarkPolicy
from consumer.coils.marks.rolls import Roll
from consumer.coils.report import MOST_DEFECTS
from consumer.coils.tracker import TrackerPolicy
from consumer.coils.verdicts import VerdictPolicy
from consumer.kafka_properties import new_name, refuse_short_poll_interval
from contracts import topics
from contracts.kafka_properties import (
    CONSUMER_PROMISES,
    PRODUCER_PROMISES,
    consumer_side,
    first_mistake,
    given_properties,
    not_json,
    producer_side,
    promised,
    refuse_unknown,
)
from contracts.shared_settings import SHARED, SharedSettings, variable_of

OWN_PREFIX = "COILWATCH_COILS_"

_OWN_SETTING = {
    "bootstrap.servers": "COILWATCH_BOOTSTRAP_SERVERS",
    "group.id": "COILWATCH_COILS_GROUP_ID",
    "transactional.id": "COILWATCH_COILS_TRACKER_ID",
    "group.instance.id": "COILWATCH_COILS_TRACKER_ID",
    "partition.assignment.strategy": "nothing: only `range` keeps a coil's partitions together",
    "group.protocol": "nothing: only the classic protocol keeps a coil's partitions together",
    "enable.partition.eof": "nothing: the tracker must know when it has read everything",
}

_MARKS, _LANES = MarkPolicy(), LanePolicy()


def variable(field: str) -> str:
    """The environment variable of a field."""
    return variable_of(field, OWN_PREFIX)


class TrackerSettings(SharedSettings):
    """Everything that a coil tracker can be told."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, alias_generator=variable, populate_by_name=True
    )

    group_id: str = Field(
        default="coilwatch-coils", description="Consumer group; its trackers share the coils"
    )
    tracker_id: str = Field(
        default="",
        pattern=r"^[A-Za-z0-9._-]*$",
        description="Stable name of this tracker's place: a restart takes over at once; empty: a new one",
    )
    rules: Path | None = Field(
        default=None, description="YAML file of the rules that grade; empty: those that are shipped"
    )
    rolls: Path | None = Field(default=None, description="YAML file of the line's rolls; empty: none")
    settle_s: float = Field(
        default=15, gt=0, le=3600, description="An ended coil without news for so long misses frames"
    )
    reserve_s: float = Field(
        default=5, ge=0, le=3600, description="A coil is closed so long before its deadline, whole or not"
    )
    grace_s: float = Field(
        default=30,
        ge=0,
        le=86_400,
        description="Wait beyond the deadline for a missing start or end",
    )
    amend_within_s: float = Field(
        default=900, ge=0, le=86_400, description="After the deadline: so long a report may be replaced"
    )
    max_defects: int = Field(
        default=MOST_DEFECTS, ge=0, le=100_000, description="Defects that a report lists, the largest"
    )
    mark_level: float = Field(
        default=_MARKS.level, gt=0, lt=1, description="Chance of a false roll mark on a coil without any"
    )
    mark_period_min_mm: float = Field(
        default=_MARKS.period_min_mm, gt=0, description="Shortest spacing of a roll mark"
    )
    mark_period_max_mm: float = Field(
        default=_MARKS.period_max_mm, gt=0, description="Longest spacing of a roll mark"
    )
    lane_coils: int = Field(
        default=_LANES.coils, ge=2, le=100, description="A lane on so many of the last coils is alarmed"
    )
    lane_of_last: int = Field(
        default=_LANES.of_last, ge=2, le=100, description="Coils of the line that are looked back on"
    )
    commit_interval_ms: float = Field(
        default=2000, ge=10, le=60_000, description="How often positions are committed when nothing is told"
    )
    drain_timeout_s: float = Field(
        default=5, gt=0, le=600, description="Longest wait for a commit at a rebalance or at SIGTERM"
    )
    metrics_host: str = Field(default="127.0.0.1", description="Address of /metrics, /healthz, /readyz")
    metrics_port: int = Field(default=9465, ge=0, le=65535, description="Port of the same; 0: any free one")
    stale_after_s: float = Field(
        default=30, gt=0, description="/healthz fails when the owner thread has not turned for so long"
    )

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.lane_coils > self.lane_of_last:
            raise ValueError(f"{variable('lane_coils')} must not be above {variable('lane_of_last')}")
        self._marks()
        return self

    @property
    def policy(self) -> TrackerPolicy:
        """The knobs as the tracker takes them."""
        return TrackerPolicy(
            commit_interval_s=self.commit_interval_ms / 1e3, drain_timeout_s=self.drain_timeout_s
        )

    def verdict_policy(self, rolls: tuple[Roll, ...]) -> VerdictPolicy:
        """When coils are closed, and what is looked for on them."""
        return VerdictPolicy(
            closing=ClosingPolicy(
                settle_s=self.settle_s,
                reserve_s=self.reserve_s,
                grace_s=self.grace_s,
                amend_within_s=self.amend_within_s,
            ),
            marks=self._marks(),
            lanes=LanePolicy(coils=self.lane_coils, of_last=self.lane_of_last),
            rolls=rolls,
            max_defects=self.max_defects,
        )

    def consumer_properties(self) -> dict[str, object]:
        """librdkafka properties of the group's member. Raises SettingsRefused."""
        own: dict[str, object] = {
            "group.id": self.group_id,
            "session.timeout.ms": 6000,  # a killed tracker's coils move after this
            "heartbeat.interval.ms": 2000,
        }
        if self.tracker_id:  # KIP-345: within the session timeout a restart gets its partitions back at once
            own["group.instance.id"] = self.tracker_id
        given = consumer_side(self._given())
        refuse_short_poll_interval(given, self.drain_timeout_s, variable("drain_timeout_s"))
        return self._reading() | own | given | promised(CONSUMER_PROMISES)

    def told_properties(self) -> dict[str, object]:
        """The same of the reader of what was told, which joins no group and commits nothing."""
        given = {n: v for n, v in consumer_side(self._given()).items() if not n.startswith("group.")}
        own = {"group.id": f"{self.group_id}-told"}
        return self._reading() | own | given | promised(CONSUMER_PROMISES)

    def admin_properties(self) -> dict[str, object]:
        """The same of who asks where partitions end."""
        shared = consumer_side(producer_side(self._given()))
        return {"bootstrap.servers": self.bootstrap_servers, **shared}

    def producer_properties(self) -> dict[str, object]:
        """librdkafka properties of the transactional producer. Raises SettingsRefused."""
        own: dict[str, object] = {
            **topics.producer_properties(),
            "bootstrap.servers": self.bootstrap_servers,
            "transactional.id": f"{self.group_id}-{self.tracker_id or new_name()}",
            "transaction.timeout.ms": 5_000,  # so long can a killed tracker's transaction block readers
            "linger.ms": 5,
            "compression.type": "lz4",
        }
        return own | producer_side(self._given()) | promised(PRODUCER_PROMISES)

    def _reading(self) -> dict[str, object]:
        return {
            "bootstrap.servers": self.bootstrap_servers,
            "fetch.queue.backoff.ms": 20,  # 1000 by default: a full prefetch queue then stalls about a second
            "queued.max.messages.kbytes": 32_768,
            "queued.min.messages": 20_000,  # about a second of inspections
            "fetch.message.max.bytes": topics.MAX_MESSAGE_BYTES,
            "fetch.wait.max.ms": 50,
        }

    def _marks(self) -> MarkPolicy:
        return MarkPolicy(
            level=self.mark_level,
            period_min_mm=self.mark_period_min_mm,
            period_max_mm=self.mark_period_max_mm,
        )

    def _given(self) -> dict[str, str]:
        return given_properties(self.kafka_properties, self.kafka_properties_file, own_settings=_OWN_SETTING)


def read_settings(environment: Mapping[str, str]) -> TrackerSettings:
    """The settings from an environment. Raises SettingsRefused."""
    own = {variable(field) for field in TrackerSettings.model_fields if field not in SHARED}
    refuse_unknown(environment, known=own, ours=OWN_PREFIX, whose="the coil tracker")
    try:
        settings = TrackerSettings()
        settings.consumer_properties()
        settings.producer_properties()
    except ValidationError as invalid:
        raise first_mistake(
            invalid, {variable(f): variable(f) for f in TrackerSettings.model_fields}
        ) from None
    except SettingsError:
        raise not_json() from None
    return settings
