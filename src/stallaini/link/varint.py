"""Whole numbers in as few bytes as they need: base-128 groups, least first, high bit = more follows."""

from __future__ import annotations

LOWEST, HIGHEST = -(2**63), 2**63 - 1
"""The range of a signed number; unsigned ones reach from 0 to HIGHEST."""
_MAX_BITS = 70


class Malformed(ValueError):
    """The bytes are not a message of this version; the text says where they go wrong."""


def zigzag(number: int) -> int:
    """A signed number as an unsigned one, small magnitudes first: 0, -1, 1, -2 become 0, 1, 2, 3."""
    return number << 1 if number >= 0 else (-number << 1) - 1


def unzigzag(number: int) -> int:
    """The inverse of `zigzag`."""
    return number >> 1 if not number & 1 else -((number + 1) >> 1)


def append_varint(out: bytearray, number: int) -> None:
    """Append an unsigned number (below 2**70)."""
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)


def varint_bytes(number: int) -> int:
    """How many bytes `append_varint` needs for `number`."""
    return max(1, -(-number.bit_length() // 7))


class Cursor:
    """Reads a message from front to back; every way to run off its end is Malformed."""

    __slots__ = ("data", "position")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.position = 0

    @property
    def remaining(self) -> int:
        """Bytes not yet read."""
        return len(self.data) - self.position

    def byte(self) -> int:
        """The next byte."""
        return self.take(1)[0]

    def take(self, count: int) -> bytes:
        """The next `count` bytes."""
        end = self.position + count
        if end > len(self.data):
            raise Malformed(f"{count} bytes wanted at {self.position}, {self.remaining} left")
        taken = self.data[self.position : end]
        self.position = end
        return taken

    def rest(self) -> bytes:
        """All that is left."""
        return self.take(self.remaining)

    def varint(self) -> int:
        """The next unsigned number, at most HIGHEST."""
        number = self.token()
        if number > HIGHEST:
            raise Malformed(f"{number} is too large at {self.position}")
        return number

    def signed(self) -> int:
        """The next zigzag number, between LOWEST and HIGHEST."""
        number = unzigzag(self.token())
        if not LOWEST <= number <= HIGHEST:
            raise Malformed(f"{number} is too large at {self.position}")
        return number

    def token(self) -> int:
        """The next unsigned number of at most 70 bits: room for the difference of two signed ones."""
        number = shift = 0
        data, position = self.data, self.position
        while position < len(data) and shift < _MAX_BITS:
            group = data[position]
            position += 1
            number |= (group & 0x7F) << shift
            if group < 0x80:
                self.position = position
                return number
            shift += 7
        raise Malformed(f"a number that does not end at {self.position}")
