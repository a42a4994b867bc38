"""The server's outbox over HTTP, as the bot uses it."""

from __future__ import annotations

from typing import Literal, NamedTuple, Protocol

import httpx
import msgspec

from stallaini.bot.api_client import Broken, Unreachable, failure

_TIMEOUT_S = 10.0

State = Literal["sending", "shown", "failed", "unsure", "gone"]


class OutboxButton(msgspec.Struct, frozen=True):
    """A button below a message."""

    label: str
    action: str
    minutes: int | None = None


class Item(msgspec.Struct, frozen=True):
    """A message to be shown: `message_id` None: sent anew, else edited. `attempt` is our own earlier note."""

    id: str
    version: int
    chat_id: int
    html: str
    newest_id: int
    alarm: str | None = None
    buttons: tuple[OutboxButton, ...] = ()
    message_id: int | None = None
    attempt: str | None = None


class Report(NamedTuple):
    """What became of a version of a message; see the API's documentation."""

    state: State
    version: int
    message_id: int | None = None
    attempt: str | None = None
    error: str | None = None
    retry_after_s: float = 0.0


class OutboxApi(Protocol):
    """Where messages come from and reports go to. Each raises ApiError."""

    async def take(self, wait_s: float) -> tuple[Item, ...]:
        """What is to be shown now; waits so long for something."""

    async def report(self, id_: str, report: Report) -> None:
        """Tell what became of a message; durable when this returns."""

    async def seen(self, chat_id: int, message_id: int) -> None:
        """Tell the newest message id seen in a chat."""


class _Items(msgspec.Struct, frozen=True):
    items: tuple[Item, ...]


class HttpOutbox:
    """`OutboxApi` of one server."""

    def __init__(self, url: str, token: str) -> None:
        self._http = httpx.AsyncClient(
            base_url=url.rstrip("/") + "/api/v1", headers={"Authorization": f"Bearer {token}"}
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def take(self, wait_s: float) -> tuple[Item, ...]:
        """What is to be shown now; waits so long for something. Raises ApiError."""
        answer = await self._ask("GET", "/outbox", wait_s, params={"wait_s": wait_s})
        try:
            return msgspec.json.decode(answer.content, type=_Items).items
        except msgspec.DecodeError as error:
            raise Broken(f"the outbox is something else than promised: {error}") from error

    async def report(self, id_: str, report: Report) -> None:
        """Tell what became of a message; durable when this returns. Raises ApiError."""
        body = {key: value for key, value in report._asdict().items() if value is not None}
        await self._ask("POST", f"/outbox/{id_}", 0.0, json=body)

    async def seen(self, chat_id: int, message_id: int) -> None:
        """Tell the newest message id seen in a chat. Raises ApiError."""
        await self._ask("POST", "/outbox/seen", 0.0, json={"chat_id": chat_id, "message_id": message_id})

    async def _ask(
        self,
        method: str,
        path: str,
        wait_s: float,
        params: dict[str, float] | None = None,
        json: dict[str, object] | None = None,
    ) -> httpx.Response:
        try:
            answer = await self._http.request(
                method, path, params=params, json=json, timeout=_TIMEOUT_S + wait_s
            )
        except httpx.HTTPError as error:
            raise Unreachable(f"{type(error).__name__}: {error}") from error
        if not answer.is_success:
            raise failure(answer)
        return answer
