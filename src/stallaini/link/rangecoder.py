"""Decisions of known odds as the fewest bytes: a binary range coder with a short end. Pure, no I/O.

The construction is the carry-less-look-ahead range coder with a 32-bit range known from LZMA (7-Zip SDK,
public domain): a run of 0xFF bytes waits until it is known whether a carry passes through. Odds are
fixed; whole numbers only, so every machine codes alike. Bytes past the end read as zero, and zeros at
the end are not written.
"""

from __future__ import annotations

ODDS_BITS = 16
ONE = 1 << ODDS_BITS
"""Odds of the answer 0 run from 1 to ONE - 1."""
EVEN = ONE >> 1
_TOP, _MASK = 1 << 24, 0xFFFFFFFF


class RangeEncoder:
    """Takes decisions one by one; `finish` may be asked at any time and changes nothing."""

    __slots__ = ("_cache", "_low", "_out", "_pending", "_range", "_started")

    def __init__(self) -> None:
        self._low, self._range = 0, _MASK
        self._cache, self._pending, self._started = 0, 0, False
        self._out = bytearray()

    def bit(self, odds: int, bit: int) -> None:
        """Code one decision; `odds` / 65,536 is the probability that it is 0."""
        split = (self._range >> ODDS_BITS) * odds
        if bit:
            self._low += split
            self._range -= split
        else:
            self._range = split
        while self._range < _TOP:
            self._range <<= 8
            self._shift()

    def finish(self, last: tuple[int, int] | None = None) -> bytes:
        """All decisions so far as bytes; `last` is one decision more (odds, bit), for this answer only."""
        end = RangeEncoder()
        end._low, end._range, end._out = self._low, self._range, bytearray(self._out)
        end._cache, end._pending, end._started = self._cache, self._pending, self._started
        if last is not None:
            end.bit(*last)
        end._low = _roundest(end._low, end._low + end._range - 1)
        for _ in range(5):
            end._shift()
        return bytes(end._out.rstrip(b"\0"))

    def _shift(self) -> None:
        """Move the top byte of `low` out, or hold it back while a carry could still change it."""
        low = self._low
        if low < 0xFF000000 or low > _MASK:
            carry = low >> 32
            if self._started:
                self._out.append(self._cache + carry & 0xFF)
            self._started = True
            if self._pending:
                self._out += bytes((0xFF + carry & 0xFF,)) * self._pending
                self._pending = 0
            self._cache = low >> 24 & 0xFF
        else:
            self._pending += 1
        self._low = (low & 0x00FFFFFF) << 8


class RangeDecoder:
    """Gives the decisions back, in order, for the same odds. Any bytes give some decisions.

    `position` counts the bytes taken in so far, those past the end included.
    """

    __slots__ = ("_code", "_data", "_range", "position")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.position = 4
        self._range = _MASK
        self._code = int.from_bytes(data[:4].ljust(4, b"\0"), "big")

    def bit(self, odds: int) -> int:
        """The next decision."""
        split = (self._range >> ODDS_BITS) * odds
        if self._code < split:
            self._range, bit = split, 0
        else:
            self._code -= split
            self._range -= split
            bit = 1
        while self._range < _TOP:
            self._range <<= 8
            position = self.position
            following = self._data[position] if position < len(self._data) else 0
            self._code = self._code << 8 | following
            self.position = position + 1
        return bit


def _roundest(low: int, high: int) -> int:
    """The number in [low, high] with the most zero bits at its end."""
    bits = (low ^ high).bit_length()
    if low == 0 or low & (1 << bits) - 1 == 0:
        return low
    return high >> (bits - 1) << (bits - 1)
