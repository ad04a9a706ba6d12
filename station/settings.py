"""The station's settings: `COILWATCH_STATION_*`, and those that it shares with the worker, read once.

Unknown names that begin with COILWATCH_STATION_ are refused, and so is a page that others than this machine
could reach without a token.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, ValidationError, model_validator
from pydantic_settings import SettingsConfigDict, SettingsError

from contracts.kafka_properties import first_mistake, given_properties, not_json, refuse_unknown
from contracts.shared_settings import SHARED, SharedSettings, variable_of
from station.web.security import MIB, Security

OWN_PREFIX = "COILWATCH_STATION_"

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
LEAST_TOKEN = 16

_OWN_SETTING = {
    "bootstrap.servers": "COILWATCH_BOOTSTRAP_SERVERS",
    "group.id": "nothing: the station joins no group",
    "group.instance.id": "nothing: the station joins no group",
    "transactional.id": "nothing: the station writes in no transaction",
    "enable.partition.eof": "nothing: the station must know when it has read everything",
}


def variable(field: str) -> str:
    """The environment variable of a field."""
    return variable_of(field, OWN_PREFIX)


class StationSettings(SharedSettings):
    """Everything that a station can be told."""

    model_config = SettingsConfigDict(
        extra="forbid", frozen=True, alias_generator=variable, populate_by_name=True
    )

    host: str = Field(default="127.0.0.1", description="Address of the page; any but loopback needs a token")
    port: int = Field(default=8480, ge=0, le=65535, description="Port of the page; 0: any free one")
    token: SecretStr | None = Field(
        default=None, description=f"What people log in with, {LEAST_TOKEN} characters or more; never logged"
    )
    allowed_hosts: str = Field(
        default="",
        description="Names that people reach the page by, comma-separated; other names are refused",
    )
    https: bool = Field(
        default=False, description="A proxy serves the page by https: the cookie goes nowhere else"
    )
    session_h: float = Field(default=12, gt=0, le=24 * 31, description="A login lasts so long")
    upload_mib: float = Field(default=16, gt=0, le=256, description="Largest image that can be tried")
    coils_kept: int = Field(default=20, ge=1, le=200, description="Coils whose map is kept")
    history_coils: int = Field(default=5000, ge=1, le=100_000, description="Coils that the history lists")
    lookback_s: float = Field(
        default=3600, ge=0, le=86_400 * 7, description="What lies so far back is read again at a start"
    )
    bundles: Path | None = Field(
        default=None, description="Folder of the bundles that images are tried on; empty: those shipped"
    )

    @model_validator(mode="after")
    def _lets_nobody_in_unasked(self) -> Self:
        token = "" if self.token is None else self.token.get_secret_value()
        if self.token is not None and len(token) < LEAST_TOKEN:
            raise ValueError(f"{variable('token')} must have {LEAST_TOKEN} characters or more")
        if not all(char.isascii() and char.isprintable() and char != " " for char in token):
            raise ValueError(f"{variable('token')} must be ASCII without spaces: a header carries it")
        if self.token is None and not is_loopback(self.host):
            raise ValueError(f"{variable('token')} is needed when {variable('host')} is not loopback")
        if self.token is None and not self._hosts() <= LOOPBACK_NAMES:
            raise ValueError(f"{variable('token')} is needed with {variable('allowed_hosts')}")
        return self

    @property
    def security(self) -> Security:
        """What is asked of a request."""
        hosts = self._hosts()
        if is_loopback(self.host):
            hosts |= LOOPBACK_NAMES | {self.host.strip("[]").lower()}
        return Security(
            token=None if self.token is None else self.token.get_secret_value(),
            hosts=hosts or None,
            https=self.https,
            session_s=self.session_h * 3600,
            upload_bytes=round(self.upload_mib * MIB),
        )

    def kafka(self) -> dict[str, str]:
        """librdkafka properties that whoever talks to the broker begins with. Raises SettingsRefused."""
        given = given_properties(self.kafka_properties, self.kafka_properties_file, own_settings=_OWN_SETTING)
        return {"bootstrap.servers": self.bootstrap_servers, **given}

    def _hosts(self) -> frozenset[str]:
        return frozenset(
            name.strip().strip("[]").lower() for name in self.allowed_hosts.split(",") if name.strip()
        )


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches it. A name other than localhost may be anything."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def read_settings(environment: Mapping[str, str]) -> StationSettings:
    """The settings from an environment. Raises SettingsRefused."""
    own = {variable(field) for field in StationSettings.model_fields if field not in SHARED}
    refuse_unknown(environment, known=own, ours=OWN_PREFIX, whose="the station")
    try:
        settings = StationSettings()
        settings.kafka()
    except ValidationError as invalid:
        raise first_mistake(
            invalid, {variable(f): variable(f) for f in StationSettings.model_fields}
        ) from None
    except SettingsError:
        raise not_json() from None
    return settings
