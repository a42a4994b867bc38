"""What people ask of sites: made here, acted on there, at most once."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from stallaini.server.api import command_models as shapes
from stallaini.server.api.problems import Problem, problems
from stallaini.server.api.services import PREFIX, Operator, Parts, SiteName, Viewer
from stallaini.server.commands import BadCommand, ClockUnset
from stallaini.server.store.base import CommandRow, NewCommand, TooManyCommands
from stallaini.server.times import iso

_DEFAULT_WINDOW_S = 600

router = APIRouter(prefix=PREFIX, tags=["commands"], responses=problems(401, 403, 404, 422))


@router.post("/sites/{site}/commands", status_code=201, responses=problems(409, 503))
async def send_command(
    site: SiteName, request: shapes.CommandRequest, parts: Parts, actor: Operator
) -> shapes.Command:
    """Ask something of a site; it goes down with the site's next call and is acted on at most once."""
    await parts.sites.description(site)
    not_before_s = int(parts.clock.wall_s()) if request.not_before is None else request.not_before
    not_after_s = not_before_s + _DEFAULT_WINDOW_S if request.not_after is None else request.not_after
    new = NewCommand(actor.name, request.kind, not_before_s, not_after_s, request.data)
    try:
        row = await parts.commands.make(site, new)
    except BadCommand as error:
        raise Problem(422, "invalid-command", str(error)) from None
    except TooManyCommands:
        detail = "so many commands of this site wait for their end that no more are taken; wait for some"
        raise Problem(409, "too-many-commands", detail) from None
    except ClockUnset:
        raise Problem(503, "clock-unset", "this server's clock is not set yet; try again later") from None
    return _shown(row)


@router.get("/sites/{site}/commands")
async def list_commands(
    site: SiteName,
    parts: Parts,
    _: Viewer,
    limit: Annotated[int, Query(ge=1, le=1000, description="At most so many.")] = 50,
    before: Annotated[int | None, Query(ge=1, lt=2**53, description="Commands older than this id.")] = None,
) -> shapes.Commands:
    """The newest commands, newest first, and how each ended."""
    await parts.sites.description(site)
    found = await parts.commands.listed(site, limit + 1, before)
    following = str(found[limit - 1].command.id) if len(found) > limit else None
    return shapes.Commands(commands=[_shown(row) for row in found[:limit]], next=following)


@router.get("/sites/{site}/commands/{id}")
async def read_command(
    site: SiteName, id_: Annotated[int, Path(alias="id", ge=0, lt=2**53)], parts: Parts, _: Viewer
) -> shapes.Command:
    """One command, and how far it has come."""
    await parts.sites.description(site)
    row = await parts.commands.one(site, id_)
    if row is None:
        detail = f"{site} has no command {id_}; GET {PREFIX}/sites/{site}/commands lists them"
        raise Problem(404, "unknown-command", detail)
    return _shown(row)


def _shown(row: CommandRow) -> shapes.Command:
    command = row.command
    return shapes.Command(
        id=command.id,
        issuer=command.issuer,
        kind=command.kind,
        data=command.data,
        not_before=iso(command.not_before_s),
        not_after=iso(command.not_after_s),
        state=row.state,
        reason=row.reason,
        made_at=iso(row.made_s),
        sent_at=_iso(row.sent_s),
        received_at=_iso(row.received_s),
        ended_at=_iso(row.ended_s),
    )


def _iso(at_s: int | None) -> str | None:
    return None if at_s is None else iso(at_s)
