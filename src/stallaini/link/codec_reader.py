"""Decisions as minutes; `codec_writer.py` is its mirror image. Pure.

Whoever gives the decisions is a function `bit(odds)`. Every way to leave what a minute can be is Malformed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from stallaini.link import model_slots as slots
from stallaini.link.codec import MAX_MINUTE, MAX_SPAN_MINUTES
from stallaini.link.codec_forecast import Forecast
from stallaini.link.codec_state import (
    DISTANCE_BITS,
    FOLLOWS,
    MINUTE_BITS,
    SPAN_BITS,
    Layout,
    Run,
)
from stallaini.link.messages import Minute
from stallaini.link.rangecoder import EVEN
from stallaini.link.varint import HIGHEST, LOWEST, Malformed, unzigzag

_MAX_LENGTH = 66
"""The longest number: twice the range of 64 bits, and a bit."""


class MinuteReader(Run):
    """Reads what `MinuteWriter` told, decision by decision."""

    __slots__ = ("_bit",)

    def __init__(self, layout: Layout, base: Minute | None, bit: Callable[[int], int]) -> None:
        super().__init__(layout, base)
        self._bit = bit

    def read(self) -> Minute | None:
        """The next minute, or None at the end of the run. Raises Malformed."""
        if not self._bit(self.stop_odds()):
            return None
        if self.minutes >= self.layout.max_minutes:
            raise Malformed(f"a run of more than {self.layout.max_minutes} minutes")
        minute, span_minutes = self._read_place()
        self.start()
        for position in range(self.layout.width):
            value = self._read_value(position)
            if value is not None and not LOWEST <= value <= HIGHEST:
                raise Malformed(f"series {position} leaves the range of 64 bits")
            self.note(position, value)
        self.ended(minute, span_minutes)
        return Minute(minute, tuple(self.now), span_minutes)

    def _read_place(self) -> tuple[int, int]:
        if self.end is None:
            minute = self._even(MINUTE_BITS)
        elif not self._bit(FOLLOWS):
            minute = self.end
            if minute > MAX_MINUTE:
                raise Malformed(f"minute {minute} is out of range")
            return minute, 1
        else:
            minute = self.end + unzigzag(self._even(self._even(DISTANCE_BITS)))
        spanning = self._bit(FOLLOWS if self.end is None else EVEN)
        span_minutes = self._even(SPAN_BITS) if spanning else 1
        if not 1 <= span_minutes <= MAX_SPAN_MINUTES:
            raise Malformed(f"a minute that spans {span_minutes}")
        if not 0 <= minute <= MAX_MINUTE:
            raise Malformed(f"minute {minute} is out of range")
        return minute, span_minutes

    def _read_value(self, position: int) -> int | None:
        odds, before, known = self.layout.odds[position], self.before[position], self.known[position]
        if before is not None:
            forecast = self.forecast(position, before)
            if not self._bit(odds[self.expected_slot(position, before, forecast)]):
                return before if forecast is None else forecast.value
            if self._bit(odds[slots.GONE]):
                return None
            if forecast is None:
                return before + self._read_change(odds, position, before)
            return self._read_off(odds, forecast, before)
        if not self._bit(odds[slots.BACK + (known is not None)]):
            return None
        if known is None:
            return self._read_first(odds, self.first_guess(position))
        if not self._bit(odds[slots.MOVED]):
            return known
        return known + self._read_change(odds, position, known)

    def _read_change(self, odds: Sequence[int], position: int, start: int) -> int:
        beside = self.beside(position)
        if beside and self._bit(odds[self.same_slot(position, start)]):
            return beside
        hint = self.hint(position, beside)
        negative = self._bit(odds[self.sign_slot(position, start, hint)])
        step, grain = 0, slots.grain(start)
        if grain:
            step = self._bit(odds[slots.TENS + grain])
            if step and grain > 1:
                step += self._bit(odds[slots.HUNDREDS + grain])
        length = self._read_length(odds, self.length_slot(position, start, hint, step))
        digits = slots.DIGITS + (step * slots.LENGTHS + length) * slots.TREE
        size = self._read_digits(odds, digits, length, slots.TREE) * slots.STEPS[step]
        return -size if negative else size

    def _read_off(self, odds: Sequence[int], forecast: Forecast, before: int) -> int:
        if forecast.value != before and self._bit(odds[forecast.stayed_slot()]):
            return before
        lower = self._bit(odds[forecast.lower_slot(before)])
        length = self._read_length(odds, forecast.length_slot())
        off = self._read_digits(odds, forecast.digits_slot(length), length, slots.TREE)
        return forecast.value + (-off if lower else off)

    def _read_first(self, odds: Sequence[int], guess: int | None) -> int:
        place = int(guess is not None)
        negative = self._bit(odds[slots.FIRST_NEGATIVE + place])
        length = self._read_length(odds, slots.FIRST_LENGTH + place * slots.LENGTHS)
        digits = slots.FIRST_DIGITS + (place * slots.LENGTHS + length) * slots.SHORT_TREE
        size = self._read_digits(odds, digits, length, slots.SHORT_TREE) - 1
        return (guess or 0) + (-size if negative else size)

    def _read_length(self, odds: Sequence[int], slot: int) -> int:
        length = 0
        while self._bit(odds[slot + length] if length < slots.LENGTHS else EVEN):
            length += 1
            if length > _MAX_LENGTH:
                raise Malformed(f"a number of more than {_MAX_LENGTH} bits")
        return length

    def _read_digits(self, odds: Sequence[int], slot: int, length: int, tree: int) -> int:
        number = 1
        for _ in range(length):
            known = odds[slot + number - 1] if number <= tree and length < slots.LENGTHS else EVEN
            number = number << 1 | self._bit(known)
        return number

    def _even(self, bits: int) -> int:
        number = 0
        for _ in range(bits):
            number = number << 1 | self._bit(EVEN)
        return number
