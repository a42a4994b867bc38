"""The simulated disk: whatever a power cut leaves, SQLite finds a whole number of commits in it."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stallaini.ops.lab.disk import Disk, Files, tapped
from stallaini.ops.lab.timeline import ProcessLoop, Timeline
from stallaini.ops.lab.trials import work_folder

_PAIRS = 15


class PowerCut(BaseException):
    pass


class Owner:
    """A machine that loses power at a commit, or before a statement, counted from now."""

    def __init__(self) -> None:
        self.loop = ProcessLoop(Timeline(), lambda _: None)
        self.commits_left = 10**6
        self.left: Files | None = None

    def step(self, loop: ProcessLoop, *, commits: bool = False) -> bool:
        self.commits_left -= commits
        return commits and self.commits_left < 0

    def torn(self, left: Files) -> None:
        self.left = left
        raise PowerCut


def _open(disk: Disk) -> sqlite3.Connection:
    connection = sqlite3.connect(disk.folder / "some.db", isolation_level=None)
    for pragma in ("page_size=1024", "journal_mode=WAL", "synchronous=FULL", "wal_autocheckpoint=4"):
        connection.execute(f"PRAGMA {pragma}")
    return connection


def _commit(connection: sqlite3.Connection, number: int) -> None:
    """Write `number` + 1 into two rows that lie on pages of their own."""
    connection.execute("BEGIN IMMEDIATE")
    connection.execute("UPDATE t SET n = ? WHERE id = ?", (number + 1, number))
    connection.execute("UPDATE t SET n = ? WHERE id = ?", (number + 1, number + _PAIRS))
    connection.execute("COMMIT")


def _found(disk: Disk) -> list[int]:
    """The commits that are there."""
    connection = _open(disk)
    assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    values = [n for (n,) in connection.execute("SELECT n FROM t ORDER BY id")]
    assert values[:_PAIRS] == values[_PAIRS:], "half of a commit"
    return [n - 1 for n in values[:_PAIRS] if n]


def _disk(folder: Path, owner: Owner, seed: int) -> Disk:
    disk = Disk(folder, owner, random.Random(seed))
    connection = sqlite3.connect(disk.folder / "some.db")
    connection.execute("PRAGMA page_size=1024")
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, data BLOB)")
    rows = [(number, 0, bytes(900)) for number in range(2 * _PAIRS)]
    connection.executemany("INSERT INTO t VALUES (?, ?, ?)", rows)
    connection.commit()
    connection.close()
    return disk


@settings(max_examples=80)
@given(commits=st.integers(0, 12), seed=st.integers(0, 10**6))
def test_a_power_cut_leaves_all_commits_but_perhaps_the_one_under_way(commits: int, seed: int) -> None:
    owner = Owner()
    with work_folder() as folder:
        disk = _disk(folder, owner, seed)
        with tapped(lambda: [disk]):
            connection = _open(disk)
            owner.commits_left = commits
            for number in range(commits):
                _commit(connection, number)
            with pytest.raises(PowerCut):
                _commit(connection, commits)
            assert owner.left is not None
            disk.go_on_with(owner.left)
            owner.commits_left = 10**6
            found = _found(disk)
    assert found in (list(range(commits)), list(range(commits + 1)))


def test_a_commit_under_way_is_there_sometimes_and_sometimes_not(tmp_path: Path) -> None:
    kept = []
    for seed in range(20):
        owner = Owner()
        disk = _disk(tmp_path / str(seed), owner, seed)
        with tapped(lambda disk=disk: [disk]):  # type: ignore[misc]
            connection = _open(disk)
            owner.commits_left = 0
            with pytest.raises(PowerCut):
                _commit(connection, 0)
            assert owner.left is not None
            disk.go_on_with(owner.left)
            owner.commits_left = 10**6
            kept.append(len(_found(disk)))
    assert set(kept) == {0, 1}


def test_a_disk_that_lied_goes_back_by_whole_commits(tmp_path: Path) -> None:
    disk = _disk(tmp_path / "disk", Owner(), 1)
    disk.keep_commits("some.db", 3)
    with tapped(lambda: [disk]):
        connection = _open(disk)
        for number in range(10):
            _commit(connection, number)
        last_commit, left = disk.forget(3)
        disk.go_on_with(left)
        assert _found(disk) == list(range(7))
    assert last_commit == 7


def test_a_full_disk_undoes_a_commit_and_takes_the_next_one_when_there_is_room(tmp_path: Path) -> None:
    disk = _disk(tmp_path / "disk", Owner(), 1)
    with tapped(lambda: [disk]):
        connection = _open(disk)
        disk.full = True
        with pytest.raises(sqlite3.OperationalError, match="full") as failure:
            _commit(connection, 0)
        assert failure.value.sqlite_errorcode == sqlite3.SQLITE_FULL
        assert not connection.in_transaction
        assert connection.execute("SELECT MAX(n) FROM t").fetchone() == (0,), "reading goes on"
        disk.full = False
        _commit(connection, 1)
        assert _found(disk) == [1]
