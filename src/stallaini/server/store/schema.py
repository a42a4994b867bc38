"""The store's tables. Every key begins with the site; no sequences, no keys across sites."""

from __future__ import annotations

import sqlite3

ROOM = "store"

PRESENCE = 0
"""The series number whose chunks say which minutes of a sealed day exist at all."""

# WITHOUT ROWID saves an index where rows are small; chunks of half a page would spill into overflow
# pages there and take 5.1 MB a site-year instead of 3.6.
_TABLES = """
CREATE TABLE site (
    site TEXT NOT NULL PRIMARY KEY,
    added_s INTEGER NOT NULL,
    title TEXT NOT NULL,
    timezone TEXT NOT NULL,
    description BLOB,           -- hash of the newest one
    head BLOB,                  -- journal id, boot id, description hash of the last durable uplink
    heard_s INTEGER,
    last_minute INTEGER,
    sealed_day INTEGER NOT NULL -- the newest day with chunks, -1 before the first
) WITHOUT ROWID;

CREATE TABLE description (
    site TEXT NOT NULL,
    hash BLOB NOT NULL,
    encoded BLOB NOT NULL,
    received_s INTEGER NOT NULL,
    PRIMARY KEY (site, hash)
);

CREATE TABLE journal (
    site TEXT NOT NULL,
    journal BLOB NOT NULL,
    acked_seq INTEGER NOT NULL,
    bases BLOB NOT NULL,        -- msgpack: rows of seq, minute, span, values
    PRIMARY KEY (site, journal)
) WITHOUT ROWID;

CREATE TABLE minute (           -- hot: the last days
    site TEXT NOT NULL,
    minute INTEGER NOT NULL,
    span INTEGER NOT NULL,
    description BLOB NOT NULL,
    data BLOB NOT NULL,         -- see hot.py
    PRIMARY KEY (site, minute, span)
) WITHOUT ROWID;

CREATE TABLE series (
    site TEXT NOT NULL,
    number INTEGER NOT NULL,    -- from 1; 0 is presence
    name TEXT NOT NULL,
    unit TEXT NOT NULL,
    resolution REAL NOT NULL,
    PRIMARY KEY (site, number),
    UNIQUE (site, name, unit, resolution)
) WITHOUT ROWID;

CREATE TABLE chunk (            -- sealed: one series, one UTC day, records of one span
    site TEXT NOT NULL,
    series INTEGER NOT NULL,
    day INTEGER NOT NULL,
    span INTEGER NOT NULL,
    n INTEGER NOT NULL,
    low INTEGER NOT NULL,
    high INTEGER NOT NULL,
    total INTEGER NOT NULL,
    data BLOB NOT NULL,         -- see chunks.py
    PRIMARY KEY (site, series, day, span)
);

CREATE TABLE event (
    site TEXT NOT NULL,
    at_s INTEGER NOT NULL,
    journal BLOB NOT NULL,
    seq INTEGER NOT NULL,
    kind TEXT NOT NULL,
    data TEXT NOT NULL,         -- JSON object of scalars
    PRIMARY KEY (site, at_s, journal, seq, kind)
) WITHOUT ROWID;

CREATE TABLE refused (          -- acknowledged minutes that must not enter the series
    site TEXT NOT NULL,
    journal BLOB NOT NULL,
    seq INTEGER NOT NULL,
    received_s INTEGER NOT NULL,
    reason TEXT NOT NULL,
    minute INTEGER NOT NULL,
    span INTEGER NOT NULL,
    description BLOB NOT NULL,
    data TEXT NOT NULL,         -- JSON array of fixed-point values
    PRIMARY KEY (site, journal, seq)
) WITHOUT ROWID;
"""


def create_store(connection: sqlite3.Connection) -> None:
    """The first form of every table."""
    for statement in _TABLES.split(";\n"):
        if statement.strip():
            connection.execute(statement)


def add_past_boots(connection: sqlite3.Connection) -> None:
    """The boots that spoke before the newest head's: one of them again is a second edge."""
    connection.execute("ALTER TABLE site ADD COLUMN past_boots BLOB")


def add_time_quality(connection: sqlite3.Connection) -> None:
    """How well it is known when a minute was, for those that are not exact."""
    connection.execute(
        "CREATE TABLE time_quality (site TEXT NOT NULL, minute INTEGER NOT NULL, span INTEGER NOT NULL, "
        "quality INTEGER NOT NULL, PRIMARY KEY (site, minute, span)) WITHOUT ROWID"
    )


def add_commands(connection: sqlite3.Connection) -> None:
    """What people and plans ask of sites, and the highest id an edge has told of."""
    connection.execute(
        "CREATE TABLE command (site TEXT NOT NULL, id INTEGER NOT NULL, issuer TEXT NOT NULL, "
        "kind TEXT NOT NULL, not_before_s INTEGER NOT NULL, not_after_s INTEGER NOT NULL, "
        "data TEXT NOT NULL, state TEXT NOT NULL, reason TEXT, speaker BLOB, made_s INTEGER NOT NULL, "
        "sent_s INTEGER, received_s INTEGER, ended_s INTEGER, reported INTEGER NOT NULL DEFAULT 0, "
        "PRIMARY KEY (site, id)) WITHOUT ROWID"
    )
    connection.execute(
        "CREATE TABLE command_mark (site TEXT NOT NULL PRIMARY KEY, highest_id INTEGER NOT NULL) "
        "WITHOUT ROWID"
    )


def add_imported(connection: sqlite3.Connection) -> None:
    """History recorded elsewhere: chunks of single minutes beside the site's own, and their series."""
    connection.execute(
        "CREATE TABLE imported (site TEXT NOT NULL, series INTEGER NOT NULL, day INTEGER NOT NULL, "
        "n INTEGER NOT NULL, low INTEGER NOT NULL, high INTEGER NOT NULL, total INTEGER NOT NULL, "
        "data BLOB NOT NULL, PRIMARY KEY (site, series, day))"
    )
    connection.execute(
        "CREATE TABLE imported_description (site TEXT NOT NULL PRIMARY KEY, encoded BLOB NOT NULL) "
        "WITHOUT ROWID"
    )


_ALARM_TABLES = """
CREATE TABLE alarm (
    site TEXT NOT NULL,
    id TEXT NOT NULL,
    rule TEXT NOT NULL,
    severity TEXT NOT NULL,
    title_en TEXT NOT NULL,
    title_it TEXT NOT NULL,
    channel TEXT NOT NULL,
    unit TEXT NOT NULL,
    state TEXT NOT NULL,
    raised_s INTEGER NOT NULL,
    since_s INTEGER NOT NULL,
    heard_s INTEGER NOT NULL,
    heard_journal BLOB NOT NULL,
    heard_seq INTEGER NOT NULL,
    value REAL,
    cleared_s INTEGER,
    count INTEGER NOT NULL,
    acked_by TEXT,
    acked_s INTEGER,
    snoozed_by TEXT,
    snoozed_until_s INTEGER,
    step INTEGER NOT NULL,
    part INTEGER NOT NULL,
    version INTEGER NOT NULL,
    planned INTEGER NOT NULL,   -- the version whose messages are in `delivery`
    PRIMARY KEY (site, id)
) WITHOUT ROWID;

CREATE INDEX alarm_by_rule ON alarm (site, rule, raised_s);
CREATE INDEX alarm_unplanned ON alarm (site) WHERE planned < version;
CREATE INDEX alarm_open ON alarm (site) WHERE state <> 'cleared';

CREATE TABLE alarm_change (     -- all that ever happened to an alarm
    site TEXT NOT NULL,
    alarm TEXT NOT NULL,
    version INTEGER NOT NULL,
    at_s INTEGER NOT NULL,
    change TEXT NOT NULL,
    who TEXT,
    PRIMARY KEY (site, alarm, version)
) WITHOUT ROWID;

CREATE TABLE delivery (         -- the outbox: one message to one person by one way
    site TEXT NOT NULL,
    id TEXT NOT NULL,
    alarm TEXT NOT NULL,        -- or digest:PERIOD:DAY
    part INTEGER NOT NULL,
    person TEXT NOT NULL,
    way TEXT NOT NULL,
    address TEXT NOT NULL,
    wanted INTEGER NOT NULL,    -- the alarm's version that is to be shown
    shown INTEGER NOT NULL,     -- the one that is; 0: none yet
    shown_open INTEGER NOT NULL,
    shown_s INTEGER,
    message TEXT,               -- its id at the other end
    sending INTEGER NOT NULL,   -- the version whose first sending began without a known end; 0: none
    attempt TEXT,               -- what marks that message, and the newest id known before it
    tries INTEGER NOT NULL,
    next_try_s INTEGER NOT NULL,
    given_up INTEGER NOT NULL,
    error TEXT,
    PRIMARY KEY (site, id)
) WITHOUT ROWID;

CREATE INDEX delivery_waiting ON delivery (way, site) WHERE shown < wanted AND NOT given_up;
CREATE INDEX delivery_by_alarm ON delivery (site, alarm);

CREATE TABLE telegram_seen (
    chat INTEGER NOT NULL PRIMARY KEY, -- of a group; 0: all private chats, which share one count of ids
    message INTEGER NOT NULL           -- the highest message id seen
);

CREATE TABLE alarm_settings (
    site TEXT NOT NULL PRIMARY KEY,
    settings TEXT NOT NULL      -- JSON
) WITHOUT ROWID
"""


def add_alarms(connection: sqlite3.Connection) -> None:
    """Alarms with their lives, who is told, and what was told already."""
    for statement in _ALARM_TABLES.split(";\n"):
        connection.execute(statement)


def add_alarm_details(connection: sqlite3.Connection) -> None:
    """What a device says of an alarm in its own words, and since when its site cannot judge it."""
    connection.execute("ALTER TABLE alarm ADD COLUMN detail TEXT NOT NULL DEFAULT ''")
    connection.execute("ALTER TABLE alarm ADD COLUMN stale_s INTEGER")


MIGRATIONS = (
    create_store,
    add_past_boots,
    add_commands,
    add_time_quality,
    add_imported,
    add_alarms,
    add_alarm_details,
)
