"""What may be written to Studer devices, read from `writes.toml`: everything not named there is refused."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cache
from importlib import resources
from typing import Any

from stallaini.devices.studer.objects import Family, StuderObject, info_at, parameter

Version = tuple[int, int, int]
Key = tuple[Family, int]

RESERVED_WRITES = 4
"""So many of a day's writes are kept for restoring what an ended intent changed."""


class Policy(Enum):
    """Who may have a parameter written, and how."""

    AUTOMATIC = "automatic"
    GUARDED = "guarded"
    PERSON = "person"
    TWO_STEP = "two_step"
    SET_ONCE = "set_once"


@dataclass(frozen=True)
class Check:
    """One info that tells whether a value is in effect; exactly one of the four ways is set."""

    info: int
    told: Mapping[float, float] | None = None
    bit: int | None = None
    within: float | None = None
    at_most: float | None = None

    def agrees(self, value: float, told: float) -> bool:
        """Whether the info's value `told` agrees with the written `value`; NaN agrees with nothing."""
        if told != told:
            return False
        if self.told is not None:
            return value not in self.told or self.told[value] == told
        if self.bit is not None:
            return (int(told) >> self.bit & 1 == 0) == bool(value)
        if self.within is not None:
            return abs(told - value) <= self.within
        return self.at_most is not None and told <= value + self.at_most


@dataclass(frozen=True)
class Permission:
    """How one parameter may be written. `lapse_nr` is the signal that ends it; `restores`: flash does."""

    family: Family
    nr: int
    policy: Policy
    note: str
    clamps: bool = False
    writes: int = 0
    restores: bool = False
    lapse_nr: int | None = None
    reasserts: bool = False
    checks: tuple[Check, ...] = ()

    @property
    def object(self) -> StuderObject:
        """The maker's table of it."""
        return parameter(self.nr, self.family)


@dataclass(frozen=True)
class Software:
    """The least software of a family that knows writes to RAM, and the two infos that tell it, if any do."""

    least: Version
    infos: tuple[int, int] | None


@dataclass(frozen=True)
class Denial:
    """Numbers that are never written, and why."""

    nrs: tuple[int, ...]
    why: str


@dataclass(frozen=True)
class AllowList:
    """The whole of `writes.toml`."""

    permissions: Mapping[Key, Permission]
    denials: tuple[Denial, ...]
    software: Mapping[Family, Software]

    def why_denied(self, nr: int) -> str:
        """Why a parameter without permission is refused."""
        named = next((denial.why for denial in self.denials if nr in denial.nrs), None)
        return (
            f"{nr} is never written: {named}" if named else f"{nr} is not on the list of what may be written"
        )


_ADDRESSES = {
    Family.XT: range(101, 110),
    Family.VT: range(301, 316),
    Family.VS: range(701, 716),
    Family.BMS: range(601, 602),
    Family.RCC: range(501, 502),
}


def single_device(address: int) -> Family | None:
    """The family of one device's address; None for groups, phases and what is no address."""
    return next((family for family, addresses in _ADDRESSES.items() if address in addresses), None)


@cache
def allow_list() -> AllowList:
    """The list that comes with the program."""
    return parse_allow_list(resources.files(__package__).joinpath("writes.toml").read_text(encoding="utf-8"))


def parse_allow_list(text: str) -> AllowList:
    """Raises ValueError that names what is wrong with the list: a typing error must not open a door."""
    raw = tomllib.loads(text)
    denials = tuple(Denial(tuple(numbers(entry["nrs"])), entry["why"]) for entry in raw["deny"])
    denied = {nr for denial in denials for nr in denial.nrs}
    permissions: dict[Key, Permission] = {}
    for entry in raw["allow"]:
        for permission in _permissions(entry):
            key = permission.family, permission.nr
            if key in permissions or permission.nr in denied:
                raise ValueError(f"{permission.nr} is named twice, or denied too")
            permissions[key] = permission
    for permission in permissions.values():
        if permission.lapse_nr is not None and (permission.family, permission.lapse_nr) not in permissions:
            raise ValueError(f"{permission.nr} ends with {permission.lapse_nr}, which is not allowed itself")
    software = {Family(name): _software(entry) for name, entry in raw["versions"].items()}
    return AllowList(permissions, denials, software)


def numbers(text: str) -> Iterator[int]:
    """`1107, 1491-1494` as single numbers."""
    for part in text.split(","):
        first, _, last = part.strip().partition("-")
        yield from range(int(first), int(last or first) + 1)


def parse_version(text: str) -> Version:
    """`1.6.12`. Raises ValueError."""
    x, y, z = (int(part) for part in text.split("."))
    return x, y, z


def _software(entry: Mapping[str, Any]) -> Software:
    infos = entry.get("infos")
    return Software(parse_version(entry["least"]), None if infos is None else (infos[0], infos[1]))


_KEYS = {"family", "nr", "nrs", "policy", "note", "beyond", "writes", "lapse", "reassert", "confirm"}


def _permissions(entry: Mapping[str, Any]) -> Iterator[Permission]:
    unknown = set(entry) - _KEYS
    if unknown:
        raise ValueError(f"unknown keys {sorted(unknown)}")
    family, policy = Family(entry["family"]), Policy(entry["policy"])
    for nr in numbers(entry["nrs"]) if "nrs" in entry else (entry["nr"],):
        parameter(nr, family)
        permission = Permission(family, nr, policy, entry["note"])
        yield permission if policy is Policy.SET_ONCE else _writable(permission, entry)


def _writable(bare: Permission, entry: Mapping[str, Any]) -> Permission:
    lapse, beyond = entry["lapse"], entry.get("beyond", "refuse")
    reasserts = bool(entry.get("reassert", False))
    if beyond not in ("refuse", "clamp") or not (lapse in ("flash", "leave") or isinstance(lapse, int)):
        raise ValueError(f"{bare.nr}: beyond is refuse or clamp, lapse is flash, leave or a signal's number")
    if entry["writes"] < RESERVED_WRITES + 2:
        raise ValueError(f"{bare.nr}: a day takes at least {RESERVED_WRITES + 2} writes")
    if reasserts and (bare.policy is not Policy.AUTOMATIC or lapse != "flash"):
        raise ValueError(f"{bare.nr}: only what is automatic and kept in flash is written again by itself")
    return Permission(
        bare.family,
        bare.nr,
        bare.policy,
        bare.note,
        clamps=beyond == "clamp",
        writes=entry["writes"],
        restores=lapse == "flash",
        lapse_nr=lapse if isinstance(lapse, int) else None,
        reasserts=reasserts,
        checks=tuple(_checks(bare, entry["confirm"])),
    )


def _checks(permission: Permission, entries: Iterable[Mapping[str, Any]]) -> Iterator[Check]:
    for entry in entries:
        info_at(_ADDRESSES[permission.family][0], entry["info"])
        ways = set(entry) - {"info"}
        if len(ways) != 1 or not ways <= {"told", "bit", "within", "at_most"}:
            raise ValueError(
                f"{permission.nr}: info {entry['info']} must confirm in one way, not {sorted(ways)}"
            )
        told = entry.get("told")
        yield Check(
            entry["info"],
            told=None if told is None else {float(value): float(number) for value, number in told.items()},
            bit=entry.get("bit"),
            within=entry.get("within"),
            at_most=entry.get("at_most"),
        )
