"""Who may do what: every route against every kind of caller, sessions, CSRF, demo, throttling."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from tests.support.serving import BOT_PASSWORD, PASSWORD, Running, serving

from stallaini.cli import main

CHAT = {"telegram_id": 104857600, "name": "Anna", "language": "it", "password": BOT_PASSWORD}
EVERYBODY = {"nobody", "demo", "viewer", "admin", "viewer token", "bot token"}
SIGNED_IN = EVERYBODY - {"nobody"}

ACCESS: dict[str, set[str]] = {
    "GET /healthz": EVERYBODY,
    "GET /metrics": SIGNED_IN,
    "POST /api/v1/session": EVERYBODY,
    "GET /api/v1/session": SIGNED_IN,
    "DELETE /api/v1/session": SIGNED_IN,
    "GET /api/v1/sites": SIGNED_IN,
    "GET /api/v1/sites/{site}": SIGNED_IN,
    "GET /api/v1/sites/{site}/now": SIGNED_IN,
    "GET /api/v1/sites/{site}/series": SIGNED_IN,
    "GET /api/v1/sites/{site}/columns": SIGNED_IN,
    "GET /api/v1/sites/{site}/gaps": SIGNED_IN,
    "GET /api/v1/sites/{site}/clock": SIGNED_IN,
    "GET /api/v1/sites/{site}/events": SIGNED_IN,
    "GET /api/v1/sites/{site}/budget": SIGNED_IN,
    "GET /api/v1/sites/{site}/energy": SIGNED_IN,
    "GET /api/v1/sites/{site}/live": SIGNED_IN,
    "POST /api/v1/sites/{site}/commands": {"admin"},
    "GET /api/v1/sites/{site}/commands": SIGNED_IN,
    "GET /api/v1/sites/{site}/commands/{id}": SIGNED_IN,
    "POST /api/v1/chats": {"bot token"},
    "POST /link": EVERYBODY,
    "GET /api/v1/chats/{telegram_id}": {"bot token"},
    "GET /": EVERYBODY,
    "GET /api/openapi.json": EVERYBODY,
    "GET /api/docs": EVERYBODY,
    "GET /api/docs/swagger-ui.css": EVERYBODY,
}
BODIES = {
    "POST /api/v1/session": {"name": "nobody", "password": "wrong password"},
    "POST /api/v1/chats": CHAT,
    "POST /api/v1/sites/{site}/commands": {"kind": "ping"},
}


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    async with serving(tmp_path) as running:
        await running.site("lab")
        await running.server.people.set_bot_password(BOT_PASSWORD)
        yield running


async def _client(running: Running, caller: str) -> httpx.AsyncClient:
    if caller in ("nobody", "demo"):
        return running.client()
    if caller.endswith("token"):
        return await running.program(caller.removesuffix(" token"), caller)
    return await running.person(caller, caller)


@pytest.mark.parametrize("caller", sorted(EVERYBODY))
async def test_every_route_lets_in_exactly_whom_it_should(tmp_path: Path, caller: str) -> None:
    async with serving(tmp_path, demo=caller == "demo") as running:
        await running.site("lab")
        await running.server.people.set_bot_password(BOT_PASSWORD)
        for route, allowed in ACCESS.items():
            client = await _client(running, caller)
            method, path = route.split(" ")
            path = path.format(site="lab", telegram_id=1, id=1)
            async with client.stream(method, path, json=BODIES.get(route)) as answer:
                status = answer.status_code
            if caller not in allowed:
                assert status == (401 if caller == "nobody" else 403), (route, caller)
            elif route == "POST /api/v1/session":
                assert status == 401
            elif route == "POST /link":
                assert status == 400, "nobody's role helps where only a site's key does"
            else:
                assert status in (200, 201, 204, 404, 422), (route, caller, status)
            await running.server.people.remove(caller)


async def test_the_access_table_names_every_route(running: Running) -> None:
    paths = (await running.client().get("/api/openapi.json")).json()["paths"]
    routes = {f"{method.upper()} {path}" for path, methods in paths.items() for method in methods}
    assert routes <= set(ACCESS)
    assert set(ACCESS) - routes == {
        "GET /",
        "GET /api/openapi.json",
        "GET /api/docs",
        "GET /api/docs/swagger-ui.css",
    }


async def test_a_person_signs_in_and_out(running: Running) -> None:
    await running.server.people.add_person("anna", PASSWORD, "admin")
    client = running.client(**{"X-Stallaini": "1"})
    assert (await client.get("/api/v1/session")).status_code == 401
    answer = await client.post("/api/v1/session", json={"name": "anna", "password": PASSWORD})
    assert (answer.status_code, answer.json()) == (200, {"name": "anna", "role": "admin"})
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=lax" in cookie
    assert "secure" not in cookie
    again = await client.get("/api/v1/session")
    assert again.json() == {"name": "anna", "role": "admin"}
    assert "max-age=7776000" in again.headers["set-cookie"].lower()
    assert (await client.delete("/api/v1/session")).status_code == 204
    assert (await client.get("/api/v1/session")).status_code == 401


async def test_behind_an_https_proxy_the_cookie_is_secure(running: Running) -> None:
    await running.server.people.add_person("anna", PASSWORD, "viewer")
    client = running.client(**{"X-Forwarded-Proto": "https"})
    answer = await client.post("/api/v1/session", json={"name": "anna", "password": PASSWORD})
    assert "secure" in answer.headers["set-cookie"].lower()


async def test_a_change_by_cookie_needs_the_header_other_pages_cannot_send(running: Running) -> None:
    client = await running.person("viewer")
    del client.headers["X-Stallaini"]
    answer = await client.delete("/api/v1/session")
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:stallaini:problem:missing-header")
    assert (await client.get("/api/v1/session")).status_code == 200


async def test_a_sign_in_that_another_page_could_send_as_a_form_is_refused(running: Running) -> None:
    await running.server.people.add_person("anna", PASSWORD, "viewer")
    body = f'{{"name":"anna","password":"{PASSWORD}"}}'
    answer = await running.client().post(
        "/api/v1/session", content=body, headers={"Content-Type": "text/plain"}
    )
    assert answer.status_code == 422
    assert "set-cookie" not in answer.headers


async def test_a_wrong_token_is_refused_even_beside_a_good_cookie(running: Running) -> None:
    client = await running.person("viewer")
    answer = await client.get("/api/v1/sites", headers={"Authorization": "Bearer st_wrong"})
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")
    answer = await client.get("/api/v1/sites", headers={"Authorization": "Basic YTpi"})
    assert answer.status_code == 401


async def test_guesses_are_throttled_across_a_restart(tmp_path: Path) -> None:
    wrong = {"name": "anna", "password": "wrong password"}
    async with serving(tmp_path) as running:
        await running.server.people.add_person("anna", PASSWORD, "viewer")
        client = running.client()
        statuses = [(await client.post("/api/v1/session", json=wrong)).status_code for _ in range(7)]
        assert statuses == [401] * 5 + [429] * 2
        clock = running.clock
    async with serving(tmp_path, clock=clock) as running:
        right = {"name": "anna", "password": PASSWORD}
        answer = await running.client().post("/api/v1/session", json=right)
        assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")
        assert answer.json()["retry_after_s"] == 2
        clock.advance(2)
        assert (await running.client().post("/api/v1/session", json=right)).status_code == 200


async def test_a_chat_joins_with_the_bot_password(running: Running) -> None:
    bot = await running.program("bot")
    missing = await bot.get("/api/v1/chats/104857600")
    assert (missing.status_code, missing.json()["type"]) == (404, "urn:stallaini:problem:unknown-chat")
    wrong = await bot.post("/api/v1/chats", json={**CHAT, "password": "wrong password"})
    assert (wrong.status_code, wrong.json()["type"]) == (403, "urn:stallaini:problem:wrong-password")
    joined = await bot.post("/api/v1/chats", json=CHAT)
    shown = {"telegram_id": 104857600, "name": "Anna", "language": "it"}
    assert (joined.status_code, joined.json()) == (201, shown)
    assert (await bot.get("/api/v1/chats/104857600")).json() == shown


async def test_guesses_at_the_bot_password_are_throttled(running: Running) -> None:
    bot = await running.program("bot")
    wrong = {**CHAT, "password": "wrong password"}
    statuses = [(await bot.post("/api/v1/chats", json=wrong)).status_code for _ in range(6)]
    assert statuses == [403] * 5 + [429]
    answer = await bot.post("/api/v1/chats", json=CHAT)
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "2")


@pytest.mark.parametrize(
    "change",
    [
        {"telegram_id": -(2**52)},
        {"telegram_id": 2**63},
        {"telegram_id": "x"},
        {"name": ""},
        {"name": "\ud800"},
        {"language": "fr"},
        {"password": "x" * 1000},
    ],
)
async def test_an_impossible_chat_is_refused(running: Running, change: dict[str, object]) -> None:
    bot = await running.program("bot")
    body = json.dumps({**CHAT, **change})
    answer = await bot.post("/api/v1/chats", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert f"body {next(iter(change))}" in answer.json()["detail"]
    assert "x" * 1000 not in answer.text


async def test_in_a_demo_whoever_has_no_session_is_a_viewer_named_demo(tmp_path: Path) -> None:
    async with serving(tmp_path, demo=True) as running:
        assert (await running.client().get("/api/v1/session")).json() == {"name": "demo", "role": "viewer"}
        stale = running.client(Cookie="stallaini_session=of-yesterday")
        assert (await stale.get("/api/v1/session")).json()["name"] == "demo"
        admin = await running.person("admin")
        assert (await admin.get("/api/v1/session")).json() == {"name": "anna", "role": "admin"}


async def test_a_demo_answers_to_no_foreign_name(tmp_path: Path) -> None:
    async with serving(tmp_path, demo=True) as running:
        for host, status in (
            ("localhost", 200),
            ("127.0.0.1:8080", 200),
            ("[::1]:8080", 200),
            ("rebound.example", 421),
            ("localhost.example:8080", 421),
        ):
            answer = await running.client(Host=host).get("/healthz")
            assert answer.status_code == status, host


@pytest.mark.parametrize("address", ["0.0.0.0:0", "[::]:0", "192.0.2.1:8080"])
def test_a_demo_serves_this_machine_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], address: str
) -> None:
    assert main(["server", "--demo", "--http", address, "--data", str(tmp_path)]) == 1
    assert "this machine only" in capsys.readouterr().err
