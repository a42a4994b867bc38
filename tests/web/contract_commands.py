"""The stand-in server's part for commands: taken, and never acted on."""

from __future__ import annotations

import time
from typing import Annotated, Any

from fastapi import APIRouter, Body
from tests.web.world import World, iso


def command_routes(world: World, name: str) -> APIRouter:
    """Commands of `world`, given by `name`."""
    api = APIRouter()

    @api.get("/sites/{site}/commands")
    async def listed(site: str) -> dict[str, Any]:
        return {"commands": world.commands, "next": None}

    @api.post("/sites/{site}/commands", status_code=201)
    async def send(site: str, given: Annotated[dict[str, Any], Body()]) -> dict[str, Any]:
        made = made_command(given["kind"], given["data"], "waiting", issuer=name, id=len(world.commands))
        world.commands.insert(0, made)
        return made

    return api


def made_command(kind: str, data: dict[str, Any], state: str, **changes: Any) -> dict[str, Any]:
    """A command as the API shows it, asked a minute ago."""
    asked = {"id": 7, "issuer": "bruno", "reason": None, "made_at": iso(time.time() - 60)}
    return {**asked, "kind": kind, "data": data, "state": state, **changes}
