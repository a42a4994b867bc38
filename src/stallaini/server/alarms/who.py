"""Who can be told, read from the people's tables; inside a transaction that somebody else has begun."""

from __future__ import annotations

import sqlite3
from typing import NamedTuple

import msgspec

from stallaini.server.alarms.settings import Contact, SiteSettings, Told, Way
from stallaini.server.people.accounts import grants_of
from stallaini.server.people.roles import Grants, Language


class Reachable(NamedTuple):
    """One account and the places where it is reached."""

    person: str
    language: Language
    grants: Grants
    chats: tuple[int, ...]
    contact: Contact

    def addresses(self, way: Way) -> tuple[str, ...]:
        """Where this way leads; nowhere when they have not said."""
        if way == "telegram":
            return tuple(str(chat) for chat in self.chats)
        address: str = getattr(self.contact, way)
        return (address,) if address else ()


def everybody(connection: sqlite3.Connection) -> list[Reachable]:
    """Every account."""
    names = connection.execute("SELECT name FROM person ORDER BY name").fetchall()
    return [one for (name,) in names if (one := reachable(connection, name)) is not None]


def reachable(connection: sqlite3.Connection, name: str) -> Reachable | None:
    """One account; None for nobody."""
    row = connection.execute("SELECT name, language FROM person WHERE name = ?", (name,)).fetchone()
    if row is None:
        return None
    chats = connection.execute("SELECT telegram_id FROM chat WHERE person = ? ORDER BY 1", (name,))
    return Reachable(
        row[0],
        row[1],
        grants_of(connection, name),
        tuple(chat for (chat,) in chats),
        contact(connection, name),
    )


def contact(connection: sqlite3.Connection, person: str) -> Contact:
    """Where a person is reached besides Telegram."""
    row = connection.execute("SELECT contact FROM contact WHERE person = ?", (person,)).fetchone()
    return Contact() if row is None else msgspec.json.decode(row[0], type=Contact)


def set_contact(connection: sqlite3.Connection, person: str, wanted: Contact) -> None:
    """Change where a person is reached."""
    connection.execute(
        "INSERT OR REPLACE INTO contact VALUES (?, ?)", (person, msgspec.json.encode(wanted).decode())
    )


def settings_of(connection: sqlite3.Connection, site: str) -> SiteSettings:
    """How the site's alarms are told; the defaults until somebody changes them."""
    row = connection.execute("SELECT settings FROM alarm_settings WHERE site = ?", (site,)).fetchone()
    return SiteSettings() if row is None else msgspec.json.decode(row[0], type=SiteSettings)


def set_settings(connection: sqlite3.Connection, site: str, wanted: SiteSettings) -> None:
    """Change how a site's alarms are told."""
    connection.execute(
        "INSERT OR REPLACE INTO alarm_settings VALUES (?, ?)", (site, msgspec.json.encode(wanted).decode())
    )


def told_of(settings: SiteSettings, site: str, people: list[Reachable]) -> tuple[Told, ...]:
    """Who is told of a site, the standing rule spelled out: whoever may steer it, by Telegram."""
    if settings.told is not None:
        return settings.told
    return tuple(Told(one.person) for one in people if one.grants.allow("operator", site))
