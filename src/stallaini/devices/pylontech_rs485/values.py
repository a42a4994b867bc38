"""What a Pylontech battery answers on RS485, in units. Current positive = charging."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum


class Limit(IntEnum):
    """How one measured value stands to its limits. Every code that is not listed counts as OTHER."""

    NORMAL = 0x00
    BELOW = 0x01
    ABOVE = 0x02
    OTHER = 0xF0


@dataclass(frozen=True)
class ModuleValues:
    """One module's analog values (0x42). The first temperature is the BMS board's, the others the cells'."""

    cell_voltages_v: tuple[float, ...]
    temperatures_c: tuple[float, ...]
    current_a: float
    voltage_v: float
    remaining_ah: float
    total_ah: float
    cycles: int


@dataclass(frozen=True)
class ModuleAlarms:
    """One module's alarms (0x44). `status` are status bytes 1 to 5, and a sixth that real ones add.

    Status 1: protections that stand; 2: MOSFETs; 3: full, heater, current; 4 and 5: cells with a fault.
    """

    cells: tuple[Limit, ...]
    temperatures: tuple[Limit, ...]
    charge_current: Limit
    voltage: Limit
    discharge_current: Limit
    status: bytes

    @property
    def protections(self) -> frozenset[str]:
        """The protections that stand, by name."""
        return _named(self.status[0], PROTECTIONS)

    @property
    def switches(self) -> frozenset[str]:
        """What is on: MOSFETs, the module's own supply."""
        return _named(self.status[1], SWITCHES)

    @property
    def states(self) -> frozenset[str]:
        """What else is so: fully charged, current flowing."""
        return _named(self.status[2], STATES)

    @property
    def faulty_cells(self) -> tuple[int, ...]:
        """Numbers, from 1, of the cells with a fault."""
        bits = self.status[3] | self.status[4] << 8
        return tuple(cell + 1 for cell in range(16) if bits >> cell & 1)


PROTECTIONS = {
    0: "over_voltage",
    1: "cell_under_voltage",
    2: "charge_over_current",
    4: "discharge_over_current",
    5: "discharge_over_temperature",
    6: "charge_over_temperature",
    7: "under_voltage",
}
SWITCHES = {0: "precharge_mosfet", 1: "charge_mosfet", 2: "discharge_mosfet", 3: "module_power"}
STATES = {0: "buzzer", 3: "full", 5: "heater", 6: "discharge_current", 7: "charge_current"}
"""Names of the bits of status 1, 2 and 3. Bits without a name are kept in `status` alone."""


def _named(byte: int, names: dict[int, str]) -> frozenset[str]:
    return frozenset(name for bit, name in names.items() if byte >> bit & 1)


@dataclass(frozen=True)
class AnalogValues:
    """The answer to 0x42: one module's values, or those of every module of the group.

    `scope` is the byte after the flag: the module's address, or how many modules follow.
    """

    flag: int
    scope: int
    modules: tuple[ModuleValues, ...]


@dataclass(frozen=True)
class Alarms:
    """The answer to 0x44, as `AnalogValues`."""

    flag: int
    scope: int
    modules: tuple[ModuleAlarms, ...]


@dataclass(frozen=True)
class Parameters:
    """The answer to 0x47: the limits the battery watches."""

    flag: int
    cell_high_voltage_v: float
    cell_low_voltage_v: float
    cell_under_voltage_v: float
    charge_high_temperature_c: float
    charge_low_temperature_c: float
    charge_current_limit_a: float
    module_high_voltage_v: float
    module_low_voltage_v: float
    module_under_voltage_v: float
    discharge_high_temperature_c: float
    discharge_low_temperature_c: float
    discharge_current_limit_a: float


@dataclass(frozen=True)
class Management:
    """The answer to 0x92: what the battery asks of its charger. The discharge limit is negative."""

    scope: int
    charge_voltage_limit_v: float
    discharge_voltage_limit_v: float
    charge_current_limit_a: float
    discharge_current_limit_a: float
    status: int

    @property
    def requests(self) -> dict[str, bool]:
        """The status byte's bits: 7 and 6 enable, 5 and 4 ask for charge at once, 3 for a full charge."""
        return {name: bool(self.status >> bit & 1) for bit, name in _REQUESTS.items()}


_REQUESTS = {
    7: "charge_enabled",
    6: "discharge_enabled",
    5: "force_charge_1",
    4: "force_charge_2",
    3: "full_charge_requested",
}


@dataclass(frozen=True)
class Maker:
    """The answer to 0x51. `software` is two numbers."""

    device: str
    software: tuple[int, int]
    maker: str


@dataclass(frozen=True)
class Serial:
    """The answer to 0x93."""

    scope: int
    serial: str


@dataclass(frozen=True)
class Software:
    """The answer to 0x96: the maker's version, and that of the main line."""

    scope: int
    maker: tuple[int, int]
    main_line: tuple[int, int, int]


@dataclass(frozen=True)
class Protocol:
    """The answer to 0x4F: it has no INFO, the version is the frame's own VER, a digit each."""

    major: int
    minor: int


Answered = AnalogValues | Alarms | Parameters | Management | Maker | Serial | Software | Protocol
