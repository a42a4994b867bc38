"""The shapes of commands in the HTTP API."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StrictBool, StrictFloat, StrictInt, StrictStr

from stallaini.server.api.models import example
from stallaini.server.store.base import CommandState
from stallaini.server.times import Instant, IsoTime

_WHOLE = Annotated[StrictInt, Field(ge=-(2**53), le=2**53)]
_NUMBER = Annotated[StrictFloat, Field(ge=-(2**53), le=2**53)]
_TEXT = Annotated[StrictStr, Field(max_length=160)]
_NAME = Annotated[str, Field(min_length=1, max_length=40)]
Data = Annotated[dict[_NAME, StrictBool | _WHOLE | _NUMBER | _TEXT | None], Field(max_length=16)]


class CommandRequest(BaseModel):
    """What is asked of a site. Times default to now and ten minutes after `not_before`."""

    model_config = ConfigDict(
        json_schema_extra={"example": {"kind": "live", "data": {"minutes": 5}}}, extra="forbid"
    )
    kind: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_.]*$", max_length=40)]
    data: Data = {}
    not_before: Instant | None = None
    not_after: Instant | None = None


_COMMAND = {
    "id": 1794830400123,
    "issuer": "anna",
    "kind": "live",
    "data": {"minutes": 5},
    "not_before": "2026-11-16T12:00:00Z",
    "not_after": "2026-11-16T12:10:00Z",
    "state": "done",
    "reason": None,
    "made_at": "2026-11-16T12:00:00Z",
    "sent_at": "2026-11-16T12:00:01Z",
    "received_at": "2026-11-16T12:00:02Z",
    "ended_at": "2026-11-16T12:00:01Z",
}


class Command(BaseModel):
    """A command and how far it has come.

    `waiting` to be sent, `sent`, `received` by the site; it ends `done`, `refused`, `expired`, or `unknown`:
    it may have been acted on, and is not repeated.
    """

    model_config = example(**_COMMAND)
    id: int
    issuer: str
    kind: str
    data: Data
    not_before: IsoTime
    not_after: IsoTime
    state: CommandState
    reason: str | None
    made_at: IsoTime
    sent_at: IsoTime | None
    received_at: IsoTime | None
    ended_at: IsoTime | None


class Commands(BaseModel):
    """Commands, newest first."""

    model_config = example(commands=[_COMMAND], next=None)
    commands: list[Command]
    next: str | None
