"""Signing in with a password, and the sessions that come of it; times in whole Unix seconds."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
import sqlite3
from collections.abc import Callable, Mapping
from typing import Literal, NamedTuple, TypeVar

from stallaini.clock import Clock
from stallaini.server.database import Database
from stallaini.server.people import accounts, guesses
from stallaini.server.people.accounts import hashed
from stallaini.server.people.audit import By, record
from stallaini.server.people.guesses import Limit
from stallaini.server.people.passwords import PasswordChecker, hash_password
from stallaini.server.people.roles import Actor, Grants

SESSION_S = 90 * 24 * 3600
DEVICE_S = 400 * 24 * 3600
_DEVICES_KEPT = 20
# A session's expiry is moved at most this often, so that reading does not write.
_SLIDE_S = 3600
_AGENT_CHARS = 200

Refusal = Literal["sign-in.refused", "password.refused"]
Counted = TypeVar("Counted")

logger = logging.getLogger(__name__)


class WrongPassword(Exception):
    """Name and password, or bot password, do not fit."""


class Caller(NamedTuple):
    """From where somebody asks: the source, what the browser calls itself, and its device cookie."""

    source: str
    agent: str = ""
    device: str = ""


class SignedIn(NamedTuple):
    """The secrets of a new session and of the browser it is in, and who has signed in."""

    session: str
    device: str
    actor: Actor


class SessionListed(NamedTuple):
    """A session as it is shown; `seen_s` may be an hour old."""

    id: str
    person: str
    created_s: int
    seen_s: int
    expires_s: int
    source: str
    agent: str


class _Try(NamedTuple):
    """A password about to be checked: against what, and under which keys it was counted."""

    stored: str | None
    mine: str
    shared: tuple[str, ...]
    known: bool


class Sessions:
    """People with passwords: signing in, staying signed in, signing out."""

    def __init__(self, database: Database, clock: Clock, checker: PasswordChecker) -> None:
        self._database = database
        self._clock = clock
        self._checker = checker
        self._unheard = 0

    async def sign_in(self, name: str, password: str, caller: Caller) -> SignedIn:
        """A new session. Raises WrongPassword or guesses.Throttled."""
        attempt = await self._admitted(lambda c: self._admit(c, name, caller))
        if not await self._checker.matches(attempt.stored, password, known=attempt.known):
            # Somebody may have typed the password into the name's field: unknown names are not kept.
            shown = name if attempt.stored is not None else None
            await self._refused(By(None, "nobody", caller.source), "sign-in.refused", shown)
            raise WrongPassword
        signed_in = await self._database.write(lambda c: self._welcome(c, name, attempt, caller))
        logger.info("sign-in of %r from %s: welcome", signed_in.actor.name, caller.source)
        return signed_in

    async def actor(self, session: str, source: str) -> Actor | None:
        """Who has this session, which lives 90 days from its last use."""
        key, now_s = hashed(session), self._now_s()

        def look(connection: sqlite3.Connection) -> tuple[Actor, int, int] | None:
            row = connection.execute(
                "SELECT name, language, seen_s, expires_s FROM session JOIN person ON person = name "
                "WHERE token_hash = ?",
                (key,),
            ).fetchone()
            if row is None:
                return None
            grants = accounts.grants_of(connection, row[0])
            return Actor(row[0], "session", grants, row[1], _public(key)), row[2], row[3]

        found = await self._database.read(look)
        if found is None or found[2] <= now_s:
            return None
        if now_s - found[1] >= _SLIDE_S:
            moved = (now_s, now_s + SESSION_S, source, key)
            await self._database.write(
                lambda c: c.execute(
                    "UPDATE session SET seen_s = ?, expires_s = ?, source = ? WHERE token_hash = ?", moved
                )
            )
        return found[0]

    async def end(self, session: str, by: By) -> None:
        """Sign out; an unknown session is no error."""
        key, now_s = hashed(session), self._now_s()

        def drop(connection: sqlite3.Connection) -> None:
            if connection.execute("DELETE FROM session WHERE token_hash = ?", (key,)).rowcount:
                record(connection, now_s, by, "sign-out", by.name)

        await self._database.write(drop)

    async def listed(self, person: str) -> list[SessionListed]:
        """The person's sessions that have not expired, newest use first."""
        now_s = self._now_s()
        query = (
            "SELECT token_hash, person, created_s, seen_s, expires_s, source, agent FROM session "
            "WHERE person = ? AND expires_s > ? ORDER BY seen_s DESC, created_s DESC, token_hash"
        )
        return await self._database.read(
            lambda c: [SessionListed(_public(row[0]), *row[1:]) for row in c.execute(query, (person, now_s))]
        )

    async def end_one(self, id_: str, by: By, person: str | None = None) -> bool:
        """End a session by its public id, of `person` alone if given; False when there is none."""
        now_s = self._now_s()

        def drop(connection: sqlite3.Connection) -> bool:
            for key, owner in connection.execute("SELECT token_hash, person FROM session").fetchall():
                if _public(key) == id_ and (person is None or owner.casefold() == person.casefold()):
                    connection.execute("DELETE FROM session WHERE token_hash = ?", (key,))
                    record(connection, now_s, by, "session.ended", owner, session=id_)
                    return True
            return False

        return await self._database.write(drop)

    async def end_all(self, person: str, by: By, keep: str = "") -> int:
        """End all sessions of a person but the one with the public id `keep`; how many."""
        now_s = self._now_s()

        def drop(connection: sqlite3.Connection) -> int:
            count = _end_others(connection, person, keep)
            if count:
                record(connection, now_s, by, "session.ended", person, count=count)
            return count

        return await self._database.write(drop)

    async def change_password(self, actor: Actor, current: str, new: str, source: str) -> None:
        """Change one's own password and end one's other sessions.

        Raises WrongPassword when `current` is not the password, guesses.Throttled, and WeakPassword.
        """
        by = By(actor.name, actor.way, source)
        mine = f"account:{actor.name.casefold()}@session"
        stored = await self._admitted(lambda c: self._count(c, actor.name, {mine: guesses.PER_DEVICE}))
        if not await self._checker.matches(stored, current, known=True):
            await self._refused(by, "password.refused", actor.name)
            raise WrongPassword
        fresh, now_s = await asyncio.to_thread(hash_password, new), self._now_s()

        def change(connection: sqlite3.Connection) -> None:
            changed = connection.execute(
                "UPDATE person SET password_hash = ? WHERE name = ? AND password_hash = ?",
                (fresh, actor.name, stored),
            )
            if not changed.rowcount:  # removed, or changed elsewhere, while it was being checked
                raise WrongPassword
            guesses.forgive(connection, mine, ())
            _end_others(connection, actor.name, actor.key)
            record(connection, now_s, by, "password.changed", actor.name)

        await self._database.write(change)

    async def _admitted(self, count: Callable[[sqlite3.Connection], Counted]) -> Counted:
        try:
            return await self._database.write(count)
        except guesses.Throttled:
            self._unheard += 1
            raise

    async def _refused(self, by: By, action: Refusal, subject: str | None) -> None:
        unheard, self._unheard, now_s = self._unheard, 0, self._now_s()
        logger.warning("%s of %s from %s", action, repr(subject) if subject else "an unknown name", by.source)
        # Tries that came too early are told of by their number: a line each would help whoever floods.
        await self._database.write(lambda c: record(c, now_s, by, action, subject, unheard=unheard))

    def _count(self, connection: sqlite3.Connection, name: str, limits: Mapping[str, Limit]) -> str | None:
        guesses.admit(connection, limits, self._now_s())
        row = connection.execute("SELECT password_hash FROM person WHERE name = ?", (name,)).fetchone()
        return row[0] if row else None

    def _admit(self, connection: sqlite3.Connection, name: str, caller: Caller) -> _Try:
        """Count a try, under keys that strangers cannot fill for people who are known where they are."""
        mine, source = f"account:{name.casefold()}", f"source:{caller.source}"
        device = hashed(caller.device)
        if _knows(connection, "device", "token_hash", name, device):
            mine += f"@device:{_public(device)}"
            limits = {mine: guesses.PER_DEVICE}
        elif _knows(connection, "known_source", "source", name, caller.source):
            mine += f"@{caller.source}"
            limits = {mine: guesses.PER_ACCOUNT, source: guesses.PER_SOURCE}
        else:
            limits = {
                mine: guesses.PER_ACCOUNT,
                source: guesses.PER_SOURCE,
                "strangers": guesses.STRANGERS,
            }
        stored = self._count(connection, name, limits)
        shared = tuple(key for key in limits if key != mine)
        return _Try(stored, mine, shared, known="strangers" not in limits)

    def _welcome(self, connection: sqlite3.Connection, name: str, attempt: _Try, caller: Caller) -> SignedIn:
        row = connection.execute(
            "SELECT name FROM person WHERE name = ? AND password_hash = ?", (name, attempt.stored)
        ).fetchone()
        if row is None:  # removed, or the password changed, while it was being checked
            raise WrongPassword
        guesses.forgive(connection, attempt.mine, attempt.shared)
        now_s = self._now_s()
        signed_in = open_session(connection, row[0], caller, now_s)
        record(connection, now_s, By(row[0], "session", caller.source), "sign-in", row[0])
        return signed_in

    def _now_s(self) -> int:
        return int(self._clock.wall_s())


def open_session(connection: sqlite3.Connection, person: str, caller: Caller, now_s: int) -> SignedIn:
    """A session for somebody who has proven who they are; remembers the browser and the address."""
    session = secrets.token_urlsafe(32)
    # A browser keeps the cookie it has, unless somebody made that one up.
    device = caller.device if len(caller.device) == len(session) else secrets.token_urlsafe(32)
    key = hashed(session)
    connection.execute("DELETE FROM session WHERE expires_s <= ?", (now_s,))
    connection.execute("DELETE FROM known_source WHERE at_s < ?", (now_s - SESSION_S,))
    connection.execute("DELETE FROM device WHERE used_s < ?", (now_s - DEVICE_S,))
    connection.execute(
        "INSERT INTO session (token_hash, person, created_s, seen_s, expires_s, source, agent) "
        "VALUES (?, ?, ?, ?, ?, ?, ?)",
        (key, person, now_s, now_s, now_s + SESSION_S, caller.source, caller.agent[:_AGENT_CHARS]),
    )
    connection.execute("INSERT OR REPLACE INTO known_source VALUES (?, ?, ?)", (person, caller.source, now_s))
    connection.execute("INSERT OR REPLACE INTO device VALUES (?, ?, ?)", (person, hashed(device), now_s))
    connection.execute(
        "DELETE FROM device WHERE person = ? AND token_hash NOT IN "
        "(SELECT token_hash FROM device WHERE person = ? ORDER BY used_s DESC LIMIT ?)",
        (person, person, _DEVICES_KEPT),
    )
    (language,) = connection.execute("SELECT language FROM person WHERE name = ?", (person,)).fetchone()
    grants: Grants = accounts.grants_of(connection, person)
    return SignedIn(session, device, Actor(person, "session", grants, language, _public(key)))


def _end_others(connection: sqlite3.Connection, person: str, keep: str) -> int:
    keys = connection.execute("SELECT token_hash FROM session WHERE person = ?", (person,)).fetchall()
    ending = [row for row in keys if _public(row[0]) != keep]
    connection.executemany("DELETE FROM session WHERE token_hash = ?", ending)
    return len(ending)


def _knows(connection: sqlite3.Connection, table: str, column: str, person: str, value: bytes | str) -> bool:
    query = f"SELECT 1 FROM {table} WHERE person = ? AND {column} = ?"
    return connection.execute(query, (person, value)).fetchone() is not None


def _public(key: bytes) -> str:
    """A session's name in lists: says nothing about its secret."""
    return hashlib.sha256(b"shown:" + key).hexdigest()[:16]
