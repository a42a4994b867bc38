"""Fewer, longer minutes when the journal runs out of room. Pure: no I/O, no clock."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from stallaini.link.messages import Entry, Minute

QUARTER_MINUTES = 15


def runs(entries: Sequence[Entry]) -> Iterator[list[Entry]]:
    """The one-minute entries in runs that may become one: unbroken, and within one quarter of an hour.

    A missing minute ends a run, so that a thinned record never covers a gap. The entries are
    one-minute minutes in the journal's order.
    """
    run: list[Entry] = []
    for entry in entries:
        if run and not _follows(run[-1], entry):
            yield run
            run = []
        run.append(entry)
    if run:
        yield run


def combine(run: Sequence[Entry], aggregates: Sequence[str]) -> Entry:
    """One entry for an unbroken run: the last one's number, the first one's start, the whole span.

    Its time is as well known as that of the worst of them.
    """
    minutes = [_minute(entry) for entry in run]
    columns = zip(*(minute.values for minute in minutes), strict=True)
    values = tuple(_combined(name, column) for name, column in zip(aggregates, columns, strict=True))
    quality = max(minute.quality for minute in minutes)
    return Entry(run[-1].seq, Minute(minutes[0].minute, values, len(run), quality))


def _mean(values: Sequence[int]) -> int:
    return (2 * sum(values) + len(values)) // (2 * len(values))


_COMBINED: dict[str, Callable[[Sequence[int]], int]] = {
    "mean": _mean,
    "min": min,
    "max": max,
    "last": lambda values: values[-1],
}


def _combined(aggregate: str, column: Sequence[int | None]) -> int | None:
    known = [value for value in column if value is not None]
    return _COMBINED[aggregate](known) if known else None


def _follows(before: Entry, after: Entry) -> bool:
    first, second = _minute(before).minute, _minute(after).minute
    return second == first + 1 and second % QUARTER_MINUTES != 0


def _minute(entry: Entry) -> Minute:
    assert isinstance(entry.body, Minute)
    return entry.body
