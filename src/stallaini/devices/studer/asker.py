"""What everything above the wire talks to: ask a Studer device for a value, or set one in its RAM."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

from stallaini.devices.studer.errors import ScomError
from stallaini.devices.studer.port import PortLost

__all__ = ["Part", "PortLost", "StuderAsker", "StuderRefused", "StuderSilent"]


class Part(Enum):
    """Which number of a parameter is read. VALUE is the one in flash: a RAM value cannot be read back."""

    VALUE = "value"
    MIN = "min"
    MAX = "max"


class StuderRefused(Exception):
    """The gateway or the device answered with an error, as often as it was asked."""

    def __init__(self, error: ScomError) -> None:
        super().__init__(error.text)
        self.error = error


class StuderSilent(Exception):
    """No valid answer came, as often as it was asked."""


class StuderAsker(Protocol):
    """One gateway. All methods raise StuderRefused, StuderSilent, PortLost and objects.UnknownObject."""

    async def read_info(self, address: int, nr: int) -> float:
        """The info's value: enums as their number; NaN is a legal value."""

    async def read_parameter(self, address: int, nr: int, part: Part = Part.VALUE) -> float:
        """The parameter's value in flash, or its limits."""

    async def write_unsaved(self, address: int, nr: int, value: float) -> None:
        """Set the parameter in RAM only; a restart of the device forgets it.

        Raises ValueError when `value` is not finite or the parameter's format cannot hold it.
        """
