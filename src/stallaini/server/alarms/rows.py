"""Alarms in the store: read, written, looked for; inside a transaction that somebody else has begun."""

from __future__ import annotations

import sqlite3
from collections.abc import Collection
from typing import NamedTuple

from stallaini.server.alarms.life import SEVERITIES, Alarm, Change, Happened, Rule, Severity, Word

_COLUMNS = (
    "site, id, rule, severity, title_en, title_it, channel, unit, state, raised_s, since_s, heard_s, "
    "heard_journal, heard_seq, value, cleared_s, count, acked_by, acked_s, snoozed_by, snoozed_until_s, "
    "step, part, version, detail, stale_s"
)
_MARKS = ", ".join("?" * (_COLUMNS.count(",") + 1))
# A clearing tells in whole seconds how long it lasted.
_SLACK_S = 5


class Changed(NamedTuple):
    """One line of an alarm's history."""

    version: int
    at_s: int
    change: Change
    who: str | None


def save(connection: sqlite3.Connection, happened: Happened, at_s: int, who: str | None = None) -> None:
    """Write the alarm as it is now, and what happened to it into its history."""
    alarm = happened.alarm
    rule = alarm.rule
    connection.execute(
        f"INSERT OR REPLACE INTO alarm ({_COLUMNS}, planned) VALUES ({_MARKS}, "
        "COALESCE((SELECT planned FROM alarm WHERE site = ? AND id = ?), 0))",
        (
            *(alarm.site, alarm.id, rule.name, rule.severity, rule.title_en, rule.title_it),
            *(rule.channel, rule.unit, alarm.state, alarm.raised_s, alarm.since_s, *alarm.heard),
            *(alarm.value, alarm.cleared_s, alarm.count, alarm.acked_by, alarm.acked_s),
            *(alarm.snoozed_by, alarm.snoozed_until_s, alarm.step, alarm.part, alarm.version),
            *(alarm.detail, alarm.stale_s),
            *(alarm.site, alarm.id),
        ),
    )
    connection.execute(
        "INSERT OR REPLACE INTO alarm_change VALUES (?, ?, ?, ?, ?, ?)",
        (alarm.site, alarm.id, alarm.version, at_s, happened.change, who),
    )


def newest_of(connection: sqlite3.Connection, site: str, rule: str) -> Alarm | None:
    """The rule's alarm that was heard of last."""
    return _one(
        connection, "site = ? AND rule = ? ORDER BY raised_s DESC, heard_seq DESC LIMIT 1", site, rule
    )


def covering(connection: sqlite3.Connection, site: str, rule: str, word: Word) -> Alarm | None:
    """The alarm within whose spell a late word falls."""
    return _one(
        connection,
        "site = ? AND rule = ? AND raised_s <= ? AND COALESCE(cleared_s, heard_s) >= ? LIMIT 1",
        *(site, rule, word.at_s + _SLACK_S, word.at_s),
    )


def before(connection: sqlite3.Connection, site: str, rule: str, at_s: int) -> Alarm | None:
    """The rule's last alarm that was raised before that Unix second."""
    where = "site = ? AND rule = ? AND raised_s <= ? ORDER BY raised_s DESC LIMIT 1"
    return _one(connection, where, site, rule, at_s)


def find(connection: sqlite3.Connection, id_: str, site: str | None = None) -> Alarm | None:
    """The alarm with this id, of one site or of whichever has it."""
    if site is not None:
        return _one(connection, "site = ? AND id = ?", site, id_)
    return _one(connection, "id = ? LIMIT 1", id_)


def listed(
    connection: sqlite3.Connection,
    sites: Collection[str] | None,
    states: Collection[str],
    limit: int,
    before_s: int | None = None,
) -> list[Alarm]:
    """Alarms, newest first: of these sites (None: all), in these states, raised before that Unix second."""
    conditions, values = [f"state IN ({_marks(states)})"], [*states]
    if sites is not None:
        conditions.append(f"site IN ({_marks(sites)})")
        values += sites
    where = " AND ".join(conditions)
    if before_s is not None:
        where += " AND raised_s < ?"
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM alarm WHERE {where} ORDER BY raised_s DESC, id LIMIT ?",
        (*values, *([] if before_s is None else [before_s]), limit),
    )
    return [_alarm(row) for row in rows]


def unattended(connection: sqlite3.Connection) -> list[Alarm]:
    """All open alarms of all sites: those that time alone may change."""
    return [
        _alarm(row) for row in connection.execute(f"SELECT {_COLUMNS} FROM alarm WHERE state <> 'cleared'")
    ]


def count_open(connection: sqlite3.Connection) -> dict[Severity, int]:
    """How many alarms of all sites are open, by severity."""
    query = "SELECT severity, COUNT(*) FROM alarm WHERE state <> 'cleared' GROUP BY severity"
    return dict.fromkeys(SEVERITIES, 0) | dict(connection.execute(query).fetchall())


def unplanned(connection: sqlite3.Connection) -> list[Alarm]:
    """The alarms that changed since the outbox was last filled for them."""
    return [
        _alarm(row) for row in connection.execute(f"SELECT {_COLUMNS} FROM alarm WHERE planned < version")
    ]


def mark_planned(connection: sqlite3.Connection, alarm: Alarm) -> None:
    """The outbox holds what this version of the alarm needs."""
    connection.execute(
        "UPDATE alarm SET planned = ? WHERE site = ? AND id = ?", (alarm.version, alarm.site, alarm.id)
    )


def history(connection: sqlite3.Connection, alarm: Alarm, after: int = 0, limit: int = 100) -> list[Changed]:
    """What happened to it after that version: the newest `limit` changes, oldest first."""
    rows = connection.execute(
        "SELECT version, at_s, change, who FROM alarm_change WHERE site = ? AND alarm = ? AND version > ? "
        "ORDER BY version DESC LIMIT ?",
        (alarm.site, alarm.id, after, limit),
    )
    return [Changed(*row) for row in rows][::-1]


def forget_changes(connection: sqlite3.Connection, before_s: int, limit: int) -> int:
    """Forget what happened before that Unix second to alarms that were over by then; at most so many changes.

    What somebody is still to be told of stays. Returns how many were forgotten.
    """
    return connection.execute(
        "DELETE FROM alarm_change WHERE (site, alarm, version) IN (SELECT site, alarm, change.version "
        "FROM alarm_change AS change JOIN alarm USING (site) WHERE alarm.id = change.alarm "
        "AND change.at_s < ? AND state = 'cleared' AND cleared_s < ? AND planned = alarm.version "
        "AND NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.site = alarm.site "
        "AND delivery.alarm = alarm.id AND shown < wanted AND NOT given_up) LIMIT ?)",
        (before_s, before_s, limit),
    ).rowcount


def _one(connection: sqlite3.Connection, where: str, *values: str | int) -> Alarm | None:
    row = connection.execute(f"SELECT {_COLUMNS} FROM alarm WHERE {where}", values).fetchone()
    return None if row is None else _alarm(row)


def _alarm(row: tuple) -> Alarm:  # type: ignore[type-arg]
    site, id_, *rule = row[:8]
    name, severity, title_en, title_it, channel, unit = rule
    state, raised_s, since_s, *heard = row[8:14]
    return Alarm(
        site,
        id_,
        Rule(name, severity, title_en, title_it, channel, unit),
        state,
        raised_s,
        since_s,
        tuple(heard),
        *row[14:],
    )


def _marks(values: Collection[str]) -> str:
    return ", ".join("?" * len(values))
