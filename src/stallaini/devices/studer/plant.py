"""The devices behind a simulated gateway: what they hold and what a write does to them."""

from __future__ import annotations

import math
from collections.abc import Collection, Mapping, Sequence
from typing import Protocol

from stallaini.devices.studer.asker import Part
from stallaini.devices.studer.errors import ScomError
from stallaini.devices.studer.formats import Format
from stallaini.devices.studer.messages import StoredMessage
from stallaini.devices.studer.objects import (
    GROUPS,
    StuderObject,
    UnknownObject,
    family_of,
    parameter_at,
)


class Plant(Protocol):
    """What a simulated gateway asks. `parameter` tells what flash holds: a RAM write is not seen by it."""

    @property
    def addresses(self) -> Collection[int]:
        """Addresses of the single devices present."""

    def info(self, address: int, nr: int) -> float | None:
        """The info's value; None: the device has no such info."""

    def parameter(self, address: int, nr: int, part: Part) -> float | None:
        """The parameter's value in flash, or a limit; None: the device has no such parameter, or no limit."""

    def write(self, address: int, nr: int, value: float, saved: bool) -> ScomError | None:
        """Take a value that suits format and limits, to RAM, or to flash too when `saved`; or refuse it."""

    def messages(self) -> Sequence[StoredMessage]:
        """The messages the gateway stores, newest first."""


class MemoryPlant:
    """A plant that holds plain numbers: infos as given, parameters as in the maker's table."""

    def __init__(self, infos: Mapping[int, Mapping[int, float]]) -> None:
        self.infos = {address: dict(values) for address, values in infos.items()}
        """By address and number; change them at will."""
        self.flash: dict[tuple[int, int], float] = {}
        self.ram: dict[tuple[int, int], float] = {}
        self.stored: list[StoredMessage] = []
        """Newest first."""

    @property
    def addresses(self) -> Collection[int]:
        """See `Plant`."""
        return self.infos.keys()

    def info(self, address: int, nr: int) -> float | None:
        """See `Plant`."""
        return self.infos[address].get(nr)

    def parameter(self, address: int, nr: int, part: Part) -> float | None:
        """See `Plant`."""
        try:
            known = parameter_at(address, nr)
        except UnknownObject:
            return None
        if part is not Part.VALUE:
            return known.min if part is Part.MIN else known.max
        return self.flash.get((address, nr), known.default or 0.0)

    def effective(self, address: int, nr: int) -> float | None:
        """What the device works with: the value in RAM, or else the one in flash."""
        in_ram = self.ram.get((address, nr))
        return in_ram if in_ram is not None else self.parameter(address, nr, Part.VALUE)

    def write(self, address: int, nr: int, value: float, saved: bool) -> ScomError | None:
        """See `Plant`."""
        self.ram[address, nr] = value
        if saved:
            self.flash[address, nr] = value
        return None

    def restart(self, address: int) -> None:
        """The device starts anew and forgets what was in RAM only."""
        self.ram = {key: value for key, value in self.ram.items() if key[0] != address}

    def messages(self) -> Sequence[StoredMessage]:
        """See `Plant`."""
        return self.stored


def members(plant: Plant, address: int) -> list[int]:
    """The single devices of the plant that `address` means: itself, those of a group, or all (0)."""
    if address == 0:
        return list(plant.addresses)
    if address not in GROUPS:
        return [address] if address in plant.addresses else []
    family = family_of(address)
    return [each for each in plant.addresses if family_of(each) is family]


def write_checked(plant: Plant, address: int, nr: int, value: float, saved: bool) -> ScomError | None:
    """Write as a real device does: only what suits the object's format and limits."""
    known = _parameter(plant, address, nr)
    if known is None:
        return ScomError.OBJECT_ID_NOT_FOUND
    if known.level == "ViewOnly":
        return ScomError.PROPERTY_IS_READ_ONLY
    return _judge(plant, address, known, value) or plant.write(address, nr, value, saved)


def _parameter(plant: Plant, address: int, nr: int) -> StuderObject | None:
    try:
        known = parameter_at(address, nr)
    except UnknownObject:
        return None
    return known if plant.parameter(address, nr, Part.VALUE) is not None else None


def _judge(plant: Plant, address: int, known: StuderObject, value: float) -> ScomError | None:
    if math.isnan(value):
        return ScomError.INVALID_DATA
    if known.is_signal:
        return None if value == 1 else ScomError.INVALID_DATA
    if known.format is Format.BOOL:
        return None if value in (0, 1) else ScomError.INVALID_DATA
    least = plant.parameter(address, known.nr, Part.MIN)
    most = plant.parameter(address, known.nr, Part.MAX)
    if least is None or most is None or least >= most:
        return None
    if value < least:
        return ScomError.DATA_TOO_SMALL
    return ScomError.DATA_TOO_BIG if value > most else None
