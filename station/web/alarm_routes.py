"""Alarms: a person says that he has seen one."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path

from contracts.identity import NAME_PATTERN
from station.web.parts import Parts
from station.web.wire import AlarmView, Who

CoilId = Annotated[str, Path(pattern=NAME_PATTERN)]
AlarmId = Annotated[str, Path(pattern=NAME_PATTERN, description="Unique within its coil")]


def alarm_routes(parts: Parts) -> APIRouter:
    """`/api/coils/{coil_id}/alarms/{alarm_id}/acknowledge`."""
    routes = APIRouter(prefix="/api/coils/{coil_id}/alarms", tags=["alarms"])

    @routes.post("/{alarm_id}/acknowledge")
    async def acknowledge(coil_id: CoilId, alarm_id: AlarmId, who: Who) -> AlarmView:
        """Publish that somebody has seen it; the alarm as it stands then."""
        return await parts.alarms.acknowledge(coil_id, alarm_id, who.who)

    return routes
