"""The battery's modules as they answer on their RS485 line."""

from __future__ import annotations

from collections.abc import Sequence

from stallaini.devices.pylontech_rs485.simulator import ModuleSaid, Rs485Pack
from stallaini.twin.physics.house import House
from stallaini.twin.physics.state import HouseState, ModuleState

_MAY_CHARGE, _MAY_DISCHARGE = 0x80, 0x40


def cells_of(house: House) -> Rs485Pack:
    """The other end of the RS485 line. A module that left the stack is not there; the others move up."""
    return Rs485Pack(lambda: modules_said(house.state()))


def modules_said(house: HouseState) -> Sequence[ModuleSaid]:
    """What each module would tell now."""
    online = [module for module in house.battery.modules if module.online]
    return [_said(number, module, house) for number, module in enumerate(online, 1)]


def _said(number: int, module: ModuleState, house: HouseState) -> ModuleSaid:
    status = (_MAY_CHARGE if house.bms.charge_enabled else 0) | (
        _MAY_DISCHARGE if house.bms.discharge_enabled else 0
    )
    return ModuleSaid(
        cell_voltages_v=module.cell_voltages_v,
        temperatures_c=module.temperatures_c,
        current_a=module.current_a,
        remaining_ah=module.remaining_ah,
        total_ah=module.total_ah,
        cycles=module.cycles,
        voltage_v=module.voltage_v,
        charge_voltage_limit_v=house.bms.charge_voltage_limit_v,
        discharge_voltage_limit_v=house.bms.discharge_voltage_limit_v,
        charge_current_limit_a=module.charge_current_limit_a,
        discharge_current_limit_a=module.discharge_current_limit_a,
        management_status=status,
        serial=f"TWIN{number:012d}",
    )
