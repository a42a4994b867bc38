"""One series of one UTC day as few bytes, and many such days back as arrays at once. Pure.

A chunk is: a byte of flags, the first value (zigzag varint), the minutes of the day that have a value
(left out when all have), then the zigzag differences of consecutive values as byte planes (all lowest
bytes, then all second ones, ...), deflated where that helps. A minute without a value is not in it.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stallaini.link.varint import Cursor, append_varint, unzigzag, zigzag
from stallaini.server.store.base import Integers

DAY_MINUTES = 1440

# Flags: the low four bits count the byte planes (0: every value equals the first).
_PLANES = 0x0F
_RUNS = 0x10
_DEFLATED = 0x20
_TYPES = {
    1: (np.uint8, np.int8),
    2: (np.uint16, np.int16),
    4: (np.uint32, np.int32),
    8: (np.uint64, np.int64),
}
_LEVEL = 9


class Chunk(NamedTuple):
    """One row of the chunk table without its key: n values, their lowest, highest and sum, and the bytes."""

    n: int
    low: int
    high: int
    total: int
    data: bytes


def encode_chunk(offsets: Integers, values: Integers, span: int) -> Chunk:
    """The chunk of one series and day.

    `offsets` are minutes of the day, ascending and at least one, of records that stand for `span`
    minutes each; `values` are fixed-point, within MAX_VALUE, so that a day's sum fits 64 bits.
    """
    deltas = np.diff(values)
    coded = ((deltas << 1) ^ (deltas >> 63)).astype(np.uint64)
    planes = _plane_count(int(coded.max(initial=0)))
    body = coded.view(np.uint8).reshape(-1, 8)[:, :planes].T.tobytes()
    small = _deflate(body)
    deflated = len(small) < len(body)
    full = len(offsets) == _full_count(span) and bool((np.diff(offsets) == span).all())
    flags = planes | _RUNS * (not full) | _DEFLATED * deflated
    out = bytearray((flags,))
    append_varint(out, zigzag(int(values[0])))
    if not full:
        _append_runs(out, offsets, span)
    out += small if deflated else body
    return Chunk(len(values), int(values.min()), int(values.max()), int(values.sum()), bytes(out))


def decode_chunks(
    days: Sequence[int], spans: Sequence[int], counts: Sequence[int], blobs: Sequence[bytes]
) -> tuple[Integers, Integers]:
    """(minutes since 1970, values) of many chunks, one after the other.

    Per chunk: its day (whole days since 1970), the span of its records, its n and its bytes.
    """
    minutes = np.empty(sum(counts), np.int64)
    if not blobs:
        return minutes, minutes
    firsts: list[int] = []
    bodies: list[bytes] = []
    begin = 0
    for day, span, n, blob in zip(days, spans, counts, blobs, strict=True):
        offsets, first, body = _unpack(blob, span)
        np.add(offsets, day * DAY_MINUTES, out=minutes[begin : begin + n])
        firsts.append(first)
        bodies.append(body)
        begin += n
    return minutes, _values(np.array(firsts, np.int64), counts, bodies)


def _unpack(blob: bytes, span: int) -> tuple[Integers, int, bytes]:
    """The minutes of the day, the first value, the byte planes of the differences."""
    cursor = Cursor(blob)
    flags = cursor.byte()
    first = unzigzag(cursor.varint())
    offsets = _read_runs(cursor, span) if flags & _RUNS else _FULL[span]
    body = blob[cursor.position :]
    return offsets, first, zlib.decompress(body, -15) if flags & _DEFLATED else body


def _values(firsts: Integers, counts: Sequence[int], bodies: Sequence[bytes]) -> Integers:
    """One running sum over all chunks at once, shifted so that each begins at its own first value."""
    unsigned, signed = _TYPES[
        max((len(body) // (n - 1) for n, body in zip(counts, bodies, strict=True) if body), default=1)
    ]
    coded = _plane(0, counts, bodies).astype(unsigned)
    for index in range(1, coded.itemsize):
        coded |= _plane(index, counts, bodies).astype(unsigned) << unsigned(8 * index)
    signs = -(coded & unsigned(1)).view(signed)
    coded >>= unsigned(1)
    values = np.cumsum(coded.view(signed) ^ signs, dtype=np.int64)
    starts = np.cumsum(counts) - counts
    values += np.repeat(firsts - values[starts], counts)
    return values


def _plane(index: int, counts: Sequence[int], bodies: Sequence[bytes]) -> NDArray[np.uint8]:
    """Byte `index` of every difference, 0 for each chunk's first value and for planes it does without."""
    parts: list[bytes] = []
    for n, body in zip(counts, bodies, strict=True):
        plane = body[index * (n - 1) : (index + 1) * (n - 1)]
        parts += (b"\0", plane) if plane else (bytes(n),)
    return np.frombuffer(b"".join(parts), np.uint8)


def _full_count(span: int) -> int:
    return DAY_MINUTES // span


class _FullDays(dict[int, Integers]):
    """Per span the minutes of a day without holes."""

    def __missing__(self, span: int) -> Integers:
        self[span] = np.arange(_full_count(span), dtype=np.int64) * span
        return self[span]


_FULL = _FullDays()


def _plane_count(highest: int) -> int:
    if highest == 0:
        return 0
    return next(planes for planes in _TYPES if highest < 1 << (8 * planes))


def _deflate(body: bytes) -> bytes:
    deflater = zlib.compressobj(_LEVEL, zlib.DEFLATED, -15, 9)
    return deflater.compress(body) + deflater.flush()


def _append_runs(out: bytearray, offsets: Integers, span: int) -> None:
    """Runs of records without a hole between: how many, then (minutes skipped, records) each."""
    breaks = np.flatnonzero(np.diff(offsets) != span) + 1
    begins = np.concatenate(([0], breaks))
    lengths = np.diff(np.concatenate((begins, [len(offsets)])))
    append_varint(out, len(begins))
    position = 0
    for begin, length in zip(offsets[begins].tolist(), lengths.tolist(), strict=True):
        append_varint(out, zigzag(begin - position))
        append_varint(out, length)
        position = begin + length * span


def _read_runs(cursor: Cursor, span: int) -> Integers:
    parts = []
    position = 0
    for _ in range(cursor.varint()):
        begin = position + unzigzag(cursor.varint())
        length = cursor.varint()
        parts.append(begin + np.arange(length, dtype=np.int64) * span)
        position = begin + length * span
    return np.concatenate(parts)
