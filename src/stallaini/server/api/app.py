"""The HTTP API put together: routes, errors, compression, security headers."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stallaini.server.api import (
    account,
    alarms,
    budget,
    chats,
    commands,
    diagram,
    history,
    link,
    live,
    meta,
    openapi,
    outbox,
    people,
    problems,
    session,
    sites,
    static,
)
from stallaini.server.api.conditional import Conditional
from stallaini.server.api.guard import Guard
from stallaini.server.api.services import Services
from stallaini.server.metrics import Metrics

_DESCRIPTION = (
    "Energy sites and what is known of them. Times are ISO-8601 in UTC; units stand in field names or beside "
    "values; battery current and power are positive when charging. Every error is a problem (RFC 9457)."
)


def create_api(services: Services) -> FastAPI:
    """The FastAPI application with every route; `create_app` wraps it for serving."""
    app = FastAPI(
        title="Stallaini",
        description=_DESCRIPTION,
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
    )
    app.state.services = services
    problems.install(app)
    for module in (
        session,
        account,
        people,
        sites,
        diagram,
        history,
        budget,
        live,
        commands,
        alarms,
        outbox,
        chats,
        link,
        meta,
        static,
    ):
        app.include_router(module.router)
    openapi.install(app)
    return app


def create_app(services: Services) -> ASGIApp:
    """The whole application as a server runs it."""
    packed = GZipMiddleware(Conditional(create_api(services)), minimum_size=1024, compresslevel=6)
    return Guard(_Counted(packed, services.metrics), loopback_names_only=services.demo)


class _Counted:
    """Counts requests by route template and status."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self._app = app
        self._metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def counting_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                route = getattr(scope.get("route"), "path", "none")
                self._metrics.count_request(scope["method"], route, message["status"])
            await send(message)

        await self._app(scope, receive, counting_send)
