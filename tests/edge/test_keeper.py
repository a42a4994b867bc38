"""A card that fails is an event, never a crash, and no number ever means two things to the server."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.edge import NOON, NOON_S, ORIGIN, clock_at_noon, event, minute

from stallaini.clock import VirtualClock
from stallaini.edge.journal import Journal
from stallaini.edge.keeper import JournalKeeper
from stallaini.edge.timekeeper import Timekeeper
from stallaini.link.messages import Event, Minute, TimeQuality


def open_keeper(path: Path, spare_bytes: int = 10**6) -> JournalKeeper:
    return JournalKeeper(path, 10**8, clock_at_noon(), ORIGIN, kept_acked=0, spare_bytes=spare_bytes)


@contextmanager
def full_disk(keeper: JournalKeeper) -> Iterator[None]:
    """SQLite's own "database or disk is full", as long as the block lasts."""
    db = keeper._disk._db  # type: ignore[union-attr]
    pages = db.execute("PRAGMA page_count").fetchone()[0]
    db.execute(f"PRAGMA max_page_count={pages}")
    try:
        yield
    finally:
        db.execute("PRAGMA max_page_count=1073741823")


def deliver_all(keeper: JournalKeeper) -> list[tuple[bytes, int, Minute | Event]]:
    """What a server gets to see, everything acknowledged at once: (journal id, number, body)."""
    seen = []
    while (found := keeper.next_batch()) is not None:
        journal, batch = found
        seen += [(journal.journal_id, entry.seq, entry.body) for entry in batch.entries]
        journal.sent_seq = batch.entries[-1].seq
        keeper.forget(journal, journal.sent_seq)
    return seen


def kinds(bodies: list[Minute | Event]) -> list[str]:
    return [body.kind if isinstance(body, Event) else "minute" for body in bodies]


def fill(keeper: JournalKeeper, first: int, count: int) -> None:
    for number in range(first, first + count):
        keeper.append([minute(number)])


def test_on_a_full_disk_entries_stay_in_ram_and_go_to_the_card_when_there_is_room(tmp_path: Path) -> None:
    keeper = open_keeper(tmp_path / "j")
    fill(keeper, 0, 3)
    with full_disk(keeper):
        fill(keeper, 3, 200)
    fill(keeper, 203, 1)
    assert len(deliver_all(keeper)) == 206
    keeper.close()
    bodies = [entry.body for entry in Journal(tmp_path / "j", 10**8, clock_at_noon(), ORIGIN).after(0)]
    held = sorted(body.minute for body in bodies if isinstance(body, Minute))
    assert held == [minute(number).minute for number in range(204)]
    assert [kind for kind in kinds(bodies) if kind != "minute"] == ["journal.failed", "journal.recovered"]
    recovered = bodies[-1]
    assert isinstance(recovered, Event)
    assert recovered.data["to"] == minute(203).minute * 60, "it names the time that was only in RAM"
    assert minute(3).minute * 60 <= int(recovered.data["from"] or 0) < int(recovered.data["to"] or 0)


def test_on_a_full_disk_delivery_goes_on_and_nothing_is_delivered_twice(tmp_path: Path) -> None:
    keeper = open_keeper(tmp_path / "j")
    fill(keeper, 0, 3)
    with full_disk(keeper):
        fill(keeper, 3, 100)
        seen = deliver_all(keeper)
        fill(keeper, 103, 10)
    fill(keeper, 113, 2)
    seen += deliver_all(keeper)
    assert [body for *_, body in seen if isinstance(body, Minute)] == [
        minute(number) for number in range(115)
    ]
    assert len({(journal, seq) for journal, seq, _ in seen}) == len(seen)


def test_an_entry_that_may_have_reached_the_server_is_not_given_a_second_number(tmp_path: Path) -> None:
    keeper = open_keeper(tmp_path / "j")
    with full_disk(keeper):
        fill(keeper, 0, 100)
        deliver_all_but = keeper.current
        spare = keeper._spare
        assert spare is not None
        spare.sent_seq = spare.last_seq
    fill(keeper, 100, 1)
    assert deliver_all_but is not spare
    seen = deliver_all(keeper)
    assert sorted(body.minute for *_, body in seen if isinstance(body, Minute)) == [
        minute(number).minute for number in range(101)
    ]


def test_ram_is_bounded_too(tmp_path: Path) -> None:
    keeper = open_keeper(tmp_path / "j", spare_bytes=40_000)
    fill(keeper, 0, 1)
    with full_disk(keeper):
        fill(keeper, 1, 3000)
        assert keeper.next_batch() is not None
        spare = keeper._spare
        assert spare is not None
        assert {"journal.failed", "journal.thinned"} & set(kinds([entry.body for entry in spare.after(0)]))


@pytest.mark.parametrize("damage", [b"rubbish" * 3000, b"SQLite format 3\x00" + b"\xff" * 4000])
def test_a_corrupt_file_is_set_aside_and_a_new_journal_begun(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "j").write_bytes(damage)
    keeper = open_keeper(tmp_path / "j")
    fill(keeper, 0, 2)
    assert (tmp_path / "j.corrupt").read_bytes() == damage
    assert kinds([body for *_, body in deliver_all(keeper)]) == ["journal.set_aside", "minute", "minute"]


def test_what_can_be_read_of_a_damaged_journal_is_saved(tmp_path: Path) -> None:
    journal = Journal(tmp_path / "j", 10**8, clock_at_noon(), ORIGIN)
    for number in range(400):
        journal.append([minute(number)])
        journal.forget(100)
    journal.close()
    old_id = journal.journal_id
    content = bytearray((tmp_path / "j").read_bytes())
    middle = len(content) // 2 // 1024 * 1024
    content[middle : middle + 1024] = b"\xa5" * 1024
    (tmp_path / "j").write_bytes(content)
    keeper = open_keeper(tmp_path / "j")
    seen = deliver_all(keeper)
    saved = [body.minute for *_, body in seen if isinstance(body, Minute)]
    assert {journal_id for journal_id, *_ in seen}.isdisjoint({old_id})
    assert len(saved) == len(set(saved))
    assert 250 < len(saved) < 300, "all but the damaged page's, and none the server had"


def test_a_journal_damaged_while_in_use_is_replaced_without_losing_the_new_entry(tmp_path: Path) -> None:
    keeper = open_keeper(tmp_path / "j")
    fill(keeper, 0, 300)
    db = sqlite3.connect(tmp_path / "j")
    db.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    db.close()
    (tmp_path / "j").write_bytes(b"\x00" * (tmp_path / "j").stat().st_size)
    fill(keeper, 300, 5)
    seen = deliver_all(keeper)
    assert "journal.set_aside" in kinds([body for *_, body in seen])
    assert {minute(number) for number in range(300, 305)} <= {
        body for *_, body in seen if isinstance(body, Minute)
    }


def test_a_folder_that_cannot_be_written_is_no_crash(tmp_path: Path) -> None:
    keeper = open_keeper(tmp_path / "missing" / "j")
    keeper.append([minute(0)], memory=b"note")
    (tmp_path / "missing").mkdir()
    keeper.append([event(1)])
    keeper.close()
    journal = Journal(tmp_path / "missing" / "j", 10**8, clock_at_noon(), ORIGIN)
    assert kinds([entry.body for entry in journal.after(0)]) == [
        "flag.raised",
        "journal.failed",
        "minute",
        "journal.recovered",
    ]
    assert journal.memory == b"note"


def test_simulated_history_needs_no_file() -> None:
    keeper = JournalKeeper(None, 10**8, clock_at_noon(), ORIGIN)
    fill(keeper, 0, 3)
    assert kinds([body for *_, body in deliver_all(keeper)]) == ["minute"] * 3


def test_dates_that_a_full_card_cannot_take_are_given_when_it_can(tmp_path: Path) -> None:
    clock = Timekeeper(VirtualClock(15.0, 15.0, right=False))
    keeper = JournalKeeper(tmp_path / "j", 10**8, clock, ORIGIN, kept_acked=0)
    for number in range(400):
        keeper.append([Minute(number, (0,) * 6)])
    with full_disk(keeper):
        for number in range(400, 600):
            keeper.append([Minute(number, (0,) * 6)])
        clock.remember(NOON_S)
        keeper.repair()
        keeper.append([minute(700)])
    keeper.append([minute(701)])
    seen = [body for *_, body in deliver_all(keeper) if isinstance(body, Minute)]
    assert sorted(body.minute - NOON for body in seen) == [*range(600), 700, 701]
    repaired = [body for body in seen if body.quality is TimeQuality.REPAIRED]
    assert len(repaired) == 600
