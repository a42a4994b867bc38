"""A stand-in for the server: the HTTP API of docs/reference/http-api.md over a made-up world."""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
import zlib
from collections.abc import AsyncIterator, Iterator
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import uvicorn
from fastapi import APIRouter, Body, FastAPI, Query, Request, Response
from fastapi.responses import FileResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from tests.web.contract_alarms import alarm_routes
from tests.web.contract_commands import command_routes
from tests.web.contract_people import people_routes
from tests.web.world import World, iso

from stallaini.site.description import Description, DeviceSpec, LoadSpec
from stallaini.site.diagram import diagram

COOKIE = "stallaini_session"
NAME, PASSWORD = "anna", "sole e mare"


class Refusal(Exception):
    """An answer other than 200."""

    def __init__(self, status: int, headers: dict[str, str] | None = None) -> None:
        self.status, self.headers = status, headers


def make_app(world: World, static: Path) -> FastAPI:
    """The page and its API over `world`."""
    app = FastAPI()

    @app.middleware("http")
    async def reachable(request: Request, call_next: Any) -> Response:
        if world.unreachable and request.url.path.startswith("/api"):
            return Response(status_code=503)
        answer: Response = await call_next(request)
        # The real server forbids everything foreign; the page must live with that.
        answer.headers["content-security-policy"] = "default-src 'self'; img-src 'self' data:"
        return answer

    @app.exception_handler(Refusal)
    async def refuse(_request: Request, fault: Refusal) -> Response:
        return Response(status_code=fault.status, headers=fault.headers)

    app.include_router(_session_routes(world), prefix="/api/v1")
    app.include_router(_site_routes(world), prefix="/api/v1")
    app.include_router(alarm_routes(world, NAME), prefix="/api/v1")
    app.include_router(command_routes(world, NAME), prefix="/api/v1")
    app.include_router(people_routes(world.people, NAME), prefix="/api/v1")

    @app.get("/join")
    async def join() -> FileResponse:
        return FileResponse(static / "index.html")

    app.mount("/", StaticFiles(directory=static, html=True))
    return app


def _session_routes(world: World) -> APIRouter:
    api = APIRouter()

    @api.post("/session")
    async def login(
        request: Request, response: Response, given: Annotated[dict[str, str], Body()]
    ) -> dict[str, Any]:
        if request.headers.get("x-stallaini") != "1":
            raise Refusal(403)
        if world.throttled:
            raise Refusal(429, {"retry-after": "30"})
        if given != {"name": NAME, "password": PASSWORD}:
            raise Refusal(401)
        response.set_cookie(COOKIE, "1", httponly=True, samesite="lax")
        return _session(world, NAME)

    @api.get("/session")
    async def session(request: Request) -> dict[str, Any]:
        _admit(world, request)
        return _session(world, NAME if world.login_required else "demo")

    @api.delete("/session", status_code=204)
    async def logout(request: Request, response: Response) -> None:
        if request.headers.get("x-stallaini") != "1":
            raise Refusal(403)
        response.delete_cookie(COOKIE)

    return api


def _session(world: World, name: str) -> dict[str, Any]:
    via = "demo" if name == "demo" else "session"
    return {"name": name, "role": world.role, "roles": {"*": world.role}, "language": "en", "via": via}


def _admit(world: World, request: Request) -> None:
    if world.login_required and COOKIE not in request.cookies:
        raise Refusal(401)


def _site_routes(world: World) -> APIRouter:
    api = APIRouter()

    @api.get("/sites")
    async def sites(request: Request) -> dict[str, Any]:
        _admit(world, request)
        rows = [
            {
                "site": site,
                "title": title,
                "timezone": "Europe/Rome",
                "state": world.now(site)["state"],
                "last_minute_at": None,
                "heard_at": None,
            }
            for site, title in world.titles.items()
        ]
        return {"sites": rows}

    @api.get("/sites/{site}")
    async def site_description(site: str) -> dict[str, Any]:
        return world.description(site)

    @api.get("/sites/{site}/now")
    async def site_now(request: Request, site: str) -> dict[str, Any]:
        _admit(world, request)
        return world.now(site)

    @api.get("/sites/{site}/columns")
    async def columns(
        request: Request,
        site: str,
        name: Annotated[list[str], Query()],
        start: datetime,
        end: datetime,
        points: int = 500,
    ) -> Response:
        return _kept(request, world.columns(name, start, end, points))

    @api.get("/sites/{site}/energy")
    async def energy(
        request: Request, site: str, start: str, end: str, name: Annotated[list[str], Query()], by: str
    ) -> Response:
        return _kept(request, world.energy(by, start, end, name))

    @api.get("/sites/{site}/budget")
    async def budget(site: str) -> dict[str, Any]:
        return world.budget(site)

    @api.get("/sites/{site}/diagram.svg")
    async def diagram_of(site: str, language: Literal["en", "it"] = "en") -> Response:
        return Response(drawn_site(world, site, language), media_type="image/svg+xml")

    @api.get("/sites/{site}/live")
    async def live(request: Request, site: str) -> StreamingResponse:
        _admit(world, request)
        return StreamingResponse(_stream(world, site), media_type="text/event-stream")

    return api


def _kept(request: Request, answer: dict[str, Any]) -> Response:
    """An answer that a browser keeps and asks for again by its tag."""
    body = json.dumps(answer)
    tag = f'W/"{zlib.crc32(body.encode()):08x}"'
    headers = {"etag": tag, "cache-control": "private, no-cache"}
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(body, media_type="application/json", headers=headers)


def drawn_site(world: World, site: str, language: Literal["en", "it"]) -> str:
    """The real drawing of the made-up site."""
    told = world.description(site)
    devices = tuple(DeviceSpec(one["name"], one["kind"], one["title"]) for one in told["devices"])
    loads = tuple(LoadSpec(one["name"], one["title"], one["power_w"]) for one in told["loads"])
    return diagram(
        Description(site, told["title"], told["timezone"], None, None, devices, (), (), loads), language
    )


async def _stream(world: World, site: str) -> AsyncIterator[str]:
    world.streams += 1
    try:
        yield f"event: now\ndata: {json.dumps(world.now(site))}\n\n"
        while not world.unreachable:
            # Ages grow without any news, so the state is sent anew all the same.
            await asyncio.sleep(0.5)
            yield f"event: now\ndata: {json.dumps(world.now(site))}\n\n"
            if world.speaking:
                yield f"event: minute\ndata: {json.dumps({'minute_at': iso(0)})}\n\n"
    finally:
        world.streams -= 1


@contextlib.contextmanager
def serving(world: World, static: Path) -> Iterator[str]:
    """Serve `world` on a free port of this machine; yields the address."""
    config = uvicorn.Config(make_app(world, static), host="127.0.0.1", port=0, log_level="warning")
    config.timeout_graceful_shutdown = 1
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        threading.Event().wait(0.02)
    port = server.servers[0].sockets[0].getsockname()[1]
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        world.unreachable = True  # ends the streams
        server.should_exit = True
        thread.join(timeout=5)
