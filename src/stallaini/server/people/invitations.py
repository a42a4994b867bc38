"""One-time codes: each lets one person in, once, until it expires or is taken back."""

from __future__ import annotations

import asyncio
import secrets
import sqlite3
from typing import Any, Literal, NamedTuple

from stallaini.clock import Clock
from stallaini.server.database import Database
from stallaini.server.people import accounts
from stallaini.server.people.accounts import hashed
from stallaini.server.people.audit import By, record
from stallaini.server.people.passwords import hash_password
from stallaini.server.people.roles import Actor, Grants, Language, SiteRole
from stallaini.server.people.sessions import Caller, SignedIn, open_session

DEFAULT_S = 7 * 24 * 3600
SHORTEST_S, LONGEST_S = 60, 90 * 24 * 3600
MOST_OPEN = 200
"""Invitations of one person that may be open at a time."""
# How long a used or expired one is still listed.
_LISTED_S = 90 * 24 * 3600

State = Literal["open", "used", "expired"]
InvitationWay = Literal["any", "telegram"]


class NoInvitation(Exception):
    """The code is unknown, used, expired or taken back: nobody is told which."""


class TooManyInvitations(Exception):
    """So many invitations of this person are open that no more are made."""


class Offer(NamedTuple):
    """What an invitation gives: a role at a site to whoever redeems it, or a way into `person`'s account."""

    language: Language
    role: SiteRole | None = None
    site: str | None = None
    person: str | None = None
    way: InvitationWay = "any"


class Invitation(NamedTuple):
    """An invitation as it is shown; its code is not kept."""

    id: str
    offer: Offer
    made_by: str | None
    made_s: int
    expires_s: int
    used_s: int | None
    used_by: str | None

    def state(self, now_s: int) -> State:
        """Where it stands."""
        if self.used_s is not None:
            return "used"
        return "expired" if now_s >= self.expires_s else "open"


class Newcomer(NamedTuple):
    """Who comes in by the page: the name counts for a new account alone."""

    name: str | None
    password: str
    language: Language | None


_COLUMNS = "id, language, role, site, person, way, made_by, made_s, expires_s, used_s, used_by"


class Invitations:
    """All invitations of the server."""

    def __init__(self, database: Database, clock: Clock) -> None:
        self._database = database
        self._clock = clock

    async def make(self, offer: Offer, expires_in_s: int, by: By) -> tuple[str, Invitation]:
        """A code, shown this once, and how it is listed. Raises TooManyInvitations."""
        code, now_s = secrets.token_urlsafe(16), self._now_s()
        made = Invitation(secrets.token_hex(6), offer, by.name, now_s, now_s + expires_in_s, None, None)

        def store(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM invitation WHERE expires_s < ?", (now_s - _LISTED_S,))
            open_ones = connection.execute(
                "SELECT COUNT(*) FROM invitation WHERE made_by IS ? AND used_s IS NULL AND expires_s > ?",
                (by.name, now_s),
            ).fetchone()
            if open_ones[0] >= MOST_OPEN:
                raise TooManyInvitations
            connection.execute(
                f"INSERT INTO invitation (code_hash, {_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (hashed(code), made.id, *offer, *made[2:]),
            )
            record(
                connection,
                now_s,
                by,
                "invitation.made",
                offer.person,
                offer.site,
                role=offer.role,
                id=made.id,
            )

        await self._database.write(store)
        return code, made

    async def listed(self) -> list[Invitation]:
        """All that are remembered, newest first."""
        query = f"SELECT {_COLUMNS} FROM invitation ORDER BY made_s DESC, id"
        return await self._database.read(lambda c: [_read(row) for row in c.execute(query)])

    async def revoke(self, invitation: Invitation, by: By) -> bool:
        """Take an open one back; False when it is used or gone."""
        now_s, offer = self._now_s(), invitation.offer

        def drop(connection: sqlite3.Connection) -> bool:
            gone = connection.execute(
                "DELETE FROM invitation WHERE id = ? AND used_s IS NULL", (invitation.id,)
            ).rowcount
            if gone:
                record(
                    connection, now_s, by, "invitation.revoked", offer.person, offer.site, id=invitation.id
                )
            return bool(gone)

        return await self._database.write(drop)

    async def look(self, code: str) -> Invitation:
        """What a code offers to whoever comes in by the page. Raises NoInvitation."""
        found = await self._database.read(lambda c: find(c, code, self._now_s()))
        if found is None or found.offer.way != "any":
            raise NoInvitation
        return found

    async def enter(self, code: str, newcomer: Newcomer, caller: Caller) -> SignedIn:
        """Use a code on the page: make the account or give it its new password, and sign in.

        Raises NoInvitation, WeakPassword, accounts.Taken, and ValueError for a name nobody could type.
        """
        offer = (await self.look(code)).offer
        if offer.person is None:
            accounts.checked_name(newcomer.name or "")
        password_hash = await asyncio.to_thread(hash_password, newcomer.password)
        by = By(None, "link", caller.source)

        def use(connection: sqlite3.Connection) -> SignedIn:
            now_s = self._now_s()
            found = find(connection, code, now_s)
            if found is None:
                raise NoInvitation
            person = found.offer.person
            if person is None:
                person = newcomer.name or ""
                language = newcomer.language or found.offer.language
                accounts.create(connection, person, language, password_hash, now_s)
                acting = by._replace(name=person)
                record(connection, now_s, acting, "person.added", person)
            else:
                acting = by._replace(name=person)
                accounts.forget_places(connection, person)
                connection.execute(
                    "UPDATE person SET password_hash = ? WHERE name = ?", (password_hash, person)
                )
                record(connection, now_s, acting, "password.changed", person)
            apply(connection, found, person, acting, now_s)
            signed_in = open_session(connection, person, caller, now_s)
            record(connection, now_s, acting, "sign-in", person)
            return signed_in

        return await self._database.write(use)

    async def accept(self, code: str, actor: Actor, by: By) -> None:
        """Add what a code offers to the account of somebody who is in already. Raises NoInvitation."""

        def use(connection: sqlite3.Connection) -> None:
            now_s = self._now_s()
            found = find(connection, code, now_s)
            if found is None or found.offer.person is not None:
                raise NoInvitation
            apply(connection, found, actor.name, by, now_s)

        await self._database.write(use)

    def _now_s(self) -> int:
        return int(self._clock.wall_s())


def find(connection: sqlite3.Connection, code: str, now_s: int) -> Invitation | None:
    """The open invitation of a code, if whoever made it may still give what it offers."""
    query = f"SELECT {_COLUMNS} FROM invitation WHERE code_hash = ?"
    row = connection.execute(query, (hashed(code),)).fetchone()
    found = _read(row) if row else None
    if found is None or found.state(now_s) != "open":
        return None
    if found.made_by is None:
        return found
    grants = accounts.grants_of(connection, found.made_by)
    return found if may_offer(grants, found.made_by, found.offer) else None


def may_offer(grants: Grants, name: str, offer: Offer) -> bool:
    """Whether somebody may make this offer: admins for their sites, the server's for accounts too.

    Everybody may link their own account to Telegram.
    """
    if offer.person is None:
        return grants.allow("admin", offer.site or "")
    mine = offer.person.casefold() == name.casefold() and offer.way == "telegram"
    return mine or grants.server_admin


def apply(connection: sqlite3.Connection, found: Invitation, person: str, by: By, now_s: int) -> None:
    """Use up an invitation that `find` has just found, in the same transaction, and give its role."""
    connection.execute(
        "UPDATE invitation SET used_s = ?, used_by = ? WHERE id = ?", (now_s, person, found.id)
    )
    offer = found.offer
    record(connection, now_s, by, "invitation.used", person, offer.site, id=found.id, made_by=found.made_by)
    if offer.role is None or offer.site is None:
        return
    if not accounts.grants_of(connection, person).allow(offer.role, offer.site):
        accounts.give(connection, person, offer.site, offer.role)
        record(connection, now_s, by, "role.given", person, offer.site, role=offer.role)


def _read(row: tuple[Any, ...]) -> Invitation:
    id_, language, role, site, person, way, *rest = row
    return Invitation(id_, Offer(language, role, site, person, way), *rest)
