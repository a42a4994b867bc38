"""Many infos in one exchange (specification V1.6.32): an entry names an info and a unit of its family."""

from __future__ import annotations

import struct
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple

from stallaini.devices.studer.objects import GROUPS, Family, family_of
from stallaini.devices.studer.service import ObjectType, Property, Read

MAX_ENTRIES = 31
"""More would make the answer longer than a frame's 240 bytes of data."""

MASTER, MEAN, SUM = 0x00, 0xFD, 0xFE

_ENTRY = struct.Struct("<HB")
_HEAD = struct.Struct("<II")
_VALUE = struct.Struct("<HBf")
_UNITS = {Family.XT: (101, 109), Family.VT: (301, 315), Family.VS: (701, 715), Family.BMS: (601, 601)}
_PRESENT = {Family.XT: 1 << 5, Family.BMS: 1 << 6, Family.BSP: 1 << 6, Family.VT: 1 << 7, Family.VS: 1 << 8}


class Entry(NamedTuple):
    """Info `nr` of one unit (1-15), of the family's MASTER, or the MEAN or SUM of its units."""

    nr: int
    unit: int


class Values(NamedTuple):
    """The answer: families present (see `has`), the gateway's clock, and one value per entry asked for."""

    present: int
    unix_s: int
    values: tuple[float, ...]


def has(present: int, family: Family) -> bool:
    """Whether the gateway knows a device of this family."""
    return bool(present & _PRESENT.get(family, 0))


@lru_cache(maxsize=256)
def unit_of(address: int) -> int | None:
    """The unit number of a device, 1 the first of its family; None where multi-info cannot ask it alone."""
    first, last = _UNITS.get(family_of(address), (0, -1))
    return address - first + 1 if address not in GROUPS and first <= address <= last else None


def ask(entries: Iterable[Entry]) -> Read:
    """The question for these entries."""
    data = b"".join(_ENTRY.pack(*entry) for entry in entries)
    return Read(ObjectType.MULTI_INFO, 1, Property.INFO, data)


def decode_entries(data: bytes) -> list[Entry]:
    """What was asked for. Raises ValueError on a wrong length."""
    if not data or len(data) % _ENTRY.size:
        raise ValueError(f"{len(data)} bytes are no entries")
    return [Entry(*fields) for fields in _ENTRY.iter_unpack(data)]


def encode_values(families: Iterable[Family], unix_s: int, values: Iterable[tuple[Entry, float]]) -> bytes:
    """The answer's data."""
    present = 0
    for family in families:
        present |= _PRESENT.get(family, 0)
    return _HEAD.pack(present, unix_s) + b"".join(_VALUE.pack(*entry, value) for entry, value in values)


def answered_entries(data: bytes) -> list[Entry]:
    """The entries that an answer is of. Raises ValueError on a wrong length."""
    count, rest = divmod(len(data) - _HEAD.size, _VALUE.size)
    if count < 1 or rest:
        raise ValueError(f"{len(data)} bytes are no values")
    return [Entry(nr, unit) for nr, unit, _ in _VALUE.iter_unpack(data[_HEAD.size :])]


def decode_values(data: bytes, asked: Sequence[Entry]) -> Values:
    """The values of `asked`. Raises ValueError when the answer is of another length or of other entries."""
    if len(data) != _HEAD.size + len(asked) * _VALUE.size:
        raise ValueError(f"{len(data)} bytes are no {len(asked)} values")
    present, unix_s = _HEAD.unpack_from(data)
    found = list(_VALUE.iter_unpack(data[_HEAD.size :]))
    if [row[:2] for row in found] != list(asked):
        raise ValueError("the answer is of other infos than asked for")
    return Values(present, unix_s, tuple([value for _, _, value in found]))
