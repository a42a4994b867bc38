"""The server's file: migrations, transactions, readers beside the writer."""

from __future__ import annotations

import asyncio
import sqlite3
import stat
import threading
from pathlib import Path

import pytest

from stallaini.errors import OperatorError
from stallaini.server.database import Database, connect, migrate


def make_cat(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE cat (name TEXT PRIMARY KEY)")


def add_tail(connection: sqlite3.Connection) -> None:
    connection.execute("ALTER TABLE cat ADD COLUMN tail INTEGER")


def break_half_way(connection: sqlite3.Connection) -> None:
    connection.execute("CREATE TABLE dog (name TEXT)")
    raise RuntimeError("half way")


def test_each_migration_runs_once_and_rooms_do_not_mix(tmp_path: Path) -> None:
    connection = connect(tmp_path / "server.db")
    for migrations in ([make_cat], [make_cat, add_tail], [make_cat, add_tail]):
        migrate(connection, "cats", migrations)
    migrate(connection, "people", [])
    connection.execute("INSERT INTO cat VALUES ('tom', 1)")
    connection.close()


def test_a_migration_that_fails_leaves_nothing_behind(tmp_path: Path) -> None:
    connection = connect(tmp_path / "server.db")
    with pytest.raises(RuntimeError, match="half way"):
        migrate(connection, "cats", [make_cat, break_half_way])
    tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    assert tables == {"migration", "cat"}
    migrate(connection, "cats", [make_cat, add_tail])
    connection.close()


def test_a_database_of_a_newer_program_is_refused(tmp_path: Path) -> None:
    connection = connect(tmp_path / "server.db")
    migrate(connection, "cats", [make_cat, add_tail])
    with pytest.raises(OperatorError, match=r"newer Stallaini.*add_tail"):
        migrate(connection, "cats", [make_cat])
    connection.close()


def test_the_file_and_what_belongs_to_it_are_for_its_owner_only(tmp_path: Path) -> None:
    connection = connect(tmp_path / "server.db")
    make_cat(connection)
    assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}
    assert len(list(tmp_path.iterdir())) == 3
    connection.close()


@pytest.mark.parametrize("where", ["missing/server.db", "junk.db"])
def test_a_file_that_cannot_be_used_is_told_to_the_operator(tmp_path: Path, where: str) -> None:
    (tmp_path / "junk.db").write_bytes(b"this is no database, whatever its name says" * 30)
    with pytest.raises(OperatorError, match="cannot use the database"):
        connect(tmp_path / where)


async def test_a_write_that_raises_is_undone(tmp_path: Path) -> None:
    database = Database(tmp_path / "server.db")
    await database.write(make_cat)

    def insert_and_raise(connection: sqlite3.Connection) -> None:
        connection.execute("INSERT INTO cat VALUES ('tom')")
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await database.write(insert_and_raise)
    assert await database.read(lambda db: db.execute("SELECT * FROM cat").fetchall()) == []
    database.close()


async def test_a_long_read_holds_up_no_write_and_sees_one_state(tmp_path: Path) -> None:
    database = Database(tmp_path / "server.db")
    await database.write(make_cat)
    reading, go_on = threading.Event(), threading.Event()

    def count_twice(connection: sqlite3.Connection) -> tuple[int, int]:
        before = connection.execute("SELECT COUNT(*) FROM cat").fetchone()[0]
        reading.set()
        assert go_on.wait(10)
        return before, connection.execute("SELECT COUNT(*) FROM cat").fetchone()[0]

    long_read = asyncio.create_task(database.read(count_twice))
    await asyncio.to_thread(reading.wait, 10)
    await asyncio.wait_for(database.write(lambda db: db.execute("INSERT INTO cat VALUES ('tom')")), 5)
    go_on.set()
    assert await long_read == (0, 0)
    database.close()


async def test_a_reader_cannot_write(tmp_path: Path) -> None:
    database = Database(tmp_path / "server.db")
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        await database.read(make_cat)
    database.close()
