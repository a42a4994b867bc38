"""One minute as a BLOB of equally wide little-endian integers, and many such rows back as a matrix. Pure.

The width (2, 4 or 8 bytes) is the smallest that fits, so that equal minutes are equal bytes; it shows
in the length. The most negative integer of the width stands for "no value".
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from stallaini.server.store.base import Integers

_CODES = {2: "h", 4: "i", 8: "q"}
_MISSING = {width: -(1 << (8 * width - 1)) for width in _CODES}


class HotRow(NamedTuple):
    """A row of the minute table without its site."""

    minute: int
    span: int
    description: bytes
    data: bytes


@dataclass(frozen=True)
class HotBlock:
    """Hot minutes of one description: `values` has shape (minutes, series), `present` says where one is."""

    description: bytes
    minutes: Integers
    spans: Integers
    values: Integers
    present: NDArray[np.bool_]


def pack_values(values: Sequence[int | None]) -> bytes:
    """The values of one minute; magnitudes up to 2**62."""
    known = [value for value in values if value is not None]
    low, high = min(known, default=0), max(known, default=0)
    width = next(width for width, missing in _MISSING.items() if missing < low and high < -missing)
    filled = values
    if len(known) < len(values):
        missing = _MISSING[width]
        filled = [missing if value is None else value for value in values]
    return _struct(width, len(values)).pack(*filled)


def unpack_values(data: bytes, count: int) -> tuple[int | None, ...]:
    """The inverse of `pack_values` for `count` series."""
    if count == 0:
        return ()
    width = len(data) // count
    missing = _MISSING[width]
    return tuple(None if v == missing else v for v in _struct(width, count).unpack(data))


def blocks(rows: Sequence[HotRow], series_count: Callable[[bytes], int]) -> list[HotBlock]:
    """The rows as one block per description and width; `series_count` tells how many series a hash has."""
    groups: dict[tuple[bytes, int], list[HotRow]] = {}
    for row in rows:
        groups.setdefault((row.description, len(row.data)), []).append(row)
    return [_block(hash_, group, series_count(hash_)) for (hash_, _), group in groups.items()]


def _block(description: bytes, rows: list[HotRow], count: int) -> HotBlock:
    width = len(rows[0].data) // count if count else 2
    flat = np.frombuffer(b"".join([row.data for row in rows]), f"<i{width}")
    values = flat.reshape(len(rows), count).astype(np.int64)
    return HotBlock(
        description,
        np.array([row.minute for row in rows], np.int64),
        np.array([row.span for row in rows], np.int64),
        values,
        values != _MISSING[width],
    )


@cache
def _struct(width: int, count: int) -> struct.Struct:
    return struct.Struct(f"<{count}{_CODES[width]}")
