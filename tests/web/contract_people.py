"""The stand-in server's part for people, and how they are told of alarms."""

from __future__ import annotations

import time
from typing import Annotated, Any

from fastapi import APIRouter, Body, Response
from fastapi.responses import JSONResponse
from tests.web.made_people import MadePeople, iso

Given = Annotated[dict[str, Any], Body()]
CODE = "Zk8qLw2mXv0aT5rYb1sGzQ"


def people_routes(people: MadePeople, name: str) -> APIRouter:
    """What `name` sees and does."""
    api = APIRouter()
    _own(api, people, name)
    _others(api, people)
    _telling(api, people)
    _joining(api, people)
    return api


def _refusal(status: int, detail: str) -> JSONResponse:
    return JSONResponse({"status": status, "detail": detail}, status, media_type="application/problem+json")


def _own(api: APIRouter, people: MadePeople, name: str) -> None:
    @api.get("/account")
    async def account() -> dict[str, Any]:
        return {**next(one for one in people.accounts if one["name"] == name), "chats": people.chats}

    @api.patch("/account", status_code=204)
    async def speak(given: Given) -> None:
        people.accounts[0]["language"] = given["language"]

    @api.post("/account/password", response_model=None)
    async def password(given: Given) -> Response:
        if given["current"] != people.password:
            return _refusal(403, "this is not your password; type the one you have now")
        people.password = given["new"]
        return Response(status_code=204)

    @api.post("/account/telegram", status_code=201)
    async def link() -> dict[str, Any]:
        return {"code": "LINK-1234", "path": None}

    @api.delete("/account/telegram/{id_}", status_code=204)
    async def unlink(id_: int) -> None:
        people.chats[:] = [one for one in people.chats if one["telegram_id"] != id_]

    @api.get("/sessions")
    async def sessions() -> dict[str, Any]:
        return {"sessions": people.sessions}

    @api.delete("/sessions", status_code=204)
    async def end_others() -> None:
        people.sessions[:] = [one for one in people.sessions if one["current"]]

    @api.delete("/sessions/{id_}", status_code=204)
    async def end(id_: str) -> None:
        people.sessions[:] = [one for one in people.sessions if one["id"] != id_]

    @api.get("/tokens")
    async def tokens() -> dict[str, Any]:
        return {"tokens": people.tokens, "next": None}

    @api.post("/tokens", status_code=201)
    async def make_token(given: Given) -> dict[str, Any]:
        return people.make_token(given)

    @api.delete("/tokens/{id_}", status_code=204)
    async def revoke(id_: str) -> None:
        people.tokens[:] = [one for one in people.tokens if one["id"] != id_]


def _others(api: APIRouter, people: MadePeople) -> None:
    @api.get("/people")
    async def listed(after: str | None = None) -> dict[str, Any]:
        # In pages of two, so that the page has to ask on.
        first = 0 if after is None else [one["name"] for one in people.accounts].index(after) + 1
        shown = people.accounts[first : first + 2]
        more = first + 2 < len(people.accounts)
        return {"people": shown, "next": shown[-1]["name"] if more else None}

    @api.delete("/people/{name}", status_code=204)
    async def remove(name: str) -> None:
        people.accounts[:] = [one for one in people.accounts if one["name"] != name]

    @api.put("/people/{name}/roles/{site}", status_code=204)
    async def give(name: str, site: str, given: Given) -> None:
        people.set_role(name, site, given["role"])

    @api.delete("/people/{name}/roles/{site}", status_code=204)
    async def take(name: str, site: str) -> None:
        people.set_role(name, site, None)

    @api.get("/invitations")
    async def invitations() -> dict[str, Any]:
        return {"invitations": people.invitations, "next": None}

    @api.post("/invitations", status_code=201)
    async def invite(given: Given) -> dict[str, Any]:
        return people.invite(given)

    @api.delete("/invitations/{id_}", status_code=204)
    async def take_back(id_: str) -> None:
        next(one for one in people.invitations if one["id"] == id_)["state"] = "revoked"

    @api.get("/audit")
    async def audit() -> dict[str, Any]:
        return {"lines": people.audit, "next": None}


def _telling(api: APIRouter, people: MadePeople) -> None:
    @api.get("/account/contact")
    async def contact() -> dict[str, str]:
        return people.contact

    @api.put("/account/contact")
    async def set_contact(given: Given) -> dict[str, str]:
        people.contact = given
        return people.contact

    @api.get("/sites/{site}/alarm-settings")
    async def telling(site: str) -> dict[str, Any]:
        return people.telling

    @api.put("/sites/{site}/alarm-settings")
    async def tell(site: str, given: Given) -> dict[str, Any]:
        people.telling = {**people.telling, **given}
        return people.telling

    @api.put("/sites/{site}/mute")
    async def mute(site: str, given: Given) -> dict[str, Any]:
        minutes = given["minutes"]
        people.telling["mute_until"] = None if minutes is None else iso(time.time() + minutes * 60)
        return people.telling


def _joining(api: APIRouter, people: MadePeople) -> None:
    @api.post("/join/offer", response_model=None)
    async def offer(given: Given) -> dict[str, Any] | Response:
        if given["code"] != CODE:
            return _refusal(404, "this invitation does not hold (any more); ask for a new one")
        return {"role": "viewer", "site": "stallaini", "language": "it", "person": None, "expires_at": iso(0)}

    @api.post("/join", status_code=201, response_model=None)
    async def join(given: Given) -> dict[str, Any] | Response:
        if given["name"] == "anna":
            return _refusal(409, "there is a 'anna' already; choose another name")
        people.accounts.append({"name": given["name"], "roles": {"stallaini": "viewer"}})
        answer = JSONResponse({"name": given["name"], "role": "viewer"}, 201)
        answer.set_cookie("stallaini_session", "1", httponly=True, samesite="lax")
        return answer
