"""The dashboards as files: what Grafana is provisioned with, byte for byte."""

from __future__ import annotations

import json

from grafana_foundation_sdk.cog.encoder import JSONEncoder
from grafana_foundation_sdk.models import dashboard as model

from monitoring.dashboards.coils import coils
from monitoring.dashboards.latency import latency
from monitoring.dashboards.line import line


def files() -> dict[str, str]:
    """Text by file name; the same code gives the same bytes."""
    return {
        "latency.json": _text(latency()),
        "line.json": _text(line()),
        "coils.json": _text(coils()),
    }


def _text(dashboard: model.Dashboard) -> str:
    return json.dumps(dashboard, cls=JSONEncoder, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
