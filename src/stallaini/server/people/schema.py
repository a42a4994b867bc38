"""The tables of people, sessions, tokens, chats, invitations and the audit."""

from __future__ import annotations

import sqlite3

from stallaini.server.people import guesses

ROOM = "people"


def create_people(connection: sqlite3.Connection) -> None:
    """Accounts with Argon2id hashes, and what is kept of a secret that lets in: only its hash."""
    for statement in (
        "CREATE TABLE person (name TEXT PRIMARY KEY COLLATE NOCASE, role TEXT NOT NULL, "
        "password_hash TEXT NOT NULL, created_s INTEGER NOT NULL) WITHOUT ROWID",
        "CREATE TABLE session (token_hash BLOB PRIMARY KEY, person TEXT NOT NULL COLLATE NOCASE, "
        "created_s INTEGER NOT NULL, seen_s INTEGER NOT NULL, expires_s INTEGER NOT NULL) WITHOUT ROWID",
        "CREATE INDEX session_by_person ON session (person)",
        "CREATE TABLE known_source (person TEXT NOT NULL COLLATE NOCASE, source TEXT NOT NULL, "
        "at_s INTEGER NOT NULL, PRIMARY KEY (person, source)) WITHOUT ROWID",
        "CREATE TABLE token (name TEXT PRIMARY KEY COLLATE NOCASE, token_hash BLOB NOT NULL UNIQUE, "
        "role TEXT NOT NULL, created_s INTEGER NOT NULL) WITHOUT ROWID",
        "CREATE TABLE bot_password (only INTEGER PRIMARY KEY CHECK (only = 1), password_hash TEXT NOT NULL)",
        "CREATE TABLE chat (telegram_id INTEGER PRIMARY KEY, name TEXT NOT NULL, language TEXT NOT NULL, "
        "joined_s INTEGER NOT NULL)",
    ):
        connection.execute(statement)


def create_guesses(connection: sqlite3.Connection) -> None:
    """The memory of the throttle."""
    guesses.create_table(connection)


_ROLES_PER_SITE = """
CREATE TABLE site_role (
    person TEXT NOT NULL COLLATE NOCASE,
    site TEXT NOT NULL,             -- or * for every site
    role TEXT NOT NULL,
    PRIMARY KEY (person, site)
) WITHOUT ROWID;

INSERT INTO site_role SELECT name, '*', role FROM person;

CREATE TABLE account (
    name TEXT PRIMARY KEY COLLATE NOCASE,
    language TEXT NOT NULL,
    password_hash TEXT,             -- null: in by Telegram alone
    created_s INTEGER NOT NULL
) WITHOUT ROWID;

INSERT INTO account SELECT name, 'en', password_hash, created_s FROM person;
DROP TABLE person;
ALTER TABLE account RENAME TO person;
ALTER TABLE session ADD COLUMN source TEXT NOT NULL DEFAULT '';
ALTER TABLE session ADD COLUMN agent TEXT NOT NULL DEFAULT '';

CREATE TABLE device (               -- browsers that a person has signed in with
    person TEXT NOT NULL COLLATE NOCASE,
    token_hash BLOB NOT NULL,
    used_s INTEGER NOT NULL,
    PRIMARY KEY (person, token_hash)
) WITHOUT ROWID;

CREATE TABLE scoped_token (
    id TEXT PRIMARY KEY,
    label TEXT NOT NULL COLLATE NOCASE,
    prefix TEXT NOT NULL,           -- the token's first characters, to tell it by
    token_hash BLOB NOT NULL UNIQUE,
    person TEXT COLLATE NOCASE,     -- null: made at the server's command line
    role TEXT NOT NULL,
    site TEXT NOT NULL,
    created_s INTEGER NOT NULL,
    used_s INTEGER
) WITHOUT ROWID;

INSERT INTO scoped_token
    SELECT lower(hex(randomblob(6))), name, '', token_hash, NULL, role, '*', created_s, NULL FROM token;
DROP TABLE token;
ALTER TABLE scoped_token RENAME TO token;

CREATE TABLE invitation (
    id TEXT PRIMARY KEY,
    code_hash BLOB NOT NULL UNIQUE,
    person TEXT COLLATE NOCASE,     -- the account it opens; null: it makes one
    role TEXT,
    site TEXT,
    language TEXT NOT NULL,
    way TEXT NOT NULL,              -- any, or telegram alone
    made_by TEXT COLLATE NOCASE,    -- null: at the server's command line
    made_s INTEGER NOT NULL,
    expires_s INTEGER NOT NULL,
    used_s INTEGER,
    used_by TEXT
) WITHOUT ROWID;

CREATE TABLE audit (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at_s INTEGER NOT NULL,
    actor TEXT COLLATE NOCASE,
    way TEXT NOT NULL,
    source TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT COLLATE NOCASE,
    site TEXT,
    detail TEXT NOT NULL            -- JSON object of scalars
);

CREATE INDEX audit_by_action ON audit (action, id);
ALTER TABLE bot_password ADD COLUMN site TEXT NOT NULL DEFAULT '*';
ALTER TABLE chat ADD COLUMN person TEXT COLLATE NOCASE
"""


def give_roles_per_site(connection: sqlite3.Connection) -> None:
    """Roles by site, scoped tokens, invitations, known devices, the audit; each chat gets an account.

    Who had a role has it at every site; who gave the bot password is a viewer.
    """
    for statement in _ROLES_PER_SITE.split(";\n"):
        connection.execute(statement)
    for telegram_id, name, language, joined_s in connection.execute(
        "SELECT telegram_id, name, language, joined_s FROM chat"
    ).fetchall():
        person = _free_name(connection, name)
        connection.execute("INSERT INTO person VALUES (?, ?, NULL, ?)", (person, language, joined_s))
        connection.execute("INSERT INTO site_role VALUES (?, '*', 'viewer')", (person,))
        connection.execute("UPDATE chat SET person = ? WHERE telegram_id = ?", (person, telegram_id))
    connection.execute("ALTER TABLE chat DROP COLUMN language")
    connection.execute("CREATE INDEX chat_by_person ON chat (person)")


def _free_name(connection: sqlite3.Connection, wanted: str) -> str:
    printable = "".join(letter for letter in wanted.replace("/", "-") if letter.isprintable())
    stem = printable.strip()[:56].strip() or "chat"
    name, number = stem, 1
    while connection.execute("SELECT 1 FROM person WHERE name = ?", (name,)).fetchone():
        number += 1
        name = f"{stem} {number}"
    return name


def remember_sites(connection: sqlite3.Connection) -> None:
    """Which of several sites a chat chose to look at."""
    connection.execute("ALTER TABLE chat ADD COLUMN site TEXT")


def add_contacts(connection: sqlite3.Connection) -> None:
    """Where people are told of alarms besides Telegram."""
    connection.execute(
        "CREATE TABLE contact (person TEXT NOT NULL PRIMARY KEY COLLATE NOCASE, contact TEXT NOT NULL) "
        "WITHOUT ROWID"
    )


MIGRATIONS = (create_people, create_guesses, give_roles_per_site, remember_sites, add_contacts)
