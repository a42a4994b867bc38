"""Who may come in: people with passwords and sessions, programs with tokens, chats with the bot password."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
import sqlite3
from typing import Literal, NamedTuple

from stallaini.clock import Clock
from stallaini.server import guesses
from stallaini.server.database import Database
from stallaini.server.passwords import PasswordChecker, hash_password
from stallaini.server.people_schema import MIGRATIONS, ROOM

PersonRole = Literal["admin", "viewer"]
TokenRole = Literal["viewer", "bot"]
Role = Literal["admin", "viewer", "bot"]
Language = Literal["en", "it"]

SESSION_S = 90 * 24 * 3600
MAX_NAME_LENGTH = 64
# A session's expiry is moved at most this often, so that reading does not write.
_SLIDE_S = 3600

logger = logging.getLogger(__name__)


class Person(NamedTuple):
    """Who acts: a person, or a program by the name of its token."""

    name: str
    role: Role


class Chat(NamedTuple):
    """A Telegram user who gave the bot password."""

    telegram_id: int
    name: str
    language: Language


class Listed(NamedTuple):
    """One line of `user list`: a person or a program's token."""

    name: str
    kind: Literal["person", "token"]
    role: Role
    created_s: int


class Taken(Exception):
    """There is somebody by that name already."""


class WrongPassword(Exception):
    """Name and password, or bot password, do not fit."""


class People:
    """Accounts in the server's database; times in whole Unix seconds of the injected clock."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock
        self._checker = PasswordChecker()
        database.migrate(ROOM, MIGRATIONS)

    async def add_person(self, name: str, password: str, role: PersonRole) -> None:
        """A new account. Raises Taken, WeakPassword, and ValueError for a name nobody could type."""
        row = (_checked_name(name), role, await asyncio.to_thread(hash_password, password), self._now_s())
        try:
            await self._database.write(lambda c: c.execute("INSERT INTO person VALUES (?, ?, ?, ?)", row))
        except sqlite3.IntegrityError:
            raise Taken(name) from None

    async def set_password(self, name: str, password: str) -> bool:
        """Change a password and end that person's sessions; False when there is nobody by that name."""
        hashed = await asyncio.to_thread(hash_password, password)

        def change(connection: sqlite3.Connection) -> bool:
            connection.execute("DELETE FROM session WHERE person = ?", (name,))
            connection.execute("DELETE FROM known_source WHERE person = ?", (name,))
            found = connection.execute("UPDATE person SET password_hash = ? WHERE name = ?", (hashed, name))
            return found.rowcount == 1

        return await self._database.write(change)

    async def remove(self, name: str) -> bool:
        """Remove a person with all sessions, and any token of that name; False when there was neither."""

        def drop(connection: sqlite3.Connection) -> bool:
            removed = 0
            for table, column in (("person", "name"), ("token", "name")):
                removed += connection.execute(f"DELETE FROM {table} WHERE {column} = ?", (name,)).rowcount
            connection.execute("DELETE FROM session WHERE person = ?", (name,))
            connection.execute("DELETE FROM known_source WHERE person = ?", (name,))
            return removed > 0

        return await self._database.write(drop)

    async def everybody(self) -> list[Listed]:
        """All people and tokens, by name."""
        query = (
            "SELECT name, 'person', role, created_s FROM person UNION ALL "
            "SELECT name, 'token', role, created_s FROM token ORDER BY 1"
        )
        return await self._database.read(lambda c: [Listed(*row) for row in c.execute(query)])

    async def sign_in(self, name: str, password: str, address: str) -> tuple[str, Person]:
        """A new session's secret and its person. Raises WrongPassword or guesses.Throttled."""
        source = guesses.source_of(address)
        stored, account_key = await self._database.write(lambda c: self._admit(c, name, source))
        if not await self._checker.matches(stored, password):
            logger.warning("sign-in of %s from %s: wrong password", _loggable(name, stored), source)
            raise WrongPassword
        token = secrets.token_urlsafe(32)
        person = await self._database.write(
            lambda c: self._open_session(c, name, str(stored), token, source, account_key)
        )
        logger.info("sign-in of %r from %s: welcome", person.name, source)
        return token, person

    async def session(self, token: str) -> Person | None:
        """The person of a session, which lives 90 days from its last use."""
        hashed, now_s = _hashed(token), self._now_s()
        row = await self._database.read(
            lambda c: c.execute(
                "SELECT name, role, seen_s, expires_s FROM session JOIN person ON person = name "
                "WHERE token_hash = ?",
                (hashed,),
            ).fetchone()
        )
        if row is None or row[3] <= now_s:
            return None
        if now_s - row[2] >= _SLIDE_S:
            moved = (now_s, now_s + SESSION_S, hashed)
            await self._database.write(
                lambda c: c.execute(
                    "UPDATE session SET seen_s = ?, expires_s = ? WHERE token_hash = ?", moved
                )
            )
        return Person(row[0], row[1])

    async def end_session(self, token: str) -> None:
        """Sign out; an unknown session is no error."""
        hashed = _hashed(token)
        await self._database.write(lambda c: c.execute("DELETE FROM session WHERE token_hash = ?", (hashed,)))

    async def make_token(self, name: str, role: TokenRole) -> tuple[str, bool]:
        """A program's new bearer token, and whether it replaced one of that name. Raises ValueError."""
        token = "st_" + secrets.token_urlsafe(32)
        row = (_checked_name(name), _hashed(token), role, self._now_s())

        def store(connection: sqlite3.Connection) -> bool:
            removed = connection.execute("DELETE FROM token WHERE name = ?", (name,)).rowcount
            connection.execute("INSERT INTO token VALUES (?, ?, ?, ?)", row)
            return removed > 0

        return token, await self._database.write(store)

    async def bearer(self, token: str) -> Person | None:
        """The program behind a bearer token."""
        hashed = _hashed(token)
        row = await self._database.read(
            lambda c: c.execute("SELECT name, role FROM token WHERE token_hash = ?", (hashed,)).fetchone()
        )
        return Person(*row) if row else None

    async def set_bot_password(self, password: str) -> None:
        """The password that lets a chat in; chats already in stay. Raises WeakPassword."""
        hashed = await asyncio.to_thread(hash_password, password)
        await self._database.write(
            lambda c: c.execute("INSERT OR REPLACE INTO bot_password VALUES (1, ?)", (hashed,))
        )

    async def join_chat(self, chat: Chat, password: str) -> None:
        """Let a Telegram user in. Raises WrongPassword or guesses.Throttled."""
        mine, shared = f"chat:{chat.telegram_id}", "bot-password"
        limits = {mine: guesses.PER_SOURCE, shared: guesses.BOT_PASSWORD}
        now_s = self._now_s()

        def admit(connection: sqlite3.Connection) -> str | None:
            guesses.admit(connection, limits, now_s)
            row = connection.execute("SELECT password_hash FROM bot_password").fetchone()
            return str(row[0]) if row else None

        def let_in(connection: sqlite3.Connection) -> None:
            guesses.forgive(connection, mine, shared)
            connection.execute("INSERT OR REPLACE INTO chat VALUES (?, ?, ?, ?)", (*chat, now_s))

        if not await self._checker.matches(await self._database.write(admit), password):
            logger.warning("chat %d: wrong bot password", chat.telegram_id)
            raise WrongPassword
        await self._database.write(let_in)
        logger.info("chat %d: welcome", chat.telegram_id)

    async def chat(self, telegram_id: int) -> Chat | None:
        """The Telegram user, if let in."""
        query = "SELECT telegram_id, name, language FROM chat WHERE telegram_id = ?"
        row = await self._database.read(lambda c: c.execute(query, (telegram_id,)).fetchone())
        return Chat(*row) if row else None

    def _admit(self, connection: sqlite3.Connection, name: str, source: str) -> tuple[str | None, str]:
        """Count a try; the account's hash, if there is one, and the key the try was counted under."""
        row = connection.execute("SELECT password_hash FROM person WHERE name = ?", (name,)).fetchone()
        known = connection.execute(
            "SELECT 1 FROM known_source WHERE person = ? AND source = ?", (name, source)
        ).fetchone()
        # Strangers' guesses must not keep the owner out of the places the owner signs in from.
        account_key = f"account:{name.casefold()}" + (f"@{source}" if known else "")
        limits = {account_key: guesses.PER_ACCOUNT, f"source:{source}": guesses.PER_SOURCE}
        guesses.admit(connection, limits, self._now_s())
        return (str(row[0]) if row else None), account_key

    def _open_session(
        self,
        connection: sqlite3.Connection,
        name: str,
        stored: str,
        token: str,
        source: str,
        account_key: str,
    ) -> Person:
        row = connection.execute(
            "SELECT name, role FROM person WHERE name = ? AND password_hash = ?", (name, stored)
        ).fetchone()
        if row is None:  # removed, or the password changed, while it was being checked
            raise WrongPassword
        now_s = self._now_s()
        guesses.forgive(connection, account_key, f"source:{source}")
        connection.execute("DELETE FROM session WHERE expires_s <= ?", (now_s,))
        connection.execute("DELETE FROM known_source WHERE at_s < ?", (now_s - SESSION_S,))
        connection.execute(
            "INSERT INTO session VALUES (?, ?, ?, ?, ?)",
            (_hashed(token), row[0], now_s, now_s, now_s + SESSION_S),
        )
        connection.execute("INSERT OR REPLACE INTO known_source VALUES (?, ?, ?)", (row[0], source, now_s))
        return Person(*row)

    def _now_s(self) -> int:
        return int(self._clock.wall_s())


def _hashed(token: str) -> bytes:
    # A fast hash suffices: the token has 256 random bits, nobody can search for it.
    return hashlib.sha256(token.encode()).digest()


def _checked_name(name: str) -> str:
    if not 1 <= len(name) <= MAX_NAME_LENGTH or name != name.strip() or not name.isprintable():
        raise ValueError(f"{name!r} cannot be a name; use 1 to {MAX_NAME_LENGTH} letters, digits or dashes")
    return name


def _loggable(name: str, stored: str | None) -> str:
    # Somebody may have typed the password into the name's field.
    return repr(name) if stored is not None else "an unknown name"
