"""The series that a datalog's columns are, named as the same devices' live series are. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from stallaini.devices.studer_rcc.battery import (
    BSP_CURRENT,
    BSP_SOC,
    BSP_TEMPERATURE,
    BSP_VOLTAGE,
    BatteryMinute,
    battery_minutes,
)
from stallaini.devices.studer_rcc.datalog import ColumnKey, Datalog
from stallaini.site.quantities import QUANTITIES, Quantity


def _as_told(cell: float) -> float:
    return cell


def _kilo(cell: float) -> float:
    return cell * 1000


def _closed_at_all(cell: float) -> float:
    """A contact: 1 if it was closed at any time of the minute, as the live series' `max` tells.

    The log writes 0 open and 1 closed, and where it moved within the minute 2 (now open) or 3 (now
    closed): of 6,601 such minutes of transfer relays in 53 recorded months, the next minute contradicts
    none.
    """
    return float(cell != 0)


class LoggedInfo(NamedTuple):
    """What one info number is: a field of its device, a quantity, the aggregate that the logger made."""

    info: int
    field: str
    quantity: str
    aggregate: str
    value: Callable[[float], float] = _as_told


# Info numbers of "Technical specification - Xtender serial protocol appendix" V1.6.42. The log's 3054,
# 3055 and 3020 hold contacts, whatever the info of this number is when it is asked for.
INVERTER_INFOS = (
    LoggedInfo(3092, "battery_voltage", "voltage", "mean"),
    LoggedInfo(3090, "battery_voltage", "voltage", "min"),
    LoggedInfo(3095, "battery_current", "current", "mean"),
    LoggedInfo(3101, "ac_power", "power", "mean", _kilo),
    LoggedInfo(3098, "ac_apparent_power", "apparent_power", "mean", _kilo),
    LoggedInfo(3097, "ac_apparent_power", "apparent_power", "max", _kilo),
    LoggedInfo(3110, "ac_frequency", "frequency", "mean"),
    LoggedInfo(3119, "input_power", "power", "mean", _kilo),
    LoggedInfo(3113, "input_voltage", "voltage", "mean"),
    LoggedInfo(3116, "input_current", "ac_current", "mean"),
    LoggedInfo(3122, "input_frequency", "frequency", "mean"),
    LoggedInfo(3010, "cycle_phase", "state", "last"),
    LoggedInfo(3028, "mode", "state", "last"),
    LoggedInfo(3020, "transfer", "flag", "max", _closed_at_all),
    LoggedInfo(3054, "aux1", "flag", "max", _closed_at_all),
    LoggedInfo(3055, "aux2", "flag", "max", _closed_at_all),
    LoggedInfo(3086, "remote_entry", "flag", "max"),
    LoggedInfo(3103, "temperature_1", "temperature", "max"),
)
SOLAR_INFOS = (
    LoggedInfo(11043, "power", "power", "mean", _kilo),
    LoggedInfo(11041, "voltage", "voltage", "mean"),
    LoggedInfo(11039, "battery_voltage", "voltage", "mean"),
    LoggedInfo(11040, "battery_current", "current", "mean"),
    LoggedInfo(11016, "mode", "state", "last"),
    LoggedInfo(11038, "phase", "state", "last"),
    LoggedInfo(11045, "temperature", "temperature", "mean"),
    LoggedInfo(15061, "power", "power", "mean", _kilo),
    LoggedInfo(15058, "voltage", "voltage", "mean"),
    LoggedInfo(15054, "battery_voltage", "voltage", "mean"),
    LoggedInfo(15057, "battery_current", "current", "mean"),
    LoggedInfo(15013, "mode", "state", "last"),
    LoggedInfo(15065, "temperature", "temperature", "mean"),
)
BATTERY_INFOS = (
    (LoggedInfo(BSP_VOLTAGE, "voltage", "voltage", "mean"), "voltage_v"),
    (LoggedInfo(BSP_CURRENT, "current", "current", "mean"), "current_a"),
    # The log has the minute's mean; the live series keep the last value, half a minute younger.
    (LoggedInfo(BSP_SOC, "soc", "soc", "last"), "soc_pct"),
    (LoggedInfo(BSP_TEMPERATURE, "temperature", "temperature", "mean"), "temperature_c"),
)
# No log has the battery's power: the product of the minute's means stands for it.
BATTERY_POWER = LoggedInfo(7003, "power", "power", "mean")
_XTENDER = 3
_USED = {info.info for info in (*INVERTER_INFOS, *SOLAR_INFOS, *(info for info, _ in BATTERY_INFOS))}


@dataclass(frozen=True)
class DeviceNames:
    """What the site file calls the devices; a second inverter is `inverter_2`."""

    inverter: str = "inverter"
    solar: str = "solar"
    battery: str = "battery"


@dataclass(frozen=True)
class LoggedSeries:
    """One series of a datalog: a fixed-point value, or None, for each of its rows.

    `implausible` counts cells outside the quantity's range, which are None too.
    """

    device: str
    info: LoggedInfo
    values: list[int | None]
    implausible: int = field(default=0, compare=False)

    @property
    def channel(self) -> str:
        """The channel, such as `inverter.ac_power`."""
        return f"{self.device}.{self.info.field}"

    @property
    def name(self) -> str:
        """The series, such as `inverter.ac_power.mean`."""
        return f"{self.channel}.{self.info.aggregate}"

    @property
    def quantity(self) -> Quantity:
        """Unit, resolution and range."""
        return QUANTITIES[self.info.quantity]


def logged_series(log: Datalog, names: DeviceNames) -> list[LoggedSeries]:
    """Every series of `log` that has a value, be it an implausible one, and whose live twin is known."""
    found = [
        *_of_devices(log, INVERTER_INFOS, names.inverter),
        *_of_devices(log, SOLAR_INFOS, names.solar),
        *_of_battery(log, names.battery),
    ]
    return [each for each in found if each.implausible or any(value is not None for value in each.values)]


def columns_left_out(log: Datalog) -> list[str]:
    """The columns that become no series, by printed name and info number.

    Sums over all devices (`ALL`) are among them: the devices are there one by one.
    """
    return [
        f"{log.names[position] or 'unnamed'} (I{key.info} {key.device})"
        for key, position in log.columns.items()
        if (key.info not in _USED or key.device == "ALL") and any(row.cells[position] for row in log.rows)
    ]


def _of_devices(log: Datalog, infos: Sequence[LoggedInfo], base: str) -> Iterator[LoggedSeries]:
    columns = {
        (_device_of(info.info, label), info): log.columns[ColumnKey(info.info, label)]
        for info in infos
        for label in log.devices_with(info.info)
    }
    for number, device in enumerate(sorted({device for device, _ in columns}), 1):
        name = base if number == 1 else f"{base}_{number}"
        for info in infos:
            position = columns.get((device, info))
            if position is not None:
                yield _series(name, info, [row.cells[position] for row in log.rows])


def _device_of(info: int, label: str) -> tuple[int, str]:
    """Family and label. Some infos of an inverter go by its phase alone: L1 is L1-1."""
    family = info // 1000
    return family, f"{label}-1" if family == _XTENDER and "-" not in label else label


def _of_battery(log: Datalog, device: str) -> Iterator[LoggedSeries]:
    minutes = battery_minutes(log)
    for info, attribute in BATTERY_INFOS:
        yield _series(device, info, [getattr(minute, attribute) for minute in minutes])
    yield _series(device, BATTERY_POWER, [_power_w(minute) for minute in minutes])


def _power_w(minute: BatteryMinute) -> float | None:
    if minute.voltage_v is None or minute.current_a is None:
        return None
    return minute.voltage_v * minute.current_a


def _series(device: str, info: LoggedInfo, cells: Sequence[float | None]) -> LoggedSeries:
    quantity = QUANTITIES[info.quantity]
    values: list[int | None] = []
    implausible = 0
    for cell in cells:
        value = None if cell is None else info.value(cell)
        if value is not None and not quantity.plausible(value):
            implausible += 1
            value = None
        values.append(None if value is None else quantity.to_fixed(value))
    return LoggedSeries(device, info, values, implausible)
