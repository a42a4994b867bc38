"""A set of minutes, kept as the few unbroken stretches they form."""

from __future__ import annotations

from bisect import bisect_right


class MinuteRanges:
    """Which minutes are covered. Minutes nearly always arrive in order, so adding is nearly always cheap."""

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._ends: list[int] = []

    def add(self, minute: int, span: int = 1) -> None:
        """Cover `span` minutes from `minute` on."""
        start, end = minute, minute + span
        first = bisect_right(self._ends, start - 1)
        last = bisect_right(self._starts, end)
        if first < last:
            start, end = min(start, self._starts[first]), max(end, self._ends[last - 1])
        self._starts[first:last] = [start]
        self._ends[first:last] = [end]

    def __contains__(self, minute: int) -> bool:
        at = bisect_right(self._starts, minute) - 1
        return at >= 0 and minute < self._ends[at]

    def meets(self, minute: int, span: int) -> bool:
        """Whether any of `span` minutes from `minute` on is covered."""
        at = bisect_right(self._ends, minute)
        return at < len(self._starts) and self._starts[at] < minute + span

    @property
    def start(self) -> int | None:
        """The first covered minute."""
        return self._starts[0] if self._starts else None

    @property
    def end(self) -> int | None:
        """The first minute after the last covered one."""
        return self._ends[-1] if self._ends else None
