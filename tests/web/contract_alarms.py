"""The stand-in server's part for alarms."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Body, Response
from tests.web.world import World


def alarm_routes(world: World, name: str) -> APIRouter:
    """Alarms of `world`, attended to by `name`."""
    api = APIRouter()

    @api.get("/sites/{site}/alarms")
    async def alarms(site: str, state: str = "open") -> dict[str, Any]:
        return {"alarms": world.alarms.listed(site, state)}

    @api.post("/alarms/{id_}/ack")
    async def ack(id_: str) -> dict[str, Any]:
        return world.alarms.acknowledge(id_, name)

    @api.post("/alarms/{id_}/snooze", response_model=None)
    async def snooze(id_: str, given: Annotated[dict[str, int], Body()]) -> dict[str, Any] | Response:
        if world.alarms.find(id_)["state"] == "cleared":
            return Response(status_code=409)
        return world.alarms.snooze(id_, name, given["minutes"])

    return api
