"""The house's Studer system as a gateway sees it: Xtender, VarioTrack, the BMS behind an Xcom-CAN, itself."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from zoneinfo import ZoneInfo

from stallaini.devices.studer.asker import Part
from stallaini.devices.studer.errors import ScomError
from stallaini.devices.studer.messages import StoredMessage
from stallaini.devices.studer.objects import Family
from stallaini.twin.physics.house import House
from stallaini.twin.physics.state import HouseState
from stallaini.twin.wires.studer_clock import GatewayClock
from stallaini.twin.wires.studer_infos import (
    BMS,
    BMS_INFOS,
    GATEWAY,
    VARIOTRACK,
    VARIOTRACK_INFOS,
    XTENDER,
    XTENDER_INFOS,
    InfoOf,
)
from stallaini.twin.wires.studer_messages import MessageLog
from stallaini.twin.wires.studer_parameters import COMMISSIONED, EFFECTS, Parameters

_FAMILIES = {XTENDER: Family.XT, VARIOTRACK: Family.VT, BMS: Family.BMS, GATEWAY: Family.RCC}
INFOS: Mapping[int, Mapping[int, InfoOf]] = {
    XTENDER: XTENDER_INFOS,
    VARIOTRACK: VARIOTRACK_INFOS,
    BMS: BMS_INFOS,
    GATEWAY: {},
}
_LITHIUM_LOST, _LITHIUM_RESTORED, _STARTED_UP = 225, 226, 177
_DATE = 5002


class StuderPlant:
    """The devices behind the gateway (a `Plant`), alive in a house.

    What the house does about a written parameter shows in its infos after its next step.
    """

    addresses: Sequence[int] = (XTENDER, VARIOTRACK, BMS, GATEWAY)

    def __init__(self, house: House, zone: str = "Europe/Rome") -> None:
        self.clock = GatewayClock(ZoneInfo(zone))
        self.house = house
        self._seen: HouseState | None = None
        self._log = MessageLog()
        self._lithium_heard = True
        self._parameters = {
            address: Parameters(family, COMMISSIONED.get(family, {})) for address, family in _FAMILIES.items()
        }
        for address in _FAMILIES:
            self._apply(address)

    # -- what a gateway asks

    def info(self, address: int, nr: int) -> float | None:
        """What the device at `address` tells; None where it has no such info."""
        info_of = INFOS.get(address, {}).get(nr)
        if info_of is None:
            return None
        value = info_of(self.look())
        if address == BMS and not self._lithium_heard and nr not in _OF_THE_XCOM_CAN:
            return math.nan
        settled = _BY_PARAMETERS.get(nr)
        return value if settled is None else settled(self._parameters[address], value)

    def parameter(self, address: int, nr: int, part: Part = Part.VALUE) -> float | None:
        """The value in flash, or a limit; None where the device has no such parameter."""
        parameters = self._parameters.get(address)
        if parameters is None:
            return None
        if (address, nr, part) == (GATEWAY, _DATE, Part.VALUE):
            return float(self.clock.local_s(self.look().wall_s))
        return parameters.stored(nr, part)

    def write(self, address: int, nr: int, value: float, saved: bool) -> ScomError | None:
        """Set a parameter in RAM, and in flash too when `saved`; the reason when it is refused."""
        refused = self._parameters[address].write(nr, value, saved)
        if refused is not None:
            return refused
        signal = SIGNALS.get((_FAMILIES[address], nr))
        if signal is not None:
            signal(self)
        if (address, nr) == (GATEWAY, _DATE):
            self.clock.set(self.look().wall_s, value)
            self.house.controls.gateway_clock_ahead_s = self.clock.ahead_s
        self._apply(address, nr)
        return None

    def messages(self) -> Sequence[StoredMessage]:
        """The alarm history, newest first."""
        self.look()
        return self._log.newest_first()

    # -- what happens to it

    def look(self) -> HouseState:
        """The house now; what happened to it since the last look goes into the alarm history."""
        house = self.house.state()
        if house is not self._seen:
            self._seen = house
            self._log.look(house, self.clock.local_s(house.wall_s))
        return house

    def restart(self, address: int) -> None:
        """A device starts anew: what was set in its RAM is lost, and the house goes by its flash again."""
        self._parameters[address].restart()
        self._apply(address)
        if address == XTENDER:
            self._tell(_STARTED_UP, XTENDER)

    def hear_lithium(self, heard: bool) -> None:
        """The Xcom-CAN hears its battery, or no more; it tells once each way."""
        if heard != self._lithium_heard:
            self._lithium_heard = heard
            self._tell(_LITHIUM_RESTORED if heard else _LITHIUM_LOST, BMS)

    def _tell(self, nr: int, address: int) -> None:
        self._log.tell(nr, address, self.clock.local_s(self.look().wall_s))

    def _apply(self, address: int, nr: int | None = None) -> None:
        parameters = self._parameters[address]
        for number, effect in EFFECTS.get(_FAMILIES[address], {}).items():
            if nr is None or nr == number:
                effect(self.house.controls, parameters)


def _sets(control: str, value: bool) -> Callable[[StuderPlant], None]:
    return lambda plant: setattr(plant.house.controls, control, value)


SIGNALS: Mapping[tuple[Family, int], Callable[[StuderPlant], None]] = {
    (Family.XT, 1399): _sets("inverter_on", False),
    (Family.XT, 1415): _sets("inverter_on", True),
    (Family.XT, 1468): lambda plant: plant.restart(XTENDER),
    (Family.VT, 10_039): _sets("solar_on", True),
    (Family.VT, 10_040): _sets("solar_on", False),
}
"""Parameters that hold no value and do something."""


def _locks(parameters: Parameters, locks: float) -> float:
    """3056: smart-boost and feeding a grid, which the house does not have, are locked by parameters alone."""
    boost, feeding = parameters.in_force(1126), parameters.in_force(1127)
    return float(int(locks) | (0 if boost else 1 << 2) | (0 if feeding else 1 << 4))


def _user_limit(parameters: Parameters, limit_a: float) -> float:
    """7065: the battery's recommendation, or the user's own limit (6068, 6069) where it is less."""
    return min(limit_a, parameters.in_force(6069)) if parameters.in_force(6068) else limit_a


_BY_PARAMETERS: Mapping[int, Callable[[Parameters, float], float]] = {
    3056: _locks,
    7065: _user_limit,
    7069: lambda parameters, _: parameters.in_force(6062),
    7071: lambda parameters, _: parameters.in_force(6075),
}
"""Infos that parameters decide, or help to."""

_OF_THE_XCOM_CAN = frozenset({7037, 7038, 7048, 7049, 7034, 7035, 7059, 7067, 7068})
"""Infos that need no battery: its own identity, and enumerations, which have no number for "unknown"."""
