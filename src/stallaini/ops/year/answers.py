"""What the server tells of a simulated year, asked over its HTTP API as any page or program asks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx

from stallaini.ops.year.account import CHARGED, DISCHARGED, Energies
from stallaini.ops.year.verdict import Gap

_QUANTITIES = {CHARGED: ("battery.power", "in_kwh"), DISCHARGED: ("battery.power", "out_kwh")}
"""Where the API has each quantity: a power channel, and which way."""
_DAYS_AT_ONCE = 366


async def ask_energies(url: str, site: str, first_day: date, end_day: date) -> dict[date, Energies]:
    """The energies of each local day in [first_day, end_day); a quantity without a value is not in it."""
    found: dict[date, Energies] = {}
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        start = first_day
        while start < end_day:
            end = min(end_day, start + timedelta(days=_DAYS_AT_ONCE))
            query = {"by": "day", "start": start.isoformat(), "end": end.isoformat()}
            for day in (await _get(client, f"/api/v1/sites/{site}/energy", query))["days"]:
                found[date.fromisoformat(day["day"])] = _energies(day["channels"])
            start = end
    return found


async def ask_gaps(url: str, site: str, start_s: int, end_s: int) -> list[Gap]:
    """Every gap in [start, end), with its reason."""
    query = {"start": _iso(start_s), "end": _iso(end_s)}
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        answer = await _get(client, f"/api/v1/sites/{site}/gaps", query)
    gaps = [Gap(gap["start"], gap["minutes"], gap["reason"]) for gap in answer["gaps"]]
    untold = (end_s - start_s) // 60 - answer["minutes_expected"]
    return [*gaps, Gap(_iso(start_s), untold, None)] if untold else gaps


async def _get(client: httpx.AsyncClient, path: str, query: dict[str, str]) -> Any:
    answer = await client.get(path, params=query)
    answer.raise_for_status()
    return answer.json()


def _energies(channels: dict[str, dict[str, float | None]]) -> Energies:
    told = {name: channels.get(channel, {}).get(way) for name, (channel, way) in _QUANTITIES.items()}
    return {name: kwh for name, kwh in told.items() if kwh is not None}


def _iso(at_s: int) -> str:
    return datetime.fromtimestamp(at_s, UTC).isoformat()
