"""The server's round past all sites: who is silent, whose clock or plan is wrong, who gets a digest."""

from __future__ import annotations

import logging
import sqlite3
from functools import partial

from stallaini.clock import Clock
from stallaini.link.accounting import USAGE
from stallaini.link.messages import Event, Scalar
from stallaini.server.alarms import outbox, plan, rows, silence, who
from stallaini.server.alarms.life import CLEARED, RAISED, Rule, Word, hear
from stallaini.server.alarms.settings import digest_due
from stallaini.server.alarms.silence import Known, Verdict
from stallaini.server.budget import LONGEST_S, budget
from stallaini.server.database import Database
from stallaini.server.live import LiveHub
from stallaini.server.store.base import SiteRow, Store
from stallaini.server.store.notes import insert_event
from stallaini.site.billing import load_zone

logger = logging.getLogger(__name__)

_OWN_JOURNAL = b""
_RULES = (silence.NO_DATA, silence.CLOCK_WRONG, silence.LINK_BUDGET)
_MOST_EVENTS = 20_000
_FORGET_EVERY_S = 86_400
_MESSAGES_KEPT_S = 90 * 86_400
_CHANGES_KEPT_S = 400 * 86_400
_CHANGES_AT_ONCE = 5000


class Patrol:
    """Judges every site by what the server knows of it; its verdicts become events and alarms of the site."""

    def __init__(self, database: Database, store: Store, clock: Clock, hub: LiveHub) -> None:
        self._database = database
        self._store = store
        self._clock = clock
        self._hub = hub
        self._started_s = clock.wall_s()
        self._next_forget_s = clock.monotonic_s()

    async def walk(self) -> None:
        """Look at every site once, and once a day forget what was over long ago."""
        for site in await self._store.sites():
            try:
                known = await self._known(site)
                if await self._database.write(partial(self._judge, site=site, known=known)):
                    self._hub.alarmed(site.site)
            except (ValueError, KeyError):
                # One site's odd words must not keep the others from being looked at.
                logger.exception("the site %s cannot be judged", site.site)
        if self._clock.monotonic_s() >= self._next_forget_s:
            self._next_forget_s = self._clock.monotonic_s() + _FORGET_EVERY_S
            await self._forget(int(self._clock.wall_s()))

    async def _forget(self, now_s: int) -> None:
        """Forget messages and the lives of alarms that were over long ago; uplinks get their turn between."""
        await self._database.write(partial(outbox.forget, before_s=now_s - _MESSAGES_KEPT_S))
        before_s, forgotten = now_s - _CHANGES_KEPT_S, _CHANGES_AT_ONCE
        while forgotten == _CHANGES_AT_ONCE:
            forgotten = await self._database.write(
                partial(rows.forget_changes, before_s=before_s, limit=_CHANGES_AT_ONCE)
            )

    async def _known(self, site: SiteRow) -> Known:
        now_s = int(self._clock.wall_s())
        usage = await self._store.events(site.site, now_s - LONGEST_S, now_s + 60, _MOST_EVENTS, USAGE)
        recent = await self._store.events(site.site, now_s - silence.CLOCK_HELD_S, now_s + 60, _MOST_EVENTS)
        found = budget(usage, now_s, load_zone(site.timezone))
        heard = [at for at in (site.heard_s, self._hub.heard_wall_s(site.site)) if at is not None]
        return Known(
            now_s=now_s,
            server_s=self._started_s,
            heard_s=max(heard, default=None),
            interval_s=60 if found is None else found.newest.data.interval_s,
            doubted=tuple(event for event in recent if silence.is_doubted(event)),
            budget=found,
        )

    def _judge(self, connection: sqlite3.Connection, site: SiteRow, known: Known) -> bool:
        """Raise and clear what the server itself sees of a site; whether anything was."""
        told = False
        now_s = int(known.now_s)
        newest = {rule: rows.newest_of(connection, site.site, rule) for rule in _RULES}
        standing = [rule for rule, alarm in newest.items() if alarm is not None and alarm.open]
        for verdict in silence.verdicts(known, standing):
            alarm = newest[verdict.rule]
            stands = verdict.rule in standing
            if verdict.holds is None or verdict.holds == stands:
                continue
            lasted_s = now_s - alarm.raised_s if stands and alarm is not None else None
            self._tell(connection, site.site, verdict, now_s, lasted_s)
            told = True
        self._digests(connection, site, now_s)
        return told

    def _tell(
        self, connection: sqlite3.Connection, site: str, verdict: Verdict, now_s: int, lasted_s: int | None
    ) -> None:
        """Store the event and change the alarm, as if an edge had told it."""
        kind = RAISED if verdict.holds else CLEARED
        data: dict[str, Scalar] = {"rule": verdict.rule, "severity": verdict.severity, "by": "server"}
        if verdict.value is not None:
            data["value"] = verdict.value
        if lasted_s is not None:
            data["lasted_s"] = lasted_s
        seq = now_s * len(_RULES) + _RULES.index(verdict.rule)
        if not insert_event(connection, site, Event(now_s, kind, data), _OWN_JOURNAL, seq):
            return
        rule = Rule(
            verdict.rule, verdict.severity, *silence.titles(verdict.rule), unit=silence.UNITS[verdict.rule]
        )
        word = Word(kind, now_s, _OWN_JOURNAL, seq, verdict.value, lasted_s)
        happened = hear(site, rule, rows.newest_of(connection, site, verdict.rule), word, now_s)
        if happened is not None:
            rows.save(connection, happened, now_s)

    def _digests(self, connection: sqlite3.Connection, site: SiteRow, now_s: int) -> None:
        """Put the digests that are due into the outbox; one that is there already is not made again."""
        settings = who.settings_of(connection, site.site)
        zone = load_zone(site.timezone)
        for told in settings.told or ():
            reader = who.reachable(connection, told.person) if told.digest else None
            if reader is None or site.last_minute is None or reader.grants.at(site.site) is None:
                continue
            for period in told.digest:
                days = digest_due(period, now_s, zone)
                if days is None:
                    continue
                subject = f"digest:{period}:{days[0]}:{days[1]}"
                for way in told.ways:
                    for address in reader.addresses(way):
                        to = plan.Recipient(reader.person, way, address)
                        outbox.add(connection, site.site, subject, 1, to, 1)
