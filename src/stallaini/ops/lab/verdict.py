"""What must hold at the end of every world, and where it does not."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from stallaini.edge.timekeeper import EARLIEST_S
from stallaini.link.messages import Event
from stallaini.ops.lab.ledger import Closed, Ledger
from stallaini.ops.lab.programs import Record, Stored
from stallaini.ops.lab.site import MARK

_MARK_SERIES = f"{MARK}.last"
_CORRUPT = ("journal.set_aside",)


def problems(ledger: Ledger, stored: Stored) -> list[str]:
    """Every promise that was broken, one line each; none when all is well."""
    return [
        *_wrong(ledger, stored),
        *_doubled(stored.records),
        *_lost(ledger, stored),
        *_unnamed(ledger, stored),
        *_notes(ledger, stored),
        *_commands(ledger, stored),
        *(f"corrupt: {event.kind} {event.data}" for event in stored.events if event.kind in _CORRUPT),
    ]


def _wrong(ledger: Ledger, stored: Stored) -> Iterator[str]:
    """Values in the store are those of a minute that was closed under that number."""
    closed = _by_minute(ledger.minutes)
    undated = [one.values for one in ledger.minutes if _is_undated(one)]
    for record in stored.records:
        if record.values in undated:
            continue
        if record.span == 1:
            if not any(one.values == record.values for one in closed[record.minute]):
                yield f"wrong: minute {record.minute} holds {record.values}, which was never closed"
        elif not _thinned_from(record, closed):
            yield f"wrong: minutes {record.minute} + {record.span} hold {record.values}"


def _thinned_from(record: Record, closed: dict[int, list[Closed]]) -> bool:
    """Whether a thinned record lies within what its minutes were closed with."""
    minutes = range(record.minute, record.minute + record.span)
    sources = [one.values for minute in minutes for one in closed[minute]]
    for name, value in record.values.items():
        known = [source[name] for source in sources if name in source]
        if not known or not min(known) <= value <= max(known):
            return False
    return all(closed[minute] for minute in minutes)


def _doubled(records: Sequence[Record]) -> Iterator[str]:
    """No minute is in the store twice, nor are the same readings.

    A thinned record may overlap minutes that arrived before it was thinned: whoever reads prefers those.
    """
    single = [record for record in records if record.span == 1]
    thinned = [record for record in records if record.span > 1]
    covered = Counter(record.minute for record in single)
    thinly = Counter(m for record in thinned for m in range(record.minute, record.minute + record.span))
    marks = Counter(record.values[_MARK_SERIES] for record in single if _MARK_SERIES in record.values)
    for minute, times in (*covered.items(), *thinly.items()):
        if times > 1:
            yield f"doubled: minute {minute} is stored {times} times"
    for mark, times in marks.items():
        if times > 1:
            yield f"doubled: the readings marked {mark} are in {times} minutes"


def _lost(ledger: Ledger, stored: Stored) -> Iterator[str]:
    """What the journal kept is stored, or refused with its reason, or its loss has a name."""
    present = stored.present.union(stored.refused)
    naming = _losses(ledger, stored)
    marks = {record.values.get(_MARK_SERIES) for record in stored.records}
    for one in ledger.minutes:
        mark = one.values.get(_MARK_SERIES)
        excused = naming or ledger.tight  # thinned, it may be in a record marked by another
        if one.kept and _is_undated(one) and mark is not None and mark not in marks and not excused:
            yield f"lost: the undated minute marked {mark} was journaled and is not stored"
    dated = {one.minute for one in ledger.minutes if one.kept and not _is_undated(one)}
    for minute in sorted(dated - present):
        if not any(_names(event, minute) for event in naming):
            yield f"lost: minute {minute} was journaled and is not stored"


def _is_undated(closed: Closed) -> bool:
    """Whether the edge did not know the time when it closed the minute: it is stored under a later date."""
    return closed.minute < EARLIEST_S // 60


def _losses(ledger: Ledger, stored: Stored) -> list[Event]:
    """The events that may excuse a loss, in a world in which there was reason for one."""
    kinds = set()
    only_in_ram = ledger.in_ram and ledger.server_set_back
    if ledger.tight:
        kinds |= {"journal.dropped"}
    if ledger.tight or ledger.forgetful or only_in_ram:
        kinds |= {"journal.lost", "entries.lost"}
    if only_in_ram:
        kinds |= {"journal.recovered"}
    if ledger.forgetful and ledger.server_set_back:
        kinds |= {"journal.renewed"}
    return [event for event in stored.events if event.kind in kinds]


def _names(event: Event, minute: int) -> bool:
    """Whether such an event names the loss of a minute."""
    data = event.data
    if event.kind == "entries.lost":
        first, last, steps = data.get("after_minute"), data.get("before_minute"), 1
    else:
        first, last, steps = data.get("from"), data.get("to"), 60
    after = not isinstance(first, int) or first <= minute * steps
    return after and (not isinstance(last, int) or minute * steps < last)


def _unnamed(ledger: Ledger, stored: Stored) -> Iterator[str]:
    """Every gap that people see has a reason.

    Where both disks forgot, the event that named a gap may be among what they forgot; then only a gap in
    which something was kept must have one.
    """
    kept = {one.minute for one in ledger.minutes if one.kept}
    both_forgot = ledger.forgetful and ledger.server_set_back
    for gap, reason in stored.gaps:
        if reason is None and not (both_forgot and kept.isdisjoint(range(gap.start_minute, gap.end_minute))):
            yield f"unnamed: the gap {gap.start_minute} to {gap.end_minute} has no reason"


def _notes(ledger: Ledger, stored: Stored) -> Iterator[str]:
    """Every event is stored once.

    One that is sent again after the card forgot may come twice if its time was doubted: the server has then
    stored it under the time it came, and cannot tell that it has it.
    """
    notes = [event for event in stored.events if event.kind == "lab.note"]
    times = Counter(event.data["number"] for event in notes if "said_at_s" not in event.data)
    doubted = {event.data["number"] for event in notes if "said_at_s" in event.data}
    dropped = bool(_losses(ledger, stored))
    for note in ledger.notes:
        if times[note.number] > 1:
            yield f"doubled: note {note.number} is stored {times[note.number]} times"
        if note.kept and not times[note.number] and note.number not in doubted and not dropped:
            yield f"lost: note {note.number} was journaled and is not stored"


def _commands(ledger: Ledger, stored: Stored) -> Iterator[str]:
    """A command is acted on at most once, in its time, and its end is told as it was.

    `unknown` is the end of one that was cut short; what the server, or the edge's journal, has lost it
    cannot tell.
    """
    for id_, times in Counter(act.id for act in ledger.acts).items():
        if times > 1:
            yield f"twice: command {id_} was acted on {times} times"
    for act in ledger.acts:
        if not act.not_before_s <= act.at_s <= act.not_after_s and not ledger.clock_lied:
            yield f"untimely: {act}"
    acted = {act.id for act in ledger.acts}
    told = {id_ for id_, state in stored.commands.items() if state == "done"}
    for id_ in told - acted:
        yield f"untrue: command {id_} is told as done"
    if ledger.server_set_back or ledger.forgetful or ledger.tight or ledger.in_ram:
        return
    for id_ in acted:
        if stored.commands.get(id_) not in ("done", "unknown"):
            yield f"untold: command {id_} was acted on and is {stored.commands.get(id_)}"


def _by_minute(entries: Sequence[Closed]) -> dict[int, list[Closed]]:
    found: dict[int, list[Closed]] = defaultdict(list)
    for entry in entries:
        found[entry.minute].append(entry)
    return found
