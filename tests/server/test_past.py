"""Long stretches are read piece by piece, and no answer tells where the pieces met."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from tests.server.store.test_sqlite_store import load
from tests.support.uplinks import DAY, NOON_MINUTE, Edge, Server, a_description

from stallaini.link.messages import Minute
from stallaini.server import past, queries
from stallaini.server.folding import Folded
from stallaini.server.past import Band
from stallaini.server.store.base import Column

SERIES = ("battery.power.mean", "battery.power.min", "battery.power.max", "solar.power.mean")
BANDS = [Band(*SERIES[:3]), Band(*SERIES[3:] * 3)]
FIRST_DAY = NOON_MINUTE // DAY
DAYS = 6
START, END = FIRST_DAY * DAY, (FIRST_DAY + DAYS) * DAY


@pytest.fixture
async def server(tmp_path: Path) -> AsyncIterator[Server]:
    """Six days, most of their minutes, the older ones sealed."""
    chance = random.Random(1)
    with Server.running(tmp_path) as running:
        await running.store.add_site("noto", 0)
        minutes = [
            Minute(at, tuple(chance.randrange(-900, 900) for _ in SERIES), 5 if at % 50 == 0 else 1)
            for at in range(START, END)
            if at % 10 < 7 and at // DAY != FIRST_DAY + 2
        ]
        await load(running, Edge(description=a_description(SERIES)), minutes)
        await running.store.seal((FIRST_DAY + 4) * DAY)
        yield running


@pytest.mark.parametrize("points", [1, 3, 7, 400])
async def test_buckets_are_the_same_in_pieces(
    server: Server, monkeypatch: pytest.MonkeyPatch, points: int
) -> None:
    async def chart() -> list[Folded]:
        return await past.folded(server.store, "noto", BANDS, START * 60 + 7200, END * 60, points)

    at_once = await chart()
    monkeypatch.setattr(past, "_CHART_MINUTES", 1000)
    for one, other in zip(at_once, await chart(), strict=True):
        assert (one.length, one.first, one.digits) == (other.length, other.first, other.digits)
        np.testing.assert_allclose([one.mean, one.low, one.high], [other.mean, other.low, other.high])
        assert not np.isnan(one.mean).all()


@pytest.mark.parametrize("by", ["day", "month"])
async def test_energies_are_the_same_in_pieces(
    server: Server, monkeypatch: pytest.MonkeyPatch, by: str
) -> None:
    first, end = date(2026, 6, 29), date(2026, 7, 14)
    periods = queries.periods("day" if by == "day" else "month", "Europe/Rome", first, end)
    powers = {"battery.power": SERIES[0], "solar.power": SERIES[3]}
    at_once = await past.energies(server.store, "noto", powers, periods)
    monkeypatch.setattr(past, "_ENERGY_MINUTES", 2 * DAY)
    assert await past.energies(server.store, "noto", powers, periods) == at_once
    assert sum(each.minutes_present for each in at_once) == len(
        await server.store.present_minutes("noto", START, END + DAY)
    )
    assert sum(each.channels["solar.power"].minutes_present for each in at_once) > 0


async def test_no_piece_is_longer_than_a_quarter_of_a_year_and_none_lies_before_the_first_minute(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[tuple[int, int]] = []
    columns = server.store.columns

    async def spied(site: str, names: list[str], start: int, end: int) -> dict[str, Column]:
        read.append((start, end))
        return await columns(site, names, start, end)

    monkeypatch.setattr(server.store, "columns", spied)
    await past.folded(server.store, "noto", BANDS[:1], (START - 9000 * DAY) * 60 + 60, END * 60 + 60, 5)
    assert min(start for start, _ in read) >= START
    read.clear()
    await past.folded(server.store, "noto", BANDS[:1], START * 60 + 60, (END + 365 * DAY) * 60 + 60, 5)
    assert len(read) == 5
    assert max(end - start for start, end in read) == 92 * DAY
