"""How often a secret may be guessed: counted in the database, so that a restart forgives nothing.

After a few free tries each further one doubles the wait. A try is counted before its password is
looked at, so that many at once cannot slip past, and taken back when it was right.
"""

from __future__ import annotations

import ipaddress
import sqlite3
from collections.abc import Iterable, Mapping
from typing import NamedTuple

FORGET_S = 24 * 3600


class Limit(NamedTuple):
    """`free` tries, then waits of 2, 4, 8 ... seconds, never more than `longest_s`."""

    free: int
    longest_s: int


PER_SOURCE = Limit(free=5, longest_s=3600)
# Of a browser the person has signed in with: strangers have no such cookie to guess with.
PER_DEVICE = Limit(free=5, longest_s=3600)
# All who come from nowhere known: each try heard costs a password check, and those are dear.
STRANGERS = Limit(free=50, longest_s=1)
# Short, because anybody can make wrong guesses at somebody else's account.
PER_ACCOUNT = Limit(free=5, longest_s=30)
BOT_PASSWORD = Limit(free=20, longest_s=30)


class Throttled(Exception):
    """Too many guesses; the next one is heard in `retry_after_s` seconds."""

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"too many wrong tries; try again in {retry_after_s} s")
        self.retry_after_s = retry_after_s


def create_table(connection: sqlite3.Connection) -> None:
    """The table that remembers guesses."""
    connection.execute(
        "CREATE TABLE guess (key TEXT PRIMARY KEY, tries INTEGER NOT NULL, "
        "until_s INTEGER NOT NULL, last_s INTEGER NOT NULL) WITHOUT ROWID"
    )
    connection.execute("CREATE INDEX guess_by_age ON guess (last_s)")


def admit(connection: sqlite3.Connection, keys: Mapping[str, Limit], now_s: int) -> None:
    """Count one try under every key, or raise Throttled and count none."""
    connection.execute("DELETE FROM guess WHERE last_s < ?", (now_s - FORGET_S,))
    tries, wait_s = {}, 0
    for key, limit in keys.items():
        row = connection.execute("SELECT tries, until_s FROM guess WHERE key = ?", (key,)).fetchone()
        tries[key], until_s = row or (0, 0)
        # A clock that stepped back must not lock anybody out for longer than the limit says.
        wait_s = max(wait_s, min(until_s - now_s, limit.longest_s))
    if wait_s > 0:
        raise Throttled(wait_s)
    for key, limit in keys.items():
        count = tries[key] + 1
        connection.execute(
            "INSERT OR REPLACE INTO guess VALUES (?, ?, ?, ?)",
            (key, count, now_s + _wait_s(count, limit), now_s),
        )


def forgive(connection: sqlite3.Connection, mine: str, shared: Iterable[str]) -> None:
    """The try was right: forget all under `mine`, and under each of `shared` this one try."""
    connection.execute("DELETE FROM guess WHERE key = ?", (mine,))
    for key in shared:
        connection.execute("UPDATE guess SET tries = tries - 1, until_s = 0 WHERE key = ?", (key,))


def source_of(address: str) -> str:
    """What counts as one source: an IPv4 address, or the /64 that one IPv6 customer owns."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return address
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return str(parsed)


def _wait_s(tries: int, limit: Limit) -> int:
    over = tries - limit.free
    return 0 if over < 0 else min(limit.longest_s, 2 ** min(over + 1, 30))
