"""Settings that every part of the line shares: where its topics are, how its log looks."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings

from contracts.kafka_properties import PREFIX


class SharedSettings(BaseSettings):
    """What the worker, the coil tracker and the station are told by the same variables."""

    bootstrap_servers: str = Field(
        default="127.0.0.1:19092", description="Kafka brokers, host:port, comma-separated"
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
    log_format: Literal["console", "json"] = Field(default="console", description="How log lines look")
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        default="INFO", description="Least level that is logged"
    )


SHARED = tuple(SharedSettings.model_fields)
"""Fields whose variable begins with COILWATCH_, whatever part reads it."""


def variable_of(field: str, own_prefix: str) -> str:
    """The environment variable of a field; `own_prefix` begins those that only one part has."""
    return (PREFIX if field in SHARED else own_prefix) + field.upper()
