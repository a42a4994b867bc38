"""What never reaches a route, and what browsers are told never to do with an answer."""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from stallaini.link.posted import ROUTE
from stallaini.server.api.problems import Problem, answer
from stallaini.server.api.services import SAFE_METHODS

_CSP = (
    "default-src 'self'; img-src 'self' data: blob:; style-src 'self'{styles}; object-src 'none'; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_PAGE_CSP = _CSP.format(styles="")
# Swagger UI writes style attributes; a drawing carries the colours of both themes in itself.
_DOCS_CSP = _CSP.format(styles=" 'unsafe-inline'")

_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
_MAX_BODY_BYTES = 64 * 1024
# Fetch Metadata Request Headers (W3C): what the page itself, or a person by typing the address, causes.
_OWN_PAGE = ("same-origin", "none")
_LOOPBACK_NAMES = ("localhost", "127.0.0.1", "[::1]")


class Guard:
    """Refuses large bodies, and changes that other web pages make a browser ask for.

    Sets the security headers on every answer, errors included.

    Not at the link's route: it counts what is too large by itself, no browser calls it, and every header
    of its answers is paid for by the byte.

    With `loopback_names_only` it refuses requests for any other host name: a demo lets everybody in who
    reaches it, and a foreign page could reach it by a name of its own that resolves to 127.0.0.1.
    """

    def __init__(self, app: ASGIApp, loopback_names_only: bool = False) -> None:
        self._app = app
        self._loopback_names_only = loopback_names_only

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        path = scope["path"]
        by_machines = path == ROUTE

        async def guarded_send(message: Message) -> None:
            if message["type"] == "http.response.start" and not by_machines:
                headers = MutableHeaders(scope=message)
                headers.update(_HEADERS)
                headers["Content-Security-Policy"] = _DOCS_CSP if _styled(path) else _PAGE_CSP
                if path.startswith("/api/v1/"):
                    # What has a tag may be kept by its reader, and is asked for anew each time all the same.
                    headers["Cache-Control"] = "private, no-cache" if "etag" in headers else "no-store"
            await send(message)

        problem = self._problem(Headers(scope=scope), sized=not by_machines)
        if problem is None and scope["method"] not in SAFE_METHODS:
            problem = _foreign(Headers(scope=scope))
        refused = answer(problem) if problem else self._app
        await refused(scope, receive, guarded_send)

    def _problem(self, headers: Headers, sized: bool) -> Problem | None:
        if self._loopback_names_only and not _is_loopback_name(headers.get("host", "")):
            detail = "the demo answers only at http://127.0.0.1 or http://localhost"
            return Problem(421, "foreign-host", detail)
        if "transfer-encoding" in headers:
            return Problem(411, "length-required", "send the body in one piece, with a Content-Length")
        # The HTTP parser has checked that it is a number and lets no longer body through.
        if sized and int(headers.get("content-length", 0)) > _MAX_BODY_BYTES:
            return Problem(413, "too-large", "the body is larger than 64 kB; no request needs that much")
        return None


def _foreign(headers: Headers) -> Problem | None:
    """The problem of a change that another site's page asks for: browsers say so, programs say nothing."""
    if headers.get("sec-fetch-site", "none") in _OWN_PAGE:
        return None
    return Problem(403, "foreign-page", "another web page asked for this; only Stallaini's own may")


def _styled(path: str) -> bool:
    return path == "/api/docs" or path.endswith("/diagram.svg")


def _is_loopback_name(host: str) -> bool:
    name = host.rpartition(":")[0] if not host.endswith("]") and ":" in host else host
    return name.lower() in _LOOPBACK_NAMES
