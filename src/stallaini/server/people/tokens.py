"""Programs' bearer tokens: shown once, good for one role at one site or at all, never for more than
their owner may."""

from __future__ import annotations

import secrets
import sqlite3
from typing import Literal, NamedTuple

from stallaini.clock import Clock
from stallaini.server.database import Database
from stallaini.server.people import accounts
from stallaini.server.people.accounts import hashed
from stallaini.server.people.audit import By, record
from stallaini.server.people.roles import NOTHING, Actor, Grants, SiteRole

TokenRole = Literal["viewer", "operator", "admin", "bot"]

MOST_TOKENS = 100
"""Of one person."""
_PREFIX_CHARS = 9
# Last use is written at most this often, so that reading does not write.
_SLIDE_S = 300


class TooManyTokens(Exception):
    """The person has as many tokens as one may have."""


class Scope(NamedTuple):
    """What a token is good for; `site` may be `*`, and is for the role bot."""

    label: str
    role: TokenRole
    site: str


class TokenListed(NamedTuple):
    """A token as it is shown: by its label and its first characters. `used_s` may be 5 minutes old.

    `person` is None for one made at the server's command line.
    """

    id: str
    label: str
    prefix: str
    person: str | None
    role: TokenRole
    site: str
    created_s: int
    used_s: int | None


_COLUMNS = "id, label, prefix, person, role, site, created_s, used_s"


class Tokens:
    """Every bearer token of the server."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def make(self, scope: Scope, by: By) -> tuple[str, TokenListed]:
        """A person's new token and how it is listed. Raises ValueError for its label, TooManyTokens."""
        accounts.checked_name(scope.label)

        def store(connection: sqlite3.Connection) -> tuple[str, TokenListed]:
            owned = connection.execute("SELECT COUNT(*) FROM token WHERE person = ?", (by.name,)).fetchone()
            if owned[0] >= MOST_TOKENS:
                raise TooManyTokens
            return self._insert(connection, scope, by)

        return await self._database.write(store)

    async def make_for_server(self, scope: Scope, by: By) -> tuple[str, bool]:
        """A token that belongs to nobody, and whether it replaced one of that label. Raises ValueError."""
        accounts.checked_name(scope.label)

        def store(connection: sqlite3.Connection) -> tuple[str, bool]:
            removed = self._drop(connection, by, "label = ? AND person IS NULL", scope.label)
            return self._insert(connection, scope, by._replace(name=None))[0], bool(removed)

        return await self._database.write(store)

    async def revoke(self, id_: str, by: By, person: str | None = None) -> bool:
        """End a token, of `person` alone if given; False when there is none."""

        def drop(connection: sqlite3.Connection) -> bool:
            if person is None:
                return bool(self._drop(connection, by, "id = ?", id_))
            return bool(self._drop(connection, by, "id = ? AND person = ?", id_, person))

        return await self._database.write(drop)

    async def revoke_label(self, label: str, by: By) -> bool:
        """End the tokens of that label that belong to nobody; False when there are none."""
        return await self._database.write(
            lambda c: bool(self._drop(c, by, "label = ? AND person IS NULL", label))
        )

    async def listed(self, person: str | None = None) -> list[TokenListed]:
        """The tokens of a person, or all, by label."""
        where, values = ("WHERE person = ?", (person,)) if person is not None else ("", ())
        query = f"SELECT {_COLUMNS} FROM token {where} ORDER BY label, id"
        return await self._database.read(lambda c: [TokenListed(*row) for row in c.execute(query, values)])

    async def actor(self, token: str) -> Actor | None:
        """The program behind a bearer token."""
        key, now_s = hashed(token), self._now_s()

        def look(connection: sqlite3.Connection) -> tuple[TokenListed, Grants | None] | None:
            query = f"SELECT {_COLUMNS} FROM token WHERE token_hash = ?"
            row = connection.execute(query, (key,)).fetchone()
            if row is None:
                return None
            found = TokenListed(*row)
            owned = accounts.grants_of(connection, found.person) if found.person is not None else None
            return found, owned

        known = await self._database.read(look)
        if known is None:
            return None
        found, owned = known
        if found.used_s is None or now_s - found.used_s >= _SLIDE_S:
            used = (now_s, key)
            await self._database.write(
                lambda c: c.execute("UPDATE token SET used_s = ? WHERE token_hash = ?", used)
            )
        return _acting(found, owned)

    def _insert(self, connection: sqlite3.Connection, scope: Scope, by: By) -> tuple[str, TokenListed]:
        token, now_s = "st_" + secrets.token_urlsafe(32), self._now_s()
        made = TokenListed(
            secrets.token_hex(6),
            scope.label,
            token[:_PREFIX_CHARS],
            by.name,
            scope.role,
            scope.site,
            now_s,
            None,
        )
        row = (*made[:3], hashed(token), *made[3:])
        connection.execute(
            "INSERT INTO token (id, label, prefix, token_hash, person, role, site, created_s, used_s) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            row,
        )
        record(connection, now_s, by, "token.made", scope.label, scope.site, role=scope.role, token=made.id)
        return token, made

    def _drop(self, connection: sqlite3.Connection, by: By, where: str, *values: str) -> int:
        rows = connection.execute(f"SELECT id, label, site FROM token WHERE {where}", values).fetchall()
        for id_, label, site in rows:
            connection.execute("DELETE FROM token WHERE id = ?", (id_,))
            record(connection, self._now_s(), by, "token.revoked", label, site, token=id_)
        return len(rows)

    def _now_s(self) -> int:
        return int(self._clock.wall_s())


def _acting(token: TokenListed, owned: Grants | None) -> Actor:
    if token.role == "bot":
        return Actor(token.label, "bot", NOTHING, key=token.id)
    role: SiteRole = token.role
    scope = Grants({token.site: role})
    if token.person is None or owned is None:
        return Actor(token.label, "token", scope, key=token.id)
    return Actor(f"{token.person}/{token.label}", "token", scope.within(owned), key=token.id)
