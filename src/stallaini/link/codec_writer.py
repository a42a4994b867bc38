"""Minutes as decisions; `codec_reader.py` is its mirror image. Pure.

Whoever takes the decisions (a range coder, the counter of a trainer) is a function `bit(odds, bit)`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from stallaini.link import model_slots as slots
from stallaini.link.codec_forecast import Forecast
from stallaini.link.codec_state import DISTANCE_BITS, FOLLOWS, MINUTE_BITS, SPAN_BITS, Layout, Run
from stallaini.link.messages import Minute
from stallaini.link.rangecoder import EVEN
from stallaini.link.varint import zigzag


class MinuteWriter(Run):
    """Tells minutes, one by one."""

    __slots__ = ("_bit",)

    def __init__(self, layout: Layout, base: Minute | None, bit: Callable[[int, int], None]) -> None:
        super().__init__(layout, base)
        self._bit = bit

    def write(self, minute: Minute) -> None:
        """Tell one more minute, whose width and range have been checked."""
        self._bit(self.stop_odds(), 1)
        self._write_place(minute)
        self.start()
        for position, value in enumerate(minute.values):
            self._write_value(position, value)
            self.note(position, value)
        self.ended(minute.minute, minute.span_minutes)

    def _write_place(self, minute: Minute) -> None:
        spanning = minute.span_minutes != 1
        if self.end is None:
            self._even(MINUTE_BITS, minute.minute)
        else:
            apart = minute.minute != self.end or spanning
            self._bit(FOLLOWS, apart)
            if not apart:
                return
            distance = zigzag(minute.minute - self.end)
            self._even(DISTANCE_BITS, distance.bit_length())
            self._even(distance.bit_length(), distance)
        self._bit(FOLLOWS if self.end is None else EVEN, spanning)
        if spanning:
            self._even(SPAN_BITS, minute.span_minutes)

    def _write_value(self, position: int, value: int | None) -> None:
        odds, before, known = self.layout.odds[position], self.before[position], self.known[position]
        if before is not None:
            forecast = self.forecast(position, before)
            expected = before if forecast is None else forecast.value
            self._bit(odds[self.expected_slot(position, before, forecast)], value != expected)
            if value == expected:
                return
            self._bit(odds[slots.GONE], value is None)
            if value is None:
                return
            if forecast is None:
                self._write_change(odds, position, before, value - before)
            else:
                self._write_off(odds, forecast, before, value)
            return
        self._bit(odds[slots.BACK + (known is not None)], value is not None)
        if value is None:
            return
        if known is None:
            self._write_first(odds, value, self.first_guess(position))
            return
        self._bit(odds[slots.MOVED], value != known)
        if value != known:
            self._write_change(odds, position, known, value - known)

    def _write_change(self, odds: Sequence[int], position: int, start: int, delta: int) -> None:
        beside = self.beside(position)
        if beside:
            self._bit(odds[self.same_slot(position, start)], delta == beside)
            if delta == beside:
                return
        hint = self.hint(position, beside)
        self._bit(odds[self.sign_slot(position, start, hint)], delta < 0)
        size = abs(delta)
        step, grain = 0, slots.grain(start)
        if grain:
            step += size % 10 == 0
            self._bit(odds[slots.TENS + grain], step)
            if step and grain > 1:
                step += size % 100 == 0
                self._bit(odds[slots.HUNDREDS + grain], step > 1)
        size //= slots.STEPS[step]
        length = self._write_length(odds, self.length_slot(position, start, hint, step), size)
        digits = slots.DIGITS + (step * slots.LENGTHS + length) * slots.TREE
        self._write_digits(odds, digits, length, slots.TREE, size)

    def _write_off(self, odds: Sequence[int], forecast: Forecast, before: int, value: int) -> None:
        if forecast.value != before:
            self._bit(odds[forecast.stayed_slot()], value == before)
            if value == before:
                return
        off = value - forecast.value
        self._bit(odds[forecast.lower_slot(before)], off < 0)
        length = self._write_length(odds, forecast.length_slot(), abs(off))
        self._write_digits(odds, forecast.digits_slot(length), length, slots.TREE, abs(off))

    def _write_first(self, odds: Sequence[int], value: int, guess: int | None) -> None:
        delta, place = value - (guess or 0), int(guess is not None)
        self._bit(odds[slots.FIRST_NEGATIVE + place], delta < 0)
        size = abs(delta) + 1
        length = self._write_length(odds, slots.FIRST_LENGTH + place * slots.LENGTHS, size)
        digits = slots.FIRST_DIGITS + (place * slots.LENGTHS + length) * slots.SHORT_TREE
        self._write_digits(odds, digits, length, slots.SHORT_TREE, size)

    def _write_length(self, odds: Sequence[int], slot: int, size: int) -> int:
        """Tell how many bits follow the leading one of `size`; the number of them."""
        length = size.bit_length() - 1
        for shorter in range(length + 1):
            known = odds[slot + shorter] if shorter < slots.LENGTHS else EVEN
            self._bit(known, shorter < length)
        return length

    def _write_digits(self, odds: Sequence[int], slot: int, length: int, tree: int, size: int) -> None:
        """Tell the `length` bits behind the leading one; the first ones at odds of their own."""
        node = 1
        for shift in range(length - 1, -1, -1):
            digit = size >> shift & 1
            known = odds[slot + node - 1] if node <= tree and length < slots.LENGTHS else EVEN
            self._bit(known, digit)
            node = node << 1 | digit

    def _even(self, bits: int, number: int) -> None:
        for shift in range(bits - 1, -1, -1):
            self._bit(EVEN, number >> shift & 1)
