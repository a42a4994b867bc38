"""Which software a device runs: a write to RAM alone is understood from some version on."""

from __future__ import annotations

from functools import cache

from stallaini.devices.studer.asker import StuderAsker
from stallaini.devices.studer.formats import joined_words, software_version
from stallaini.devices.studer.objects import Kind, UnknownObject, all_objects, families_at

Version = tuple[int, int, int]


async def read_version(asker: StuderAsker, address: int) -> Version:
    """The software version x.y.z of the device. Raises as `StuderAsker`; ValueError when it tells none."""
    msb, lsb = _numbers(address, "ID SOFT")
    return software_version(await asker.read_info(address, msb), await asker.read_info(address, lsb))


async def read_serial_number(asker: StuderAsker, address: int) -> int:
    """The device's FID. Raises as `StuderAsker`; ValueError when it tells none."""
    msb, lsb = _numbers(address, "ID FID")
    return joined_words(await asker.read_info(address, msb), await asker.read_info(address, lsb))


@cache
def _numbers(address: int, name: str) -> tuple[int, int]:
    """The numbers of the infos that hold the upper and the lower half."""
    families = families_at(address)
    halves = {
        each.name: each.nr for each in all_objects() if each.family in families and each.kind is Kind.INFO
    }
    try:
        return halves[f"{name} msb"], halves[f"{name} lsb"]
    except KeyError:
        raise UnknownObject(f"device {address} has no {name}") from None
