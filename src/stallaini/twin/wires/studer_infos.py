"""What the house's Studer devices tell: every info number over one instant of the house, in Studer's units.

Numbers, units and enumerations: "Technical specification - Xtender serial protocol appendix" V1.6.42.
Powers are kW and kVA here, temperatures without a sensor are Studer's 32767.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from stallaini.twin.physics.state import HouseState

InfoOf = Callable[[HouseState], float]

NO_SENSOR = 32_767.0
XTENDER, VARIOTRACK, BMS, GATEWAY = 101, 301, 601, 501

_FIRMWARE = (1, 6, 42)  # beyond 1.6.12 and 1.6.14, from which on values can be written to RAM
_XTM_TYPE, _VT_TYPE, _BMS_TYPE = 256.0, 768.0, 10_240.0  # 256 is an XTM; the others are ours
_VT_65 = 1.0
_SLAVE_OF_XTENDER = 4.0
_PYLON = 2.0
_FULL, _NORMAL, _AT_BACKUP, _UNDER_BACKUP = 9.0, 10.0, 5.0, 6.0
_BACKUP_SOC, _END_OF_CHARGE_SOC = 30.0, 100.0  # parameters 6062 and 6075 as delivered


def _identity(software: int, fid: int, number: int) -> dict[int, InfoOf]:
    """Software version and serial number, each as two 16-bit halves in floats, from these infos on."""
    major, minor, fix = _FIRMWARE
    return {
        software: _always(float(major << 8)),
        software + 1: _always(float(minor << 8 | fix)),
        fid: _always(float(number >> 16)),
        fid + 1: _always(float(number & 0xFFFF)),
    }


def _always(value: float) -> InfoOf:
    return lambda _: value


def _spread(low: int, high: int, mean: int, name: str, unit: float = 1.0) -> dict[int, InfoOf]:
    """Least, greatest and mean of the last whole minute."""

    def part(which: str) -> InfoOf:
        return lambda house: float(getattr(getattr(house.minute, name), which)) / unit

    return {low: part("low"), high: part("high"), mean: part("mean")}


def _mean(nr: int, name: str, unit: float = 1.0) -> dict[int, InfoOf]:
    return {nr: lambda house: float(getattr(house.minute, name).mean) / unit}


def _input_limit_reached(house: HouseState) -> float:
    inverter = house.inverter
    return float(inverter.transfer and inverter.input_current_a >= inverter.input_limit_a)


def _soc_status(house: HouseState) -> float:
    soc_pct = house.bms.soc_pct
    if soc_pct >= _END_OF_CHARGE_SOC:
        return _FULL
    if soc_pct < _BACKUP_SOC:
        return _UNDER_BACKUP
    return _AT_BACKUP if soc_pct < _BACKUP_SOC + 1 else _NORMAL


XTENDER_INFOS: Mapping[int, InfoOf] = {
    3000: lambda house: house.inverter.battery_voltage_v,
    3001: _always(NO_SENSOR),  # no battery temperature sensor at a battery with its own BMS
    3004: lambda house: house.inverter.wanted_charge_current_a,
    3005: lambda house: house.inverter.battery_current_a,
    3006: lambda house: 0.1 + 0.02 * abs(house.inverter.battery_current_a) / 10,
    3007: lambda house: house.bms.soc_pct,
    3010: lambda house: float(house.inverter.cycle_phase),
    3011: lambda house: house.inverter.input_voltage_v,
    3012: lambda house: house.inverter.input_current_a,
    3013: lambda house: house.inverter.input_apparent_power_va / 1000,
    3017: lambda house: house.inverter.input_limit_a,
    3018: _input_limit_reached,
    3019: _always(0.0),
    3020: lambda house: float(house.inverter.transfer),
    3021: lambda house: house.inverter.ac_voltage_v,
    3022: lambda house: house.inverter.ac_current_a,
    3023: lambda house: house.inverter.ac_apparent_power_va / 1000,
    3028: lambda house: float(house.inverter.mode),
    3030: lambda house: float(house.inverter.output),
    3031: lambda house: float(house.inverter.aux1.closed),
    3032: lambda house: float(house.inverter.aux2.closed),
    3045: lambda house: float(house.inverter.overloads),
    3046: lambda house: float(house.inverter.over_temperatures),
    3047: lambda house: float(house.inverter.battery_over_voltages),
    3049: lambda house: float(house.inverter.on),
    3050: _always(24.0),
    3051: _always(0.0),
    3054: lambda house: float(house.inverter.aux1.mode),
    3055: lambda house: float(house.inverter.aux2.mode),
    3056: lambda house: float(house.inverter.locks),
    3074: lambda house: float(house.inverter.on and not house.inverter.transfer),
    3075: lambda house: float(house.inverter.transfer),
    3076: lambda house: house.yesterday.discharged_kwh,
    3078: lambda house: house.today.discharged_kwh,
    3079: lambda house: house.today.charged_kwh,
    3080: lambda house: house.yesterday.input_kwh,
    3081: lambda house: house.today.input_kwh,
    3082: lambda house: house.yesterday.consumed_kwh,
    3083: lambda house: house.today.consumed_kwh,
    3084: lambda house: house.inverter.input_frequency_hz,
    3085: lambda house: house.inverter.ac_frequency_hz,
    3086: lambda house: float(house.inverter.remote_entry),
    3087: lambda house: house.inverter.ac_power_w,
    3088: lambda house: house.inverter.input_power_w,
    3089: _always(1.0),
    **_spread(3090, 3091, 3092, "battery_voltage_v"),
    **_spread(3093, 3094, 3095, "inverter_current_a"),
    **_spread(3096, 3097, 3098, "ac_apparent_power_va", 1000),
    **_spread(3099, 3100, 3101, "ac_power_w", 1000),
    **_spread(3102, 3103, 3104, "inverter_temperature_1_c"),
    **_spread(3105, 3106, 3107, "inverter_temperature_2_c"),
    **_spread(3108, 3109, 3110, "ac_frequency_hz"),
    **_spread(3111, 3112, 3113, "input_voltage_v"),
    **_spread(3114, 3115, 3116, "input_current_a"),
    **_spread(3117, 3118, 3119, "input_power_w", 1000),
    **_spread(3120, 3121, 3122, "input_frequency_hz"),
    3124: _always(_XTM_TYPE),
    3125: _always(4000.0),
    3126: _always(230.0),
    3127: _always(48.0),
    3128: _always(17.4),
    3129: _always(3.0),
    **_identity(3130, 3156, 0x0A4C_1F07),
    3132: _always(2.0),
    3136: lambda house: house.inverter.ac_power_w / 1000,
    3137: lambda house: house.inverter.input_power_w / 1000,
    3138: lambda house: house.inverter.input_apparent_power_va / 1000,
    3139: lambda house: house.inverter.ac_apparent_power_va / 1000,
    3154: lambda house: house.inverter.input_frequency_hz,
    3168: lambda house: 3.0 if house.inverter.over_temperature else 0.0,
}

VARIOTRACK_INFOS: Mapping[int, InfoOf] = {
    11000: lambda house: house.solar.battery_voltage_v,
    11001: lambda house: house.solar.battery_current_a,
    11002: lambda house: house.solar.panel_voltage_v,
    11003: lambda house: house.solar.panel_current_a,
    11004: lambda house: house.solar.power_w / 1000,
    11005: _always(NO_SENSOR),
    11006: lambda house: house.today.solar_ah,
    11007: lambda house: house.today.solar_kwh,
    11009: lambda house: house.totals.solar_kwh / 1000,
    11010: lambda house: house.yesterday.solar_ah,
    11011: lambda house: house.yesterday.solar_kwh,
    11015: _always(_VT_65),
    11016: lambda house: float(house.solar.mode),
    11017: lambda house: house.today.panel_max_v,
    11018: lambda house: house.today.solar_max_a,
    11019: lambda house: house.today.solar_max_w / 1000,
    11020: lambda house: house.today.battery_max_v,
    11021: lambda house: house.today.battery_min_v,
    11025: lambda house: house.today.solar_hours,
    11026: lambda house: house.yesterday.solar_hours,
    11034: lambda house: float(house.solar.error),
    11038: lambda house: float(house.solar.phase),
    **_mean(11039, "battery_voltage_v"),
    **_mean(11040, "solar_current_a"),
    **_mean(11041, "panel_voltage_v"),
    **_mean(11043, "solar_power_w", 1000),
    11044: _always(NO_SENSOR),
    **_mean(11045, "solar_temperature_1_c"),
    **_mean(11046, "solar_temperature_2_c"),
    11047: _always(_VT_TYPE),
    11048: _always(48.0),
    **_identity(11_050, 11_067, 0x0B21_0455),
    11061: _always(0.0),
    11062: _always(0.0),
    11063: _always(0.0),  # no relay module fitted
    11064: _always(0.0),
    11066: _always(_SLAVE_OF_XTENDER),
    11069: lambda house: float(house.solar.on),
    11076: _always(0.0),
}

BMS_INFOS: Mapping[int, InfoOf] = {
    7000: lambda house: house.bms.voltage_v,
    7001: lambda house: house.bms.current_a,
    7002: lambda house: float(round(house.bms.soc_pct)),
    7003: lambda house: house.bms.voltage_v * house.bms.current_a,
    7007: lambda house: house.today.battery_charged_ah,
    7008: lambda house: house.today.battery_discharged_ah,
    7009: lambda house: house.yesterday.battery_charged_ah,
    7010: lambda house: house.yesterday.battery_discharged_ah,
    7029: lambda house: house.bms.temperature_c,
    **_mean(7030, "battery_voltage_v"),
    **_mean(7031, "battery_current_a"),
    **_mean(7032, "soc_pct"),
    **_mean(7033, "battery_temperature_c"),
    7034: _always(_BMS_TYPE),
    7035: _always(48.0),
    **_identity(7037, 7048, 0x0C02_0019),
    7047: lambda house: float(round(house.bms.soc_pct)),
    7053: _always(0.0),
    7054: _always(1.0),
    7055: lambda house: house.battery.capacity_ah,
    7056: _always(0.0),
    7057: lambda house: house.bms.soh_pct,
    7058: lambda house: house.battery.said_soc_pct,
    7059: _always(0.0),
    7061: lambda house: house.bms.charge_voltage_limit_v,
    7062: lambda house: house.bms.discharge_voltage_limit_v,
    7063: lambda house: house.bms.charge_current_limit_a,
    7064: lambda house: house.bms.discharge_current_limit_a,
    7065: lambda house: house.bms.charge_current_limit_a,  # a Pylontech announces one pair of limits
    7066: lambda house: house.bms.discharge_current_limit_a,
    7067: _always(_PYLON),
    7068: _soc_status,
    7069: _always(_BACKUP_SOC),
    7070: _always(math.nan),  # nothing is fed into a grid
    7071: _always(_END_OF_CHARGE_SOC),
}
