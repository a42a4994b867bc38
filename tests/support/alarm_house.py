"""A server's alarms with people and stand-ins for all that tells them, in a process that can be killed.

Killed means: the objects are abandoned at a point between two steps that leave a trace, and all is opened
again on the same database.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import sqlite3
from collections.abc import Awaitable, Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any, TypeVar

import httpx
from tests.support.serving import START_S, FakeSite

from stallaini.bot.outbox import Gone, Keyboard, OutboxCourier
from stallaini.bot.outbox_api import Item, OutboxButton, Report
from stallaini.clock import VirtualClock
from stallaini.link.messages import Event
from stallaini.server.alarms import outbox, rows
from stallaini.server.alarms.desk import AlarmDesk
from stallaini.server.alarms.life import Alarm
from stallaini.server.alarms.notify_file import Means, Smtp, Webhooks
from stallaini.server.alarms.patrol import Patrol
from stallaini.server.alarms.senders import Mail, Webhook
from stallaini.server.alarms.settings import Contact, SiteSettings, Told
from stallaini.server.api.outbox import shown_item
from stallaini.server.database import FILE_NAME, Database
from stallaini.server.ingest import Ingest
from stallaini.server.live import LiveHub
from stallaini.server.people.audit import OPERATOR
from stallaini.server.people.chats import Chat
from stallaini.server.people.invitations import Offer
from stallaini.server.people.people import People
from stallaini.server.people.roles import SiteRole
from stallaini.server.store.sqlite import SqliteStore

SITE = "lab"
ANNA, BRUNO = 500, 600
HOOK = "https://hooks.example/stallaini"
Result = TypeVar("Result")


class Killed(BaseException):
    """The process is gone."""


class Fate:
    """Counts the points at which a process may be killed, and says at which it is."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self.kill_at: set[int] = set()


class Process:
    """One run of a program: after it was killed nothing of it acts any more."""

    def __init__(self, fate: Fate) -> None:
        self._fate = fate
        self._loop = asyncio.get_running_loop()
        self.died = asyncio.Event()
        self._dead = False

    def point(self, name: str) -> None:
        """A point between two steps."""
        if not self._dead:
            self._fate.names.append(name)
            self._dead = len(self._fate.names) in self._fate.kill_at
        if self._dead:
            self._loop.call_soon_threadsafe(self.died.set)
            raise Killed(name)


class MortalDatabase(Database):
    """A database whose process may be killed before and after each write."""

    def __init__(self, path: Path, process: Process) -> None:
        super().__init__(path)
        self._process = process

    def _connection(self, write: bool) -> sqlite3.Connection:
        connection = super()._connection(write)
        if not connection.in_transaction:
            # The process dies here, never the machine.
            connection.execute("PRAGMA synchronous = OFF")
        return connection

    async def write(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        self._process.point("before a write")
        result = await super().write(work)
        self._process.point("after a write")
        return result


class TelegramEnd:
    """What people see in Telegram: per chat its messages by id."""

    def __init__(self) -> None:
        self.process: Process
        self.chats: dict[int, dict[int, str]] = {ANNA: {}, BRUNO: {}}
        self.buttons: dict[int, Keyboard] = {}
        self.edits = 0
        self._ids = itertools.count(100)

    async def send(self, chat_id: int, html: str, buttons: Keyboard) -> int:
        self.process.point("before a sending")
        message_id = next(self._ids)
        self.chats[chat_id][message_id] = html
        self.buttons[message_id] = buttons
        self.process.point("after a sending")
        return message_id

    async def edit(self, chat_id: int, message_id: int, html: str, buttons: Keyboard) -> None:
        self.process.point("before an edit")
        if message_id not in self.chats[chat_id]:
            raise Gone("message to edit not found")
        self.edits += self.chats[chat_id][message_id] != html
        self.chats[chat_id][message_id], self.buttons[message_id] = html, buttons
        self.process.point("after an edit")

    async def has_buttons(self, chat_id: int, message_id: int, buttons: Keyboard) -> bool:
        return message_id in self.chats[chat_id] and self.buttons[message_id] == buttons

    def sees(self, chat_id: int) -> list[str]:
        """The messages of a chat, oldest first."""
        return list(self.chats[chat_id].values())


class MailEnd(Mail):
    """What is in mailboxes: a mail that comes twice is one."""

    def __init__(self, box: dict[str, EmailMessage], process: Process) -> None:
        super().__init__(Smtp("mail.example", "Stallaini <house@mail.example>"))
        self._box = box
        self._process = process

    def _deliver(self, mail: EmailMessage) -> None:
        self._process.point("before a mail")
        self._box[str(mail["Message-ID"])] = mail
        self._process.point("after a mail")


class _Link:
    """The outbox as the bot has it, without the wire."""

    def __init__(self, desk: AlarmDesk) -> None:
        self._desk = desk

    async def take(self, wait_s: float) -> tuple[Item, ...]:
        shown = [await shown_item(self._desk, one) for one in await self._desk.waiting("telegram", wait_s)]
        return tuple(
            Item(
                **{
                    **one.model_dump(),
                    "buttons": tuple(OutboxButton(**button.model_dump()) for button in one.buttons),
                }
            )
            for one in shown
        )

    async def seen(self, chat_id: int, message_id: int) -> None:
        await self._desk.see_message(chat_id, message_id)

    async def report(self, id_: str, report: Report) -> None:
        state, version, message_id, attempt, error, retry_after_s = report
        message = None if message_id is None else str(message_id)
        said = outbox.Report(state, version, message, attempt, error, retry_after_s)
        assert await self._desk.report(id_, said), f"no message {id_}"


class AlarmHouse:
    """One server with one site, `anna` (told at once) and `bruno` (told when she does not attend to it)."""

    def __init__(self, folder: Path, fate: Fate | None = None, clock: VirtualClock | None = None) -> None:
        self._path = folder / FILE_NAME
        self.clock = clock or VirtualClock(wall_s=START_S, monotonic_s=50_000.0)
        self.telegram = TelegramEnd()
        self.mails: dict[str, EmailMessage] = {}
        self.posts: dict[str, dict[str, Any]] = {}
        self.hook_is_down = False
        self.fate = fate or Fate()
        self.open()
        self.site = FakeSite(lambda payload: self.ingest.handle(SITE, payload), SITE)

    def open(self) -> None:
        """Start the process, after the first time on what the one before left."""
        self.process = self.telegram.process = Process(self.fate)
        self.database = MortalDatabase(self._path, self.process)
        self.store = SqliteStore(self.database)
        self.people = People(self.database, self.clock)
        hub = LiveHub(self.clock)
        self.patrol = Patrol(self.database, self.store, self.clock, hub)
        http = httpx.AsyncClient(transport=httpx.MockTransport(self._posted))
        means = Means(webhook=Webhooks(("hooks.example",), "key"))
        self.desk = AlarmDesk(
            self.database,
            self.store,
            self.clock,
            self.patrol,
            {"email": MailEnd(self.mails, self.process), "webhook": Webhook(means, http)},
        )
        self.ingest = Ingest(self.store, self.clock, hub, alarmed=self.desk.heard)
        self.courier = OutboxCourier(_Link(self.desk), self.telegram, self.clock)

    def _posted(self, request: httpx.Request) -> httpx.Response:
        if self.hook_is_down:
            return httpx.Response(503)
        self.process.point("before a post")
        self.posts[request.headers["idempotency-key"]] = json.loads(request.content)
        self.process.point("after a post")
        return httpx.Response(204)

    def kill(self) -> None:
        """Abandon the process."""
        self.database.close()

    async def prepare(self, *told: Told) -> None:
        """Admit the site and the people, and say who is told."""
        await self.store.add_site(SITE, int(self.clock.wall_s()))
        await self.person("anna", ANNA)
        await self.person("bruno", BRUNO)
        await self.desk.set_contact("anna", Contact("anna@mail.example", HOOK))
        wanted = told or (Told("anna"), Told("bruno", turn=1))
        await self.desk.change_settings(SITE, lambda _: SiteSettings(told=wanted), OPERATOR)
        await self.deliver()

    async def person(self, name: str, chat: int, role: SiteRole = "operator") -> None:
        """Somebody who came in by Telegram."""
        code, _ = await self.people.invitations.make(Offer("en", role, "*"), 3600, OPERATOR)
        await self.people.chats.join(Chat(chat, name, "en"), code)
        self.courier.seen.note(chat, 99)

    async def surviving(self, work: Callable[[], Awaitable[object]]) -> None:
        """Do it again and again, with a new process after each kill, until it is done."""
        while True:
            doing = asyncio.ensure_future(work())
            dying = asyncio.ensure_future(self.process.died.wait())
            await asyncio.wait((doing, dying), return_when=asyncio.FIRST_COMPLETED)
            dying.cancel()
            if doing.done() and not isinstance(doing.exception(), Killed):
                doing.result()
                return
            doing.cancel()
            await asyncio.gather(doing, return_exceptions=True)
            self.kill()
            self.open()

    async def deliver(self) -> None:
        """Let time act and everything be told that may be."""
        await self.desk.fill()
        await self.courier.deliver()
        await self.desk.send_waiting()

    async def happens(self, kind: str, rule: str = "soc_low", **data: str | float | None) -> None:
        """The edge tells of an alarm, now."""
        event = Event(
            int(self.clock.wall_s()), f"alarm.{kind}", {"rule": rule, "severity": "warning", **data}
        )
        await self.site.events(event)

    async def later(self, seconds: float) -> None:
        """Time passes, then everything is told."""
        self.clock.advance(seconds)
        await self.deliver()

    async def alarms(self) -> list[Alarm]:
        """Every alarm, newest first."""
        states = ("raised", "acknowledged", "snoozed", "escalated", "cleared")
        return await self.database.read(lambda c: rows.listed(c, None, states, 1000))

    async def changes(self, alarm: Alarm) -> list[str]:
        """What happened to it."""
        return [one.change for one in await self.database.read(lambda c: rows.history(c, alarm))]
