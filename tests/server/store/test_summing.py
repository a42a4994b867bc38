"""Sums of days are what adding up the minutes gives, whatever lies in chunks, hot rows and imports."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from tests.server.store.test_imported import bring, history
from tests.server.store.test_sqlite_store import DESCRIPTIONS, load, record, steps
from tests.support.uplinks import DAY, NOON_MINUTE, SERIES, Edge, Server, minute

from stallaini.server.folding import Folding, fold_days

FIRST_DAY = NOON_MINUTE // DAY
DAYS = 5


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server.running(tmp_path) as running:
        yield running


async def sums_agree(server: Server, names: Sequence[str], length: int) -> None:
    """The buckets of `length` days that sums give are those that the minutes give."""
    first, end = FIRST_DAY // length * length, -(-(FIRST_DAY + DAYS) // length) * length
    sums = await server.store.day_sums("noto", names, first, end)
    columns = await server.store.columns("noto", names, first * DAY, end * DAY)
    for name in names:
        days = fold_days(sums[name], sums[name], sums[name], first, end, length)
        folding = Folding(first * DAY, end * DAY, (end - first) // length)
        folding.add(columns[name], columns[name], columns[name], first * DAY, end * DAY)
        minutes = folding.folded()
        assert (days.first, days.length) == (minutes.first, minutes.length)
        for one, other in ((days.mean, minutes.mean), (days.low, minutes.low), (days.high, minutes.high)):
            np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-9)


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
async def test_sums_are_what_the_minutes_give_after_any_history(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[int, list[tuple[int, int, int]]] | int],
) -> None:
    with Server.running(tmp_path_factory.mktemp("store")) as server:
        await server.store.add_site("noto", 0)
        for number, step in enumerate(steps):
            if isinstance(step, int):
                await server.store.seal((FIRST_DAY + step) * DAY)
                continue
            description = DESCRIPTIONS[step[0]]
            bodies = [record(description, *row) for row in step[1]]
            await load(server, Edge(description=description, journal=number), bodies)
        for length in (1, 2):
            await sums_agree(server, [*SERIES, "load.current.mean"], length)


async def test_imported_minutes_count_in_days_that_are_sealed_too(server: Server) -> None:
    await server.store.add_site("noto", 0)
    await load(server, Edge(), [minute(FIRST_DAY * DAY + at) for at in range(0, 2 * DAY, 7)])
    await server.store.seal((FIRST_DAY + 5) * DAY)
    await bring(server, history(battery_current={0: 9_000, 1: 5, 3 * DAY: -7}))
    await sums_agree(server, ["battery.current.mean"], 1)


async def test_sealed_days_are_summed_without_opening_their_chunks(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    await load(server, Edge(), [minute(FIRST_DAY * DAY + at) for at in range(0, 3 * DAY, 30)])
    await server.store.seal((FIRST_DAY + 5) * DAY)
    monkeypatch.delattr("stallaini.server.store.reading.decode_chunks")
    sums = await server.store.day_sums("noto", [SERIES[0]], FIRST_DAY, FIRST_DAY + 5)
    assert sums[SERIES[0]].minutes.tolist() == [48, 48, 48]


async def test_a_name_nobody_knows_has_no_days(server: Server) -> None:
    await server.store.add_site("noto", 0)
    assert (await server.store.day_sums("noto", ["moon.power.mean"], 0, 10))["moon.power.mean"].days.size == 0
