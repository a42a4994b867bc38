"""Commands in the store: made, handed out to the edge, confirmed, ended; inside its transactions."""

from __future__ import annotations

import json
import sqlite3

from stallaini.link.commands import Ending, reported
from stallaini.link.downlink import COMMAND_BYTES, fitting_commands
from stallaini.link.messages import Command, Event, Head
from stallaini.server.store.base import CommandRow, CommandState, NewCommand, TooManyCommands

MOST_OPEN = 100
"""How many commands of a site may wait for their end."""

_WINS_OVER = {Ending.DONE: "state <> 'done'", Ending.UNKNOWN: "NOT reported"}
_OTHER_SPEAKER = (
    "it was sent, and then the edge restarted or its card was replaced before it confirmed; not repeated"
)
_TOO_LATE = "the site did not call in time"
_COLUMNS = (
    "id, issuer, kind, not_before_s, not_after_s, data, state, reason, made_s, sent_s, received_s, ended_s"
)


def add_command(connection: sqlite3.Connection, site: str, new: NewCommand, now_s: float) -> CommandRow:
    """Make a command; its id is Unix milliseconds, or the next free number. Raises TooManyCommands."""
    (waiting,) = connection.execute(
        "SELECT COUNT(*) FROM command WHERE site = ? AND ended_s IS NULL AND not_after_s >= ?",
        (site, int(now_s)),
    ).fetchone()
    if waiting >= MOST_OPEN:
        raise TooManyCommands(site)
    id_ = max(int(now_s * 1000), _highest_id(connection, site) + 1)
    connection.execute(
        "INSERT INTO command (site, id, issuer, kind, not_before_s, not_after_s, data, state, made_s) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, 'waiting', ?)",
        (
            *(site, id_, new.issuer, new.kind, new.not_before_s, new.not_after_s),
            *(json.dumps(new.data), int(now_s)),
        ),
    )
    return read_commands(connection, site, 1, id_)[0]


def read_commands(
    connection: sqlite3.Connection,
    site: str,
    limit: int,
    id_: int | None = None,
    before: int | None = None,
) -> list[CommandRow]:
    """The newest commands of a site, newest first; only the one with this id, or those below `before`."""
    bounds = {"id = ?": id_, "id < ?": before}
    given = {bound: value for bound, value in bounds.items() if value is not None}
    where = " AND ".join(["site = ?", *given])
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM command WHERE {where} ORDER BY id DESC LIMIT ?",
        (site, *given.values(), limit),
    )
    return [_command_row(*row) for row in rows]


def hand_out(
    connection: sqlite3.Connection, site: str, head: Head, seen_id: int | None, now_s: int
) -> list[Command]:
    """What to send to the edge that speaks with `head` and keeps commands up to `seen_id`, oldest first.

    A command goes to the journal and boot it was first sent to, and to no other: one that was sent and not
    confirmed may have been acted on there.
    """
    if seen_id is not None:
        _confirm(connection, site, seen_id, now_s)
    speaker = head.journal_id + head.boot_id
    _end(connection, "unknown", _OTHER_SPEAKER, now_s, "state = 'sent' AND speaker <> ?", site, speaker)
    _end(connection, "expired", _TOO_LATE, now_s, "state = 'waiting' AND not_after_s < ?", site, now_s)
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM command WHERE site = ? AND state IN ('waiting', 'sent') "
        "AND not_after_s >= ? ORDER BY id",
        (site, now_s),
    )
    found = [_command_row(*row) for row in rows]
    chosen = fitting_commands([row.command for row in found], COMMAND_BYTES)
    connection.executemany(
        "UPDATE command SET state = 'sent', sent_s = ?, speaker = ? WHERE site = ? AND id = ? "
        "AND state = 'waiting'",
        [(now_s, speaker, site, row.command.id) for row in found[: len(chosen)] if row.state == "waiting"],
    )
    return list(chosen)


def take_report(connection: sqlite3.Connection, site: str, event: Event, received_s: int) -> None:
    """Note how a command ended, where that is what the event tells.

    The edge's word wins over the server's own guess, its first word over a later one; but anything wins over
    `unknown`, and `done` over all.
    """
    found = reported(event)
    if found is None:
        return
    id_, outcome = found
    wins = _WINS_OVER.get(outcome.ending, "(NOT reported OR state = 'unknown')")
    connection.execute(
        "UPDATE command SET state = ?, reason = ?, ended_s = ?, reported = 1, "
        f"received_s = COALESCE(received_s, ?) WHERE site = ? AND id = ? AND {wins}",
        (outcome.ending.value, outcome.reason, event.at_s, received_s, site, id_),
    )


def sites_to_send_to(connection: sqlite3.Connection) -> list[str]:
    """The sites for which a command waits to be sent or to be confirmed."""
    rows = connection.execute("SELECT DISTINCT site FROM command WHERE state IN ('waiting', 'sent')")
    return [site for (site,) in rows]


def _confirm(connection: sqlite3.Connection, site: str, seen_id: int, now_s: int) -> None:
    connection.execute(
        "UPDATE command SET state = 'received', received_s = ? WHERE site = ? AND id <= ? "
        "AND state IN ('waiting', 'sent')",
        (now_s, site, seen_id),
    )
    if seen_id > _highest_id(connection, site):
        connection.execute(
            "INSERT INTO command_mark (site, highest_id) VALUES (?, ?) "
            "ON CONFLICT (site) DO UPDATE SET highest_id = excluded.highest_id",
            (site, seen_id),
        )


def _end(
    connection: sqlite3.Connection,
    state: CommandState,
    reason: str,
    now_s: int,
    where: str,
    *values: str | int | bytes,
) -> None:
    """End commands by the server's own judgement; `values` are the site and what `where` needs."""
    connection.execute(
        f"UPDATE command SET state = ?, reason = ?, ended_s = ? WHERE site = ? AND {where}",
        (state, reason, now_s, *values),
    )


def _highest_id(connection: sqlite3.Connection, site: str) -> int:
    """The highest id made here or told of by an edge: a restored server may have made it and forgotten."""
    (made,) = connection.execute("SELECT MAX(id) FROM command WHERE site = ?", (site,)).fetchone()
    mark = connection.execute("SELECT highest_id FROM command_mark WHERE site = ?", (site,)).fetchone()
    return max(made or 0, mark[0] if mark else 0)


def _command_row(
    id_: int,
    issuer: str,
    kind: str,
    not_before_s: int,
    not_after_s: int,
    data: str,
    state: CommandState,
    reason: str | None,
    *times: int | None,
) -> CommandRow:
    command = Command(id_, issuer, kind, not_before_s, not_after_s, json.loads(data))
    made_s, sent_s, received_s, ended_s = times
    return CommandRow(command, state, reason, made_s or 0, sent_s, received_s, ended_s)
