"""What goes on at sites, over the HTTP API: alarms, commands, the data plan, reports."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Literal

import msgspec

from stallaini.bot.api_client import ApiClient, part

AlarmState = Literal["raised", "acknowledged", "snoozed", "escalated", "cleared"]
CommandState = Literal["waiting", "sent", "received", "done", "refused", "expired", "unknown"]
Period = Literal["day", "week"]

ENDED: frozenset[CommandState] = frozenset({"done", "refused", "expired", "unknown"})


class Alarm(msgspec.Struct, frozen=True):
    """One spell of trouble; `count` is how often it was raised in it."""

    id: str
    site: str
    severity: str
    title_en: str
    title_it: str
    state: AlarmState
    raised_at: datetime
    value: float | None = None
    unit: str = ""
    count: int = 1
    cleared_at: datetime | None = None
    acknowledged_by: str | None = None
    snoozed_by: str | None = None
    snoozed_until: datetime | None = None


class AlarmChange(msgspec.Struct, frozen=True):
    """Something that happened to an alarm; `by` a person, or None for the site or time."""

    at: datetime
    change: str
    by: str | None = None


class AlarmTold(msgspec.Struct, frozen=True):
    """Who was told, and by which way."""

    person: str
    way: str
    shown_at: datetime | None = None


class AlarmDetail(msgspec.Struct, frozen=True):
    """An alarm with its history."""

    alarm: Alarm
    changes: list[AlarmChange]
    told: list[AlarmTold]


class Live(msgspec.Struct, frozen=True):
    """Whether the plan allows live values, and what a minute of them takes."""

    allowed: bool
    bytes_per_min: int


class Usage(msgspec.Struct, frozen=True):
    """Bytes of a day or a month; `end` is a month's."""

    used_bytes: int
    by_purpose: dict[str, int]
    end: date | None = None


class Budget(msgspec.Struct, frozen=True):
    """The data plan as the site told of it at `at`; `interval_s` 0: minutes wait for the next month."""

    at: datetime
    plan_bytes: int
    mode: str
    interval_s: int
    live: Live
    month: Usage
    today: Usage | None = None
    forecast_bytes: int | None = None


class Command(msgspec.Struct, frozen=True):
    """Something that was asked of a site, and how far it has come."""

    id: int
    state: CommandState
    reason: str | None = None


class _Alarms(msgspec.Struct, frozen=True):
    alarms: list[Alarm]


class _Budget(msgspec.Struct, frozen=True):
    told: Budget | None


class _Digest(msgspec.Struct, frozen=True):
    text: str


class Doings:
    """Asks one `ApiClient`; every method raises `ApiError`, of a server too old for it `NotFound`."""

    def __init__(self, api: ApiClient) -> None:
        self._api = api

    async def alarms(self, site: str, limit: int) -> list[Alarm]:
        """The open alarms of a site, newest first."""
        query = {"state": "open", "limit": str(limit)}
        return (await self._api.get(f"/sites/{part(site)}/alarms", _Alarms, query)).alarms

    async def alarm(self, id_: str) -> AlarmDetail:
        """One alarm with its history."""
        return await self._api.get(f"/alarms/{part(id_)}", AlarmDetail)

    async def acknowledge(self, id_: str) -> None:
        """Take care of an alarm."""
        await self._api.ask("POST", f"/alarms/{part(id_)}/ack", Alarm)

    async def snooze(self, id_: str, minutes: int) -> None:
        """Silence an alarm. Raises `Conflict` for one that is over."""
        await self._api.ask("POST", f"/alarms/{part(id_)}/snooze", Alarm, json={"minutes": minutes})

    async def budget(self, site: str) -> Budget | None:
        """The data plan, or None while the site has not told of it."""
        return (await self._api.get(f"/sites/{part(site)}/budget", _Budget)).told

    async def digest(self, site: str, period: Period) -> str:
        """What the last whole day or week was like, as plain text in the language of who asks."""
        return (await self._api.get(f"/sites/{part(site)}/digest", _Digest, {"period": period})).text

    async def send(self, site: str, kind: str, data: Mapping[str, str | int]) -> Command:
        """Ask something of a site."""
        body = {"kind": kind, "data": dict(data)}
        return await self._api.ask("POST", f"/sites/{part(site)}/commands", Command, json=body)

    async def command(self, site: str, id_: int) -> Command:
        """How far a command has come."""
        return await self._api.get(f"/sites/{part(site)}/commands/{id_}", Command)
