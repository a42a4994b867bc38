"""The optional sections of an uplink: live values, the layout of mixed entries, events. Pure."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple

import msgspec

from stallaini.link.messages import Entry, Event, Live, Minute, Scalar, TimeQuality
from stallaini.link.varint import HIGHEST, Cursor, Malformed, append_varint, varint_bytes, zigzag

MIXED_BYTES = 8
"""What a layout and an event section cost before their first entry, at most (64 KiB messages)."""
_RUN_BYTES = 3
_EVENTS = msgspec.msgpack.Decoder(list[tuple[int, str, dict[str, Scalar]]])
_LOWEST_S, _HIGHEST_S = -(2**40), 2**40


class Run(NamedTuple):
    """Entries of one kind with consecutive sequence numbers."""

    first_seq: int
    length: int
    is_event: bool


def append_live(out: bytearray, live: Live) -> None:
    """Append the time, the number of channels, and per channel 0 (no value) or age + 1 and the value."""
    append_varint(out, live.at_s)
    append_varint(out, len(live.values))
    for pair in live.values:
        if pair is None:
            out.append(0)
            continue
        value, age_s = pair
        append_varint(out, age_s + 1)
        append_varint(out, zigzag(value))


def read_live(cursor: Cursor) -> Live:
    """The live section; raises Malformed."""
    at_s, count = cursor.varint(), cursor.varint()
    if count > cursor.remaining:
        raise Malformed(f"{count} live channels in {cursor.remaining} bytes")
    values: list[tuple[int, int] | None] = []
    for _ in range(count):
        age = cursor.varint()
        values.append((cursor.signed(), age - 1) if age else None)
    return Live(at_s, tuple(values))


def append_layout(out: bytearray, after_seq: int, entries: Sequence[Entry]) -> None:
    """Append the number of runs, and per run count * 4 + event * 2 + skip, with the numbers skipped."""
    runs = list(_runs(entries))
    append_varint(out, len(runs))
    expected = after_seq + 1
    for run in runs:
        skipped = run.first_seq - expected
        if skipped < 0:
            raise ValueError(f"entry {run.first_seq} comes after {expected - 1}")
        append_varint(out, run.length << 2 | run.is_event << 1 | (skipped > 0))
        if skipped:
            append_varint(out, skipped)
        expected = run.first_seq + run.length


def read_layout(cursor: Cursor, after_seq: int) -> list[Run]:
    """The runs of a layout; raises Malformed."""
    count = cursor.varint()
    if count > cursor.remaining:
        raise Malformed(f"{count} runs in {cursor.remaining} bytes")
    runs, expected = [], after_seq + 1
    for _ in range(count):
        token = cursor.varint()
        skipped = cursor.varint() if token & 1 else 0
        runs.append(Run(expected + skipped, token >> 2, bool(token & 2)))
        expected += skipped + (token >> 2)
    if expected > HIGHEST:
        raise Malformed(f"sequence numbers up to {expected}")
    return runs


def append_events(out: bytearray, events: Sequence[Event]) -> None:
    """Append the events' length and, in MessagePack, [seconds since the event before, kind, data] each."""
    packed = msgspec.msgpack.encode(list(_event_rows(events)))
    append_varint(out, len(packed))
    out += packed


def read_events(cursor: Cursor) -> list[Event]:
    """The event section; raises Malformed."""
    packed = cursor.take(cursor.varint())
    try:
        rows = _EVENTS.decode(packed)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(f"events: {error}") from error
    events, at_s = [], 0
    for since_s, kind, data in rows:
        at_s += since_s
        if not _LOWEST_S < at_s < _HIGHEST_S:
            raise Malformed(f"an event at {at_s} s")
        events.append(Event(at_s, kind, data))
    return events


def append_qualities(out: bytearray, qualities: Sequence[TimeQuality]) -> None:
    """Append the number of runs of minutes with one time quality, and per run length * 4 + quality."""
    runs = [(quality, len(list(same))) for quality, same in itertools.groupby(qualities)]
    append_varint(out, len(runs))
    for quality, length in runs:
        append_varint(out, length << 2 | quality)


def read_qualities(cursor: Cursor) -> list[tuple[TimeQuality, int]]:
    """The runs of one time quality and their lengths; raises Malformed."""
    runs = []
    for _ in range(cursor.varint()):
        length, quality = divmod(cursor.varint(), 4)
        if quality not in tuple(TimeQuality):
            raise Malformed(f"time quality {quality} is none of this version")
        runs.append((TimeQuality(quality), length))
    return runs


def with_qualities(minutes: Sequence[Minute], runs: Sequence[tuple[TimeQuality, int]]) -> list[Minute]:
    """The same minutes, each with its quality; raises Malformed when the counts differ."""
    if sum(length for _, length in runs) != len(minutes):
        raise Malformed(f"time qualities for other than {len(minutes)} minutes")
    qualities = itertools.chain.from_iterable(itertools.repeat(quality, n) for quality, n in runs)
    return [replace(minute, quality=quality) for minute, quality in zip(minutes, qualities, strict=True)]


def join_entries(
    runs: Sequence[Run], minutes: Sequence[Minute], events: Sequence[Event]
) -> tuple[Entry, ...]:
    """Give minutes and events their sequence numbers back; raises Malformed when the counts differ."""
    for bodies, is_event in ((minutes, False), (events, True)):
        claimed = sum(run.length for run in runs if run.is_event is is_event)
        if claimed != len(bodies):
            raise Malformed(
                f"a layout of {claimed} {'events' if is_event else 'minutes'}, {len(bodies)} came"
            )
    left: dict[bool, Iterator[Minute | Event]] = {False: iter(minutes), True: iter(events)}
    return tuple(
        Entry(seq, next(left[run.is_event]))
        for run in runs
        for seq in range(run.first_seq, run.first_seq + run.length)
    )


def entry_overhead_bytes(before: Entry | None, entry: Entry) -> int:
    """What `entry` adds to layout and events, at most; its minute is coded elsewhere."""
    size = 0
    if isinstance(entry.body, Event):
        size += len(msgspec.msgpack.encode((2**32, entry.body.kind, entry.body.data)))
    if _doubt_begins_or_ends(before, entry):
        size += 2 * _RUN_BYTES
    if before is None:
        return size + _RUN_BYTES + varint_bytes(entry.seq)
    if entry.seq != before.seq + 1:
        return size + _RUN_BYTES + varint_bytes(entry.seq - before.seq)
    return size + _RUN_BYTES * (isinstance(entry.body, Event) is not isinstance(before.body, Event))


def _doubt_begins_or_ends(before: Entry | None, entry: Entry) -> bool:
    """Whether the time quality of `entry` may begin a new run of qualities."""
    quality, earlier = (
        one.body.quality if one is not None and isinstance(one.body, Minute) else None
        for one in (entry, before)
    )
    return bool(quality or earlier) and quality is not earlier


def _runs(entries: Sequence[Entry]) -> Iterator[Run]:
    run: Run | None = None
    for entry in entries:
        is_event = isinstance(entry.body, Event)
        if run is not None and run.is_event is is_event and entry.seq == run.first_seq + run.length:
            run = run._replace(length=run.length + 1)
            continue
        if run is not None:
            yield run
        run = Run(entry.seq, 1, is_event)
    if run is not None:
        yield run


def _event_rows(events: Sequence[Event]) -> Iterator[tuple[int, str, dict[str, Scalar]]]:
    before_s = 0
    for event in events:
        yield event.at_s - before_s, event.kind, event.data
        before_s = event.at_s
