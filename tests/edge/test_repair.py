"""Undated entries in the journal: they wait, and get their dates when the time becomes known."""

from __future__ import annotations

import sqlite3
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st
from tests.support.edge import BOOT, DESCRIPTION, NOON, NOON_S, describe, event, minute

from stallaini.clock import VirtualClock
from stallaini.edge.journal import Journal, Origin
from stallaini.edge.keeper import JournalKeeper
from stallaini.edge.repair import Boot, place
from stallaini.edge.rows import SCHEMA_VERSION
from stallaini.edge.timekeeper import Timekeeper
from stallaini.link.messages import Entry, Event, Minute, TimeQuality

DAY_S = 86_400
VALUES = (0, 0, 0, 0, 1, None)


def undated(number: int) -> Minute:
    """The minute that began `number` minutes after the boot."""
    return Minute(number, VALUES)


class Card:
    """A journal's file that goes through boots; each knows its time or not."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._boots = 0
        self.journal: Journal | None = None

    def boot(self, booted_s: float | None = None, same_boot: bool = False) -> Journal:
        """Start the program, in a new boot or again in the same; at 15 s of uptime."""
        if self.journal is not None:
            self.journal.close()
        self._boots += not same_boot
        origin = Origin(self._boots.to_bytes(8, "big"), DESCRIPTION.encode())
        self.clock = Timekeeper(VirtualClock(wall_s=15.0, monotonic_s=15.0, right=False))
        self.clock.remember(booted_s)
        self.journal = Journal(self.path, 10**8, self.clock, origin, 0)
        return self.journal

    def times(self) -> list[tuple[str, int]]:
        """What the journal holds: minutes after noon by their quality, seconds after noon of events."""
        assert self.journal is not None
        return [
            (entry.body.quality.name, entry.body.minute - NOON)
            if isinstance(entry.body, Minute)
            else (entry.body.kind, entry.body.at_s - NOON_S)
            for entry in self.journal.after(0)
        ]


def test_what_is_undated_waits_and_so_does_all_that_follows(tmp_path: Path) -> None:
    card = Card(tmp_path / "j")
    journal = card.boot(booted_s=NOON_S - 3600)
    journal.append([minute(-1)])
    journal = card.boot()
    journal.append([undated(1), Event(130, "edge.started")])
    batch = journal.batch()
    assert batch is not None
    assert batch.entries == [Entry(1, minute(-1))]
    journal.forget(1)
    assert (journal.batch(), journal.newest(0, 10), journal.unacked) == (None, [], True)
    assert (journal.last_minute, journal.has_minute(1), journal.opened_seq) == (None, True, 1)


def test_the_entries_of_the_boot_are_dated_once_its_time_is_known(tmp_path: Path) -> None:
    card = Card(tmp_path / "j")
    journal = card.boot()
    journal.append([undated(1), Event(130, "flag.raised")])
    journal = card.boot(same_boot=True)
    journal.append([undated(3)])
    card.clock.remember(NOON_S + 29.0)
    journal.repair()
    assert card.times() == [("REPAIRED", 1), ("flag.raised", 159), ("REPAIRED", 3)]
    batch = journal.batch()
    assert batch is not None
    assert len(batch.entries) == 3
    assert journal.last_minute == NOON + 3
    assert card.boot(same_boot=True).booted_s == NOON_S + 29.0, "a restarted program knows at once"


def test_a_boot_that_never_knew_is_put_between_its_neighbours_and_the_bounds_are_told(tmp_path: Path) -> None:
    card = Card(tmp_path / "j")
    card.boot(booted_s=NOON_S - 3600).append([minute(0)])
    card.boot().append([undated(0), undated(1), Event(130, "flag.raised")])
    journal = card.boot(booted_s=NOON_S + 3600)
    journal.append([event(3700)])
    assert card.times() == [
        ("EXACT", 0),
        ("BOUNDED", 1),
        ("BOUNDED", 2),
        ("flag.raised", 60 + 130),
        ("clock.bounded", 3615),
        ("flag.raised", 3700),
    ]
    bodies = [entry.body for entry in journal.after(0)]
    (told,) = [body for body in bodies if isinstance(body, Event) and body.kind == "clock.bounded"]
    assert told.data == {
        "from": NOON_S + 60,
        "to": NOON_S + 60 + 130,
        "minutes": 2,
        "earliest": NOON_S + 60,
        "latest": NOON_S + 3600,
    }


def test_the_machines_own_claim_is_believed_within_the_bounds(tmp_path: Path) -> None:
    for number, (claim_s, found) in enumerate(((1800, 30), (-9000, 1), (90_000, 58))):
        card = Card(tmp_path / str(number))
        card.boot(booted_s=NOON_S - 3600).append([minute(0)])
        unknown = Event(15, "clock.unknown", {"claimed_s": NOON_S + claim_s + 15})
        card.boot().append([unknown, undated(0), undated(1)])
        card.boot(booted_s=NOON_S + 3600).append([])
        assert [at for quality, at in card.times() if quality == "BOUNDED"] == [found, found + 1]


def test_without_any_earlier_date_a_boot_is_put_right_before_the_next(tmp_path: Path) -> None:
    card = Card(tmp_path / "j")
    card.boot().append([Event(15, "clock.unknown", {"claimed_s": 15}), undated(0), undated(1)])
    journal = card.boot(booted_s=NOON_S)
    journal.append([])
    assert [at for quality, at in card.times() if quality == "BOUNDED"] == [-2, -1]
    (told,) = [
        e.body for e in journal.after(0) if isinstance(e.body, Event) and e.body.kind == "clock.bounded"
    ]
    assert (told.data["earliest"], told.data["latest"]) == (None, NOON_S)


def test_a_minute_whose_place_is_taken_moves_a_little_or_is_left_out_and_told(tmp_path: Path) -> None:
    card = Card(tmp_path / "j")
    card.boot(booted_s=NOON_S - 3600).append([minute(number) for number in range(6)])
    journal = card.boot()
    journal.append([undated(number) for number in range(8)])
    card.clock.remember(NOON_S)
    journal.repair()
    repaired = [at for quality, at in card.times() if quality == "REPAIRED"]
    assert repaired == [6, 7, 8, 9]
    (told,) = [e.body for e in journal.after(0) if isinstance(e.body, Event)]
    assert (told.kind, told.data) == ("clock.overlap", {"minutes": 4})


BOOTS = st.lists(
    st.builds(
        lambda claim_s, length_s: Boot(
            None,
            [
                Entry(1, Event(10, "clock.unknown", {} if claim_s is None else {"claimed_s": claim_s + 10})),
                Entry(2, Event(length_s, "edge.stopped")),
            ],
        ),
        st.none() | st.integers(0, 2 * NOON_S),
        st.integers(10, 100_000),
    ),
    min_size=1,
    max_size=6,
)


@given(BOOTS, st.none() | st.integers(0, 900_000))
def test_boots_keep_their_order_and_their_bounds_and_never_overlap(
    boots: list[Boot], known_s: int | None
) -> None:
    after_s = None if known_s is None else NOON_S - 600_000 - known_s
    places = place(boots, after_s, NOON_S)
    end_s = after_s or 0
    for boot, placed in zip(boots, places, strict=True):
        assert placed.booted_s >= end_s
        end_s = int(placed.booted_s) + boot.to_s
        assert (placed.earliest_s is None) == (after_s is None)
        assert (placed.earliest_s or 0) <= placed.booted_s <= placed.latest_s
    assert end_s <= NOON_S
    lengths = [boot.to_s for boot in boots]
    assert [placed.latest_s for placed in places] == [NOON_S - sum(lengths[at:]) for at in range(len(boots))]
    if after_s is not None:
        assert [placed.earliest_s for placed in places] == [
            after_s + sum(lengths[:at]) for at in range(len(boots))
        ]


def test_a_journal_of_the_first_form_is_brought_up_to_date(tmp_path: Path) -> None:
    card = Card(tmp_path / "j")
    card.boot(booted_s=NOON_S).append([minute(0), event(70)])
    assert card.journal is not None
    card.journal.close()
    db = sqlite3.connect(tmp_path / "j")
    db.executescript(
        "DROP INDEX undated; ALTER TABLE entry DROP COLUMN quality; ALTER TABLE origin DROP COLUMN booted_s;"
        "PRAGMA user_version=1"
    )
    db.close()
    journal = card.boot()
    journal.append([undated(0)])
    assert card.times() == [("EXACT", 0), ("flag.raised", 70), ("EXACT", -NOON)]
    card.clock.remember(NOON_S + 600)
    journal.repair()
    assert card.times()[2] == ("REPAIRED", 10)
    assert sqlite3.connect(tmp_path / "j").execute("PRAGMA user_version").fetchone() == (SCHEMA_VERSION,)


def test_near_its_limit_undated_detail_is_thinned_too_and_dated_all_the_same(tmp_path: Path) -> None:
    origin = Origin(BOOT, DESCRIPTION.encode())
    clock = Timekeeper(VirtualClock(0.0, 0.0, right=False))
    journal = Journal(tmp_path / "j", 60_000, clock, origin, 0)
    for first in range(0, 1500, 10):
        journal.append([undated(number) for number in range(first, first + 10)])
    clock.remember(NOON_S + 100.0)
    journal.repair()
    minutes = [entry.body for entry in journal.after(0, 10_000) if isinstance(entry.body, Minute)]
    covered = [at for body in minutes for at in range(body.minute, body.minute + body.span_minutes)]
    assert covered == list(range(NOON + 2, NOON + 1502))
    assert {body.quality for body in minutes} == {TimeQuality.REPAIRED}


def test_what_is_saved_of_a_corrupt_journal_keeps_its_boots(tmp_path: Path) -> None:
    card = Card(tmp_path / "j")
    card.boot(booted_s=NOON_S - 3600).append([minute(0)])
    first = card.boot()
    for number in range(300):
        first.append([undated(number)])
    first.close()
    content = bytearray((tmp_path / "j").read_bytes())
    middle = len(content) // 2 // 1024 * 1024
    content[middle : middle + 1024] = b"\xa5" * 1024
    (tmp_path / "j").write_bytes(content)
    clock = Timekeeper(VirtualClock(15.0, 15.0, right=False))
    keeper = JournalKeeper(tmp_path / "j", 10**8, clock, Origin(b"\x09" * 8, DESCRIPTION.encode()))
    assert keeper.last_minute is None
    clock.remember(NOON_S + 100_000)
    keeper.repair()
    bounded = []
    while (found := keeper.next_batch()) is not None:
        keeper.forget(found[0], found[1].entries[-1].seq)
        bodies = [entry.body for entry in found[1].entries if isinstance(entry.body, Minute)]
        bounded += [body.minute - NOON for body in bodies if body.quality is TimeQuality.BOUNDED]
    assert len(bounded) > 200
    assert bounded[0] == 1
    assert bounded == sorted(set(bounded))


def test_entries_of_another_description_are_dated_with_the_rest(tmp_path: Path) -> None:
    clock = Timekeeper(VirtualClock(15.0, 15.0, right=False))
    before = Journal(tmp_path / "j", 10**8, clock, Origin(BOOT, describe("renamed").encode()))
    before.append([undated(0)])
    before.close()
    journal = Journal(tmp_path / "j", 10**8, clock, Origin(BOOT, DESCRIPTION.encode()))
    journal.append([undated(1)])
    clock.remember(NOON_S)
    journal.repair()
    assert [entry.body for entry in journal.after(0)] == [
        Minute(NOON + number, VALUES, quality=TimeQuality.REPAIRED) for number in range(2)
    ]


def test_what_is_dropped_undated_does_not_stretch_the_named_gap_to_1970(tmp_path: Path) -> None:
    clock = Timekeeper(VirtualClock(0.0, 0.0, right=False))
    journal = Journal(tmp_path / "j", 60_000, clock, Origin(BOOT, DESCRIPTION.encode()), 0)
    for first in range(0, 4000, 20):
        journal.append(
            [Event(number, "flag.raised", {"channel": "x" * 60}) for number in range(first, first + 20)]
        )
    dropped = [body for body in (e.body for e in journal.after(0, 9999)) if isinstance(body, Event)]
    (note,) = [event for event in dropped if event.kind == "journal.dropped"]
    assert (note.data["from"], note.data["to"]) == (None, None)
    assert int(note.data["events"] or 0) > 1000
