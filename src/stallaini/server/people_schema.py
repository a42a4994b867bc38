"""The tables of people, sessions, tokens and chats."""

from __future__ import annotations

import sqlite3

from stallaini.server import guesses

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


MIGRATIONS = (create_people, create_guesses)
