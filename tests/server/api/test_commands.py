"""Commands as a program meets them over HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.serving import START_S, Running, ask, problem, serving

from stallaini.link.messages import Event
from stallaini.server.store.commanding import MOST_OPEN

PATH = "/api/v1/sites/lab/commands"


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    async with serving(tmp_path) as running:
        await running.site("lab")
        yield running


@pytest.fixture
async def admin(running: Running) -> httpx.AsyncClient:
    return await running.person("admin")


async def sent(client: httpx.AsyncClient, status: int = 201, **body: Any) -> Any:
    answer = await client.post(PATH, json=body)
    assert answer.status_code == status, answer.text
    return answer.json()


async def test_a_command_is_made_and_shown(running: Running, admin: httpx.AsyncClient) -> None:
    made = await sent(admin, kind="live", data={"minutes": 5})
    assert made == {
        "id": START_S * 1000,
        "issuer": "anna",
        "kind": "live",
        "data": {"minutes": 5},
        "not_before": "2026-11-16T12:00:00Z",
        "not_after": "2026-11-16T12:10:00Z",
        "state": "waiting",
        "reason": None,
        "made_at": "2026-11-16T12:00:00Z",
        "sent_at": None,
        "received_at": None,
        "ended_at": None,
    }
    viewer = await running.program("viewer")
    assert await ask(viewer, f"/sites/lab/commands/{made['id']}") == made
    running.clock.advance(1)
    later = await sent(
        admin, kind="lamp.on", not_before="2026-11-17T06:00:00+01:00", not_after="2026-11-17T06:05:00+01:00"
    )
    assert (later["not_before"], later["not_after"]) == ("2026-11-17T05:00:00Z", "2026-11-17T05:05:00Z")
    listed = await ask(viewer, "/sites/lab/commands")
    assert listed == {"commands": [later, made], "next": None}
    first = await ask(viewer, "/sites/lab/commands", limit=1)
    assert first == {"commands": [later], "next": str(later["id"])}
    second = await ask(viewer, "/sites/lab/commands", limit=1, before=first["next"])
    assert second == {"commands": [made], "next": None}


async def test_how_it_ended_is_shown_with_the_reason(running: Running, admin: httpx.AsyncClient) -> None:
    made = await sent(admin, kind="fly")
    site = await running.site("lab")
    await site.events(Event(START_S + 7, "command.refused", {"id": made["id"], "reason": "no wings"}))
    shown = await ask(admin, f"/sites/lab/commands/{made['id']}")
    assert (shown["state"], shown["reason"], shown["ended_at"]) == (
        "refused",
        "no wings",
        "2026-11-16T12:00:07Z",
    )


@pytest.mark.parametrize(
    ("body", "says"),
    [
        ({}, "kind"),
        ({"kind": "Fly"}, "kind"),
        ({"kind": "x" * 41}, "kind"),
        ({"kind": "ping", "data": {"x": 1}}, "no data"),
        ({"kind": "live", "data": {"minutes": 600}}, "0 (stop) to 60"),
        ({"kind": "fly", "data": {"to": ["rome"]}}, "data"),
        ({"kind": "fly", "data": {"to": "x" * 161}}, "data"),
        ({"kind": "fly", "data": {"to": 2**60}}, "data"),
        ({"kind": "fly", "data": {str(n): n for n in range(17)}}, "data"),
        ({"kind": "fly", "data": {str(n): "x" * 160 for n in range(6)}}, "too long"),
        ({"kind": "ping", "not_after": "2026-11-16T12:00:00Z"}, "not_after"),
        ({"kind": "ping", "not_before": "2026-11-16T13:00:00"}, "zone"),
        ({"kind": "ping", "not_before": "2027-11-16T13:00:00Z"}, "31 days"),
        ({"kind": "ping", "when": "now"}, "when"),
    ],
)
async def test_what_cannot_be_sent_is_refused_with_the_reason(
    admin: httpx.AsyncClient, body: dict[str, Any], says: str
) -> None:
    answer = await sent(admin, 422, **body)
    assert says in answer["detail"]
    assert await ask(admin, "/sites/lab/commands") == {"commands": [], "next": None}


async def test_unknown_sites_and_commands(admin: httpx.AsyncClient) -> None:
    assert (await admin.post("/api/v1/sites/labb/commands", json={"kind": "ping"})).status_code == 404
    assert "did you mean 'lab'" in await problem(admin, "/sites/labb/commands", 404)
    assert "lists them" in await problem(admin, "/sites/lab/commands/7", 404)
    await problem(admin, f"/sites/lab/commands/{2**63}", 422)


async def test_too_many_that_wait_are_refused(admin: httpx.AsyncClient) -> None:
    for _ in range(MOST_OPEN):
        await sent(admin, kind="ping")
    answer = await sent(admin, 409, kind="ping")
    assert answer["type"].endswith("too-many-commands")


async def test_a_server_without_a_clock_says_so(running: Running, admin: httpx.AsyncClient) -> None:
    running.clock.step_wall(1000 - START_S)
    answer = await sent(admin, 503, kind="ping")
    assert answer["type"].endswith("clock-unset")
