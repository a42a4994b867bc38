"""Live state by server-sent events: prompt, honest about ages, and gone when the server goes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.serving import START_MINUTE, START_S, Running, ask, next_event, serving

from stallaini.link.messages import Event
from stallaini.server.api import live


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    async with serving(tmp_path) as running:
        await running.site("lab")
        yield running


@asynccontextmanager
async def listening(
    client: httpx.AsyncClient, query: str = "", **headers: str
) -> AsyncIterator[tuple[httpx.Response, AsyncIterator[str]]]:
    async with client.stream("GET", f"/api/v1/sites/lab/live{query}", headers=headers) as answer:
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        yield answer, answer.aiter_lines()


async def until(lines: AsyncIterator[str], wanted: str) -> Any:
    while True:
        name, data = await next_event(lines)
        if name == wanted:
            return data


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
async def test_a_change_arrives_within_a_second(running: Running, encoding: str) -> None:
    site = await running.site("lab")
    async with listening(await running.program("viewer"), **{"Accept-Encoding": encoding}) as (answer, lines):
        assert answer.headers.get("content-encoding", "identity") == encoding
        name, first = await next_event(lines)
        assert (name, first["state"]) == ("now", "never")
        async with asyncio.timeout(1):
            await site.live({"battery.soc": 62.4})
            now = await until(lines, "now")
        assert now["channels"]["battery.soc"]["value"] == 62.4
        assert now["state"] == "live"
        async with asyncio.timeout(1):
            await site.minutes((START_MINUTE, {"battery.soc.last": 62.4}))
            assert await until(lines, "minute") == {"minute_at": "2026-11-16T12:00:00Z"}


async def test_whoever_looks_is_told_that_an_alarm_changed(running: Running) -> None:
    site, bruno = await running.site("lab"), await running.person("operator", "bruno")
    async with asyncio.timeout(5), listening(bruno) as (_, lines):
        await site.events(Event(START_S, "alarm.raised", {"rule": "soc_low", "severity": "warning"}))
        await until(lines, "alarms")
        (alarm,) = (await ask(bruno, "/sites/lab/alarms"))["alarms"]
        await bruno.post(f"/api/v1/alarms/{alarm['id']}/snooze", json={"minutes": 5})
        await until(lines, "alarms")
        running.clock.advance(301)
        await until(lines, "alarms")
        (alarm,) = (await ask(bruno, "/sites/lab/alarms"))["alarms"]
        assert alarm["state"] == "raised"
        running.clock.advance(3600)
        await until(lines, "alarms")
        rules = {one["rule"] for one in (await ask(bruno, "/sites/lab/alarms"))["alarms"]}
        assert rules == {"soc_low", "no_data"}


async def test_the_stream_says_what_now_says(running: Running) -> None:
    site, client = await running.site("lab"), await running.program("viewer")
    await site.live({"battery.soc": 62.4})
    async with listening(client) as (_, lines):
        _, streamed = await next_event(lines)
    assert streamed == (await client.get("/api/v1/sites/lab/now")).json()


async def test_ages_grow_in_the_stream_without_any_news(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "RESEND_S", 0.05)
    site = await running.site("lab")
    await site.live({"battery.soc": 62.4})
    async with listening(await running.program("viewer")) as (_, lines):
        await next_event(lines)
        running.clock.advance(90)
        now = await until(lines, "now")
    assert now["channels"]["battery.soc"]["age_s"] == 90.0
    assert (now["channels"]["battery.soc"]["quality"], now["state"]) == ("stale", "late")


async def test_an_unchanged_state_costs_little_when_gzipped(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "RESEND_S", 0.02)
    monkeypatch.setattr(live, "_SHORTEST_S", 0.0)
    site = await running.site("lab")
    await site.live({"battery.soc": 62.4, "battery.current": 1.0, "battery.power": 50})
    sizes = []
    client = await running.program("viewer")
    async with listening(client, **{"Accept-Encoding": "gzip"}) as (answer, _):
        async for chunk in answer.aiter_raw():
            sizes.append(len(chunk))
            running.clock.advance(1)
            if len(sizes) == 20:
                break
    assert sum(sizes[10:]) / 10 < 100


async def test_a_page_is_told_changes_after_everything(running: Running) -> None:
    site = await running.site("lab")
    await site.live({"battery.soc": 62.4, "battery.power": 50, "battery.charge_enabled": 1})
    async with listening(await running.program("viewer"), "?changes=true") as (_, lines):
        name, first = await next_event(lines)
        assert (name, list(first["channels"])[1]) == ("now", "battery.power")
        running.clock.advance(2.5)
        await site.live({"battery.soc": 62.4, "battery.power": 70, "battery.charge_enabled": 1})
        name, said = await next_event(lines)
    assert (name, said["t"], said["v"][:2]) == ("changes", 2.5, [1, 70.0])


async def test_a_site_is_watched_while_somebody_listens_and_30_s_after(running: Running) -> None:
    hub = running.server.hub
    async with listening(await running.program("viewer")) as (_, lines):
        await next_event(lines)
        running.clock.advance(600)
        assert hub.watching_s("lab") == 30
    for _ in range(100):
        if hub.watchers() == 0:
            break
        await asyncio.sleep(0.01)
    assert hub.watchers() == 0
    assert hub.watching_s("lab") == 30
    running.clock.advance(31)
    assert hub.watching_s("lab") == 0


async def test_a_flood_of_news_reaches_a_listener_as_a_few_events(running: Running) -> None:
    site = await running.site("lab")
    async with listening(await running.program("viewer")) as (_, lines):
        await next_event(lines)
        for number in range(300):
            await site.minutes((START_MINUTE - 300 + number, {"battery.soc.last": 62.4}))
        seen: list[str] = []
        while not seen or seen[-1] != "2026-11-16T11:59:00Z":
            seen.append((await until(lines, "minute"))["minute_at"])
    assert seen == sorted(seen)
    assert len(seen) < 60


async def test_the_server_stops_within_two_seconds_while_people_listen(tmp_path: Path) -> None:
    async with serving(tmp_path) as running:
        await running.site("lab")
        client = await running.program("viewer")
        async with listening(client) as (_, lines), listening(client) as (_, more):
            await next_event(lines)
            await next_event(more)
            async with asyncio.timeout(2):
                await running.server.close()
            with pytest.raises(EOFError):
                await next_event(lines)
            with pytest.raises(EOFError):
                await next_event(more)
