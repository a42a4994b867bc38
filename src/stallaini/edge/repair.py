"""Entries that were journaled before the time was known get theirs, once it is.

Those of a boot whose monotonic zero is known are dated from there. A boot that never knew the time lies
between its neighbours: after the last dated entry before it, before the next boot that knew. Within these
bounds the claim of the machine's own clock is believed, which after a power cut is often near the truth.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby
from typing import NamedTuple

from stallaini.edge.minutes import BEHIND_MINUTES, nearest_minute
from stallaini.edge.ranges import MinuteRanges
from stallaini.edge.rows import ENTRY_COLUMNS, body_row, entry_of, select_entries
from stallaini.edge.timekeeper import CLAIMED, EARLIEST_S
from stallaini.link.messages import Entry, Event, Minute, Scalar, TimeQuality

BOUNDED, LEFT_OUT = "clock.bounded", "clock.overlap"
_LATEST_EVENTS = 16


class Note(NamedTuple):
    """An event to come: its kind and its data."""

    kind: str
    data: dict[str, Scalar]


@dataclass
class Boot:
    """One boot's undated entries, oldest first; `booted_s` is its Unix time of monotonic zero, if known."""

    booted_s: float | None
    entries: list[Entry] = field(default_factory=list)

    @property
    def from_s(self) -> int:
        """Seconds from the boot to the begin of its first entry here."""
        return min(_stretch(entry.body)[0] for entry in self.entries)

    @property
    def to_s(self) -> int:
        """Seconds from the boot to the end of its last entry here."""
        return max(_stretch(entry.body)[1] for entry in self.entries)

    @property
    def claimed_s(self) -> int | None:
        """Unix time of the boot as the machine's clock had it when it was looked at last."""
        events = [entry.body for entry in self.entries if isinstance(entry.body, Event)]
        for event in reversed(events):
            claim = event.data.get(CLAIMED)
            if isinstance(claim, int):
                return claim - event.at_s
        return None


class Place(NamedTuple):
    """Where a boot is put: its begin, and the earliest and latest it can have been; None: no bound known."""

    booted_s: float
    earliest_s: float | None
    latest_s: float


def place(boots: Sequence[Boot], after_s: float | None, before_s: float) -> list[Place]:
    """Where each boot lies, in their order, none over another, all between two instants (Unix seconds)."""
    places = []
    earliest_s = floor_s = after_s
    for boot, latest_s in zip(boots, _latest(boots, before_s), strict=True):
        if boot.booted_s is not None:
            places.append(Place(boot.booted_s, boot.booted_s, boot.booted_s))
            earliest_s = floor_s = boot.booted_s + boot.to_s
            continue
        wanted = [s for s in (boot.claimed_s, floor_s) if s is not None and s >= EARLIEST_S]
        begin_s = min(max(wanted, default=latest_s), latest_s)
        places.append(Place(begin_s, earliest_s, latest_s))
        floor_s = begin_s + boot.to_s
        earliest_s = None if earliest_s is None else earliest_s + boot.to_s
    return places


def repair(db: sqlite3.Connection, covered: MinuteRanges, before_s: float) -> list[Note]:
    """Date every undated entry of the journal, in the caller's transaction; what there is to tell.

    `covered` are the minutes that are dated already, and all of them afterwards; `before_s` is when the
    present boot began. No two records get one minute: one that finds its own taken, and those after it,
    is deleted, and told. Raises sqlite3.Error, CorruptJournal.
    """
    boots = _undated(db)
    places = place(boots, _end_before(db, boots, before_s), before_s)
    notes, left_out = [], []
    for boot, placed in zip(boots, places, strict=True):
        left_out += _date(db, boot, placed, covered)
        if boot.booted_s is None:
            notes.append(_bounds_of(boot, placed))
    if left_out:
        notes.append(Note(LEFT_OUT, {"minutes": _count_minutes(left_out)}))
    return notes


def _date(db: sqlite3.Connection, boot: Boot, placed: Place, covered: MinuteRanges) -> list[Entry]:
    """Date one boot's entries; returns those that found no place and were deleted."""
    quality = TimeQuality.BOUNDED if boot.booted_s is None else TimeQuality.REPAIRED
    left_out = []
    for entry in boot.entries:
        body = _dated(entry.body, placed.booted_s, quality, covered)
        if body is None:
            left_out.append(entry)
            db.execute("DELETE FROM entry WHERE seq = ?", (entry.seq,))
            continue
        if isinstance(body, Minute):
            covered.add(body.minute, body.span_minutes)
        db.execute(
            "UPDATE entry SET minute = ?, span = ?, body = ?, quality = ? WHERE seq = ?",
            (*body_row(body), entry.seq),
        )
    return left_out


def _latest(boots: Sequence[Boot], before_s: float) -> list[float]:
    """The latest begin of each boot that leaves room for those after it."""
    latest = []
    for boot in reversed(boots):
        before_s = before_s - boot.to_s if boot.booted_s is None else boot.booted_s
        latest.append(before_s)
    return latest[::-1]


def _undated(db: sqlite3.Connection) -> list[Boot]:
    rows = db.execute(
        f"SELECT boot_id, booted_s, {ENTRY_COLUMNS} FROM entry JOIN origin USING (origin)"
        " WHERE quality IS NULL ORDER BY seq"
    ).fetchall()
    boots = []
    for _, group in groupby(rows, key=lambda row: bytes(row[0])):
        found = list(group)
        boots.append(Boot(found[0][1], [entry_of(*row[2:]) for row in found]))
    return boots


def _end_before(db: sqlite3.Connection, boots: Sequence[Boot], before_s: float) -> float | None:
    """When the last dated entry before the first undated one ended, as far as that is before `before_s`."""
    first_seq = boots[0].entries[0].seq if boots else 0
    (minute_end,) = db.execute(
        "SELECT max(minute + span) FROM entry"
        " WHERE quality IS NOT NULL AND seq < ? AND (minute + span) * 60 <= ?",
        (first_seq, before_s),
    ).fetchone()
    where = f"quality IS NOT NULL AND minute IS NULL AND seq < ? ORDER BY seq DESC LIMIT {_LATEST_EVENTS}"
    ends = [_stretch(entry.body)[1] for entry in select_entries(db, where, first_seq)]
    ends += [] if minute_end is None else [minute_end * 60]
    return max((end_s for end_s in ends if end_s <= before_s), default=None)


def _dated(
    body: Minute | Event, booted_s: float, quality: TimeQuality, covered: MinuteRanges
) -> Minute | Event | None:
    """The same with its date; None for a minute that finds no free place."""
    if isinstance(body, Event):
        return replace(body, at_s=int(booted_s + body.at_s))
    nearest = nearest_minute(booted_s + body.minute * 60)
    for minute in range(nearest, nearest + BEHIND_MINUTES + 1):
        if not covered.meets(minute, body.span_minutes):
            return replace(body, minute=minute, quality=quality)
    return None


def _bounds_of(boot: Boot, placed: Place) -> Note:
    from_s, to_s = boot.from_s, boot.to_s
    return Note(
        BOUNDED,
        {
            "from": int(placed.booted_s + from_s),
            "to": int(placed.booted_s + to_s),
            "minutes": _count_minutes(boot.entries),
            "earliest": None if placed.earliest_s is None else int(placed.earliest_s + from_s),
            "latest": int(placed.latest_s + to_s),
        },
    )


def _count_minutes(entries: Sequence[Entry]) -> int:
    return sum(entry.body.span_minutes for entry in entries if isinstance(entry.body, Minute))


def _stretch(body: Minute | Event) -> tuple[int, int]:
    """Begin and end, in seconds."""
    if isinstance(body, Event):
        return body.at_s, body.at_s
    return body.minute * 60, (body.minute + body.span_minutes) * 60
