"""Imported history beside the site's own: never in its way, never twice, the same in any order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.uplinks import DAY, NOON_MINUTE, Edge, Server, a_description, minute

from stallaini.server.store.base import History, HistorySeries, Imported

MIDNIGHT = NOON_MINUTE // DAY * DAY
CURRENT, POWER = "battery.current.mean", "inverter.power.mean"


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server.running(tmp_path) as running:
        yield running


def history(**series: Mapping[int, int]) -> History:
    """Values by minute after MIDNIGHT; `battery_current` is the series `battery.current.mean`."""
    named = {f"{name.replace('_', '.')}.mean": values for name, values in series.items()}
    described = a_description(list(named), title="from the card")
    specs = {spec.name: spec for spec in described.series}
    columns = tuple(
        HistorySeries(
            specs[name],
            np.array([MIDNIGHT + offset for offset in values], np.int64),
            np.array(list(values.values()), np.int64),
        )
        for name, values in named.items()
    )
    minutes = np.array(sorted({m for column in columns for m in column.minutes.tolist()}), np.int64)
    return History(described, minutes, columns)


async def bring(server: Server, *histories: History) -> list[Imported]:
    await server.store.add_site("noto", 0)
    return await server.store.import_history("noto", histories)


async def steps(server: Server, name: str) -> dict[int, int]:
    column = await server.store.column("noto", name, MIDNIGHT - 9 * DAY, MIDNIGHT + 9 * DAY)
    pairs = zip(column.minutes.tolist(), column.values.tolist(), strict=True)
    return {at - MIDNIGHT: value for at, value in pairs}


async def rows(server: Server) -> list[tuple[object, ...]]:
    """All bytes that an import leaves, by the series' names."""
    return await server.database.read(
        lambda db: (
            db.execute(
                "SELECT coalesce(name, ''), day, n, low, high, total, data FROM imported LEFT JOIN series "
                "USING (site) WHERE series.number = imported.series OR imported.series = 0 "
                "GROUP BY imported.series, day ORDER BY 1, 2"
            ).fetchall()
            + db.execute("SELECT site, encoded FROM imported_description").fetchall()
        )
    )


async def test_what_was_imported_is_read_like_any_minute(server: Server) -> None:
    (outcome,) = await bring(server, history(battery_current={0: 5, 1: -6, 1440: 7}, inverter_power={1: 8}))
    assert outcome == Imported(added=3, known=0, live=0, differing=0)
    assert await steps(server, CURRENT) == {0: 5, 1: -6, 1440: 7}
    assert await steps(server, POWER) == {1: 8}
    present = await server.store.present_minutes("noto", MIDNIGHT + 1, MIDNIGHT + 2000)
    assert (present - MIDNIGHT).tolist() == [1, 1440]
    assert await server.store.first_minute("noto") == MIDNIGHT
    assert (await server.store.column("noto", CURRENT, MIDNIGHT + 1, MIDNIGHT + 2)).values.tolist() == [-6]


async def test_importing_twice_changes_nothing(server: Server) -> None:
    both = (history(battery_current={0: 5, 1: 6}), history(battery_current={2: 7}, inverter_power={2: 8}))
    await bring(server, *both)
    before = await rows(server)
    assert [each.known for each in await bring(server, *both)] == [2, 1]
    assert await rows(server) == before


@given(st.data())
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_the_order_of_files_does_not_matter(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    offsets = st.integers(-1500, 3000)
    files = [
        history(
            battery_current={at: at % 50 for at in data.draw(st.lists(offsets, min_size=1, unique=True))}
        ),
        history(
            battery_current={at: at % 50 for at in data.draw(st.lists(offsets, min_size=1, unique=True))}
        ),
        history(battery_current={0: 0}, inverter_power={at: at for at in data.draw(st.sets(offsets))}),
    ]
    found = []
    for number, order in enumerate((files, data.draw(st.permutations(files)))):
        with Server.running(tmp_path_factory.mktemp(str(number))) as server:
            for file in order:
                await bring(server, file)
            found.append((await rows(server), await steps(server, CURRENT), await steps(server, POWER)))
    assert found[0] == found[1]


@pytest.mark.parametrize("sealed", [False, True])
async def test_what_the_site_told_wins_whether_it_came_before_the_import(
    server: Server, sealed: bool
) -> None:
    edge = Edge()
    await edge.tell(server, minute(MIDNIGHT, 11, 1, 1, 1), minute(MIDNIGHT + 2, None, 1, 1, 1))
    if sealed:
        await server.store.seal(MIDNIGHT + 3 * DAY)
    (outcome,) = await bring(server, history(battery_current={0: 5, 1: 6, 2: 7}, inverter_power={0: 8}))
    assert outcome == Imported(added=3, known=0, live=2, differing=0)
    assert await steps(server, CURRENT) == {0: 11, 1: 6, 2: 7}
    assert await steps(server, POWER) == {0: 8}


async def test_or_after_it_and_is_taken_as_new(server: Server) -> None:
    await bring(server, history(battery_current={0: 5, 1: 6}))
    answer = await Edge().tell(server, minute(MIDNIGHT, 11, 1, 1, 1))
    assert answer.acked_seq == 1
    assert server.ear.minutes == [MIDNIGHT]
    assert server.ingest.counters["minutes.conflict"] == 0
    assert await steps(server, CURRENT) == {0: 11, 1: 6}
    await server.store.seal(MIDNIGHT + 3 * DAY)
    assert await steps(server, CURRENT) == {0: 11, 1: 6}


async def test_a_thinned_record_of_the_site_covers_all_its_minutes(server: Server) -> None:
    await Edge().tell(server, minute(MIDNIGHT, 11, 1, 1, 1, span_minutes=3))
    await bring(server, history(battery_current={0: 5, 1: 6, 2: 7, 3: 8}))
    assert await steps(server, CURRENT) == {0: 11, 3: 8}


async def test_an_import_says_nothing_of_who_the_site_is(server: Server) -> None:
    edge = Edge()
    await edge.tell(server, minute(MIDNIGHT))
    await bring(server, history(inverter_power={0: 5}))
    described = await server.store.description("noto")
    assert described == edge.description
    assert (await edge.tell(server, minute(MIDNIGHT + 1))).acked_seq == 2


async def test_a_site_that_never_spoke_takes_title_and_zone_from_its_import(server: Server) -> None:
    await bring(server, history(inverter_power={0: 5}))
    (row,) = await server.store.sites()
    assert (row.title, row.timezone, row.last_minute) == ("from the card", "Europe/Rome", None)
    assert await server.store.description("noto") is None
    imported = await server.store.imported_description("noto")
    assert imported is not None
    assert [series.name for series in imported.series] == [POWER]


async def test_another_value_for_an_imported_minute_is_told_and_the_first_stays(server: Server) -> None:
    await bring(server, history(battery_current={0: 5, 1: 6}, inverter_power={0: 1}))
    (outcome,) = await bring(server, history(battery_current={0: 9, 1: 6, 2: 7}, inverter_power={0: 2}))
    assert outcome == Imported(added=1, known=2, live=0, differing=1)
    assert await steps(server, CURRENT) == {0: 5, 1: 6, 2: 7}


async def test_an_import_can_be_forgotten_and_the_sites_own_minutes_stay(server: Server) -> None:
    await Edge().tell(server, minute(MIDNIGHT, 11, 1, 1, 1))
    await bring(server, history(battery_current={0: 5, 1: 6}))
    assert await server.store.forget_imported("noto") == 2
    assert await steps(server, CURRENT) == {0: 11}
    assert await server.store.imported_description("noto") is None
    assert await rows(server) == []


async def test_a_batch_that_fails_leaves_nothing(server: Server) -> None:
    good = history(battery_current={0: 5})
    broken = good._replace(
        series=(good.series[0]._replace(spec=history(inverter_power={0: 1}).series[0].spec),)
    )
    with pytest.raises(KeyError):
        await bring(server, good, broken)
    assert await rows(server) == []
