"""What a value is likely to be: forecasts from the series' own past and from series told before it. Pure.

A *guide* gives a number that a series goes along with: its value before, another aggregate of its
channel, the product of voltage and current. What guides a series has follows from the kinds alone. A
`Forecast` counts in whole numbers how far off each guide was, and goes by the best: both ends alike.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import NamedTuple

from stallaini.link import model_slots as slots
from stallaini.link.model import SeriesKind
from stallaini.link.varint import HIGHEST, LOWEST

Values = Sequence[int | None]

PAST, TREND, CHANNEL, EDGE, PRODUCT, ALIKE = range(slots.SOURCES)
"""Sources: the value before; that and the usual step; another aggregate of the channel and the usual
distance from it; the channel's lowest or highest; power from voltage and current, or current from power;
another channel of the same quantity and resolution, and the usual distance from it."""
STILL = frozenset({"flag", "count", "state"})
"""Quantities that stay as they are for so long that nothing forecasts them better than that."""

_WEIGHTS = (4, 8, 5, 4, 8, 8)
"""Per source what an error weighs: one that is right by chance at times must be much better than the past."""
_SIXTEENTHS = 4
_FORGET = 2
"""Errors and distances are kept in sixteenths; the newest minute weighs a quarter in them."""
_MAX_ERROR = 255
_UNPROVEN = {PAST: 32, TREND: 64, ALIKE: 64}
"""What these are thought to be off by, in sixteenths, before they gave anything."""
_DISTANT = frozenset({TREND, CHANNEL, PRODUCT, ALIKE})
"""From the numbers of these a series keeps a distance, which changes slowly."""


class Guide(NamedTuple):
    """A number that a series goes along with, by a minute's values so far and its own value before."""

    source: int
    at: Callable[[Values, int], int | None]


def guides_of(kinds: Sequence[SeriesKind], position: int) -> tuple[Guide, ...]:
    """What the series at `position` goes along with, the value before first; nothing for a still one."""
    kind = kinds[position]
    if kind.quantity in STILL:
        return ()
    told = _told_of_channel(kinds, position)
    guides = [_past(PAST), *_product(kinds, position)]
    if told:
        guides.append(_beside(CHANNEL, told.get("mean", min(told.values()))))
        if kind.aggregate == "last":
            guides += [_beside(EDGE, told[edge]) for edge in ("min", "max") if edge in told]
    else:
        guides.append(_past(TREND))
        guides += [_beside(ALIKE, place) for place in _alike(kinds, position)]
    return tuple(guides)


def bounds_of(kinds: Sequence[SeriesKind], position: int) -> tuple[int, int]:
    """The series told before that is never above this one, and the one never below it; -1: there is none."""
    told = _told_of_channel(kinds, position)
    low, high = told.get("min", -1), told.get("max", -1)
    within = told.get("mean", told.get("last", -1))
    if kinds[position].aggregate == "min":
        return -1, high if within < 0 else within
    if kinds[position].aggregate == "max":
        return low if within < 0 else within, -1
    return low, high


def _told_of_channel(kinds: Sequence[SeriesKind], position: int) -> dict[str, int]:
    """The positions of the channel's aggregates told before, by their names."""
    kind = kinds[position]
    return {
        other.aggregate: place
        for place, other in enumerate(kinds[:position])
        if kind.channel and (other.channel, other.resolution) == (kind.channel, kind.resolution)
    }


def _past(source: int) -> Guide:
    return Guide(source, lambda _now, before: before)


def _beside(source: int, position: int) -> Guide:
    return Guide(source, lambda now, _before: now[position])


def _product(kinds: Sequence[SeriesKind], position: int) -> Iterator[Guide]:
    """Power is voltage times current of a device, whichever of power and current is told last."""
    kind = kinds[position]
    factors = {"power": ("voltage", "current"), "current": ("power", "voltage")}.get(kind.quantity)
    if factors is None:
        return
    left, right = (_of_device(kinds, position, quantity) for quantity in factors)
    if left < 0 or right < 0 or min(kinds[at].resolution for at in (position, left, right)) <= 0:
        return
    # The decimals as written, so that no machine rounds them its own way.
    step, left_step, right_step = (Fraction(repr(kinds[at].resolution)) for at in (position, left, right))
    if kind.quantity == "power":
        yield Guide(PRODUCT, _times(left, right, left_step * right_step / step))
    else:
        yield Guide(PRODUCT, _divided(left, right, left_step / right_step / step))


def _times(left: int, right: int, scale: Fraction) -> Callable[[Values, int], int | None]:
    numerator, denominator = scale.as_integer_ratio()

    def at(now: Values, _before: int) -> int | None:
        one, other = now[left], now[right]
        return None if one is None or other is None else _nearest(one * other * numerator, denominator)

    return at


def _divided(left: int, right: int, scale: Fraction) -> Callable[[Values, int], int | None]:
    numerator, denominator = scale.as_integer_ratio()

    def at(now: Values, _before: int) -> int | None:
        one, other = now[left], now[right]
        return _nearest(one * numerator, denominator * other) if one is not None and other else None

    return at


def _nearest(numerator: int, denominator: int) -> int:
    return (2 * numerator + denominator) // (2 * denominator)


def _alike(kinds: Sequence[SeriesKind], position: int) -> tuple[int, ...]:
    """The nearest and the first series told before of the same quantity, resolution and aggregate."""
    kind = kinds[position]
    same = [
        place
        for place, other in enumerate(kinds[:position])
        if (other.quantity, other.aggregate, other.resolution)
        == (kind.quantity, kind.aggregate, kind.resolution)
    ]
    return tuple(dict.fromkeys(same[-1:] + same[:1]))


def _of_device(kinds: Sequence[SeriesKind], position: int, quantity: str) -> int:
    """The first series of `quantity` told before of the device, of the same aggregate if there is one."""
    kind = kinds[position]
    places = [
        place
        for place, other in enumerate(kinds[:position])
        if kind.device and (other.device, other.quantity) == (kind.device, quantity)
    ]
    alike = [place for place in places if kinds[place].aggregate == kind.aggregate]
    return next(iter(alike + places), -1)


class Forecast:
    """The forecasts of one series in one run. `look` makes one, `learn` judges it.

    `value` is what is forecast and `source` by which kind of guide; `off` tells whether the last one was.
    """

    __slots__ = (
        "_above",
        "_below",
        "_distances",
        "_error",
        "_errors",
        "_guides",
        "_offers",
        "off",
        "source",
        "value",
    )

    def __init__(self, guides: Sequence[Guide], before: Values, value: int) -> None:
        self._guides = guides
        self._offers: list[int] = []
        self._distances = [0] * len(guides)
        self._errors = [_UNPROVEN.get(guide.source, 0) for guide in guides]
        self.value, self.source, self.off = value, PAST, False
        self._error = self._below = self._above = 0
        for number, guide in enumerate(guides):
            at = guide.at(before, value)
            if at is None:
                continue
            if guide.source in _DISTANT:
                self._distances[number] = (value - at) << _SIXTEENTHS
            if guide.source not in _UNPROVEN:
                # What was small will not have grown by much: a quarter of it is a fair guess.
                self._errors[number] = min(abs(value - at), _MAX_ERROR) << _SIXTEENTHS - 2

    def look(self, now: Values, before: int, bounds: tuple[int, int]) -> bool:
        """Forecast the value after `before` by this minute so far; whether it is by more than the past.

        `bounds` are the positions of the series that it lies between, -1 where there is none.
        """
        errors = self._errors
        self.value, self.source, self._error = before, PAST, errors[0]
        if not errors[0]:
            # What never moves needs no other guide, and they are not judged by its silence.
            self._offers = []
            return False
        best, offers = errors[0] * _WEIGHTS[PAST], [before]
        for number in range(1, len(errors)):
            source, number_at = self._guides[number]
            at = number_at(now, before)
            at = before if at is None else at + (self._distances[number] + 8 >> _SIXTEENTHS)
            offers.append(at)
            rank = errors[number] * _WEIGHTS[source]
            if rank < best:
                best, self.value, self.source, self._error = rank, at, source, errors[number]
        self._offers = offers
        if not self.source:
            return False
        low, high = (now[bound] if bound >= 0 else None for bound in bounds)
        self._bound(LOWEST if low is None else low, HIGHEST if high is None else high)
        return True

    def learn(self, value: int) -> None:
        """Take in what the value was."""
        self.off = value != self.value
        if not self._offers:
            self._errors[0] = min(abs(value - self.value), _MAX_ERROR) << _SIXTEENTHS - _FORGET
            return
        errors = self._errors
        for number, offer in enumerate(self._offers):
            off = value - offer
            size = off if off >= 0 else -off
            size = (size if size < _MAX_ERROR else _MAX_ERROR) << _SIXTEENTHS
            errors[number] += (size - errors[number]) >> _FORGET
            if off and self._guides[number].source in _DISTANT:
                self._distances[number] += off << _SIXTEENTHS - _FORGET

    def off_slot(self, before: int, beside_off: bool) -> int:
        """Where the odds are that the forecast is off, `beside_off` telling whether the neighbour's was."""
        stays = self.value == before
        return slots.OFF + self._place() * slots.OFFS + 4 * stays + 2 * beside_off + self.off

    def stayed_slot(self) -> int:
        """Where the odds are that the value stays after all."""
        return slots.STAYED + self._place()

    def lower_slot(self, before: int) -> int:
        """Where the odds are that the value is above the forecast."""
        room = (self.source * slots.ROOMS + self._below) * slots.ROOMS + self._above
        course = 2 if self.value > before else 1 if self.value < before else 0
        return slots.LOWER + room * slots.COURSES + course

    def length_slot(self) -> int:
        """Where the odds of the error's length begin."""
        return slots.OFF_LENGTH + self._place() * slots.LENGTHS

    def digits_slot(self, length: int) -> int:
        """Where the odds of the error's digits begin."""
        return slots.OFF_DIGITS + (self.source * slots.LENGTHS + length) * slots.TREE

    def _bound(self, low: int, high: int) -> None:
        if low > high:
            low, high = LOWEST, HIGHEST
        self.value = max(low, min(high, self.value))
        self._below = min(self.value - low, slots.ROOMS - 1)
        self._above = min(high - self.value, slots.ROOMS - 1)

    def _place(self) -> int:
        return self.source * slots.ERRORS + min(self._error.bit_length(), slots.ERRORS - 1)
