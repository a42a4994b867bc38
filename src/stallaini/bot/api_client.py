"""The server's HTTP API as the bot uses it: typed answers, and every failure named."""

from __future__ import annotations

import contextlib
from copy import copy
from datetime import datetime
from typing import Literal, TypeVar
from urllib.parse import quote

import httpx
import msgspec

State = Literal["live", "late", "silent", "never"]
Quality = Literal["fresh", "stale", "absent"]

_TIMEOUT_S = 10.0
_DEFAULT_RETRY_S = 60.0
# Who asks in a chat asks again soon; the page holds a site live as long as it is open.
_WATCH_S = 180


class ApiError(Exception):
    """The server gave no usable answer; the subclass says why."""


class Unreachable(ApiError):
    """No connection, or no answer in time."""


class Refused(ApiError):
    """The server does not know this program's token, or the token's role may not do this."""


class NotPermitted(Refused):
    """Whoever is spoken for is known, but their role does not allow this."""


class NotFound(ApiError):
    """There is no such site, chat or alarm, or the server is too old to know of such things."""


class Conflict(ApiError):
    """It cannot be done as things are: an alarm that is over, a site with too many commands."""


class Invalid(ApiError):
    """The server finds something wrong with the question itself."""


class WrongPassword(ApiError):
    """This is neither the bot password nor an invitation that holds."""


class Throttled(ApiError):
    """Too many tries; the next one is heard after `retry_after_s` seconds."""

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class Broken(ApiError):
    """The server failed at the request, or answered what its documentation does not promise."""


class SiteRow(msgspec.Struct, frozen=True):
    """One site of the list, with how lately it was heard."""

    site: str
    title: str
    timezone: str
    state: State
    last_minute_at: datetime | None = None
    heard_at: datetime | None = None


class Channel(msgspec.Struct, frozen=True):
    """One channel of a site: full name (`battery.soc`), quantity, unit and staleness."""

    name: str
    quantity: str
    unit: str
    stale_after_s: float


class SeriesListed(msgspec.Struct, frozen=True):
    """One kept series and the channel it is of."""

    name: str
    channel: str


class Device(msgspec.Struct, frozen=True):
    """Something with a wire."""

    name: str
    kind: str


class Load(msgspec.Struct, frozen=True):
    """A switchable consumer and its rated power."""

    name: str
    title: str
    power_w: float


class Site(msgspec.Struct, frozen=True):
    """A site's description, as far as the bot needs it."""

    site: str
    title: str
    timezone: str
    latitude: float | None = None
    longitude: float | None = None
    channels: tuple[Channel, ...] = ()
    series: tuple[SeriesListed, ...] = ()
    devices: tuple[Device, ...] = ()
    loads: tuple[Load, ...] = ()


class Value(msgspec.Struct, frozen=True):
    """A channel's newest value with its age; `value` is None when `quality` is absent.

    `text` is what the number of a state means.
    """

    value: float | bool | None
    unit: str
    age_s: float | None
    quality: Quality
    text: str | None = None


class Now(msgspec.Struct, frozen=True):
    """A site's present state; `at` is the server's time, `age_s` that of the newest value."""

    site: str
    at: datetime
    state: State
    age_s: float | None
    channels: dict[str, Value]


class Series(msgspec.Struct, frozen=True):
    """Buckets of `bucket_s` seconds starting at Unix seconds `t`; None where a bucket has no data."""

    name: str
    unit: str
    bucket_s: float
    t: list[float]
    mean: list[float | None]
    min: list[float | None] | None = None
    max: list[float | None] | None = None


class Gap(msgspec.Struct, frozen=True):
    """A span without minutes, with its reason when known."""

    start: datetime
    end: datetime
    minutes: int
    reason: str | None = None


class Uptime(msgspec.Struct, frozen=True):
    """How many minutes of a span are present, and the gaps between them."""

    site: str
    start: datetime
    end: datetime
    minutes_expected: int
    minutes_present: int
    uptime_pct: float | None
    gaps: list[Gap]


class Event(msgspec.Struct, frozen=True):
    """Something that happened at a site."""

    at: datetime
    kind: str
    data: dict[str, str | bool | int | float | None]


class Chat(msgspec.Struct, frozen=True):
    """A chat that was let in: the account it acts for, its language, its role by site (`*` is every).

    `site` is the one it looks at, where it chose one.
    """

    telegram_id: int
    name: str
    language: str
    roles: dict[str, str]
    site: str | None = None

    def may_act(self, site: str) -> bool:
        """Whether its account may ask something of the site."""
        return any(self.roles.get(where) in ("operator", "admin") for where in (site, "*"))


class _Sites(msgspec.Struct, frozen=True):
    sites: list[SiteRow]


class _Events(msgspec.Struct, frozen=True):
    events: list[Event]


class _Problem(msgspec.Struct, frozen=True):
    """RFC 9457; `type` ends in the stable name of the problem."""

    type: str = ""
    detail: str = ""


_Answer = TypeVar("_Answer")


class ApiClient:
    """A client of one server; every method raises `ApiError` when the server gives no usable answer."""

    def __init__(self, url: str, token: str) -> None:
        self._http = httpx.AsyncClient(
            base_url=url.rstrip("/") + "/api/v1",
            headers={"Authorization": f"Bearer {token}"},
            timeout=_TIMEOUT_S,
        )
        self._chat_header: dict[str, str] = {}

    def speaking_for(self, telegram_id: int) -> ApiClient:
        """The same client, asking what this chat may ask: the server judges by the chat's account."""
        speaker = copy(self)
        speaker._chat_header = {"X-Stallaini-Chat": str(telegram_id)}
        return speaker

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def sites(self) -> list[SiteRow]:
        """Every site this program may see."""
        return (await self.get("/sites", _Sites)).sites

    async def site(self, site: str) -> Site:
        """The description of `site`."""
        return await self.get(f"/sites/{part(site)}", Site)

    async def now(self, site: str) -> Now:
        """The newest value of each channel of `site`, which sends live values for three minutes from here."""
        return await self.get(f"/sites/{part(site)}/now", Now, {"watch_s": str(_WATCH_S)})

    async def series(self, site: str, name: str, start: datetime, end: datetime, points: int) -> Series:
        """At most about `points` buckets of the channel or series `name` between two instants."""
        query = {"name": name, "start": _iso(start), "end": _iso(end), "points": str(points)}
        return await self.get(f"/sites/{part(site)}/series", Series, query)

    async def uptime(self, site: str, start: datetime, end: datetime) -> Uptime:
        """The gaps of `site` between two instants."""
        return await self.get(f"/sites/{part(site)}/gaps", Uptime, {"start": _iso(start), "end": _iso(end)})

    async def events(self, site: str, limit: int) -> list[Event]:
        """The newest events of `site` of the last 30 days, newest first."""
        return (await self.get(f"/sites/{part(site)}/events", _Events, {"limit": str(limit)})).events

    async def chat(self, telegram_id: int) -> Chat | None:
        """The chat registered under `telegram_id`, or None."""
        try:
            return await self.get(f"/chats/{telegram_id}", Chat)
        except NotFound:
            return None

    async def add_chat(self, telegram_id: int, name: str, language: str, secret: str) -> Chat:
        """Let a chat in by an invitation's code or the bot password.

        Raises `WrongPassword`, or `Throttled` after too many wrong ones.
        """
        body = {"telegram_id": telegram_id, "name": name, "language": language, "secret": secret}
        try:
            return await self.ask("POST", "/chats", Chat, json=body)
        except Invalid as error:
            # Nothing in the body is free but the secret: this one could never have been set.
            raise WrongPassword(str(error)) from error

    async def set_language(self, telegram_id: int, language: str) -> Chat:
        """Change the language of the account a chat acts for."""
        return await self.ask("PATCH", f"/chats/{telegram_id}", Chat, json={"language": language})

    async def choose_site(self, telegram_id: int, site: str) -> None:
        """Remember the site that a chat looks at."""
        await self.ask("PATCH", f"/chats/{telegram_id}", Chat, json={"site": site})

    async def remove_chat(self, telegram_id: int) -> None:
        """Let a chat act for nobody any more; one that did not is no error."""
        with contextlib.suppress(NotFound):
            await self._send("DELETE", f"/chats/{telegram_id}")

    async def get(self, path: str, kind: type[_Answer], query: dict[str, str] | None = None) -> _Answer:
        """What is at `path` below /api/v1."""
        return await self.ask("GET", path, kind, query=query)

    async def ask(
        self,
        method: str,
        path: str,
        kind: type[_Answer],
        query: dict[str, str] | None = None,
        json: object = None,
    ) -> _Answer:
        """The answer to one request, of the type that the server's documentation promises."""
        response = await self._send(method, path, query, json)
        try:
            return msgspec.json.decode(response.content, type=kind)
        except msgspec.DecodeError as error:
            raise Broken(f"{method} {path} answered something else than promised: {error}") from error

    async def _send(
        self, method: str, path: str, query: dict[str, str] | None = None, json: object = None
    ) -> httpx.Response:
        headers = self._chat_header
        try:
            response = await self._http.request(method, path, params=query, json=json, headers=headers)
        except httpx.HTTPError as error:
            raise Unreachable(f"{type(error).__name__}: {error}") from error
        if not response.is_success:
            raise failure(response)
        return response


def failure(response: httpx.Response) -> ApiError:
    """What an answer that is no success means."""
    status = response.status_code
    problem = _problem(response.content)
    said = f"{response.request.method} {response.request.url.path}: {status} {problem.detail}".strip()
    if problem.type.endswith(":wrong-password"):
        return WrongPassword(said)
    if status in (401, 403):
        return (NotPermitted if problem.type.endswith(":not-permitted") else Refused)(said)
    if status == 404:
        return NotFound(said)
    if status == 409:
        return Conflict(said)
    if status == 422:
        return Invalid(said)
    if status == 429:
        return Throttled(said, _retry_after_s(response.headers.get("retry-after")))
    if status in (502, 503, 504):
        # What a reverse proxy says while the server behind it is down.
        return Unreachable(said)
    return Broken(said)


def _problem(content: bytes) -> _Problem:
    try:
        return msgspec.json.decode(content, type=_Problem)
    except msgspec.DecodeError:
        return _Problem()


def _retry_after_s(header: str | None) -> float:
    return float(header) if header is not None and header.isdecimal() else _DEFAULT_RETRY_S


def part(name: str) -> str:
    """A name made safe as a piece of a path."""
    return quote(name, safe="")


def _iso(instant: datetime) -> str:
    return instant.isoformat()
