"""Every user info and parameter of Studer devices: number, name, unit, format, limits (appendix V1.6.42)."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache, lru_cache
from importlib import resources

from stallaini.devices.studer.formats import Format


class Family(Enum):
    """A family of devices that share one table. A BSP or an Xcom-CAN with a BMS answers at 601."""

    XT = "xt"
    VT = "vt"
    VS = "vs"
    BMS = "bms"
    BSP = "bsp"
    RCC = "rcc"

    __hash__ = object.__hash__  # each member is one object; Enum's own looks the name up, in Python


class Kind(Enum):
    """What an object is: a measured value, or a setting."""

    INFO = "info"
    PARAMETER = "param"

    __hash__ = object.__hash__


class UnknownObject(LookupError):
    """No such info or parameter in the maker's table, or no such device address."""


@dataclass(frozen=True, slots=True)
class StuderObject:
    """One info or parameter. `default`, `min`, `max` and `increment` are None where the table gives none."""

    family: Family
    kind: Kind
    nr: int
    level: str
    name: str
    unit: str
    format: Format
    is_signal: bool
    default: float | None
    min: float | None
    max: float | None
    increment: float | None
    options: Mapping[int, str]

    def meaning(self, value: float) -> str:
        """The option's text, or a text that says that the number is unknown; never an exception."""
        known = self.options.get(int(value)) if value == value and abs(value) < 2**32 else None
        return known if known is not None and value == int(value) else f"unknown ({value:g})"


_RANGES: tuple[tuple[int, int, tuple[Family, ...]], ...] = (
    (100, 109, (Family.XT,)),
    (191, 193, (Family.XT,)),
    (300, 315, (Family.VT,)),
    (500, 505, (Family.RCC,)),
    (600, 601, (Family.BMS, Family.BSP)),
    (700, 715, (Family.VS,)),
)
GROUPS = frozenset({0, 100, 300, 500, 600, 700})
"""Addresses of several devices at once: they take writes and cannot be read."""


@lru_cache(maxsize=1024)
@cache
def families_at(address: int) -> tuple[Family, ...]:
    """Families a device at this address can be of, the likelier first. Raises UnknownObject."""
    for first, last, families in _RANGES:
        if first <= address <= last:
            return families
    raise UnknownObject(f"{address} is no address of a Studer device")


def family_of(address: int) -> Family:
    """The family of the device at this address (BMS for 601). Raises UnknownObject for no address."""
    return families_at(address)[0]


def info(nr: int, family: Family) -> StuderObject:
    """Info `nr` of a family. Raises UnknownObject."""
    return _find(nr, Kind.INFO, (family,))


def parameter(nr: int, family: Family) -> StuderObject:
    """Parameter `nr` of a family. Raises UnknownObject."""
    return _find(nr, Kind.PARAMETER, (family,))


@lru_cache(maxsize=4096)
@cache
def info_at(address: int, nr: int) -> StuderObject:
    """Info `nr` of the device at `address`; at 601 a BMS's, or else a BSP's. Raises UnknownObject."""
    return _find(nr, Kind.INFO, families_at(address))


@cache
def parameter_at(address: int, nr: int) -> StuderObject:
    """Parameter `nr` of the device at `address`; at 601 a BMS's, or else a BSP's. Raises UnknownObject."""
    return _find(nr, Kind.PARAMETER, families_at(address))


def all_objects() -> tuple[StuderObject, ...]:
    """The whole table."""
    return tuple(_table().values())


def _find(nr: int, kind: Kind, families: tuple[Family, ...]) -> StuderObject:
    table = _table()
    for family in families:
        known = table.get((family, kind, nr))
        if known is not None:
            return known
    names = " or ".join(family.value for family in families)
    raise UnknownObject(f"{names} has no {'info' if kind is Kind.INFO else 'parameter'} {nr}")


@cache
def _table() -> dict[tuple[Family, Kind, int], StuderObject]:
    source = resources.files(__package__).joinpath("objects.csv").read_text(encoding="utf-8")
    objects = [_parse(row) for row in csv.DictReader(source.splitlines())]
    return {(each.family, each.kind, each.nr): each for each in objects}


def _parse(row: dict[str, str]) -> StuderObject:
    is_signal = row["is_signal"] == "1"
    default, least, most, increment = (
        float(row[name]) if row[name] else None for name in ("default", "min", "max", "increment")
    )
    options = (option.split("=", 1) for option in row["options"].split("|") if option)
    return StuderObject(
        Family(row["family"]),
        Kind(row["kind"]),
        int(row["nr"]),
        row["level"],
        row["name"],
        row["unit"],
        Format.SIGNAL if is_signal else Format(row["format"]),
        is_signal,
        default,
        least,
        most,
        increment,
        {int(number): text for number, text in options},
    )
