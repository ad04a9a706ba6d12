"""Alarms: a person says that he has seen one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from contracts.identity import NAME_PATTERN
from station.web.parts import Parts
from station.web.wire import AlarmView, Who

AlarmId = Annotated[str, Path(pattern=NAME_PATTERN)]


def alarm_routes(parts: Parts) -> APIRouter:
    """`/api/alarms/{alarm_id}/acknowledge`."""
    routes = APIRouter(prefix="/api/alarms", tags=["alarms"])

    @routes.post("/{alarm_id}/acknowledge")
    async def acknowledge(alarm_id: AlarmId, who: Who) -> AlarmView:
        """Publish that somebody has seen it; the alarm as it stands then."""
        return await parts.alarms.acknowledge(alarm_id, who.who)

    return routes
