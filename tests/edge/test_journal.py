"""The journal keeps what it took: over restarts, kills and a limit far too small."""

from __future__ import annotations

import itertools
import random
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.support.edge import (
    BOOT,
    NOON,
    NOON_S,
    ORIGIN,
    clock_at_noon,
    describe,
    event,
    minute,
    open_journal,
)

from stallaini.edge.journal import Journal, Origin
from stallaini.edge.rows import CorruptJournal
from stallaini.errors import OperatorError
from stallaini.link.messages import Entry, Event, Minute


def test_what_was_appended_is_there_after_reopening(tmp_path: Path) -> None:
    bodies: list[Minute | Event] = [minute(0, 17), event(1), minute(1, -3)]
    journal = open_journal(tmp_path / "j")
    appended = journal.append(bodies)
    journal.close()
    again = open_journal(tmp_path / "j")
    assert again.after(0) == appended == [Entry(seq, body) for seq, body in enumerate(bodies, 1)]
    assert again.journal_id == journal.journal_id


def test_numbers_never_repeat_even_when_all_was_forgotten(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "j")
    for number in range(5):
        journal.append([minute(number)])
        journal.forget(journal.last_seq)
    journal.append([event(9)])
    journal.forget(journal.last_seq)
    journal.append([event(10)])
    journal.close()
    again = open_journal(tmp_path / "j")
    first, second = (entry.seq for entry in again.append([minute(6), minute(7)]))
    assert 7 + 64 < first <= 7 + 4096, "the card may have forgotten that it gave some"
    assert second == first + 1


def test_an_acknowledged_entry_is_forgotten_and_not_sent_again_after_a_restart(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "j")
    journal.append([minute(number) for number in range(4)])
    journal.forget(3)
    journal.append([minute(4)])
    journal.close()
    again = open_journal(tmp_path / "j")
    batch = again.batch()
    assert batch is not None
    assert [entry.seq for entry in batch.entries] == [4, 5]
    assert [entry.seq for entry in again.after(0)] == [3, 4, 5], "the base stays"


def test_the_base_is_the_newest_acknowledged_minute(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "j")
    journal.append([minute(0), minute(1), event(0), minute(2)])
    journal.forget(3)
    batch = journal.batch()
    assert batch is not None
    assert (batch.after_seq, batch.base) == (3, Entry(2, minute(1)))


def test_acknowledged_entries_stay_a_while_for_a_server_restored_from_a_backup(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "j", kept_acked=80)
    for number in range(200):
        journal.append([minute(number)])
        journal.forget(journal.last_seq)
    assert 80 <= len(journal.after(0)) <= 85
    assert journal.rewind(150) is None
    batch = journal.batch()
    assert batch is not None
    assert [entry.seq for entry in batch.entries] == list(range(151, 201))


def test_rewinding_further_than_the_journal_reaches_names_what_is_missing_once(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "j")
    journal.append([minute(number) for number in range(10)])
    journal.forget(8)
    journal.append([minute(10)])
    lost = journal.rewind(3)
    assert lost == Event(NOON_S, "journal.lost", {"after_seq": 3, "upto_seq": 7, "to": (NOON + 7) * 60})
    assert journal.acked_seq == 7
    assert journal.rewind(3) is None


def test_a_batch_never_mixes_descriptions_or_boots(tmp_path: Path) -> None:
    changed = Origin(BOOT, describe("renamed").encode())
    journal = open_journal(tmp_path / "j")
    journal.append([minute(0), minute(1)])
    journal.close()
    journal = Journal(tmp_path / "j", 10**8, clock_at_noon(), changed)
    journal.append([minute(2)])
    batch = journal.batch()
    assert batch is not None
    assert (batch.origin, len(batch.entries)) == (ORIGIN, 2)
    journal.forget(2)
    batch = journal.batch()
    assert batch is not None
    assert (batch.origin, len(batch.entries), batch.base) == (changed, 1, None)


def test_an_origin_no_entry_refers_to_is_cleared_away(tmp_path: Path) -> None:
    for boot in range(20):
        journal = Journal(tmp_path / "j", 10**8, clock_at_noon(), Origin(bytes([boot] * 8), b"x"), 0)
        journal.forget(journal.last_seq)
        journal.append([event(boot)])
        journal.close()
    db = sqlite3.connect(tmp_path / "j")
    assert db.execute("SELECT count(*) FROM origin").fetchone()[0] <= 3


def test_the_journal_knows_which_minutes_it_has(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "j")
    journal.append([minute(0), Minute(NOON + 3, (0,) * 6, span_minutes=4)])
    journal.close()
    again = open_journal(tmp_path / "j")
    held = [number for number in range(9) if again.has_minute(NOON + number)]
    assert (held, again.last_minute) == ([0, 3, 4, 5, 6], NOON + 6)


def test_the_note_for_the_next_start_is_kept_with_the_entries(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "j")
    journal.append([event(0)], memory=b"alarm raised")
    journal.close()
    assert open_journal(tmp_path / "j").memory == b"alarm raised"


def test_an_old_copy_of_the_card_takes_a_new_id_and_keeps_what_is_not_acknowledged(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "j")
    before = journal.journal_id
    journal.append([minute(number) for number in range(5)])
    journal.forget(3)
    renewed = journal.renew()
    assert journal.journal_id != before
    assert journal.after(0) == [Entry(1, minute(3)), Entry(2, minute(4))]
    assert renewed.data == {"to": (NOON + 3) * 60}, "what is acknowledged cannot be sent again"
    journal.append([minute(5)])
    journal.close()
    assert [entry.seq for entry in open_journal(tmp_path / "j").after(0)] == [1, 2, 3]


def test_a_start_leaves_out_numbers_but_no_entries_that_are_kept(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "j", kept_acked=40)
    for number in range(100):
        if number % 10 == 0:
            journal.close()
            journal = open_journal(tmp_path / "j", kept_acked=40)
        journal.append([minute(number)])
        journal.forget(journal.last_seq)
    held = [entry.body for entry in journal.after(0)]
    assert held[-40:] == [minute(number) for number in range(60, 100)]
    assert len(held) < 45


def test_near_its_limit_the_oldest_detail_is_thinned_and_an_event_says_so(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "j", max_bytes=60_000)
    for number in range(1500):
        journal.append([minute(number, number)])
    held = journal.after(0, 10_000)
    notes = [entry.body for entry in held if isinstance(entry.body, Event)]
    minutes = [entry.body for entry in held if isinstance(entry.body, Minute)]
    assert {note.kind for note in notes} == {"journal.thinned"}
    covered = [at for body in minutes for at in range(body.minute, body.minute + body.span_minutes)]
    assert covered == list(range(NOON, NOON + 1500)), "thinned, but nothing missing, nothing doubled"
    assert minutes[0] == Minute(NOON, (7, -1, 15, 4986, 1, None), span_minutes=15)
    assert minutes[-1].span_minutes == 1
    thinned = [body for body in minutes if body.span_minutes > 1]
    assert sum(int(note.data["minutes"] or 0) for note in notes) == sum(body.span_minutes for body in thinned)
    assert sum(int(note.data["kept"] or 0) for note in notes) == len(thinned)


def test_when_all_is_thinned_the_oldest_go_and_the_gap_is_named(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "j", max_bytes=60_000)
    total = 20_000
    for first in range(0, total, 20):
        journal.append([minute(number, number) for number in range(first, first + 20)])
    held = journal.after(0, 10_000)
    drops = [e.body for e in held if isinstance(e.body, Event) and e.body.kind == "journal.dropped"]
    minutes = [entry.body for entry in held if isinstance(entry.body, Minute)]
    assert (
        sum(int(drop.data["minutes"] or 0) for drop in drops) + sum(m.span_minutes for m in minutes) == total
    )
    assert len(drops) == 1, "one note says it all"
    assert min(int(drop.data["from"] or 0) for drop in drops) == NOON_S
    assert max(int(drop.data["to"] or 0) for drop in drops) == minutes[0].minute * 60
    assert (tmp_path / "j").stat().st_size <= 60_000


def test_a_journal_of_nothing_but_events_is_bounded_too(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "j", max_bytes=60_000)
    for first in range(0, 4000, 20):
        journal.append([event(number) for number in range(first, first + 20)])
    held = [entry.body for entry in journal.after(0, 10_000) if isinstance(entry.body, Event)]
    dropped = [body for body in held if body.kind == "journal.dropped"]
    assert len(dropped) == 1
    assert dropped[0].data["events"] == 4000 - (len(held) - 1)
    assert (tmp_path / "j").stat().st_size <= 60_000


def test_what_may_have_reached_the_server_is_not_thinned_under_its_hands(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "j", max_bytes=60_000)
    journal.append([minute(number) for number in range(60)])
    journal.sent_seq = 40
    for number in range(60, 1500):
        journal.append([minute(number)])
    assert [entry.seq for entry in journal.after(0, 41)][:40] == list(range(1, 41))


def test_acknowledged_entries_go_before_anything_is_thinned(tmp_path: Path) -> None:
    journal = open_journal(tmp_path / "j", max_bytes=100_000, kept_acked=10**6)
    for number in range(5000):
        journal.append([minute(number)])
        journal.forget(journal.last_seq)
    assert all(
        isinstance(entry.body, Minute) and entry.body.span_minutes == 1 for entry in journal.after(0, 9999)
    )
    assert (tmp_path / "j").stat().st_size <= 100_000


def test_a_damaged_file_is_told_from_a_journal(tmp_path: Path) -> None:
    (tmp_path / "j").write_bytes(b"no journal at all" * 500)
    with pytest.raises((CorruptJournal, sqlite3.DatabaseError)):
        open_journal(tmp_path / "j")


def test_the_journal_of_a_newer_program_is_left_alone(tmp_path: Path) -> None:
    open_journal(tmp_path / "j").close()
    db = sqlite3.connect(tmp_path / "j")
    db.execute("PRAGMA user_version=99")
    db.close()
    with pytest.raises(OperatorError, match="newer"):
        open_journal(tmp_path / "j")


WRITER = """
import sys
from pathlib import Path
from tests.support.edge import event, minute, open_journal

journal = open_journal(Path(sys.argv[1]), max_bytes=10**6, kept_acked=20)
while True:
    number = journal.last_seq
    journal.append([minute(number), event(number)])
    print(journal.last_seq, flush=True)
    journal.forget(journal.last_seq - 30)
"""


def test_every_append_that_returned_survives_kill_9(tmp_path: Path) -> None:
    chance, path = random.Random(7), tmp_path / "j"
    returned = 0
    for _ in range(6):
        writer = subprocess.Popen(
            [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True, cwd=Path.cwd()
        )
        assert writer.stdout is not None
        first = writer.stdout.readline()
        assert int(first) > returned, "numbers go on, never back"
        time.sleep(chance.uniform(0, 0.15))
        writer.kill()
        lines = [first, *writer.stdout.read().splitlines(keepends=True)]
        writer.wait()
        returned = max(int(line) for line in lines if line.endswith("\n"))
        journal = open_journal(path, kept_acked=20)
        held = journal.after(0, 10**6)
        journal.close()
        follow = list(itertools.pairwise(held))
        steps = {after.seq - before.seq for before, after in follow}
        assert all(step == 1 or 64 < step <= 4096 for step in steps), "a start leaves out some"
        assert held[0].seq <= max(1, returned - 30)
        assert held[-1].seq >= returned
        assert all(
            after.body == minute(before.seq) for before, after in follow if isinstance(after.body, Minute)
        )
        returned = held[-1].seq
