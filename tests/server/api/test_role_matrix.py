"""Who may do what: every route of the application against every kind of caller, as a table."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import cast

import httpx
import pytest
from argon2 import PasswordHasher
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute
from tests.support.serving import BOT_PASSWORD, START_S, Running, serving

from stallaini.link.messages import Event
from stallaini.server.alarms.life import alarm_id
from stallaini.server.api.app import create_api
from stallaini.server.api.services import Services
from stallaini.server.people.accounts import Taken
from stallaini.server.people.audit import OPERATOR
from stallaini.server.people.roles import SiteRole

# Those without "of hut" or "every site" have their role at the site lab, which the routes are asked about.
EVERYBODY = frozenset(
    {
        "nobody",
        "demo",
        "viewer",
        "operator",
        "admin",
        "admin of hut",
        "admin of every site",
        "viewer token",
        "operator token",
        "admin token of every site",
        "bot token",
        "viewer chat",
        "operator chat",
        "admin group",
        "stranger chat",
    }
)
KNOWN = EVERYBODY - {"nobody", "stranger chat"}
PEOPLE = frozenset({"viewer", "operator", "admin", "admin of hut", "admin of every site"})
LOOK = KNOWN - {"admin of hut", "bot token"}
STEER = frozenset(
    {
        "operator",
        "admin",
        "admin of every site",
        "operator token",
        "admin token of every site",
        "operator chat",
    }
)
ADMINS = frozenset({"admin", "admin of every site"})
ADMINS_READ = ADMINS | {"admin token of every site"}
SOME_ADMIN = ADMINS_READ | {"admin of hut"}
OWNER = frozenset({"admin of every site"})
WIDE = OWNER | {"demo", "admin token of every site"}
BOT = frozenset({"bot token"})

ACCESS: dict[str, frozenset[str]] = {
    "GET /healthz": EVERYBODY,
    "GET /metrics": WIDE,
    "POST /link": EVERYBODY,
    "GET /{path:path}": EVERYBODY,
    "HEAD /{path:path}": EVERYBODY,
    "GET /api/openapi.json": EVERYBODY,
    "GET /api/docs": EVERYBODY,
    "GET /api/docs/{name}": EVERYBODY,
    "POST /api/v1/session": EVERYBODY,
    "GET /api/v1/session": KNOWN,
    "POST /api/v1/join": EVERYBODY,
    "POST /api/v1/join/offer": EVERYBODY,
    "POST /api/v1/join/accept": PEOPLE,
    "GET /api/v1/account": PEOPLE,
    "PATCH /api/v1/account": PEOPLE,
    "POST /api/v1/account/password": PEOPLE,
    "POST /api/v1/account/telegram": PEOPLE,
    "DELETE /api/v1/account/telegram/{telegram_id}": PEOPLE,
    "GET /api/v1/sessions": PEOPLE,
    "DELETE /api/v1/sessions": PEOPLE,
    "DELETE /api/v1/sessions/{id}": PEOPLE,
    "GET /api/v1/tokens": PEOPLE,
    "POST /api/v1/tokens": PEOPLE - {"admin of hut"},
    "DELETE /api/v1/tokens/{id}": PEOPLE,
    "GET /api/v1/people": SOME_ADMIN,
    "GET /api/v1/people/{name}": ADMINS_READ,
    "PUT /api/v1/people/{name}/roles/{site}": ADMINS,
    "DELETE /api/v1/people/{name}/roles/{site}": ADMINS,
    "DELETE /api/v1/people/{name}": OWNER,
    "GET /api/v1/invitations": SOME_ADMIN,
    "POST /api/v1/invitations": ADMINS,
    "DELETE /api/v1/invitations/{id}": PEOPLE,
    "GET /api/v1/audit": SOME_ADMIN,
    "GET /api/v1/sites": KNOWN,
    "GET /api/v1/sites/{site}": LOOK,
    "GET /api/v1/sites/{site}/now": LOOK,
    "GET /api/v1/sites/{site}/series": LOOK,
    "GET /api/v1/sites/{site}/columns": LOOK,
    "GET /api/v1/sites/{site}/gaps": LOOK,
    "GET /api/v1/sites/{site}/clock": LOOK,
    "GET /api/v1/sites/{site}/events": LOOK,
    "GET /api/v1/sites/{site}/budget": LOOK,
    "GET /api/v1/sites/{site}/diagram.svg": LOOK,
    "GET /api/v1/sites/{site}/energy": LOOK,
    "GET /api/v1/sites/{site}/live": LOOK,
    "POST /api/v1/sites/{site}/commands": STEER,
    "GET /api/v1/sites/{site}/commands": LOOK,
    "GET /api/v1/sites/{site}/commands/{id}": LOOK,
    "GET /api/v1/alarms": KNOWN,
    "GET /api/v1/alarms/{id}": LOOK,
    "POST /api/v1/alarms/{id}/ack": STEER,
    "POST /api/v1/alarms/{id}/snooze": STEER,
    "GET /api/v1/sites/{site}/alarms": LOOK,
    "GET /api/v1/sites/{site}/alarm-settings": STEER,
    "PUT /api/v1/sites/{site}/alarm-settings": ADMINS_READ,
    "PUT /api/v1/sites/{site}/mute": STEER,
    "GET /api/v1/sites/{site}/digest": LOOK,
    "GET /api/v1/account/contact": PEOPLE,
    "PUT /api/v1/account/contact": PEOPLE,
    "GET /api/v1/outbox": BOT,
    "POST /api/v1/outbox/seen": BOT,
    "POST /api/v1/outbox/{id}": BOT,
    "POST /api/v1/chats": BOT,
    "GET /api/v1/chats/{telegram_id}": BOT,
    "PATCH /api/v1/chats/{telegram_id}": BOT,
    "DELETE /api/v1/chats/{telegram_id}": BOT,
    # Last: it ends the caller's session.
    "DELETE /api/v1/session": KNOWN,
}
BODIES: dict[str, object] = {
    "POST /api/v1/session": {"name": "nobody", "password": "wrong password"},
    "POST /api/v1/join": {"code": "none", "name": "carla", "password": "correct horse battery"},
    "POST /api/v1/join/offer": {"code": "none"},
    "POST /api/v1/join/accept": {"code": "none"},
    "PATCH /api/v1/account": {"language": "it"},
    "POST /api/v1/account/password": {"current": "wrong password", "new": "correct horse battery"},
    "POST /api/v1/tokens": {"label": "grafana", "role": "viewer", "site": "lab"},
    "PUT /api/v1/people/{name}/roles/{site}": {"role": "operator"},
    "POST /api/v1/invitations": {"role": "viewer", "site": "lab"},
    "POST /api/v1/sites/{site}/commands": {"kind": "ping"},
    "POST /api/v1/alarms/{id}/snooze": {"minutes": 60},
    "PUT /api/v1/sites/{site}/alarm-settings": {"told": [{"person": "anna"}]},
    "PUT /api/v1/sites/{site}/mute": {"minutes": 60},
    "PUT /api/v1/account/contact": {"email": "anna@example.org"},
    "POST /api/v1/outbox/seen": {"chat_id": 1, "message_id": 4711},
    "POST /api/v1/outbox/{id}": {"state": "shown", "version": 1},
    "POST /api/v1/chats": {"telegram_id": 1, "name": "Anna", "language": "it", "secret": BOT_PASSWORD},
    "PATCH /api/v1/chats/{telegram_id}": {"language": "it"},
}
# What only looks like a refusal: the password in the body is wrong, the message is none.
OWN_REFUSALS = {
    "POST /api/v1/session": (401, "wrong-password"),
    "POST /api/v1/account/password": (403, "wrong-password"),
    "POST /link": (400, "no-message"),
}
_ROLES: dict[str, SiteRole] = {"viewer": "viewer", "operator": "operator", "admin": "admin"}
_HIDDEN = ("unknown-site", "unknown-person", "unknown-alarm")
_RAISED = Event(START_S, "alarm.raised", {"rule": "soc_low", "severity": "warning", "value": 19.5})
_ALARM = alarm_id("lab", "soc_low", b"journal1", 1)


@pytest.fixture(autouse=True)
def _quick_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr("stallaini.server.people.passwords._HASHER", quick)


async def _client(running: Running, caller: str) -> httpx.AsyncClient:
    if caller in ("nobody", "demo"):
        return running.client()
    kind, _, where = caller.partition(" of ")
    site = {"hut": "hut", "every site": "*"}.get(where, "lab")
    word, _, way = kind.partition(" ")
    if caller == "stranger chat":
        bot = await running.program("bot", "bot")
        bot.headers["X-Stallaini-Chat"] = "999"
        return bot
    if word == "bot":
        return await running.program("bot", "bot")
    role = _ROLES[word]
    if way == "token":
        return await running.program(role, word, site)
    if way in ("chat", "group"):
        return await running.chat(500 if way == "chat" else -500, role, site)
    return await running.person(role, "anna", site)


def _refused(answer: httpx.Response) -> bool:
    if not answer.headers.get("content-type", "").startswith("application/problem+json"):
        return False
    kind = str(answer.json()["type"]).rpartition(":")[2]
    return answer.status_code in (401, 403) or kind in _HIDDEN


async def _restore(running: Running) -> None:
    """Who the routes are about is there, whatever was done to them."""
    try:
        await running.server.people.chats.set_password(BOT_PASSWORD, OPERATOR)
        await running.person("viewer", "target", "lab")
    except Taken:
        await running.server.people.set_role("target", "lab", "viewer", OPERATOR)


@pytest.mark.parametrize("caller", sorted(EVERYBODY))
async def test_every_route_lets_in_exactly_whom_it_should(tmp_path: Path, caller: str) -> None:
    async with serving(tmp_path, demo=caller == "demo") as running:
        for site in ("lab", "hut"):
            await (await running.site(site)).events(_RAISED)
        client = await _client(running, caller)
        for route, allowed in ACCESS.items():
            await _restore(running)
            method, path = route.split(" ")
            path = path.replace("{path:path}", "").replace("/alarms/{id}", f"/alarms/{_ALARM}")
            path = path.format(site="lab", telegram_id=1, id=1, name="target")
            async with client.stream(method, path, json=BODIES.get(route)) as answer:
                if "event-stream" not in answer.headers.get("content-type", ""):
                    await answer.aread()
                if route in OWN_REFUSALS and caller in allowed:
                    status, kind = OWN_REFUSALS[route]
                    assert (answer.status_code, kind in answer.text) == (status, True), (route, caller)
                    continue
                assert answer.status_code < 500, (route, caller)
                assert _refused(answer) == (caller not in allowed), (route, caller, answer.status_code)
                if caller in ("nobody", "stranger chat") and caller not in allowed:
                    assert answer.status_code == 401, (route, caller)


def _routes(routes: Iterable[BaseRoute]) -> Iterator[BaseRoute]:
    """All routes, of included routers too."""
    for route in routes:
        router = getattr(route, "original_router", None)
        if router is None:
            yield route
        else:
            yield from _routes(router.routes)


def test_the_table_has_every_route_of_the_application() -> None:
    found = list(_routes(create_api(cast(Services, None)).routes))
    plain = [route for route in found if isinstance(route, APIRoute)]
    assert len(plain) == len(found)
    assert {f"{method} {route.path}" for route in plain for method in route.methods or ()} == set(ACCESS)
