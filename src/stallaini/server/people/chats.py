"""Telegram chats that were let in: each acts for an account, by an invitation's code or the bot password."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from typing import NamedTuple

from stallaini.clock import Clock
from stallaini.server.database import Database
from stallaini.server.people import accounts, guesses, invitations
from stallaini.server.people.audit import By, record
from stallaini.server.people.passwords import PasswordChecker, hash_password
from stallaini.server.people.roles import EVERY_SITE, Actor, Language
from stallaini.server.people.sessions import WrongPassword

logger = logging.getLogger(__name__)


class Chat(NamedTuple):
    """A Telegram user, or a group by its negative id, as the bot tells of them."""

    telegram_id: int
    name: str
    language: Language


class Chats:
    """Who may talk to the bot, and for whom they act."""

    def __init__(self, database: Database, clock: Clock, checker: PasswordChecker) -> None:
        self._database = database
        self._clock = clock
        self._checker = checker

    async def set_password(self, password: str, by: By, site: str = EVERY_SITE) -> None:
        """The password that makes chats viewers of `site`; who is in stays. Raises WeakPassword."""
        hashed = await asyncio.to_thread(hash_password, password)

        def store(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT OR REPLACE INTO bot_password VALUES (1, ?, ?)", (hashed, site))
            record(connection, self._now_s(), by, "bot-password.set", None, site)

        await self._database.write(store)

    async def clear_password(self, by: By) -> bool:
        """From now on the bot lets in by invitation alone; False when it did already."""

        def drop(connection: sqlite3.Connection) -> bool:
            gone = bool(connection.execute("DELETE FROM bot_password").rowcount)
            if gone:
                record(connection, self._now_s(), by, "bot-password.set", removed=True)
            return gone

        return await self._database.write(drop)

    async def join(self, chat: Chat, secret: str) -> Actor:
        """Let a chat in, as whom. Raises WrongPassword or guesses.Throttled.

        An invitation's code is heard however many guesses are made: nobody can guess one.
        """
        let_in, stored = await self._database.write(lambda c: self._try(c, chat, secret))
        if not let_in:
            if not await self._checker.matches(stored, secret):
                await self._refuse(chat)
                raise WrongPassword
            await self._database.write(lambda c: self._let_in(c, chat, str(stored)))
        logger.info("chat %d: welcome", chat.telegram_id)
        actor = await self.actor(chat.telegram_id)
        if actor is None:  # removed in the same instant
            raise WrongPassword
        return actor

    async def actor(self, telegram_id: int) -> Actor | None:
        """For whom a chat acts, if it was let in. What all of a group may do is look."""

        def look(connection: sqlite3.Connection) -> Actor | None:
            row = connection.execute(
                "SELECT person.name, person.language FROM chat JOIN person ON person = person.name "
                "WHERE telegram_id = ?",
                (telegram_id,),
            ).fetchone()
            if row is None:
                return None
            grants = accounts.grants_of(connection, row[0])
            return Actor(row[0], "chat", grants if telegram_id > 0 else grants.capped("viewer"), row[1])

        return await self._database.read(look)

    async def leave(self, telegram_id: int, by: By, person: str | None = None) -> bool:
        """Let a chat act for nobody, for `person` alone if given; False when it did not.

        An account without a password whose last chat leaves is removed.
        """

        def drop(connection: sqlite3.Connection) -> bool:
            row = connection.execute(
                "SELECT person FROM chat WHERE telegram_id = ?", (telegram_id,)
            ).fetchone()
            if row is None or (person is not None and row[0].casefold() != person.casefold()):
                return False
            connection.execute("DELETE FROM chat WHERE telegram_id = ?", (telegram_id,))
            record(connection, self._now_s(), by, "chat.left", row[0], chat=telegram_id)
            self._erase_if_shut(connection, row[0], by)
            return True

        return await self._database.write(drop)

    async def set_language(self, telegram_id: int, language: Language, by: By) -> Actor | None:
        """Change the language of the account a chat acts for; None for a chat that acts for nobody."""

        def change(connection: sqlite3.Connection) -> None:
            query = "SELECT person FROM chat WHERE telegram_id = ?"
            for (person,) in connection.execute(query, (telegram_id,)).fetchall():
                accounts.speak(connection, person, language, by, self._now_s())

        await self._database.write(change)
        return await self.actor(telegram_id)

    async def chosen_site(self, telegram_id: int) -> str | None:
        """The site that a chat chose to look at, if it did; whether it still may is for the roles to say."""
        query = "SELECT site FROM chat WHERE telegram_id = ?"
        row = await self._database.read(lambda c: c.execute(query, (telegram_id,)).fetchone())
        return None if row is None else row[0]

    async def choose_site(self, telegram_id: int, site: str) -> None:
        """Remember the site that a chat looks at, where its role lets it; any other is forgotten."""
        actor = await self.actor(telegram_id)
        if actor is not None and actor.grants.at(site) is not None:
            query = "UPDATE chat SET site = ? WHERE telegram_id = ?"
            await self._database.write(lambda c: c.execute(query, (site, telegram_id)))

    def _try(self, connection: sqlite3.Connection, chat: Chat, secret: str) -> tuple[bool, str | None]:
        """Whether the secret is a code, which is used then; else count a try and tell the password's hash."""
        now_s = self._now_s()
        found = invitations.find(connection, secret, now_s)
        # A group never becomes somebody's account: all its members would be that person.
        if found is not None and (chat.telegram_id > 0 or found.offer.person is None):
            by = _by(chat)
            language = found.offer.language
            person = found.offer.person or self._account(connection, chat._replace(language=language), by)
            self._link(connection, chat, person, by)
            invitations.apply(connection, found, person, by._replace(name=person), now_s)
            return True, None
        limits = {_own_key(chat): guesses.PER_SOURCE, _SHARED: guesses.BOT_PASSWORD}
        guesses.admit(connection, limits, now_s)
        row = connection.execute("SELECT password_hash FROM bot_password").fetchone()
        return False, row[0] if row else None

    def _let_in(self, connection: sqlite3.Connection, chat: Chat, stored: str) -> None:
        query = "SELECT site FROM bot_password WHERE password_hash = ?"
        row = connection.execute(query, (stored,)).fetchone()
        if row is None:  # changed while it was being checked
            raise WrongPassword
        guesses.forgive(connection, _own_key(chat), [_SHARED])
        by, site = _by(chat), row[0]
        person = self._account(connection, chat, by)
        self._link(connection, chat, person, by)
        if accounts.grants_of(connection, person).at(site) is None:
            accounts.give(connection, person, site, "viewer")
            record(
                connection, self._now_s(), by._replace(name=person), "role.given", person, site, role="viewer"
            )

    def _account(self, connection: sqlite3.Connection, chat: Chat, by: By) -> str:
        """The account the chat acts for already, or a new one by the chat's name."""
        query = "SELECT person FROM chat WHERE telegram_id = ?"
        row = connection.execute(query, (chat.telegram_id,)).fetchone()
        if row is not None:
            return str(row[0])
        now_s, person = self._now_s(), accounts.free_name(connection, chat.name)
        accounts.create(connection, person, chat.language, None, now_s)
        record(connection, now_s, by._replace(name=person), "person.added", person)
        return person

    def _link(self, connection: sqlite3.Connection, chat: Chat, person: str, by: By) -> None:
        now_s = self._now_s()
        query = "SELECT person FROM chat WHERE telegram_id = ?"
        before = connection.execute(query, (chat.telegram_id,)).fetchone()
        if before is not None and before[0] == person:
            return
        connection.execute(
            "INSERT OR REPLACE INTO chat (telegram_id, name, joined_s, person) VALUES (?, ?, ?, ?)",
            (chat.telegram_id, chat.name, now_s, person),
        )
        by = by._replace(name=person)
        record(connection, now_s, by, "chat.joined", person, chat=chat.telegram_id)
        if before is not None:
            self._erase_if_shut(connection, before[0], by)

    def _erase_if_shut(self, connection: sqlite3.Connection, person: str, by: By) -> None:
        if accounts.erase_if_shut(connection, person):
            record(connection, self._now_s(), by, "person.removed", person)

    async def _refuse(self, chat: Chat) -> None:
        logger.warning("chat %d: wrong bot password", chat.telegram_id)
        now_s = self._now_s()
        await self._database.write(
            lambda c: record(c, now_s, _by(chat), "chat.refused", chat=chat.telegram_id)
        )

    def _now_s(self) -> int:
        return int(self._clock.wall_s())


_SHARED = "bot-password"


def _own_key(chat: Chat) -> str:
    return f"chat:{chat.telegram_id}"


def _by(chat: Chat) -> By:
    return By(None, "chat", f"telegram {chat.telegram_id}")
