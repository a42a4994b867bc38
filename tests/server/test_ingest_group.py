"""Group commit: what arrives together becomes durable together, and one fault stays one site's."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from tests.support.uplinks import NOON_MINUTE, Edge, Server, minute

from stallaini.link.messages import Answer
from stallaini.server.ingest import Ingest
from stallaini.server.store.base import Accepted, Outcome
from stallaini.server.store.group import GroupCommit
from stallaini.server.store.sqlite import SqliteStore


class CountingStore(SqliteStore):
    """The real store; remembers how many uplinks each transaction held."""

    groups: list[int]
    begun: asyncio.Event

    async def ingest(self, batch: Sequence[Accepted]) -> list[Outcome]:
        self.groups.append(len(batch))
        self.begun.set()
        return await super().ingest(batch)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Server]:
    with Server.running(tmp_path) as running:
        store = CountingStore(running.database)
        store.groups = []
        store.begun = asyncio.Event()
        running.store = store
        running.ingest = Ingest(store, running.clock, running.ear)
        yield running


def groups(server: Server) -> list[int]:
    assert isinstance(server.store, CountingStore)
    return server.store.groups


async def test_many_sites_at_once_share_few_transactions(server: Server) -> None:
    edges = [Edge(f"site{number}") for number in range(200)]
    answers = await asyncio.gather(*(edge.tell(server, minute(NOON_MINUTE)) for edge in edges))
    assert {(answer.answer, answer.acked_seq) for answer in answers} == {(Answer.OK, 1)}
    assert sum(groups(server)) == 200
    assert len(groups(server)) < 20
    assert len(await server.store.sites()) == 200


async def test_one_site_at_once_is_taken_in_turn(server: Server) -> None:
    edge = Edge()
    entries = edge.entries([minute(NOON_MINUTE + offset) for offset in range(40)])
    uplinks = [edge.uplink(entries[start : start + 10]) for start in (0, 10, 20, 30)]
    answers = await asyncio.gather(*(edge.send(server, uplink) for uplink in [*uplinks, *uplinks]))
    assert [answer.acked_seq for answer in answers] == [10, 20, 30, 40, 40, 40, 40, 40]
    assert server.ear.minutes == [NOON_MINUTE + offset for offset in range(40)]


async def test_an_uplink_that_cannot_be_stored_spoils_only_itself(server: Server) -> None:
    def accepted(edge: Edge, described: bool) -> Accepted:
        entries = edge.entries([minute(NOON_MINUTE)])
        encoded = edge.description.encode() if described else None
        return Accepted(edge.site, edge.uplink(entries).head, 1, 0, entries, description=encoded)

    commits = GroupCommit(server.store, server.clock)
    batch = [accepted(Edge(site), described=site != "odd") for site in ("alm", "odd", "noto")]
    first, odd, last = await asyncio.gather(*map(commits.commit, batch), return_exceptions=True)
    assert isinstance(odd, KeyError)
    assert isinstance(first, Outcome)
    assert isinstance(last, Outcome)
    assert [row.site for row in await server.store.sites()] == ["alm", "noto"]


async def test_a_request_that_gives_up_does_not_stop_the_commit(server: Server) -> None:
    edge = Edge()
    uplink = edge.uplink(edge.entries([minute(NOON_MINUTE)]))
    task = asyncio.create_task(edge.send(server, uplink))
    assert isinstance(server.store, CountingStore)
    await server.store.begun.wait()
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert (await edge.send(server, uplink)).acked_seq == 1
    present = await server.store.present_minutes("noto", NOON_MINUTE, NOON_MINUTE + 1)
    assert present.tolist() == [NOON_MINUTE]
