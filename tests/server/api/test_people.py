"""Accounts, roles, tokens, sessions, invitations and the audit over real HTTP, as the page asks."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.serving import PASSWORD, Running, ask, next_event, serving

from stallaini.server.people.audit import OPERATOR
from stallaini.server.people.invitations import Offer


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    async with serving(tmp_path) as running:
        for site in ("noto", "hut"):
            await running.site(site)
        yield running


async def done(client: httpx.AsyncClient, change: str, status: int = 204, **body: Any) -> Any:
    """The decoded answer to a change that ends with `status`; a problem's kind for a refusal."""
    method, path = change.split(" ")
    answer = await client.request(method, f"/api/v1{path}", json=body or None)
    assert answer.status_code == status, answer.text
    if status >= 400:
        return answer.json()["type"].removeprefix("urn:stallaini:problem:")
    return answer.json() if answer.content else None


async def test_an_owner_invites_the_family(running: Running) -> None:
    owner = await running.person("admin", "owner")
    made = await done(owner, "POST /invitations", 201, role="viewer", site="noto", language="it")
    assert made["path"] == f"/join#{made['code']}"
    phone = running.client(**{"X-Stallaini": "1"})
    offer = await done(phone, "POST /join/offer", 200, code=made["code"])
    assert (offer["role"], offer["site"], offer["person"]) == ("viewer", "noto", None)
    joined = await done(phone, "POST /join", 201, code=made["code"], name="bruno", password=PASSWORD)
    assert (joined["name"], joined["language"], joined["roles"]) == ("bruno", "it", {"noto": "viewer"})
    assert [one["site"] for one in (await ask(phone, "/sites"))["sites"]] == ["noto"]
    again = await done(running.client(), "POST /join", 404, code=made["code"], name="x", password=PASSWORD)
    assert again == "no-invitation"
    (listed,) = (await ask(owner, "/invitations"))["invitations"]
    assert (listed["state"], listed["used_by"], "code" in listed) == ("used", "bruno", False)
    await done(owner, "PUT /people/bruno/roles/noto", role="operator")
    await done(phone, "POST /sites/noto/commands", 201, kind="ping")
    await done(owner, "DELETE /people/bruno")
    await done(phone, "GET /session", 401)


async def test_an_invitation_says_what_is_wrong_with_the_account_wanted(running: Running) -> None:
    owner = await running.person("admin", "owner")
    code = (await done(owner, "POST /invitations", 201, site="noto"))["code"]
    nobody = running.client()
    for name, password, status, kind in (
        ("OWNER", PASSWORD, 409, "name-taken"),
        ("a/b", PASSWORD, 422, "invalid-name"),
        ("bruno", "short", 422, "weak-password"),
    ):
        told = await done(nobody, "POST /join", status, code=code, name=name, password=password)
        assert told == kind
    assert await done(nobody, "POST /join", 422, code=code, password=PASSWORD) == "invalid-name"
    (made,) = (await ask(owner, "/invitations"))["invitations"]
    await done(owner, f"DELETE /invitations/{made['id']}")
    assert await done(owner, f"DELETE /invitations/{made['id']}", 404) == "unknown-invitation"
    assert await done(nobody, "POST /join/offer", 404, code=code) == "no-invitation"


async def test_a_forgotten_password_is_set_anew_by_a_link_of_the_owners(running: Running) -> None:
    owner = await running.person("admin", "owner")
    await running.person("viewer", "bruno", "noto")
    made = await done(owner, "POST /invitations", 201, person="BRUNO")
    phone = running.client()
    assert (await done(phone, "POST /join/offer", 200, code=made["code"]))["person"] == "bruno"
    assert (await done(phone, "POST /join", 201, code=made["code"], password="another good one"))["name"] == (
        "bruno"
    )
    await done(owner, "POST /invitations", 404, person="nobody")


async def test_an_admin_of_one_site_sees_and_changes_nothing_beyond_it(running: Running) -> None:
    await running.person("admin", "owner")
    admin = await running.person("admin", "anna", "noto")
    await running.person("viewer", "bruno", "noto")
    await running.person("viewer", "carla", "hut")
    await running.server.people.set_role("bruno", "hut", "viewer", OPERATOR)
    people = (await ask(admin, "/people"))["people"]
    assert [one["name"] for one in people] == ["anna", "bruno", "owner"]
    assert people[1]["roles"] == {"noto": "viewer"}
    assert people[1]["chats"] is None
    for change, body, status in (
        ("PUT /people/carla/roles/noto", {"role": "viewer"}, 404),
        ("PUT /people/nobody/roles/noto", {"role": "viewer"}, 404),
        ("PUT /people/bruno/roles/hut", {"role": "operator"}, 404),
        ("PUT /people/bruno/roles/moon", {"role": "operator"}, 404),
        ("PUT /people/bruno/roles/*", {"role": "operator"}, 403),
        ("DELETE /people/bruno", {}, 403),
        ("POST /invitations", {"site": "hut"}, 404),
        ("POST /invitations", {"site": "*"}, 403),
        ("POST /invitations", {"person": "bruno"}, 403),
        ("POST /tokens", {"label": "x", "role": "bot"}, 403),
        ("POST /tokens", {"label": "x", "role": "viewer"}, 403),
        ("POST /tokens", {"label": "x", "role": "admin", "site": "hut"}, 404),
    ):
        await done(admin, change, status, **body)
    await done(admin, "PUT /people/bruno/roles/noto", role="admin")
    await done(admin, "DELETE /people/bruno/roles/noto")
    assert {line["site"] for line in (await ask(admin, "/audit"))["lines"]} == {"noto"}


async def test_a_site_one_may_not_see_answers_as_one_there_is_not(running: Running) -> None:
    bruno = await running.person("viewer", "bruno", "hut")
    hidden = await bruno.get("/api/v1/sites/noto/now")
    missing = await bruno.get("/api/v1/sites/nota/now")
    assert (hidden.status_code, missing.status_code) == (404, 404)
    assert hidden.text.replace("noto", "nota") == missing.text
    assert "noto" not in missing.text


async def test_the_last_admin_stays(running: Running) -> None:
    owner = await running.person("admin", "owner")
    assert await done(owner, "DELETE /people/owner", 409) == "last-admin"
    assert await done(owner, "PUT /people/owner/roles/*", 409, role="viewer") == "last-admin"
    assert (await ask(owner, "/session"))["role"] == "admin"


async def test_ones_account_language_and_password(running: Running) -> None:
    anna = await running.person("viewer", "anna", "noto")
    other = await running.signed_in("anna")
    await done(anna, "PATCH /account", language="it")
    account = await ask(anna, "/account")
    assert (account["language"], account["has_password"], account["chats"]) == ("it", True, [])
    assert await done(anna, "POST /account/password", 403, current="wrong", new="x" * 8) == "wrong-password"
    assert await done(anna, "POST /account/password", 422, current=PASSWORD, new="x") == "weak-password"
    await done(anna, "POST /account/password", current=PASSWORD, new="another good one")
    assert (await ask(anna, "/session"))["name"] == "anna"
    await done(other, "GET /session", 401)


async def test_sessions_are_seen_and_ended(running: Running) -> None:
    here = await running.person("viewer", "anna", "noto")
    lost = await running.signed_in("anna")
    owner = await running.person("admin", "owner")
    listed = (await ask(here, "/sessions"))["sessions"]
    assert sorted(one["current"] for one in listed) == [False, True]
    assert {one["source"] for one in listed} == {"127.0.0.1"}
    (other,) = [one["id"] for one in listed if not one["current"]]
    await done(here, f"DELETE /sessions/{other}")
    assert await done(here, f"DELETE /sessions/{other}", 404) == "unknown-session"
    await done(lost, "GET /session", 401)
    assert len((await ask(owner, "/sessions", person="ANNA"))["sessions"]) == 1
    await done(here, "GET /sessions?person=owner", 403)
    await done(owner, "DELETE /sessions?person=anna")
    await done(here, "GET /session", 401)
    await done(owner, "GET /sessions?person=nobody", 404)
    await done(owner, "DELETE /sessions")
    assert (await ask(owner, "/session"))["name"] == "owner"


async def test_a_token_is_shown_once_works_and_is_revoked(running: Running) -> None:
    anna = await running.person("operator", "anna", "noto")
    made = await done(anna, "POST /tokens", 201, label="grafana", role="viewer", site="noto")
    program = running.client(Authorization=f"Bearer {made['secret']}")
    shown = await ask(program, "/session")
    assert (shown["name"], shown["via"], shown["roles"]) == ("anna/grafana", "token", {"noto": "viewer"})
    await done(program, "POST /sites/noto/commands", 403, kind="ping")
    await done(program, "POST /tokens", 403, label="more", site="noto")
    (listed,) = (await ask(anna, "/tokens"))["tokens"]
    assert made["secret"] not in str(listed)
    assert (listed["prefix"], listed["used_at"]) == (made["secret"][:9], "2026-11-16T12:00:00Z")
    await done(anna, "POST /tokens", 403, label="x", role="admin", site="noto")
    await done(anna, f"DELETE /tokens/{listed['id']}")
    assert await done(anna, f"DELETE /tokens/{listed['id']}", 404) == "unknown-token"
    await done(program, "GET /session", 401)


async def test_the_bot_speaks_for_a_chat_and_for_nobody_else(running: Running) -> None:
    chat = await running.chat(500, "viewer", "noto")
    assert [one["site"] for one in (await ask(chat, "/sites"))["sites"]] == ["noto"]
    await done(chat, "GET /sites/hut/now", 404)
    bot, viewer = await running.program("bot", "bot"), await running.program("viewer")
    assert (await ask(bot, "/sites"))["sites"] == []
    await done(bot, "GET /sites/noto/now", 403)
    viewer.headers["X-Stallaini-Chat"] = "500"
    await done(viewer, "GET /sites", 403)
    assert (await done(bot, "PATCH /chats/500", 200, language="it"))["language"] == "it"
    assert (await done(bot, "PATCH /chats/500", 200, site="noto"))["site"] == "noto"
    await done(bot, "DELETE /chats/500")
    await done(bot, "DELETE /chats/500", 404)
    await done(chat, "GET /sites", 401)


async def test_telegram_is_linked_by_a_code_and_unlinked(running: Running) -> None:
    anna = await running.person("operator", "anna", "noto")
    made = await done(anna, "POST /account/telegram", 201)
    assert made["path"] is None
    assert await done(running.client(), "POST /join/offer", 404, code=made["code"]) == "no-invitation"
    bot = await running.program("bot", "bot")
    chat = {"telegram_id": 7, "name": "Anna T", "language": "en", "secret": made["code"]}
    joined = await done(bot, "POST /chats", 201, **chat)
    assert (joined["name"], joined["roles"]) == ("anna", {"noto": "operator"})
    assert [one["telegram_id"] for one in (await ask(anna, "/account"))["chats"]] == [7]
    await done(anna, "DELETE /account/telegram/7")
    assert await done(anna, "DELETE /account/telegram/7", 404) == "unknown-chat"
    await done(bot, "GET /chats/7", 404)


async def test_long_lists_come_a_page_at_a_time(running: Running) -> None:
    owner = await running.person("admin", "owner")
    for number in range(5):
        await done(owner, "POST /tokens", 201, label=f"t{number}", site="noto")
        await done(owner, "POST /invitations", 201, site="noto")
        await running.chat(100 + number, "viewer", "noto")
    for path, key, field, cursor in (
        ("/people", "people", "name", "after"),
        ("/tokens", "tokens", "id", "after"),
        ("/invitations", "invitations", "id", "after"),
        ("/audit", "lines", "id", "before"),
    ):
        whole = [one[field] for one in (await ask(owner, path, limit=500))[key]]
        seen, params = [], {"limit": 2}
        while True:
            page = await ask(owner, path, **params)
            seen += [one[field] for one in page[key]]
            if page["next"] is None:
                break
            params[cursor] = page["next"]
        assert seen == whole, path
        assert len(seen) >= 5
    (line, *_) = (await ask(owner, "/audit", action="sign-in", person="OWNER"))["lines"]
    assert (line["actor"], line["via"], line["source"]) == ("owner", "session", "127.0.0.1")
    await done(owner, "GET /audit?action=nonsense", 422)


async def test_who_accepts_an_invitation_with_an_account_keeps_it(running: Running) -> None:
    anna = await running.person("viewer", "anna", "noto")
    code, _ = await running.server.people.invitations.make(Offer("en", "operator", "hut"), 3600, OPERATOR)
    await done(anna, "POST /join/accept", code=code)
    assert (await ask(anna, "/session"))["roles"] == {"noto": "viewer", "hut": "operator"}
    assert await done(anna, "POST /join/accept", 404, code=code) == "no-invitation"


@pytest.mark.parametrize("change", ["session", "role"])
async def test_a_live_stream_ends_when_its_listener_may_look_no_more(running: Running, change: str) -> None:
    anna = await running.person("viewer", "anna", "noto")
    site = await running.site("noto")
    async with anna.stream("GET", "/api/v1/sites/noto/live") as answer:
        lines = answer.aiter_lines()
        await next_event(lines)
        if change == "session":
            await running.server.people.sessions.end_all("anna", OPERATOR)
        else:
            await running.server.people.set_role("anna", "noto", None, OPERATOR)
        running.clock.advance(31)
        await site.live({"battery.soc": 62.0})
        async for _ in lines:
            pass
