"""What the server tells of a simulated year, asked over its HTTP API as any page or program asks."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx

from stallaini.ops.year.account import (
    CHARGED,
    CONSUMED,
    COUNTED_CONSUMED,
    COUNTED_DRAWN,
    COUNTED_SOLAR,
    DISCHARGED,
    GENERATOR,
    SOLAR,
    Energies,
)
from stallaini.ops.year.verdict import Gap
from stallaini.server.queries import day_bounds

_QUANTITIES = {
    CHARGED: ("battery.power", "in_kwh"),
    DISCHARGED: ("battery.power", "out_kwh"),
    SOLAR: ("solar.power", "in_kwh"),
    CONSUMED: ("inverter.ac_power", "in_kwh"),
    GENERATOR: ("inverter.input_power", "in_kwh"),
}
"""Where the API has each quantity: a power channel, and which way."""
_COUNTERS = {
    COUNTED_SOLAR: "solar.energy_today",
    COUNTED_CONSUMED: "inverter.energy_consumed_today",
    COUNTED_DRAWN: "inverter.energy_discharged_today",
}
_DAYS_AT_ONCE, _COUNTED_AT_ONCE = 366, 25
_BUCKET_S = 300


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


async def ask_counters(
    url: str, site: str, first_day: date, end_day: date, timezone: str
) -> dict[date, Energies]:
    """What each device's own day counter came to, per local day."""
    found: dict[date, Energies] = {}
    async with httpx.AsyncClient(base_url=url, timeout=60) as client:
        for number in range(0, (end_day - first_day).days, _COUNTED_AT_ONCE):
            days = [first_day + timedelta(days=number + more) for more in range(_COUNTED_AT_ONCE)]
            bounds = [(day, *day_bounds(day, timezone)) for day in days if day < end_day]
            start_s, end_s = bounds[0][1] * 60, bounds[-1][2] * 60
            query = {
                "start": _iso(start_s),
                "end": _iso(end_s),
                "points": str((end_s - start_s) // _BUCKET_S),
            }
            for name, channel in _COUNTERS.items():
                answer = await _get(client, f"/api/v1/sites/{site}/series", {"name": channel, **query})
                highest = dict(zip(answer["t"], answer["max"], strict=True))
                for day, first, end in bounds:
                    # The first minutes of a day may still tell the counter of the day before.
                    told = [highest.get(t) for t in range(first * 60 + _BUCKET_S, end * 60, _BUCKET_S)]
                    known = [kwh for kwh in told if kwh is not None]
                    if known:
                        found.setdefault(day, {})[name] = max(known)
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
