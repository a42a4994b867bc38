"""The store: hot and sealed minutes read alike, whatever came when and under which description."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.support.uplinks import DAY, NOON_MINUTE, SERIES, Edge, Server, a_description, minute

from stallaini.link.messages import Event, Minute, TimeQuality
from stallaini.server.store.base import Accepted, InexactStretch
from stallaini.server.store.described import meaning
from stallaini.site.description import Description

MIDNIGHT = NOON_MINUTE // DAY * DAY


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server.running(tmp_path) as running:
        yield running


async def load(server: Server, edge: Edge, bodies: Sequence[Minute | Event]) -> None:
    """Past the link: straight into the store."""
    entries = edge.entries(bodies)
    head = edge.uplink(entries).head
    await server.store.ingest(
        [Accepted("noto", head, edge.seq, 0, entries, description=edge.description.encode())]
    )


async def chunk_rows(server: Server) -> list[tuple[int, int, int, bytes]]:
    return await server.database.read(
        lambda db: db.execute(
            "SELECT series, day, span, data FROM chunk ORDER BY series, day, span"
        ).fetchall()
    )


async def hot_count(server: Server) -> int:
    return await server.database.read(lambda db: int(db.execute("SELECT COUNT(*) FROM minute").fetchone()[0]))


async def values(server: Server, name: str, start: int, end: int) -> dict[int, float]:
    column = await server.store.column("noto", name, start, end)
    return {
        int(m): round(float(v) * column.resolution, 6)
        for m, v in zip(column.minutes, column.values, strict=True)
    }


async def test_finished_days_are_sealed_and_read_as_before(server: Server) -> None:
    edge = Edge()
    await load(server, edge, [minute(MIDNIGHT + offset) for offset in range(0, 4 * DAY, 3)])
    before = await values(server, SERIES[0], MIDNIGHT, MIDNIGHT + 4 * DAY)
    report = await server.store.seal(MIDNIGHT + 3 * DAY + 60)
    assert (report.sealed, report.rewritten) == (2, 0)
    assert await hot_count(server) == 2 * DAY // 3
    assert await values(server, SERIES[0], MIDNIGHT, MIDNIGHT + 4 * DAY) == before
    present = await server.store.present_minutes("noto", MIDNIGHT, MIDNIGHT + 4 * DAY)
    assert present.tolist() == sorted(before)
    assert await server.store.first_minute("noto") == MIDNIGHT
    again = await server.store.seal(MIDNIGHT + 3 * DAY + 60)
    assert (again.sealed, again.rewritten) == (0, 0)


async def test_late_minutes_join_a_sealed_day_and_make_it_what_it_would_have_been(tmp_path: Path) -> None:
    bodies = [minute(MIDNIGHT + offset) for offset in range(DAY)]
    chunks = []
    for folder, parts in (("whole", [bodies]), ("late", [bodies[::2], bodies[1:900:2], bodies[901::2]])):
        (tmp_path / folder).mkdir()
        with Server.running(tmp_path / folder) as server:
            edge = Edge()
            for part in parts:
                await load(server, edge, part)
                await server.store.seal(MIDNIGHT + 5 * DAY)
            assert await hot_count(server) == 0
            chunks.append(await chunk_rows(server))
    assert chunks[0] == chunks[1]


async def test_a_sealed_minute_is_known_and_a_different_one_is_a_conflict(server: Server) -> None:
    await load(server, Edge(), [minute(MIDNIGHT, 1, None, 3, 4)])
    await server.store.seal(MIDNIGHT + 5 * DAY)
    other = Edge(journal=2)
    await other.tell(server, minute(MIDNIGHT, 1, None, 3, 4), minute(MIDNIGHT, 1, 2, 3, 4))
    assert server.ingest.counters["minutes.known"] == 1
    assert server.ingest.counters["minutes.conflict"] == 1
    assert await hot_count(server) == 0
    assert await values(server, SERIES[1], MIDNIGHT, MIDNIGHT + DAY) == {}


async def test_the_same_record_under_another_description_is_known_too(server: Server) -> None:
    await load(server, Edge(), [minute(MIDNIGHT, 1, 2, 3, 4), minute(NOON_MINUTE + 2 * DAY, 1, 2, 3, 4)])
    await server.store.seal(MIDNIGHT + 2 * DAY)
    turned = Edge(description=a_description(SERIES[::-1]), journal=2)
    await turned.tell(server, minute(MIDNIGHT, 4, 3, 2, 1), minute(NOON_MINUTE + 2 * DAY, 4, 3, 2, 1))
    assert server.ingest.counters["minutes.known"] == 2
    assert server.ingest.counters["minutes.conflict"] == 0


async def test_a_series_that_vanishes_appears_and_changes_resolution(server: Server) -> None:
    name = "battery.current.mean"
    eras: list[tuple[Edge, list[tuple[int, ...]]]] = [
        (Edge(description=a_description([name, "battery.soc.last"]), journal=1), [(100, 5000), (110, 5001)]),
        (Edge(description=a_description(["battery.soc.last"]), journal=2), [(5002,), (5003,)]),
        (Edge(description=a_description([name], resolution=0.01), journal=3), [(1234,), (1235,)]),
    ]
    expected = {MIDNIGHT: 10.0, MIDNIGHT + 1: 11.0, MIDNIGHT + 4: 12.34, MIDNIGHT + 5: 12.35}
    number = MIDNIGHT
    for edge, rows in eras:
        await load(server, edge, [Minute(number + offset, row) for offset, row in enumerate(rows)])
        number += 2
    for _ in range(2):
        assert await values(server, name, MIDNIGHT, MIDNIGHT + DAY) == expected
        assert list(await values(server, "battery.soc.last", MIDNIGHT, MIDNIGHT + DAY)) == [
            MIDNIGHT + offset for offset in range(4)
        ]
        assert await server.store.latest("noto") == {name: (MIDNIGHT + 5, 1235)}
        await server.store.seal(MIDNIGHT + 5 * DAY)


async def test_a_name_with_a_new_unit_shows_only_its_new_values(server: Server) -> None:
    await load(server, Edge(description=a_description(["x.soc.last"])), [minute(MIDNIGHT, 1)])
    await server.store.seal(MIDNIGHT + 5 * DAY)
    described = a_description(["x.soc.last"])
    renamed = Description(
        **{f: getattr(described, f) for f in described.__struct_fields__ if f != "series"},
        series=tuple(type(s)(s.name, s.channel, s.aggregate, "V", 0.1) for s in described.series),
    )
    await load(server, Edge(description=renamed, journal=2), [minute(MIDNIGHT + 1, 7)])
    column = await server.store.column("noto", "x.soc.last", MIDNIGHT, MIDNIGHT + DAY)
    assert (column.minutes.tolist(), column.unit) == ([MIDNIGHT + 1], "V")


async def test_a_thinned_record_is_present_for_its_minutes_and_overwrites_none(server: Server) -> None:
    edge = Edge()
    await load(server, edge, [minute(MIDNIGHT + 3, 1, 1, 1, 1), minute(MIDNIGHT, 9, 9, 9, 9)])
    await load(server, edge, [minute(MIDNIGHT, 5, 5, 5, 5, span_minutes=15)])
    for _ in range(2):
        present = await server.store.present_minutes("noto", MIDNIGHT + 2, MIDNIGHT + DAY)
        assert present.tolist() == [MIDNIGHT + offset for offset in range(2, 15)]
        column = await server.store.column("noto", SERIES[0], MIDNIGHT + 10, MIDNIGHT + 12)
        assert (column.values.tolist(), column.spans.tolist()) == ([5], [15])
        await server.store.seal(MIDNIGHT + 5 * DAY)


async def test_latest_finds_each_series_own_newest_value(server: Server) -> None:
    bodies = [minute(MIDNIGHT, 1, 2, 3, 4), minute(MIDNIGHT + 2 * DAY, None, 6, None, None)]
    bodies += [minute(MIDNIGHT + 2 * DAY + offset, 7, None, None, None) for offset in range(1, 60)]
    await load(server, Edge(), bodies)
    expected = {
        SERIES[0]: (MIDNIGHT + 2 * DAY + 59, 7),
        SERIES[1]: (MIDNIGHT + 2 * DAY, 6),
        SERIES[2]: (MIDNIGHT, 3),
        SERIES[3]: (MIDNIGHT, 4),
    }
    assert await server.store.latest("noto") == expected
    await server.store.seal(MIDNIGHT + 2 * DAY + 100)
    assert await server.store.latest("noto") == expected


async def test_sites_do_not_see_each_other(server: Server) -> None:
    for site in ("noto", "alm"):
        await Edge(site).tell(server, minute(NOON_MINUTE), Event(NOON_MINUTE * 60, f"{site}.boot"))
    assert [e.kind for e in await server.store.events("alm", 0, 2**40, 9)] == ["alm.boot"]
    await Edge("alm", journal=2).tell(server, minute(NOON_MINUTE + 1))
    present = await server.store.present_minutes("noto", 0, 2**31)
    assert present.tolist() == [NOON_MINUTE]
    assert [row.site for row in await server.store.sites()] == ["alm", "noto"]


async def test_an_enrolled_site_is_listed_before_it_speaks(server: Server) -> None:
    for _ in range(2):
        await server.store.add_site("etna", 7)
    (row,) = await server.store.sites()
    assert (row.site, row.title, row.timezone, row.last_minute, row.heard_s) == (
        "etna",
        "etna",
        "UTC",
        None,
        None,
    )
    assert await server.store.description("etna") is None
    assert await server.store.latest("etna") == {}
    assert await server.store.first_minute("etna") is None
    assert len(await server.store.column("etna", "battery.soc.last", 0, 10)) == 0


async def test_events_come_newest_first_and_bounded(server: Server) -> None:
    await load(server, Edge(), [Event(1000 + offset, f"e{offset}") for offset in range(10)])
    found = await server.store.events("noto", 1002, 1008, 3)
    assert [event.kind for event in found] == ["e7", "e6", "e5"]


def test_the_file_is_its_owners_alone(server: Server, tmp_path: Path) -> None:
    for file in tmp_path.iterdir():
        assert stat.S_IMODE(file.stat().st_mode) == 0o600


DESCRIPTIONS = [
    a_description(SERIES),
    a_description(SERIES[2:]),
    a_description(["battery.current.mean", "load.current.mean"], resolution=0.01),
]

steps = st.lists(
    st.one_of(
        st.tuples(
            st.integers(0, 2),
            st.lists(
                st.tuples(st.integers(0, 3 * DAY), st.sampled_from([1, 1, 15]), st.integers(0, 10**6)),
                max_size=12,
            ),
        ),
        st.integers(0, 8),
    ),
    max_size=8,
)


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps)
async def test_any_order_of_minutes_descriptions_and_seals_reads_like_a_dictionary(
    tmp_path_factory: pytest.TempPathFactory,
    steps: list[tuple[int, list[tuple[int, int, int]]] | int],
) -> None:
    model: dict[tuple[int, int], dict[str, float]] = {}
    with Server.running(tmp_path_factory.mktemp("store")) as server:
        for number, step in enumerate(steps):
            if isinstance(step, int):
                await server.store.seal(MIDNIGHT + step * DAY)
                continue
            description = DESCRIPTIONS[step[0]]
            bodies = [record(description, *row) for row in step[1]]
            await load(server, Edge(description=description, journal=number), bodies)
            for body in bodies:
                model.setdefault((body.minute, body.span_minutes), meant(description, body))
        for name in [*SERIES, "load.current.mean"]:
            column = await server.store.column("noto", name, MIDNIGHT, MIDNIGHT + 4 * DAY)
            found = {
                (int(m), int(s)): round(float(v) * column.resolution, 6)
                for m, s, v in zip(column.minutes, column.spans, column.values, strict=True)
            }
            assert found == {key: row[name] for key, row in model.items() if name in row}
        present = await server.store.present_minutes("noto", MIDNIGHT, MIDNIGHT + 4 * DAY)
        assert present.tolist() == sorted({m + offset for m, span in model for offset in range(span)})


def record(description: Description, offset: int, span: int, seed: int) -> Minute:
    """A minute whose values, some of them missing, follow from `seed`."""
    row = [seed * (index + 3) % 70_001 - 35_000 for index in range(len(description.series))]
    return Minute(MIDNIGHT + offset, tuple(None if v % 5 == 0 else v for v in row), span)


def meant(description: Description, body: Minute) -> dict[str, float]:
    pairs = zip(map(meaning, description.series), body.values, strict=True)
    return {name: round(v * resolution, 6) for (name, _, resolution), v in pairs if v is not None}


async def test_how_well_a_minutes_time_is_known_outlives_its_sealing(server: Server) -> None:
    edge = Edge()
    qualities = {
        0: TimeQuality.EXACT,
        1: TimeQuality.REPAIRED,
        2: TimeQuality.REPAIRED,
        3: TimeQuality.BOUNDED,
    }
    bodies = [replace(minute(MIDNIGHT + at), quality=quality) for at, quality in qualities.items()]
    await load(server, edge, bodies)
    told = [
        InexactStretch(MIDNIGHT + 1, MIDNIGHT + 3, TimeQuality.REPAIRED),
        InexactStretch(MIDNIGHT + 3, MIDNIGHT + 4, TimeQuality.BOUNDED),
    ]
    assert await server.store.inexact("noto", MIDNIGHT, MIDNIGHT + DAY) == told
    assert (await server.store.seal(MIDNIGHT + 10 * DAY)).sealed == 1
    assert await hot_count(server) == 0
    assert await server.store.inexact("noto", MIDNIGHT, MIDNIGHT + DAY) == told
    again = replace(minute(MIDNIGHT), quality=TimeQuality.BOUNDED)
    await load(server, Edge(journal=2), [again])
    assert await server.store.inexact("noto", MIDNIGHT, MIDNIGHT + DAY) == told, "the first record stays"
    assert await server.store.inexact("other", MIDNIGHT, MIDNIGHT + DAY) == []
