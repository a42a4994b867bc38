"""What both ends of a coded run of minutes know at every decision: the values so far, and what they hint.

`MinuteWriter` tells minutes as decisions, `MinuteReader` makes minutes of decisions; both walk the state
here, so that a decision is looked up by the same odds at both ends. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from stallaini.link import model_slots as slots
from stallaini.link.codec_forecast import CHANNEL, PRODUCT, STILL, Forecast, bounds_of, guides_of
from stallaini.link.messages import Minute
from stallaini.link.model import SeriesKind
from stallaini.link.rangecoder import ONE
from stallaini.link.varint import HIGHEST, LOWEST

MAX_RUN_MINUTES = 1440
MAX_RUN_VALUES = 64 * MAX_RUN_MINUTES
"""One run is a day at most, and less of more than 64 series: it bounds the work a few bytes can ask for."""
FOLLOWS = ONE - ONE // 512
"""Odds that a minute follows the one before, spanning one minute."""

MINUTE_BITS, SPAN_BITS, DISTANCE_BITS = 32, 11, 6
"""How long the numbers of a minute's place are: its number, its span, the length of a distance."""

_OLDEST = slots.HISTORIES >> 1
_ELECTRIC = frozenset({"voltage", "current", "power"})


def run_minutes(width: int) -> int:
    """How many minutes of `width` series one run holds."""
    return min(MAX_RUN_MINUTES, max(1, MAX_RUN_VALUES // max(1, width)))


class Layout:
    """What is fixed for a site and a model: the odds per series, its neighbour, whether it is lively.

    The neighbour is the nearest earlier series of the same quantity and resolution: likely to move with
    it. The mate is the nearest earlier one of voltage, current and power of the same device. The silence
    of series that are not lively says nothing of those beside them.
    """

    __slots__ = ("bounds", "guides", "lively", "mates", "max_minutes", "neighbours", "odds", "width")

    def __init__(self, kinds: Sequence[SeriesKind], odds: Sequence[Sequence[int]]) -> None:
        self.width = len(kinds)
        self.odds = tuple(odds)
        self.max_minutes = run_minutes(self.width)
        self.lively = tuple(kind.quantity not in STILL for kind in kinds)
        self.neighbours = tuple(_neighbours(kinds))
        self.mates = tuple(_mates(kinds))
        self.guides = tuple(guides_of(kinds, position) for position in range(self.width))
        self.bounds = tuple(bounds_of(kinds, position) for position in range(self.width))


class Run:
    """The state after every value told: identical at both ends."""

    __slots__ = (
        "before",
        "busy",
        "deltas",
        "end",
        "forecasts",
        "histories",
        "known",
        "layout",
        "lengths",
        "minutes",
        "now",
        "signs",
    )

    def __init__(self, layout: Layout, base: Minute | None) -> None:
        width = layout.width
        self.layout = layout
        self.minutes = 0
        self.end = None if base is None else base.minute + base.span_minutes
        self.before: list[int | None] = [None] * width if base is None else list(base.values)
        self.known: list[int | None] = list(self.before)
        self.histories = [1] * width
        self.lengths = [0] * width
        self.signs = [0] * width
        self.forecasts: list[Forecast | None] = [None] * width
        self.start()

    def start(self) -> None:
        """Begin a minute."""
        self.now: list[int | None] = []
        self.deltas = [0] * self.layout.width
        self.busy = 0

    def ended(self, minute: int, span_minutes: int) -> None:
        """End a minute whose values are all told."""
        self.before = self.now
        self.end = minute + span_minutes
        self.minutes += 1

    def stop_odds(self) -> int:
        """Odds that the run ends here: single minutes and quarters of an hour are what is sent most."""
        share = {0: 64, 1: 2, 5: 8, 15: 4}.get(self.minutes, 32 if self.minutes < 15 else 64)
        return ONE // share

    def forecast(self, position: int, before: int) -> Forecast | None:
        """What the value after `before` is likely to be; None: the same, which `changed_slot` is for."""
        guides = self.layout.guides[position]
        if not guides:
            return None
        forecast = self.forecasts[position]
        if forecast is None:
            forecast = self.forecasts[position] = Forecast(guides, self.before, before)
        return forecast if forecast.look(self.now, before, self.layout.bounds[position]) else None

    def expected_slot(self, position: int, before: int, forecast: Forecast | None) -> int:
        """Where the odds are that the value is as expected."""
        if forecast is None:
            return self.changed_slot(position, before)
        neighbour = self.layout.neighbours[position]
        beside = self.forecasts[neighbour] if neighbour >= 0 else None
        return forecast.off_slot(before, beside is not None and beside.off)

    def changed_slot(self, position: int, before: int) -> int:
        """Where the odds are that a series keeps its value."""
        neighbour, mate = self.layout.neighbours[position], self.layout.mates[position]
        beside = 0
        if neighbour >= 0:
            tied = self.before[neighbour] == before
            beside = (4 if tied else 2) if self.deltas[neighbour] else (3 if tied else 1)
        elif mate >= 0:
            beside = 2 if self.deltas[mate] else 1
        place = self.histories[position] * slots.GRAINS + slots.grain(before)
        return (
            slots.CHANGED
            + (place * slots.NEIGHBOURS + beside) * slots.BUSY
            + (self.busy & 1)
            + (self.busy >> 1)
        )

    def note(self, position: int, value: int | None) -> None:
        """Take in the value of the series at `position`, the next one."""
        before = self.before[position]
        changed = value != before
        history = self.histories[position] << 1 | changed
        self.histories[position] = history if history < slots.HISTORIES else _OLDEST | history & (_OLDEST - 1)
        if self.layout.lively[position]:
            self.busy = (self.busy << 1 | changed) & 3
        self.now.append(value)
        forecast = self.forecasts[position]
        if forecast is not None and value is not None and before is not None:
            forecast.learn(value)
        if value is None or not changed:
            return
        known, self.known[position] = self.known[position], value
        if known is not None and known != value:
            delta = value - known
            self.deltas[position] = delta
            self.lengths[position] = abs(delta).bit_length()
            self.signs[position] = 1 if delta < 0 else 2

    def beside(self, position: int) -> int:
        """By how much the neighbour changed in this minute."""
        neighbour = self.layout.neighbours[position]
        return self.deltas[neighbour] if neighbour >= 0 else 0

    def hint(self, position: int, beside: int) -> int:
        """What tells most of how a value changes: by how much the neighbour did, or else the mate."""
        mate = self.layout.mates[position]
        return self.deltas[mate] if not beside and mate >= 0 else beside

    def same_slot(self, position: int, start: int) -> int:
        """Where the odds are that a series changes by another number than its neighbour."""
        tied = self.before[self.layout.neighbours[position]] == start
        return slots.SAME + 2 * tied + (self.histories[position] & 1)

    def sign_slot(self, position: int, start: int, hint: int) -> int:
        """Where the odds are that a change is upwards."""
        side = (hint > 0) * 2 + (hint < 0)
        return slots.NEGATIVE + (side * 3 + self.signs[position]) * 2 + (start == 0)

    def length_slot(self, position: int, start: int, hint: int, step: int) -> int:
        """Where the odds of a change's length begin."""
        size = slots.SIZE_AT_ZERO if start == 0 else slots.size_after(self.lengths[position])
        place = (step * slots.SIZES + size) * slots.NEIGHBOUR_SIZES
        place += slots.size_beside(abs(hint).bit_length())
        return slots.LENGTH + place * slots.LENGTHS

    def first_guess(self, position: int) -> int | None:
        """What a value never known before is told against: what it goes along with, or its neighbour's."""
        for guide in reversed(self.layout.guides[position]):
            number = guide.at(self.now, 0) if guide.source in (CHANNEL, PRODUCT) else None
            if number is not None:
                return max(LOWEST, min(HIGHEST, number))
        neighbour = self.layout.neighbours[position]
        return self.now[neighbour] if neighbour >= 0 else None


def _mates(kinds: Sequence[SeriesKind]) -> Iterator[int]:
    """Per electric series the nearest one before it of the same device that measures another of them."""
    for position, kind in enumerate(kinds):
        near = range(position - 1, -1, -1) if kind.device and kind.quantity in _ELECTRIC else ()
        others = _ELECTRIC - {kind.quantity}
        yield next(
            (at for at in near if kinds[at].device == kind.device and kinds[at].quantity in others), -1
        )


def _neighbours(kinds: Sequence[SeriesKind]) -> Iterator[int]:
    """Per series the nearest one before it that measures the same in the same steps; -1: none does."""
    latest: dict[tuple[str, float], int] = {}
    for position, kind in enumerate(kinds):
        if kind.quantity in STILL:
            yield -1
            continue
        yield latest.get((kind.quantity, kind.resolution), -1)
        latest[kind.quantity, kind.resolution] = position
