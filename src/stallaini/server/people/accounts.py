"""What is kept of accounts: statements inside a transaction that somebody else has begun."""

from __future__ import annotations

import hashlib
import sqlite3
from typing import NamedTuple

from stallaini.server.people.audit import By, record
from stallaini.server.people.roles import EVERY_SITE, Grants, Language, SiteRole

MAX_NAME_LENGTH = 64
_OF_A_PERSON = ("site_role", "session", "device", "known_source", "token", "chat", "invitation", "contact")


class Taken(Exception):
    """There is somebody by that name already."""


class LastAdmin(Exception):
    """Nobody would be left who administers the server."""


class LinkedChat(NamedTuple):
    """A Telegram chat that acts for an account; a group's id is negative."""

    telegram_id: int
    name: str
    joined_s: int


class Account(NamedTuple):
    """One person, or one group of Telegram."""

    name: str
    language: Language
    has_password: bool
    created_s: int
    grants: Grants
    chats: tuple[LinkedChat, ...]


def hashed(secret: str) -> bytes:
    """What is stored of a token; a fast hash suffices: with 128 random bits or more nobody can search."""
    return hashlib.sha256(secret.encode()).digest()


def checked_name(name: str) -> str:
    """The name, if people can type it. Raises ValueError."""
    fits = 1 <= len(name) <= MAX_NAME_LENGTH and name == name.strip() and name.isprintable()
    # Names stand in paths, where slashes part and dots climb.
    if not fits or "/" in name or not name.strip("."):
        raise ValueError(f"{name!r} cannot be a name; use 1 to {MAX_NAME_LENGTH} letters, digits or dashes")
    return name


def free_name(connection: sqlite3.Connection, wanted: str) -> str:
    """The name, cleaned, with a number behind it when it is taken."""
    printable = "".join(letter for letter in wanted.replace("/", "-") if letter.isprintable())
    stem = printable.strip()[: MAX_NAME_LENGTH - 8].strip()
    name, number = stem if stem.strip(".") else "chat", 1
    first = name
    while canonical(connection, name) is not None:
        number += 1
        name = f"{first} {number}"
    return name


def canonical(connection: sqlite3.Connection, name: str) -> str | None:
    """The name as it was given when the account was made; None for nobody."""
    row = connection.execute("SELECT name FROM person WHERE name = ?", (name,)).fetchone()
    return str(row[0]) if row else None


def create(
    connection: sqlite3.Connection, name: str, language: Language, password_hash: str | None, now_s: int
) -> None:
    """A new account without any role. Raises Taken."""
    try:
        connection.execute("INSERT INTO person VALUES (?, ?, ?, ?)", (name, language, password_hash, now_s))
    except sqlite3.IntegrityError:
        raise Taken(name) from None


def give(connection: sqlite3.Connection, person: str, site: str, role: SiteRole) -> None:
    """Set the role at one site, or at all with `*`."""
    connection.execute("INSERT OR REPLACE INTO site_role VALUES (?, ?, ?)", (person, site, role))


def speak(connection: sqlite3.Connection, person: str, language: Language, by: By, now_s: int) -> None:
    """Change the language the person is spoken to in."""
    changed = connection.execute(
        "UPDATE person SET language = ? WHERE name = ? AND language != ?", (language, person, language)
    )
    if changed.rowcount:
        record(connection, now_s, by, "language.changed", person, language=language)


def grants_of(connection: sqlite3.Connection, person: str) -> Grants:
    """All roles of an account."""
    return Grants(dict(connection.execute("SELECT site, role FROM site_role WHERE person = ?", (person,))))


def load(connection: sqlite3.Connection, name: str) -> Account | None:
    """Everything that is shown of an account."""
    row = connection.execute(
        "SELECT name, language, password_hash IS NOT NULL, created_s FROM person WHERE name = ?", (name,)
    ).fetchone()
    if row is None:
        return None
    chats = connection.execute(
        "SELECT telegram_id, name, joined_s FROM chat WHERE person = ? ORDER BY telegram_id", (name,)
    )
    linked = tuple(LinkedChat(*chat) for chat in chats)
    return Account(row[0], row[1], bool(row[2]), row[3], grants_of(connection, name), linked)


def erase(connection: sqlite3.Connection, name: str) -> None:
    """Remove an account with everything that acts for it; the audit stays."""
    for table in _OF_A_PERSON:
        connection.execute(f"DELETE FROM {table} WHERE person = ?", (name,))
    connection.execute("DELETE FROM invitation WHERE made_by = ? AND used_s IS NULL", (name,))
    connection.execute("DELETE FROM person WHERE name = ?", (name,))


def erase_if_shut(connection: sqlite3.Connection, name: str) -> bool:
    """Remove an account that nobody can get into any more: without a password and without a chat."""
    account = load(connection, name)
    if account is None or account.has_password or account.chats:
        return False
    erase(connection, account.name)
    return True


def keep_an_admin(connection: sqlite3.Connection) -> None:
    """Raises LastAdmin when the change under way leaves nobody who administers the server."""
    left = connection.execute(
        "SELECT 1 FROM site_role JOIN person ON person = name "
        "WHERE site = ? AND role = 'admin' AND password_hash IS NOT NULL",
        (EVERY_SITE,),
    )
    if left.fetchone() is None:
        raise LastAdmin


def forget_places(connection: sqlite3.Connection, person: str) -> None:
    """Forget which browsers and addresses the person signed in from, and end all sessions."""
    for table in ("session", "device", "known_source"):
        connection.execute(f"DELETE FROM {table} WHERE person = ?", (person,))
