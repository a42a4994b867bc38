"""The inbox: what it says is kept is kept, whatever happens to the program and to the file."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from tests.support.command_edge import ID, command

from stallaini.edge.inbox import Inbox, Kept
from stallaini.errors import OperatorError
from stallaini.link.commands import DONE, refused

BOOT = b"bootboot"


def kept(number: int) -> Kept:
    return Kept(command(number, minutes=number, label="x", wish=None, sure=True), BOOT, at_once=True)


def numbers(found: list[Kept]) -> list[int]:
    return [one.command.id - ID for one in found]


def test_everything_is_there_after_a_restart(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "i")
    inbox.keep([kept(n) for n in range(4)])
    inbox.act(ID + 1)
    inbox.end(ID + 2, refused("no"))
    inbox.end(ID + 3, DONE)
    inbox.tell(ID + 3)
    again = Inbox(tmp_path / "i")
    assert [again.get(ID + n) for n in range(4)] == [inbox.get(ID + n) for n in range(4)]
    assert again.get(ID) == kept(0)
    assert numbers(again.open()) == [0, 1]
    assert numbers(again.untold()) == [2]


def test_of_several_commands_all_are_kept_or_none(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "i")
    inbox.keep([kept(1)])
    with pytest.raises(sqlite3.IntegrityError):
        inbox.keep([kept(2), kept(1)])
    assert inbox.highest_id == ID + 1
    assert Inbox(tmp_path / "i").highest_id == ID + 1


def test_old_ends_go_but_never_the_highest_id_nor_what_is_open_or_untold(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "i", kept_ended=3)
    inbox.keep([kept(0), kept(1)])
    inbox.end(ID + 1, DONE)
    for n in range(2, 12):
        inbox.keep([kept(n)])
        inbox.end(ID + n, DONE)
        inbox.tell(ID + n)
    assert numbers(inbox.open()) == [0]
    assert numbers(inbox.untold()) == [1]
    assert [n for n in range(12) if inbox.get(ID + n)] == [0, 1, 9, 10, 11]
    again = Inbox(tmp_path / "i")
    assert [n for n in range(12) if again.get(ID + n)] == [0, 1, 9, 10, 11]


def test_a_full_disk_is_told_and_changes_nothing(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "i")
    inbox.keep([kept(0)])
    limit_pages(inbox)
    with pytest.raises(sqlite3.OperationalError):
        inbox.keep([kept(n) for n in range(1, 200)])
    assert inbox.highest_id == ID
    assert Inbox(tmp_path / "i").highest_id == ID


def test_a_corrupt_file_is_set_aside(tmp_path: Path) -> None:
    (tmp_path / "i").write_bytes(b"SQLite format 3\0" + b"rubbish" * 1000)
    inbox = Inbox(tmp_path / "i")
    assert inbox.set_aside == "i.corrupt"
    assert (tmp_path / "i.corrupt").exists()
    inbox.keep([kept(0)])
    assert Inbox(tmp_path / "i").highest_id == ID


def test_a_row_that_cannot_be_read_is_corrupt_too(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "i")
    inbox.keep([kept(0)])
    inbox.close()
    db = sqlite3.connect(tmp_path / "i")
    db.execute("UPDATE command SET data = x'c1'")
    db.commit()
    db.close()
    assert Inbox(tmp_path / "i").set_aside == "i.corrupt"


def test_a_file_that_cannot_be_opened_is_tried_again(tmp_path: Path) -> None:
    inbox = Inbox(tmp_path / "later" / "i")
    assert not inbox.usable()
    with pytest.raises(sqlite3.OperationalError):
        inbox.keep([kept(0)])
    (tmp_path / "later").mkdir()
    assert inbox.usable()
    inbox.keep([kept(0)])


def test_the_file_of_a_newer_program_is_left_alone(tmp_path: Path) -> None:
    Inbox(tmp_path / "i").close()
    db = sqlite3.connect(tmp_path / "i")
    db.execute("PRAGMA user_version = 2")
    db.close()
    with pytest.raises(OperatorError, match="install the newer"):
        Inbox(tmp_path / "i")


def limit_pages(inbox: Inbox) -> None:
    """Let the file grow no further, as on a full disk."""
    assert inbox._db is not None
    (pages,) = inbox._db.execute("PRAGMA page_count").fetchone()
    inbox._db.execute(f"PRAGMA max_page_count = {pages}")
