"""The disk of one machine: real SQLite files, and the states in which a power cut may leave them.

The programs' connections are tapped: before each statement the machine may die. A dead process goes on
with nothing, for its files are copied aside in the state the disk was in, and the machine goes on with the
copies. What a power cut leaves follows from what SQLite asks of a disk with synchronous=FULL: everything up
to the last commit that ended, and of the commit under way any of the 512-byte sectors it wrote, but none of
the database's before the log's, and none of the log's before its new header. Not modelled: sectors damaged
that were not written; a disk that writes out of order across a sync.
"""

from __future__ import annotations

import contextlib
import random
import shutil
import sqlite3
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from stallaini.ops.lab.seeding import replaced
from stallaini.ops.lab.timeline import ProcessLoop

_SECTOR_BYTES = 512
_WAL_HEADER_BYTES = 32
_WRITES = ("INSERT", "UPDATE", "DELETE", "REPLACE")
_PER_MILLE = 1000

Files = dict[str, bytes]
"""The contents of a folder by file name, SQLite's shared-memory files left out."""


class Commit(NamedTuple):
    """The state of one database after a commit, and the how manieth of this disk that was."""

    number: int
    files: Files


class Owner(Protocol):
    """The machine as its disk sees it."""

    @property
    def loop(self) -> ProcessLoop:
        """The running process."""

    def step(self, loop: ProcessLoop, *, commits: bool = False) -> bool:
        """A process is about to act; raises when it has died. True: the power goes during its commit."""

    def torn(self, left: Files) -> None:
        """The power went, and this is what is left; raises."""


class Disk:
    """One folder of files. `full` makes every commit fail; `unsynced` names a database that lies.

    Of the database `unsynced` the states after its last `keep` commits are kept, for a power cut to go
    back to.
    """

    def __init__(self, folder: Path, owner: Owner, chance: random.Random) -> None:
        self._base = folder
        self._owner = owner
        self._chance = chance
        self._generation = 0
        self.full = False
        self.unsynced: str | None = None
        self.commits = 0
        self._kept: deque[Commit] = deque()
        self.folder = folder / "0"
        self.folder.mkdir(parents=True)

    def keep_commits(self, name: str, number: int) -> None:
        """Keep the states after the last `number` commits of a database, to forget them one day."""
        self.unsynced = name
        self._kept = deque(self._kept, maxlen=max(number + 1, self._kept.maxlen or 0))

    def files(self, name: str | None = None) -> Files:
        """What is on the disk now, of one database or of all."""
        found = self.folder.iterdir() if name is None else (self.folder / name, self.folder / f"{name}-wal")
        return {path.name: path.read_bytes() for path in sorted(found) if _counts(path)}

    def go_on_with(self, files: Files) -> None:
        """Leave the folder to the dead process, and go on in a new one with these files."""
        self._generation += 1
        self.folder = self._base / str(self._generation)
        self.folder.mkdir()
        for name, data in files.items():
            (self.folder / name).write_bytes(data)

    def put_back(self, name: str, older: Files) -> Files:
        """What is on the disk now, but one database in an older state."""
        return {**{key: data for key, data in self.files().items() if not _is_of(key, name)}, **older}

    def forget(self, commits: int) -> tuple[int, Files]:
        """The state without the last commits of the database that lies, and the last commit that is left."""
        assert self.unsynced is not None
        wanted = max(0, len(self._kept) - 1 - commits)
        if not self._kept:
            return self.commits, self.files()
        left = self._kept[wanted]
        self._kept.clear()
        return left.number, self.put_back(self.unsynced, left.files)

    # -- told by the tapped connections

    def connect(self, path: Path, options: dict[str, Any]) -> sqlite3.Connection:
        """A tapped connection for the running process."""
        connection: Tapped = _ORIGINAL_CONNECT(path, factory=Tapped, **options)
        connection.tap = Tap(self, self._owner.loop, path.name)
        return connection

    def tear(self, make: Callable[[], sqlite3.Cursor]) -> None:
        """Make a commit during which the power goes."""
        before = self.files()
        make().fetchall()
        self._owner.torn(self._torn(before, self.files()))

    def commit(self, tap: Tap, make: Callable[[], sqlite3.Cursor]) -> sqlite3.Cursor:
        """Make a commit."""
        result = make()
        self.commits += 1
        if tap.name == self.unsynced:
            self._kept.append(Commit(self.commits, self.files(tap.name)))
        return result

    def step(self, tap: Tap, *, commits: bool = False) -> bool:
        """A process is about to use a connection; see `Owner.step`."""
        return self._owner.step(tap.loop, commits=commits)

    def _torn(self, before: Files, after: Files) -> Files:
        """`before` with a part of what `after` changed."""
        changed = [name for name in after if after[name] != before.get(name)]
        databases = [name for name in changed if not name.endswith("-wal")]
        left = {**before, **{name: after[name] for name in changed if name.endswith("-wal")}}
        for name in databases or changed:
            left[name] = self._some_sectors(before.get(name, b""), after[name])
        return left

    def _some_sectors(self, before: bytes, after: bytes) -> bytes:
        share = self._chance.random()
        left = bytearray(before)
        for start in range(0, len(after), _SECTOR_BYTES):
            sector = after[start : start + _SECTOR_BYTES]
            header = start == 0 and before[:_WAL_HEADER_BYTES] != after[:_WAL_HEADER_BYTES]
            if sector != before[start : start + _SECTOR_BYTES] and (header or self._chance.random() < share):
                left.extend(bytes(max(0, start + len(sector) - len(left))))
                left[start : start + len(sector)] = sector
        return bytes(left)


class Tap(NamedTuple):
    """Whose connection it is: the disk, the process, the database's file name."""

    disk: Disk
    loop: ProcessLoop
    name: str


class Tapped(sqlite3.Connection):
    """A connection that asks its machine before each statement."""

    tap: Tap | None = None
    _changes_before = 0

    def execute(self, sql: str, parameters: Any = (), /) -> sqlite3.Cursor:
        """Execute one statement, or die before it, or during its commit."""
        tap = self.tap
        if tap is None:
            return super().execute(sql, parameters)
        word = sql.lstrip().partition(" ")[0].upper()
        commits = self._commits(word)

        def make() -> sqlite3.Cursor:
            return super(Tapped, self).execute(sql, parameters)

        if tap.disk.step(tap, commits=commits):
            tap.disk.tear(make)
        if not commits:
            if word == "BEGIN":
                self._changes_before = self.total_changes
            return make()
        if tap.disk.full:
            self._fail_full()
        return tap.disk.commit(tap, make)

    def executemany(self, sql: str, parameters: Any, /) -> sqlite3.Cursor:
        """Execute a statement many times, or die before."""
        if self.tap is not None:
            self.tap.disk.step(self.tap)
        return super().executemany(sql, parameters)

    def _commits(self, word: str) -> bool:
        if word == "COMMIT":
            return self.total_changes != self._changes_before
        return word in _WRITES and not self.in_transaction

    def _fail_full(self) -> None:
        if self.in_transaction:
            super().execute("ROLLBACK")  # so does SQLite itself when the log cannot grow
        error = sqlite3.OperationalError("database or disk is full")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        error.sqlite_errorname = "SQLITE_FULL"
        raise error


_ORIGINAL_CONNECT = sqlite3.connect


@contextlib.contextmanager
def tapped(disks: Callable[[], list[Disk]]) -> Iterator[None]:
    """Until the end of the block connections to files in the disks' folders are tapped."""

    def connect(path: Any, **options: Any) -> sqlite3.Connection:
        for disk in disks():
            if isinstance(path, Path) and path.parent == disk.folder:
                return disk.connect(path, options)
        made: sqlite3.Connection = _ORIGINAL_CONNECT(path, **options)
        return made

    with replaced(sqlite3, "connect", connect):
        yield


def new_folder(folder: Path) -> Path:
    """The folder, empty."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _counts(path: Path) -> bool:
    return path.is_file() and not path.name.endswith("-shm")


def _is_of(file_name: str, database: str) -> bool:
    return file_name in (database, f"{database}-wal")
