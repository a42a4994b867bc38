"""Minutes as few bytes: what changed since the minute before, and by how much. Pure, no I/O.

A run of minutes is coded against a *base*, a minute both ends hold, or against nothing (self-contained).
Per minute: a mask (bit 0: it does not follow the previous one, or spans more than one minute; bit i + 1:
series i changed), then one number per set bit. Bit 0's number is the zigzag distance from where the
previous one ended, times 2, plus 1 when the span follows. docs/reference/wire.md has the table.
"""

from __future__ import annotations

from typing import Protocol

from stallaini.link.messages import Minute
from stallaini.link.varint import HIGHEST, LOWEST, Cursor, Malformed, append_varint, unzigzag, zigzag

MAX_MINUTE = 2**32 - 1
MAX_SPAN_MINUTES = 1440


class MinuteEncoder(Protocol):
    """Takes minutes one by one, so that a packer can stop at a size."""

    def add(self, minute: Minute) -> int:
        """Code one more minute; returns the size in bytes that `finish` would now give.

        Raises ValueError when the minute cannot be coded: another width, a number out of range.
        """

    def finish(self) -> bytes:
        """The minutes so far as bytes."""


class MinuteCodec(Protocol):
    """One way to code minutes; `version` (1 to 15) names it on the wire."""

    @property
    def version(self) -> int:
        """The number in the message's first byte."""

    def encoder(self, base: Minute | None) -> MinuteEncoder:
        """A fresh run of minutes, chained to `base` or self-contained."""

    def decode(self, data: bytes, base: Minute | None, width: int) -> list[Minute]:
        """The minutes in `data`, each of `width` series. Raises Malformed.

        Work and memory are bounded by the length of `data`, whatever it claims.
        """


class _State:
    """What both ends know of the minute before: where it ended, its values, the last known of each series."""

    __slots__ = ("end", "known", "values")

    def __init__(self, base: Minute | None, width: int) -> None:
        self.end = 0 if base is None else base.minute + base.span_minutes
        self.values: list[int | None] = [None] * width if base is None else list(base.values)
        self.known = [value or 0 for value in self.values]


class _DeltaEncoder:
    def __init__(self, base: Minute | None) -> None:
        self._base = base
        self._state: _State | None = None
        self._out = bytearray()

    def add(self, minute: Minute) -> int:
        check_minute(minute)
        if self._state is None:
            self._state = _State(self._base, len(minute.values))
        state = self._state
        if len(minute.values) != len(state.values):
            raise ValueError(f"a minute of {len(minute.values)} series after one of {len(state.values)}")
        mask = 0
        tokens = bytearray()
        if minute.minute != state.end or minute.span_minutes != 1:
            mask = 1
            _append_place(tokens, minute, state.end)
        for position, value in enumerate(minute.values):
            if value == state.values[position]:
                continue
            mask |= 2 << position
            if value is None:
                tokens.append(0)
            else:
                append_varint(tokens, zigzag(value - state.known[position]))
                state.known[position] = value
        state.end, state.values = minute.minute + minute.span_minutes, list(minute.values)
        self._out += mask.to_bytes(_mask_bytes(len(minute.values)), "little")
        self._out += tokens
        return len(self._out)

    def finish(self) -> bytes:
        return bytes(self._out)


class DeltaCodec:
    """Change mask and zigzag varints: simple, and small enough where the transport dominates."""

    version = 1

    def encoder(self, base: Minute | None) -> MinuteEncoder:
        """A fresh run of minutes, chained to `base` or self-contained."""
        return _DeltaEncoder(base)

    def decode(self, data: bytes, base: Minute | None, width: int) -> list[Minute]:
        """The minutes in `data`; raises Malformed."""
        if base is not None and len(base.values) != width:
            raise ValueError(f"a base of {len(base.values)} series for minutes of {width}")
        cursor, state, minutes = Cursor(data), _State(base, width), []
        while cursor.remaining:
            minutes.append(_decode_minute(cursor, state, width))
        return minutes


def _decode_minute(cursor: Cursor, state: _State, width: int) -> Minute:
    mask = int.from_bytes(cursor.take(_mask_bytes(width)), "little")
    if mask >> (width + 1):
        raise Malformed(f"a change beyond the {width} series")
    minute, span_minutes = _read_place(cursor, state.end) if mask & 1 else (state.end, 1)
    if not 0 <= minute <= MAX_MINUTE:
        raise Malformed(f"minute {minute} is out of range")
    state.end = minute + span_minutes
    mask >>= 1
    while mask:
        position = (mask & -mask).bit_length() - 1
        mask &= mask - 1
        _change(state, position, cursor.token())
    return Minute(minute, tuple(state.values), span_minutes)


def _append_place(out: bytearray, minute: Minute, end: int) -> None:
    spanning = minute.span_minutes != 1
    append_varint(out, zigzag(minute.minute - end) << 1 | spanning)
    if spanning:
        append_varint(out, minute.span_minutes)


def _read_place(cursor: Cursor, end: int) -> tuple[int, int]:
    token = cursor.varint()
    span_minutes = cursor.varint() if token & 1 else 1
    if not 1 <= span_minutes <= MAX_SPAN_MINUTES:
        raise Malformed(f"a minute that spans {span_minutes}")
    return end + unzigzag(token >> 1), span_minutes


def _change(state: _State, position: int, token: int) -> None:
    if token == 0 and state.values[position] is not None:
        state.values[position] = None
        return
    value = state.known[position] + unzigzag(token)
    if not LOWEST <= value <= HIGHEST:
        raise Malformed(f"series {position} leaves the range of 64 bits")
    state.values[position] = state.known[position] = value


def _mask_bytes(width: int) -> int:
    return (width + 8) // 8


def check_minute(minute: Minute) -> None:
    """Raise ValueError where a minute leaves what the wire can say."""
    if not 0 <= minute.minute <= MAX_MINUTE:
        raise ValueError(f"minute {minute.minute} is out of range")
    if not 1 <= minute.span_minutes <= MAX_SPAN_MINUTES:
        raise ValueError(f"a minute that spans {minute.span_minutes}")
    for value in minute.values:
        if value is not None and not LOWEST <= value <= HIGHEST:
            raise ValueError(f"{value} does not fit 64 bits")


CODECS: dict[int, MinuteCodec] = {DeltaCodec.version: DeltaCodec()}
DEFAULT_CODEC = DeltaCodec()
