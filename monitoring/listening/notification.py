"""What Alertmanager sends to a webhook, as far as it is read here: payload version 4.

https://prometheus.io/docs/alerting/latest/configuration/#webhook_config
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

MOST_SHOWN = 500
"""Characters of a text in a log line."""


class _Read(BaseModel):
    # Alertmanager adds fields within a version.
    model_config = ConfigDict(frozen=True, extra="ignore")


class SentAlert(_Read):
    """One alert: what fires, or fires no longer."""

    status: Literal["firing", "resolved"]
    labels: Mapping[str, str]
    annotations: Mapping[str, str] = Field(default_factory=dict)
    starts_at: datetime = Field(alias="startsAt")

    def facts(self) -> dict[str, str]:
        """What a person asks first, for a log line; what the alert does not say is left out."""
        told = {
            "alert": self.labels.get("alertname"),
            "severity": self.labels.get("severity"),
            "line": self.labels.get("line"),
            "summary": self.annotations.get("summary"),
            "runbook": self.annotations.get("runbook_url"),
            "since": self.starts_at.isoformat(timespec="seconds"),
        }
        return {name: value[:MOST_SHOWN] for name, value in told.items() if value}


class Notification(_Read):
    """The body of one request: alerts of one group."""

    version: Literal["4"]
    alerts: tuple[SentAlert, ...]
