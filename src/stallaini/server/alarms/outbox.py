"""The outbox: which message is to be shown to whom, and what is known to be; inside its transactions.

One row is one message to one place. It does not queue texts but holds two versions of an alarm, the one
that is wanted and the one that is shown, so that nothing is told twice and nothing is lost when an alarm
changes faster than it can be told.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from stallaini.server.alarms import plan, rows, who
from stallaini.server.alarms.life import Alarm
from stallaini.server.alarms.plan import Recipient, Shown
from stallaini.server.alarms.settings import SiteSettings, Way
from stallaini.server.alarms.who import Reachable
from stallaini.site.billing import load_zone

_COLUMNS = (
    "site, id, alarm, part, person, way, address, wanted, shown, shown_open, shown_s, message, sending, "
    "attempt, tries"
)
_GONE = "who was to be told has left, or may not see the site any more"
_OLD = "nobody could be told while it was news"
_MUTED = "it came and went while the site was muted"

Outcome = Literal["sending", "shown", "failed", "unsure", "gone"]


class Row(NamedTuple):
    """One message; see the table `delivery`."""

    site: str
    id: str
    subject: str
    part: int
    person: str
    way: Way
    address: str
    wanted: int
    shown: int
    shown_open: bool
    shown_s: int | None
    message: str | None
    sending: int
    attempt: str | None
    tries: int


@dataclass(frozen=True)
class Item:
    """A message that is to be shown now, and what it tells of."""

    row: Row
    alarm: Alarm | None
    site_title: str
    zone: str
    reader: Reachable
    changes: tuple[rows.Changed, ...] = ()


class Report(NamedTuple):
    """What a sender did with a version: began to send it, showed it, or why not.

    `unsure`: nobody knows whether it arrived. `gone`: the place does not exist any more. `attempt` is the
    sender's own note by which it finds a message it is unsure of.
    """

    outcome: Outcome
    version: int
    message: str | None = None
    attempt: str | None = None
    error: str | None = None
    retry_after_s: float = 0.0


class Waits(NamedTuple):
    """A message that waits to be sent, and since which Unix second there is what it has to tell."""

    way: Way
    since_s: int


@dataclass
class _Look:
    """What one look into the outbox has read already."""

    connection: sqlite3.Connection
    settings: dict[str, SiteSettings] = field(default_factory=dict)
    sites: dict[str, tuple[str, str]] = field(default_factory=dict)
    people: dict[str, Reachable | None] = field(default_factory=dict)

    def settings_of(self, site: str) -> SiteSettings:
        if site not in self.settings:
            self.settings[site] = who.settings_of(self.connection, site)
        return self.settings[site]

    def site(self, site: str) -> tuple[str, str]:
        """Title and zone."""
        if site not in self.sites:
            query = "SELECT title, timezone FROM site WHERE site = ?"
            self.sites[site] = self.connection.execute(query, (site,)).fetchone() or (site, "UTC")
        return self.sites[site]

    def person(self, name: str) -> Reachable | None:
        if name not in self.people:
            self.people[name] = who.reachable(self.connection, name)
        return self.people[name]


def fill(connection: sqlite3.Connection, now_s: int) -> bool:
    """Bring the outbox up to date with every alarm that changed; whether there was any."""
    changed = rows.unplanned(connection)
    people = who.everybody(connection) if changed else []
    for alarm in changed:
        _fill_for(connection, alarm, people, now_s)
        rows.mark_planned(connection, alarm)
    return bool(changed)


def _fill_for(connection: sqlite3.Connection, alarm: Alarm, people: list[Reachable], now_s: int) -> None:
    connection.execute(
        "UPDATE delivery SET wanted = ? WHERE site = ? AND alarm = ? AND part = ?",
        (alarm.version, alarm.site, alarm.id, alarm.part),
    )
    if not alarm.open:
        # A mail that told the end has nothing to add.
        connection.execute(
            "UPDATE delivery SET shown = wanted WHERE site = ? AND alarm = ? AND way = 'email' "
            "AND shown > 0 AND NOT shown_open",
            (alarm.site, alarm.id),
        )
    # An earlier part told what it had to; what it never told the next one does.
    connection.execute(
        "UPDATE delivery SET wanted = shown WHERE site = ? AND alarm = ? AND part < ?",
        (alarm.site, alarm.id, alarm.part),
    )
    if not plan.is_news(alarm, now_s):
        return
    told = who.told_of(who.settings_of(connection, alarm.site), alarm.site, people)
    for to in plan.recipients(alarm, told, people):
        add(connection, alarm.site, alarm.id, alarm.part, to, alarm.version)


def add(
    connection: sqlite3.Connection, site: str, subject: str, part: int, to: Recipient, wanted: int
) -> None:
    """Put a message into the outbox; one that is there already stays as it is."""
    connection.execute(
        "INSERT INTO delivery (site, id, alarm, part, person, way, address, wanted, shown, shown_open, "
        "sending, tries, next_try_s, given_up) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0, 0, 0, 0, 0) "
        "ON CONFLICT (site, id) DO NOTHING",
        (site, plan.delivery_id(site, subject, part, to), subject, part, *to, wanted),
    )


def take(connection: sqlite3.Connection, ways: Iterable[Way], now_s: int, limit: int = 20) -> list[Item]:
    """What is to be sent now by these ways, the longest waiting first."""
    look, found = _Look(connection), list[Item]()
    for way in ways:
        waiting = connection.execute(
            f"SELECT {_COLUMNS} FROM delivery WHERE way = ? AND shown < wanted AND NOT given_up "
            "AND next_try_s <= ? ORDER BY next_try_s, site, id",
            (way, now_s),
        )
        for values in waiting.fetchall():
            item = _item(look, Row._make(values), now_s)
            if item is not None:
                found.append(item)
            if len(found) == limit:
                return found
    return found


def drop_useless(connection: sqlite3.Connection, now_s: int) -> None:
    """Give up messages that nobody is to get any more.

    Of people who left, of what came and went while the site was muted, and digests of a day long past.
    """
    look = _Look(connection)
    for row in _unshown(connection):
        reader, alarm = look.person(row.person), rows.find(connection, row.subject, row.site)
        if (
            reader is None
            or reader.grants.at(row.site) is None
            or row.address not in reader.addresses(row.way)
        ):
            _give_up(connection, row, _GONE)
        elif alarm is None:
            if plan.digest_is_old(row.subject, now_s):
                _give_up(connection, row, _OLD)
        else:
            settings = look.settings_of(row.site)
            over = settings.muted_until(now_s) is None
            if over and plan.fell_into_mute(alarm, _shown(row), settings):
                _give_up(connection, row, _MUTED)


def waiting(connection: sqlite3.Connection, now_s: int) -> list[Waits]:
    """The messages that may go out now; what is held until quiet hours or a spell end is none of them."""
    look = _Look(connection)
    items = (_item(look, row, now_s) for row in _unshown(connection))
    return [Waits(item.row.way, _waits_since_s(connection, item)) for item in items if item is not None]


def _waits_since_s(connection: sqlite3.Connection, item: Item) -> int:
    if item.alarm is None:
        return plan.digest_told_s(item.row.subject, load_zone(item.zone))
    query = "SELECT MIN(at_s) FROM alarm_change WHERE site = ? AND alarm = ? AND version > ?"
    (at_s,) = connection.execute(query, (item.row.site, item.row.subject, item.row.shown)).fetchone()
    return item.alarm.since_s if at_s is None else int(at_s)


def _unshown(connection: sqlite3.Connection) -> list[Row]:
    query = f"SELECT {_COLUMNS} FROM delivery WHERE shown < wanted AND NOT given_up"
    return [Row._make(values) for values in connection.execute(query)]


def _give_up(connection: sqlite3.Connection, row: Row, why: str) -> None:
    connection.execute(
        "UPDATE delivery SET given_up = 1, error = ? WHERE site = ? AND id = ?", (why, row.site, row.id)
    )


def _item(look: _Look, row: Row, now_s: int) -> Item | None:
    reader = look.person(row.person)
    if reader is None or reader.grants.at(row.site) is None:
        return None
    title, zone = look.site(row.site)
    alarm = rows.find(look.connection, row.subject, row.site)
    if alarm is None:
        return Item(row, None, title, zone, reader)
    settings, shown = look.settings_of(row.site), _shown(row)
    if plan.fell_into_mute(alarm, shown, settings):
        return None
    if not row.sending and plan.held_until(alarm, shown, settings, now_s, load_zone(zone)) is not None:
        return None
    if not plan.worth_sending(alarm, row.way, shown, now_s):
        return None
    changes = tuple(rows.history(look.connection, alarm, row.shown)) if row.way == "webhook" else ()
    return Item(row, alarm, title, zone, reader, changes)


def _shown(row: Row) -> Shown:
    return Shown(row.shown, bool(row.shown_open), row.shown_s)


def report(connection: sqlite3.Connection, id_: str, said: Report, now_s: int) -> Way | None:
    """Take a sender's word about a message; the way it goes, None for a message that there is not."""
    found = connection.execute(f"SELECT {_COLUMNS} FROM delivery WHERE id = ?", (id_,)).fetchone()
    if found is None:
        return None
    row = Row._make(found)
    fields = _after(connection, row, said, now_s)
    if row.way == "telegram" and said.message is not None:
        see_message(connection, int(row.address), int(said.message))
    names = ", ".join(f"{name} = ?" for name in fields)
    connection.execute(
        f"UPDATE delivery SET {names} WHERE site = ? AND id = ?", (*fields.values(), row.site, row.id)
    )
    return row.way


def _after(connection: sqlite3.Connection, row: Row, said: Report, now_s: int) -> dict[str, str | int | None]:
    """What a report changes in the row."""
    tries = row.tries + 1
    failed: dict[str, str | int | None] = {
        "tries": tries,
        "next_try_s": now_s + plan.retry_pause_s(tries, said.retry_after_s),
        "given_up": int(tries >= plan.MOST_TRIES),
        "error": said.error,
    }
    match said.outcome:
        case "sending":
            return {"sending": said.version, "attempt": said.attempt}
        case "shown":
            return {
                "shown": max(row.shown, said.version),
                "shown_open": int(_was_open(connection, row, said.version)),
                "shown_s": now_s,
                "message": said.message or row.message,
                **{"sending": 0, "attempt": None, "tries": 0, "next_try_s": 0, "error": None},
            }
        case "failed":
            return {"sending": 0, "attempt": None, **failed}
        case "unsure":
            return failed
        case "gone":
            return {"given_up": 1, "error": said.error}


def _was_open(connection: sqlite3.Connection, row: Row, version: int) -> bool:
    """Whether the alarm was open in the version that was shown: the last raising or clearing up to it."""
    found = connection.execute(
        "SELECT change FROM alarm_change WHERE site = ? AND alarm = ? AND version <= ? "
        "AND change IN ('raised', 'cleared') ORDER BY version DESC LIMIT 1",
        (row.site, row.subject, version),
    ).fetchone()
    return found is not None and found[0] == "raised"


def forget(connection: sqlite3.Connection, before_s: int) -> None:
    """Forget messages about what was over before that Unix second; not those that are still to be shown."""
    connection.execute(
        "DELETE FROM delivery WHERE (shown >= wanted OR given_up) "
        "AND CASE WHEN alarm LIKE 'digest:%' THEN substr(alarm, -10) < date(:before_s, 'unixepoch') "
        "ELSE COALESCE(shown_s, 0) < :before_s AND NOT EXISTS (SELECT 1 FROM alarm "
        "WHERE alarm.site = delivery.site AND alarm.id = delivery.alarm "
        "AND (state <> 'cleared' OR cleared_s > :before_s)) END",
        {"before_s": before_s},
    )


def see_message(connection: sqlite3.Connection, chat: int, message: int) -> None:
    """Keep the highest Telegram message id: of one group, or of all private chats, which share theirs."""
    connection.execute(
        "INSERT INTO telegram_seen VALUES (?, ?) "
        "ON CONFLICT (chat) DO UPDATE SET message = MAX(message, excluded.message)",
        (min(chat, 0), message),
    )


def newest_message(connection: sqlite3.Connection, chat: int) -> int:
    """The highest Telegram message id known there; 0: none."""
    query = "SELECT message FROM telegram_seen WHERE chat = ?"
    found = connection.execute(query, (min(chat, 0),)).fetchone()
    return int(found[0]) if found else 0


class Told(NamedTuple):
    """Who was told of an alarm, by which way, up to which version; what went wrong last."""

    person: str
    way: Way
    shown: int
    shown_s: int | None
    given_up: bool
    error: str | None


def listed(connection: sqlite3.Connection, alarm: Alarm) -> list[Told]:
    """Everybody who was or is to be told of an alarm."""
    found = connection.execute(
        "SELECT person, way, shown, shown_s, given_up, error FROM delivery "
        "WHERE site = ? AND alarm = ? ORDER BY part, person, way",
        (alarm.site, alarm.id),
    )
    return [Told._make((*row[:4], bool(row[4]), row[5])) for row in found]
