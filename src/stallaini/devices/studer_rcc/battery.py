"""The battery's minutes in an RCC datalog: from the BSP, or from the Xtender where the BSP is dead."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from stallaini.devices.studer_rcc.datalog import ColumnKey, Datalog, Row

# Info numbers of "Technical specification - Xtender serial protocol appendix" V1.6.42.
BSP_VOLTAGE, BSP_CURRENT, BSP_SOC, BSP_TEMPERATURE = 7030, 7031, 7032, 7033
XTENDER_VOLTAGE, XTENDER_CURRENT = 3092, 3095
VARIOTRACK_CURRENT, VARIOSTRING_CURRENT = 11040, 15057


@dataclass(frozen=True)
class BatteryMinute:
    """One minute's means; current positive = charging; None where the log tells nothing."""

    local_minute: int
    voltage_v: float | None
    current_a: float | None
    soc_pct: float | None
    temperature_c: float | None


def battery_minutes(datalog: Datalog) -> list[BatteryMinute]:
    """The battery of each row.

    A dead BSP logs U = I = SOC = 0 (its temperature is noise then). Voltage is the Xtender's in such a
    minute, current the sum of the Xtender's and the solar chargers', which agrees with a working BSP
    within 1 A over a day; there is no SOC.
    """
    reader = _Reader(datalog)
    return [reader.minute(row) for row in datalog.rows]


class _Reader:
    def __init__(self, datalog: Datalog) -> None:
        self._positions = {
            info: [datalog.columns[ColumnKey(info, device)] for device in datalog.devices_with(info)]
            for info in (
                BSP_VOLTAGE, BSP_CURRENT, BSP_SOC, BSP_TEMPERATURE,
                XTENDER_VOLTAGE, XTENDER_CURRENT, VARIOTRACK_CURRENT, VARIOSTRING_CURRENT,
            )
        }  # fmt: skip

    def minute(self, row: Row) -> BatteryMinute:
        voltage_v, current_a, soc_pct = (self._first(row, i) for i in (BSP_VOLTAGE, BSP_CURRENT, BSP_SOC))
        if voltage_v or current_a or soc_pct:
            temperature_c = self._first(row, BSP_TEMPERATURE)
            return BatteryMinute(row.local_minute, voltage_v, current_a, soc_pct, temperature_c)
        solar = [*self._all(row, VARIOTRACK_CURRENT), *self._all(row, VARIOSTRING_CURRENT)]
        inverters = self._all(row, XTENDER_CURRENT)
        current_a = round(sum(inverters + solar), 2) if inverters else None
        return BatteryMinute(row.local_minute, self._first(row, XTENDER_VOLTAGE), current_a, None, None)

    def _all(self, row: Row, info: int) -> list[float]:
        return [cell for cell in (row.cells[at] for at in self._positions[info]) if cell is not None]

    def _first(self, row: Row, info: int) -> float | None:
        return next(iter(self._all(row, info)), None)


def charge_ah(currents_a: Sequence[float | None]) -> float:
    """Net charge of a run of minutes, in Ah; a minute without a value adds nothing."""
    return sum(current_a for current_a in currents_a if current_a is not None) / 60
