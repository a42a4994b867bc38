"""Who may come in and what they may do: the accounts, and the parts that let people and programs in."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Collection
from typing import NamedTuple

from stallaini.clock import Clock
from stallaini.server.database import Database
from stallaini.server.people import accounts, audit
from stallaini.server.people.accounts import Account
from stallaini.server.people.audit import By, record
from stallaini.server.people.chats import Chats
from stallaini.server.people.invitations import Invitations
from stallaini.server.people.passwords import PasswordChecker, hash_password
from stallaini.server.people.roles import EVERY_SITE, Language, SiteRole
from stallaini.server.people.schema import MIGRATIONS, ROOM
from stallaini.server.people.sessions import Sessions
from stallaini.server.people.tokens import Tokens


class Unknown(Exception):
    """There is nobody by that name."""


class NewPerson(NamedTuple):
    """An account with a password and its first role."""

    name: str
    password: str
    role: SiteRole = "viewer"
    site: str = EVERY_SITE
    language: Language = "en"


class People:
    """Accounts in the server's database; times in whole Unix seconds of the injected clock."""

    def __init__(self, database: Database, clock: Clock) -> None:
        database.migrate(ROOM, MIGRATIONS)
        checker = PasswordChecker()
        self._database = database
        self._clock = clock
        self.sessions = Sessions(database, clock, checker)
        self.tokens = Tokens(database, clock)
        self.chats = Chats(database, clock, checker)
        self.invitations = Invitations(database, clock)

    async def add(self, new: NewPerson, by: By) -> None:
        """A new account. Raises Taken, WeakPassword, and ValueError for a name nobody could type."""
        accounts.checked_name(new.name)
        password_hash = await asyncio.to_thread(hash_password, new.password)

        def store(connection: sqlite3.Connection) -> None:
            now_s = self._now_s()
            accounts.create(connection, new.name, new.language, password_hash, now_s)
            accounts.give(connection, new.name, new.site, new.role)
            record(connection, now_s, by, "person.added", new.name)
            record(connection, now_s, by, "role.given", new.name, new.site, role=new.role)

        await self._database.write(store)

    async def set_password(self, name: str, password: str, by: By) -> None:
        """Set a password whatever it was, and end that person's sessions. Raises Unknown, WeakPassword."""
        password_hash = await asyncio.to_thread(hash_password, password)

        def change(connection: sqlite3.Connection) -> None:
            person = _existing(connection, name)
            accounts.forget_places(connection, person)
            connection.execute("UPDATE person SET password_hash = ? WHERE name = ?", (password_hash, person))
            record(connection, self._now_s(), by, "password.changed", person)

        await self._database.write(change)

    async def remove(self, name: str, by: By, *, keep_an_admin: bool = True) -> None:
        """Remove an account with all that acts for it. Raises Unknown, and LastAdmin unless told not to."""

        def drop(connection: sqlite3.Connection) -> None:
            person = _existing(connection, name)
            was_admin = accounts.grants_of(connection, person).server_admin
            accounts.erase(connection, person)
            if was_admin and keep_an_admin:
                accounts.keep_an_admin(connection)
            record(connection, self._now_s(), by, "person.removed", person)

        await self._database.write(drop)

    async def set_role(
        self, name: str, site: str, role: SiteRole | None, by: By, *, keep_an_admin: bool = True
    ) -> None:
        """Set or (with None) take the role at one site, or at all with `*`.

        Raises Unknown, and LastAdmin unless told not to.
        """

        def change(connection: sqlite3.Connection) -> None:
            person, now_s = _existing(connection, name), self._now_s()
            before = accounts.grants_of(connection, person).by_site.get(site)
            if role == before:
                return
            if role is None:
                connection.execute("DELETE FROM site_role WHERE person = ? AND site = ?", (person, site))
                record(connection, now_s, by, "role.taken", person, site, role=before)
            else:
                accounts.give(connection, person, site, role)
                record(connection, now_s, by, "role.given", person, site, role=role, before=before)
            if before == "admin" and site == EVERY_SITE and keep_an_admin:
                accounts.keep_an_admin(connection)

        await self._database.write(change)

    async def set_language(self, name: str, language: Language, by: By) -> None:
        """Change the language somebody is spoken to in."""
        now_s = self._now_s()
        await self._database.write(lambda c: accounts.speak(c, name, language, by, now_s))

    async def find(self, name: str) -> Account | None:
        """Everything that is shown of an account."""
        return await self._database.read(lambda c: accounts.load(c, name))

    async def listed(
        self, after: str = "", limit: int | None = None, sites: Collection[str] | None = None
    ) -> list[Account]:
        """Accounts by name, from the one behind `after` on; with `sites` those that have a role there."""
        there, values = "", tuple[str, ...]()
        if sites is not None:
            marks = ", ".join("?" * (len(sites) + 1))
            there = f"AND name IN (SELECT person FROM site_role WHERE site IN ({marks}))"
            values = (EVERY_SITE, *sites)
        query = f"SELECT name FROM person WHERE name > ? {there} ORDER BY name LIMIT ?"

        def look(connection: sqlite3.Connection) -> list[Account]:
            names = connection.execute(query, (after, *values, -1 if limit is None else limit)).fetchall()
            return [found for (name,) in names if (found := accounts.load(connection, name))]

        return await self._database.read(look)

    async def anybody(self) -> bool:
        """Whether anybody can come in at all: a person or a program."""
        query = "SELECT EXISTS (SELECT 1 FROM person) OR EXISTS (SELECT 1 FROM token)"
        return await self._database.read(lambda c: bool(c.execute(query).fetchone()[0]))

    async def audit(self, wanted: audit.Wanted) -> list[audit.Entry]:
        """What happened, newest first."""
        return await self._database.read(lambda c: audit.lines(c, wanted))

    def _now_s(self) -> int:
        return int(self._clock.wall_s())


def _existing(connection: sqlite3.Connection, name: str) -> str:
    person = accounts.canonical(connection, name)
    if person is None:
        raise Unknown(name)
    return person
