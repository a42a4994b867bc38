"""What somebody wants of a parameter, what became of it, and what was noticed later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from stallaini.devices.studer.allow import Key, Version

LONGEST_S = 24 * 3600.0


@dataclass(frozen=True)
class Intent:
    """A parameter of one device shall have `value` in RAM for the next `lasts_s` seconds (up to a day).

    `issuer` is the person or the program that wants it; `ticket` confirms a second step.
    """

    address: int
    nr: int
    value: float
    lasts_s: float
    issuer: str
    by_person: bool = False
    ticket: str | None = None


@dataclass(frozen=True)
class SiteLimits:
    """What the site file adds to the list: narrower ranges (inclusive), and which guarded ones are enabled.

    `software` holds versions that a person read off a device where no info tells them, by address.
    """

    ranges: Mapping[Key, tuple[float, float]] = field(default_factory=dict)
    guarded: frozenset[Key] = frozenset()
    software: Mapping[int, Version] = field(default_factory=dict)


@dataclass(frozen=True)
class Done:
    """The value (clamped, it may be) is in effect. `written`: it was not already.

    `confirmed` is False only where no info can tell.
    """

    value: float
    written: bool
    confirmed: bool


@dataclass(frozen=True)
class Refused:
    """Nothing was changed, and why; for people."""

    why: str


@dataclass(frozen=True)
class NotConfirmed:
    """Written, once more after that, and still no info says that it is in effect. The intent stays."""

    value: float
    why: str


@dataclass(frozen=True)
class SecondStepNeeded:
    """Ask again with this ticket, for the same, within so many seconds; nothing was changed."""

    ticket: str
    within_s: float


Result = Done | Refused | NotConfirmed | SecondStepNeeded


@dataclass(frozen=True)
class Noticed:
    """Something that happened to an intent after it was asserted; an event, once told.

    `kind` is one of `lapsed` (its end came; nothing was to restore), `restored`, `not_restored`,
    `mismatch`, `reasserted`, `not_reasserted`, `overruled` (a person's hand; the intent is given up),
    `back` (in effect again by itself) and `unseen` (the device cannot be asked).
    """

    kind: str
    address: int
    nr: int
    value: float
    why: str = ""
