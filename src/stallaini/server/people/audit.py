"""The record of who got in, who did not, and who changed what about people and how they are told."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Mapping
from typing import Literal, NamedTuple

from stallaini.server.people.roles import Way

Action = Literal[
    "sign-in",
    "sign-in.refused",
    "sign-out",
    "session.ended",
    "password.changed",
    "password.refused",
    "person.added",
    "person.removed",
    "role.given",
    "role.taken",
    "language.changed",
    "token.made",
    "token.revoked",
    "invitation.made",
    "invitation.used",
    "invitation.revoked",
    "chat.joined",
    "chat.refused",
    "chat.left",
    "bot-password.set",
    "telling.changed",
    "mute.changed",
]
Scalar = str | int | bool | None

_REFUSALS = ("sign-in.refused", "password.refused", "chat.refused")
REFUSALS_KEPT = 10_000
"""Anybody can make refusals; of each kind only so many are kept. Everything else is kept for good."""


class By(NamedTuple):
    """Who does something, how they got in, and from where; `name` is None for a stranger."""

    name: str | None
    way: Way | Literal["shell", "link", "nobody"]
    source: str


OPERATOR = By(None, "shell", "this machine")
"""Whoever may run `stallaini user` on the server's machine."""


class Entry(NamedTuple):
    """One line of the audit; `subject` is the account or label it is about."""

    id: int
    at_s: int
    actor: str | None
    way: str
    source: str
    action: Action
    subject: str | None
    site: str | None
    detail: Mapping[str, Scalar]


class Wanted(NamedTuple):
    """Which lines: older than `before`, by or about `person`, of one action, of some sites; None is any."""

    before: int | None = None
    person: str | None = None
    action: str | None = None
    sites: Collection[str] | None = None
    limit: int = 100


def record(
    connection: sqlite3.Connection,
    at_s: int,
    by: By,
    action: Action,
    subject: str | None = None,
    site: str | None = None,
    **detail: Scalar,
) -> None:
    """Add a line, in the transaction of the change it tells of."""
    connection.execute(
        "INSERT INTO audit (at_s, actor, way, source, action, subject, site, detail) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (at_s, by.name, by.way, by.source, action, subject, site, json.dumps(detail)),
    )
    if action in _REFUSALS:
        connection.execute(
            "DELETE FROM audit WHERE action = ? AND id <= "
            "(SELECT id FROM audit WHERE action = ? ORDER BY id DESC LIMIT 1 OFFSET ?)",
            (action, action, REFUSALS_KEPT),
        )


def lines(connection: sqlite3.Connection, wanted: Wanted) -> list[Entry]:
    """The newest lines first."""
    conditions, values = ["1"], []
    for condition, value in (
        ("id < ?", wanted.before),
        ("(actor = ? OR subject = ?)", wanted.person),
        ("action = ?", wanted.action),
    ):
        if value is not None:
            conditions.append(condition)
            values += [value] * condition.count("?")
    if wanted.sites is not None:
        conditions.append(f"site IN ({', '.join('?' * len(wanted.sites))})")
        values += wanted.sites
    query = f"SELECT * FROM audit WHERE {' AND '.join(conditions)} ORDER BY id DESC LIMIT ?"
    rows = connection.execute(query, (*values, wanted.limit))
    return [Entry._make((*row[:-1], json.loads(row[-1]))) for row in rows]
