"""Sessions, cookies, requests of foreign pages, the demo, chats, throttling: over real HTTP."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.serving import BOT_PASSWORD, PASSWORD, Running, serving

from stallaini.cli import main
from stallaini.server.people.audit import OPERATOR
from stallaini.server.people.people import NewPerson

CHAT = {"telegram_id": 104857600, "name": "Anna", "language": "it", "secret": BOT_PASSWORD}
CREDENTIALS = {"name": "anna", "password": PASSWORD}


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    async with serving(tmp_path) as running:
        await running.site("lab")
        await running.server.people.chats.set_password(BOT_PASSWORD, OPERATOR)
        yield running


async def test_a_person_signs_in_and_out(running: Running) -> None:
    await running.server.people.add(NewPerson("anna", PASSWORD, "admin"), OPERATOR)
    client = running.client(**{"X-Stallaini": "1"})
    assert (await client.get("/api/v1/session")).status_code == 401
    answer = await client.post("/api/v1/session", json={"name": "anna", "password": PASSWORD})
    shown = {"name": "anna", "via": "session", "role": "admin", "language": "en", "roles": {"*": "admin"}}
    assert (answer.status_code, answer.json()) == (200, shown)
    session, device = (cookie.lower() for cookie in answer.headers.get_list("set-cookie"))
    for cookie in (session, device):
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert "secure" not in cookie
    assert "path=/;" in session
    assert "path=/api/v1/session;" in device
    again = await client.get("/api/v1/session")
    assert again.json() == shown
    assert "max-age=7776000" in again.headers["set-cookie"].lower()
    assert (await client.delete("/api/v1/session")).status_code == 204
    assert (await client.get("/api/v1/session")).status_code == 401


async def test_behind_an_https_proxy_the_cookie_is_secure(running: Running) -> None:
    await running.server.people.add(NewPerson("anna", PASSWORD), OPERATOR)
    client = running.client(**{"X-Forwarded-Proto": "https"})
    answer = await client.post("/api/v1/session", json={"name": "anna", "password": PASSWORD})
    for cookie in answer.headers.get_list("set-cookie"):
        assert "secure" in cookie.lower()


async def test_a_change_by_cookie_needs_the_header_other_pages_cannot_send(running: Running) -> None:
    client = await running.person("viewer")
    del client.headers["X-Stallaini"]
    answer = await client.delete("/api/v1/session")
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:stallaini:problem:missing-header")
    assert (await client.get("/api/v1/session")).status_code == 200


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize(
    "change", ["POST /session", "DELETE /session", "POST /join", "PATCH /account", "POST /sites/lab/commands"]
)
async def test_what_another_web_page_asks_for_is_refused_whatever_it_sends_along(
    running: Running, change: str, site: str
) -> None:
    client, (method, path) = await running.person("admin"), change.split(" ")
    answer = await client.request(
        method, f"/api/v1{path}", json=CREDENTIALS, headers={"Sec-Fetch-Site": site}
    )
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:stallaini:problem:foreign-page")
    assert "set-cookie" not in answer.headers
    assert (await client.get("/api/v1/session", headers={"Sec-Fetch-Site": site})).status_code == 200


@pytest.mark.parametrize("site", ["same-origin", "none"])
async def test_what_the_page_itself_asks_for_is_done(running: Running, site: str) -> None:
    client = await running.person("viewer")
    answer = await client.delete("/api/v1/session", headers={"Sec-Fetch-Site": site})
    assert answer.status_code == 204


async def test_no_answer_lets_another_page_ask_for_leave(running: Running) -> None:
    preflight = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    answer = await running.client(**preflight).options("/api/v1/session")
    assert answer.status_code == 405
    assert not [name for name in answer.headers if name.startswith("access-control")]


async def test_a_sign_in_that_another_page_could_send_as_a_form_is_refused(running: Running) -> None:
    await running.server.people.add(NewPerson("anna", PASSWORD), OPERATOR)
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
        await running.server.people.add(NewPerson("anna", PASSWORD), OPERATOR)
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
    wrong = await bot.post("/api/v1/chats", json={**CHAT, "secret": "wrong password"})
    assert (wrong.status_code, wrong.json()["type"]) == (403, "urn:stallaini:problem:wrong-password")
    joined = await bot.post("/api/v1/chats", json=CHAT)
    shown = {
        "telegram_id": 104857600,
        "name": "Anna",
        "language": "it",
        "roles": {"*": "viewer"},
        "site": None,
    }
    assert (joined.status_code, joined.json()) == (201, shown)
    assert (await bot.get("/api/v1/chats/104857600")).json() == shown


async def test_guesses_at_the_bot_password_are_throttled(running: Running) -> None:
    bot = await running.program("bot")
    wrong = {**CHAT, "secret": "wrong password"}
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
        {"secret": "x" * 1000},
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
        shown = (await running.client().get("/api/v1/session")).json()
        assert (shown["name"], shown["via"], shown["role"]) == ("demo", "demo", "viewer")
        stale = running.client(Cookie="stallaini_session=of-yesterday")
        assert (await stale.get("/api/v1/session")).json()["name"] == "demo"
        admin = await running.person("admin")
        shown = (await admin.get("/api/v1/session")).json()
        assert (shown["name"], shown["role"]) == ("anna", "admin")


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
