"""What a kind of Studer device is asked, how often, and what its answers become: `polling.toml` as data."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

import msgspec

_PERIODS = (10.0, 30.0, 60.0, 300.0)


@dataclass(frozen=True)
class Poll:
    """One info and what its answer becomes.

    The answer times `scale` (and times -1 where the device's setting named `sign` is "reversed") is field
    `field` in the unit of its quantity, or its minute's `aggregate`. With `one_of` it is whether the answer
    is one of these numbers. Above `absent_above` there is no sensor. What lies outside `low` to `high` is
    rejected; what is further than `jump` from the value before waits for a second one that confirms it.
    """

    nr: int
    field: str
    every_s: float
    aggregate: str | None = None
    scale: float = 1.0
    sign: str = ""
    one_of: tuple[int, ...] = ()
    absent_above: float = math.inf
    low: float = -math.inf
    high: float = math.inf
    jump: float = math.inf


@dataclass(frozen=True)
class Identity:
    """The infos that tell once what a device is: its type, software version and serial number (FID).

    `probe` is an info that every device of the kind answers; `types` are words for numbers of `type`.
    """

    probe: int
    type: int | None = None
    software: tuple[int, int] | None = None
    serial: tuple[int, int] | None = None
    types: Mapping[int, str] | None = None


@dataclass(frozen=True)
class Polling:
    """All that a kind of device is asked."""

    identity: Identity
    polls: tuple[Poll, ...]


class _File(msgspec.Struct, forbid_unknown_fields=True):
    identity: Identity
    info: tuple[Poll, ...]


@cache
def load_polling(kind: str) -> Polling:
    """What devices of `kind` (the name of its folder) are asked."""
    text = (resources.files("stallaini.devices") / kind / "polling.toml").read_text(encoding="utf-8")
    return parse_polling(text)


def parse_polling(text: str) -> Polling:
    """The polling that a file declares. Raises ValueError naming what is wrong with it."""
    try:
        file = msgspec.convert(tomllib.loads(text), _File, strict=False)
    except msgspec.ValidationError as error:
        raise ValueError(f"polling: {error}") from error
    for poll in file.info:
        if poll.every_s not in _PERIODS:
            raise ValueError(f"polling: info {poll.nr}: every_s is one of {_PERIODS}, not {poll.every_s:g}")
    return Polling(file.identity, file.info)
