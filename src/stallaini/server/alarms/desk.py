"""The alarm desk: lets time act on alarms, keeps the outbox filled, sends what the server sends itself."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import date
from functools import partial
from typing import NamedTuple, TypeVar, cast

import msgspec

from stallaini.clock import Clock
from stallaini.server.alarms import life, outbox, rows, who
from stallaini.server.alarms.digest import Digest, make_digest
from stallaini.server.alarms.digest_words import digest_message
from stallaini.server.alarms.life import Alarm, Happened, Severity
from stallaini.server.alarms.outbox import Item, Report
from stallaini.server.alarms.patrol import Patrol
from stallaini.server.alarms.senders import Sender
from stallaini.server.alarms.settings import WAYS, Contact, SiteSettings, Way, last_turn
from stallaini.server.alarms.words import Message, alarm_message
from stallaini.server.database import Database
from stallaini.server.people.audit import By, record
from stallaini.server.store.base import Store
from stallaini.site.billing import load_zone

logger = logging.getLogger(__name__)

_ROUND_S = 2.0
_PATROL_EVERY_S = 60.0

Result = TypeVar("Result")


class Counts(NamedTuple):
    """How alarms stand: open ones by severity; by way how many messages wait, and how long the oldest has."""

    open: Mapping[Severity, int]
    waiting: Mapping[Way, int]
    oldest_s: Mapping[Way, int]


class AlarmDesk:
    """Alarms of all sites. `senders` are the server's own ways; Telegram's messages the bot comes for.

    `changed(site)` is called when a person, or time, has changed an alarm of a site.
    """

    def __init__(
        self,
        database: Database,
        store: Store,
        clock: Clock,
        patrol: Patrol,
        senders: Mapping[Way, Sender],
        changed: Callable[[str], object] = lambda _site: None,
    ) -> None:
        self._database = database
        self._store = store
        self._clock = clock
        self._patrol = patrol
        self._senders = senders
        self._changed = changed
        self._woken = asyncio.Event()
        self._filled = asyncio.Event()
        self._next_patrol_s = clock.monotonic_s()
        self._closing = False
        self.delivered: Counter[Way] = Counter(dict.fromkeys(WAYS, 0))
        self.failed: Counter[Way] = Counter(dict.fromkeys(WAYS, 0))

    def close(self) -> None:
        """Send away whoever waits for messages."""
        self._closing = True
        self._filled.set()

    def heard(self) -> None:
        """Something about alarms was stored: look at once."""
        self._woken.set()

    async def run(self) -> None:
        """Work until cancelled; a failure is logged and tried again."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._forever(self.round))
            tasks.create_task(self._forever(self.send))

    async def round(self) -> None:
        """Let time act, look for silence when that is due, and fill the outbox; then wait for news."""
        self._woken.clear()
        if self._clock.monotonic_s() >= self._next_patrol_s:
            self._next_patrol_s = self._clock.monotonic_s() + _PATROL_EVERY_S
            await self._patrol.walk()
        await self.fill()
        await _first(self._woken.wait(), self._clock.sleep(_ROUND_S))

    async def fill(self) -> None:
        """Let time act on alarms, and bring the outbox up to date with them."""
        now_s = self._now_s()

        def work(connection: sqlite3.Connection) -> set[str]:
            acted = _let_time_act(connection, now_s)
            outbox.fill(connection, now_s)
            outbox.drop_useless(connection, now_s)
            return acted

        for site in await self._database.write(work):
            self._changed(site)
        filled, self._filled = self._filled, asyncio.Event()
        filled.set()

    async def send(self) -> None:
        """Send what waits for the server's own ways; then wait for more."""
        filled = self._filled
        await self.send_waiting()
        await filled.wait()

    async def send_waiting(self) -> None:
        """Send what may be sent by the server's own ways now, beside each other."""
        ways, now_s = tuple(self._senders), self._now_s()
        items = await self._database.read(lambda c: outbox.take(c, ways, now_s))
        await asyncio.gather(*(self._send(item) for item in items))

    async def _send(self, item: Item) -> None:
        sender, message = self._senders[item.row.way], await self.message(item)
        try:
            said = await sender.send(item, message, self._clock.wall_s())
        except Exception as error:
            logger.exception("a message by %s could not be made", item.row.way)
            said = Report("failed", item.row.wanted, error=type(error).__name__)
        if said.error is not None:
            logger.warning("%s to %s: %s", item.row.way, item.row.person, said.error)
        await self.report(item.row.id, said)

    async def waiting(self, way: Way, wait_s: float) -> list[Item]:
        """What is to be sent by this way now; waits so long for something."""
        end_s = self._clock.monotonic_s() + wait_s
        while True:
            filled, now_s = self._filled, self._now_s()
            items = await self._database.read(partial(outbox.take, ways=(way,), now_s=now_s))
            left_s = end_s - self._clock.monotonic_s()
            if items or left_s <= 0 or self._closing:
                return items
            await _first(filled.wait(), self._clock.sleep(left_s))

    async def newest_message(self, chat: int) -> int:
        """The highest Telegram message id known there; 0: none."""
        return await self._database.read(lambda c: outbox.newest_message(c, chat))

    async def see_message(self, chat: int, message: int) -> None:
        """Keep that a Telegram message with this id was seen there."""
        await self._database.write(lambda c: outbox.see_message(c, chat, message))

    async def report(self, id_: str, said: Report) -> bool:
        """Take a sender's word about a message; False for one that there is not."""
        now_s = self._now_s()
        way = await self._database.write(lambda c: outbox.report(c, id_, said, now_s))
        if way is not None and said.outcome != "sending":
            (self.delivered if said.outcome == "shown" else self.failed)[way] += 1
        return way is not None

    async def count(self) -> Counts:
        """Look how alarms and their messages stand."""
        now_s = self._now_s()
        opened, waiting = await self._database.read(lambda c: (rows.count_open(c), outbox.waiting(c, now_s)))
        numbers, oldest_s = Counter[Way](), dict[Way, int]()
        for way, since_s in waiting:
            numbers[way] += 1
            oldest_s[way] = max(oldest_s.get(way, 0), now_s - since_s)
        nothing = dict.fromkeys(WAYS, 0)
        return Counts(opened, nothing | numbers, nothing | oldest_s)

    async def message(self, item: Item) -> Message:
        """What the reader of an item reads, in their language."""
        language = item.reader.language
        if item.alarm is not None:
            return alarm_message(item.alarm, item.site_title, load_zone(item.zone), language)
        first, end = (date.fromisoformat(day) for day in item.row.subject.split(":")[2:4])
        return digest_message(await self.digest(item.row.site, first, end), language)

    async def digest(self, site: str, first: date, end: date) -> Digest:
        """The digest of these days. Raises KeyError for a site that never described itself."""
        description = await self._store.description(site)
        if description is None:
            raise KeyError(site)
        return await make_digest(self._store, description, first, end, self._clock.wall_s())

    async def find(self, id_: str) -> Alarm | None:
        """The alarm with this id."""
        return await self._database.read(lambda c: rows.find(c, id_))

    async def acknowledge(self, id_: str, by: str) -> Alarm | None:
        """Somebody takes care of it; the alarm afterwards, None for an unknown id."""
        now_s = self._now_s()
        return await self._change(id_, by, lambda alarm: life.acknowledge(alarm, by, now_s))

    async def snooze(self, id_: str, by: str, until_s: int) -> Alarm | None:
        """Silence it until that Unix second; the alarm afterwards, None for an unknown id."""
        now_s = self._now_s()
        return await self._change(id_, by, lambda alarm: life.snooze(alarm, by, until_s, now_s))

    async def settings(self, site: str) -> SiteSettings:
        """How a site's alarms are told."""
        return await self._database.read(lambda c: who.settings_of(c, site))

    async def change_settings(
        self, site: str, change: Callable[[SiteSettings], SiteSettings], by: By
    ) -> SiteSettings:
        """Change how a site's alarms are told, in one step."""
        now_s = self._now_s()

        def work(connection: sqlite3.Connection) -> SiteSettings:
            before = who.settings_of(connection, site)
            wanted = change(before)
            who.set_settings(connection, site, wanted)
            if wanted.muted_until(now_s) != before.muted_until(now_s):
                record(connection, now_s, by, "mute.changed", None, site, until_s=wanted.muted_until(now_s))
            if msgspec.structs.replace(wanted, mute_until_s=before.mute_until_s) != before:
                record(connection, now_s, by, "telling.changed", None, site)
            return wanted

        wanted = await self._database.write(work)
        self.heard()
        return wanted

    async def contact(self, person: str) -> Contact:
        """Where a person is reached besides Telegram."""
        return await self._database.read(lambda c: who.contact(c, person))

    async def set_contact(self, person: str, wanted: Contact) -> None:
        """Change where a person is reached."""
        await self._database.write(lambda c: who.set_contact(c, person, wanted))

    async def read(self, work: Callable[[sqlite3.Connection], Result]) -> Result:
        """Read alarms in one transaction; see `rows` and `outbox`."""
        return await self._database.read(work)

    async def _change(self, id_: str, by: str, change: Callable[[Alarm], Happened | None]) -> Alarm | None:
        now_s = self._now_s()

        def work(connection: sqlite3.Connection) -> Alarm | None:
            alarm = rows.find(connection, id_)
            happened = None if alarm is None else change(alarm)
            if happened is None:
                return alarm
            rows.save(connection, happened, now_s, by)
            return happened.alarm

        alarm = await self._database.write(work)
        self.heard()
        if alarm is not None:
            self._changed(alarm.site)
        return alarm

    async def _forever(self, work: Callable[[], object]) -> None:
        while True:
            try:
                await cast("asyncio.Future[None]", work())
            except (sqlite3.Error, OSError) as error:
                logger.error("alarms cannot be told now, tried again soon: %s", error)
                await self._clock.sleep(_ROUND_S)
            except Exception:
                # Whatever it is: the other alarms must be told all the same.
                logger.exception("telling of alarms failed, tried again soon")
                await self._clock.sleep(_ROUND_S)

    def _now_s(self) -> int:
        return int(self._clock.wall_s())


def _let_time_act(connection: sqlite3.Connection, now_s: int) -> set[str]:
    """Change the alarms that are due; the sites whose alarms those were."""
    settings: dict[str, SiteSettings] = {}
    acted = set[str]()
    for alarm in rows.unattended(connection):
        if alarm.site not in settings:
            settings[alarm.site] = who.settings_of(connection, alarm.site)
        mine = settings[alarm.site]
        if mine.muted_until(now_s) is not None:
            continue
        happened = life.due(alarm, now_s, mine.escalate_after_s, last_turn(mine.told or ()))
        if happened is not None:
            rows.save(connection, happened, now_s)
            acted.add(alarm.site)
    return acted


async def _first(*works: object) -> None:
    """Wait for the first of several things, and drop the others."""
    tasks = [asyncio.ensure_future(cast("asyncio.Future[object]", work)) for work in works]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
