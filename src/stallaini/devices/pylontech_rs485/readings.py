"""What a stack's modules say, as readings: the stack's extremes and sums, and each module's own. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from stallaini.devices.pylontech_rs485.values import PROTECTIONS, Limit, ModuleAlarms, ModuleValues
from stallaini.site.reading import Reading

_Fields = Iterator[tuple[str, float | bool | None]]

_SUM_TOLERANCE = 0.01
_CHARGE_MOSFET, _DISCHARGE_MOSFET, _FULL = "charge_mosfet", "discharge_mosfet", "full"


def believable(module: ModuleValues) -> bool:
    """Whether a module's voltage is that of its cells and it holds no more than it can.

    The checksum lets some damage pass; a module's voltage is in every recorded frame the exact sum of its
    cells, so that 1 % apart means that one of them is not what was sent.
    """
    summed_v = sum(module.cell_voltages_v)
    return (
        abs(summed_v - module.voltage_v) <= _SUM_TOLERANCE * module.voltage_v
        and module.remaining_ah <= 1.1 * module.total_ah
    )


def module_readings(name: str, number: int, module: ModuleValues, now_s: float) -> list[Reading]:
    """One module's own readings; `number` counts from 1, the master."""
    return [Reading(f"{name}.module_{number}.{field}", now_s, value) for field, value in _of_module(module)]


def stack_readings(name: str, modules: Mapping[int, ModuleValues], now_s: float) -> list[Reading]:
    """What all modules of the stack make together."""
    return [Reading(f"{name}.{field}", now_s, value) for field, value in _of_stack([*modules.values()])]


def alarm_readings(
    name: str, modules: Mapping[int, ModuleAlarms], described: int, now_s: float
) -> list[Reading]:
    """The stack's alarms and protections, and which of the first `described` modules they are of."""
    fields = [*_of_alarms([*modules.values()])]
    for number, module in modules.items():
        if number <= described:
            fields.append((f"alarm.module_{number}", any(value for _, value in _troubles(module))))
    return [Reading(f"{name}.{field}", now_s, value) for field, value in fields]


def _of_module(module: ModuleValues) -> _Fields:
    cells = module.cell_voltages_v
    yield "voltage", module.voltage_v
    yield "current", module.current_a
    yield "soc", round(100 * module.remaining_ah / module.total_ah, 2) if module.total_ah else None
    yield "cycles", module.cycles
    yield "cell_voltage_min", min(cells)
    yield "cell_voltage_max", max(cells)
    yield "lowest_cell", cells.index(min(cells)) + 1
    yield "highest_cell", cells.index(max(cells)) + 1
    yield "temperature_max", max(module.temperatures_c)


def _of_stack(modules: list[ModuleValues]) -> _Fields:
    cells = [voltage_v for module in modules for voltage_v in module.cell_voltages_v]
    # A module with one sensor has it on its board; then that is all there is to tell of its cells.
    temperatures = [each for module in modules for each in module.temperatures_c[1:] or module.temperatures_c]
    currents = [module.current_a for module in modules]
    remaining_ah, total_ah = (
        sum(module.remaining_ah for module in modules),
        sum(module.total_ah for module in modules),
    )
    yield "modules", len(modules)
    yield "voltage", round(sum(module.voltage_v for module in modules) / len(modules), 3)
    yield "current", round(sum(currents), 1)
    yield "soc", round(100 * remaining_ah / total_ah, 2) if total_ah else None
    yield "capacity_remaining", round(remaining_ah, 3)
    yield "capacity_total", round(total_ah, 3)
    yield "cycles_max", max(module.cycles for module in modules)
    yield "cell_voltage_min", min(cells)
    yield "cell_voltage_max", max(cells)
    yield "cell_voltage_spread", round(max(cells) - min(cells), 3)
    yield "cell_temperature_min", min(temperatures)
    yield "cell_temperature_max", max(temperatures)
    yield "board_temperature_max", max(module.temperatures_c[0] for module in modules)
    yield "module_current_min", min(currents)
    yield "module_current_max", max(currents)
    yield "module_current_spread", round(max(currents) - min(currents), 1)


def _of_alarms(modules: list[ModuleAlarms]) -> _Fields:
    yield "modules_blocking_charge", sum(_CHARGE_MOSFET not in module.switches for module in modules)
    yield "modules_blocking_discharge", sum(_DISCHARGE_MOSFET not in module.switches for module in modules)
    yield "modules_full", sum(_FULL in module.states for module in modules)
    raised = {field for module in modules for field, value in _troubles(module) if value}
    for field, _ in _troubles(modules[0]):
        yield field, field in raised


def _troubles(module: ModuleAlarms) -> Iterator[tuple[str, bool]]:
    """Every alarm and protection of one module, whether it stands or not."""
    currents = (module.charge_current, module.discharge_current)
    others = (*module.cells, *module.temperatures, module.voltage, *currents)
    yield "alarm.cell_low_voltage", Limit.BELOW in module.cells
    yield "alarm.cell_high_voltage", Limit.ABOVE in module.cells
    yield "alarm.low_voltage", module.voltage == Limit.BELOW
    yield "alarm.high_voltage", module.voltage == Limit.ABOVE
    yield "alarm.low_temperature", Limit.BELOW in module.temperatures
    yield "alarm.high_temperature", Limit.ABOVE in module.temperatures
    # Whether a discharge current, which is negative, is then "above" or "below" the texts do not tell.
    yield "alarm.charge_high_current", module.charge_current in (Limit.ABOVE, Limit.BELOW)
    yield "alarm.discharge_high_current", module.discharge_current in (Limit.ABOVE, Limit.BELOW)
    yield "alarm.cell_failure", bool(module.faulty_cells)
    yield "alarm.unknown", Limit.OTHER in others
    for protection in PROTECTIONS.values():
        yield f"protection.{protection}", protection in module.protections
