"""The HTTP API put together: routes, errors, compression, security headers."""

from __future__ import annotations

from fastapi import FastAPI
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stallaini.server import (
    api_account,
    api_alarms,
    api_budget,
    api_chats,
    api_commands,
    api_diagram,
    api_history,
    api_link,
    api_live,
    api_meta,
    api_outbox,
    api_people,
    api_session,
    api_sites,
    openapi,
    problems,
    static,
)
from stallaini.server.conditional import Conditional
from stallaini.server.guard import Guard
from stallaini.server.metrics import Metrics
from stallaini.server.services import Services

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
        api_session,
        api_account,
        api_people,
        api_sites,
        api_diagram,
        api_history,
        api_budget,
        api_live,
        api_commands,
        api_alarms,
        api_outbox,
        api_chats,
        api_link,
        api_meta,
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
