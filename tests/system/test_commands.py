"""From the HTTP API to the edge's core and back, over real sockets and files."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.edge import site_config
from tests.support.serving import START_S, Running, ask, serving
from tests.support.waiting import until

from stallaini.clock import SystemClock
from stallaini.edge.core import EdgeCore
from stallaini.edge.exchange import CoapExchange
from stallaini.edge.program import open_core
from stallaini.link.enrolment import admit
from stallaini.link.oscore import ContextStore
from stallaini.server.options import CONTEXTS_FILE


class SiteClock(SystemClock):
    """Real time, on the day on which the server's clock stands still."""

    def wall_s(self) -> float:
        return START_S


class House:
    """A server, its admin, and the files of an edge."""

    def __init__(self, running: Running, admin: httpx.AsyncClient, folder: Path) -> None:
        self.running = running
        self.admin = admin
        self._folder = folder
        contexts = ContextStore(folder / "data" / CONTEXTS_FILE)
        self._join = admit(contexts, "lab", "::1", running.server.coap.port)
        contexts.close()

    @asynccontextmanager
    async def edge(self) -> AsyncIterator[EdgeCore]:
        """The edge's core on its files."""
        poked: list[EdgeCore] = []
        contexts = ContextStore(self._folder / "keys.db")
        exchange = CoapExchange(contexts, self._join, poked=lambda: poked[0].poked())
        core = open_core(site_config(), self._folder, SiteClock(), exchange, b"bootboot")
        poked.append(core)
        core.started()
        try:
            yield core
        finally:
            core.stopped()
            await exchange.close()

    async def send(self, kind: str, **data: Any) -> int:
        answer = await self.admin.post("/api/v1/sites/lab/commands", json={"kind": kind, "data": data})
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    async def shown(self, id_: int) -> Any:
        return await ask(self.admin, f"/sites/lab/commands/{id_}")

    async def until_done(self, id_: int) -> None:
        async with asyncio.timeout(10):
            while (await self.shown(id_))["state"] != "done":  # noqa: ASYNC110 - it is asked over HTTP
                await asyncio.sleep(0.01)


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    async with serving(tmp_path) as running:
        await running.site("lab")
        yield House(running, await running.person("admin"), tmp_path)


async def test_a_command_goes_down_is_done_and_the_api_says_so(house: House) -> None:
    async with house.edge() as edge:
        assert await edge.flush()
        id_ = await house.send("ping")
        edge.poked()
        await edge.flush()
        assert (await house.shown(id_))["state"] == "sent"
        await edge.commands.act_due()
        await edge.flush()
        shown = await house.shown(id_)
        assert (shown["state"], shown["reason"]) == ("done", None)
        assert shown["received_at"] is not None
    events = (await ask(house.admin, "/sites/lab/events"))["events"]
    assert {"id": id_, "kind": "ping"} in [
        event["data"] for event in events if event["kind"] == "command.done"
    ]


async def test_a_kind_the_site_does_not_know_comes_back_refused(house: House) -> None:
    async with house.edge() as edge:
        id_ = await house.send("fly")
        await edge.flush()
        await edge.commands.act_due()
        await edge.flush()
        shown = await house.shown(id_)
    assert shown["state"] == "refused"
    assert shown["reason"] == "this site knows no 'fly'; it knows link.mode, live, ping"


async def test_a_program_killed_after_the_act_and_started_again_tells_the_end(house: House) -> None:
    async with house.edge() as edge:
        id_ = await house.send("ping")
        await edge.flush()
        await edge.commands.act_due()
    async with house.edge() as edge:
        await edge.flush()
        assert (await house.shown(id_))["state"] == "done"


async def test_a_running_edge_with_nothing_to_send_is_poked_and_acts_at_once(house: House) -> None:
    async with house.edge() as edge:
        await edge.flush()
        running = [asyncio.create_task(edge.courier.run()), asyncio.create_task(edge.commands.run())]
        for _ in range(3):
            id_ = await house.send("ping")
            await house.until_done(id_)
        for task in running:
            task.cancel()


async def test_a_running_edge_is_poked_when_somebody_begins_to_watch(house: House) -> None:
    async with house.edge() as edge:
        edge.minute_ended(START_S // 60 - 1)
        await edge.flush()
        running = asyncio.create_task(edge.courier.run())
        await asyncio.sleep(0.05)
        assert house.running.server.hub.snapshot("lab") is None
        await ask(house.admin, "/sites/lab/now")
        await until(lambda: house.running.server.hub.snapshot("lab") is not None)
        running.cancel()


async def test_live_values_come_on_command_though_nobody_watches(house: House) -> None:
    async with house.edge() as edge:
        await edge.flush()
        running = [asyncio.create_task(edge.courier.run()), asyncio.create_task(edge.commands.run())]
        await house.send("live", minutes=1)
        await until(lambda: house.running.server.hub.snapshot("lab") is not None)
        for task in running:
            task.cancel()
