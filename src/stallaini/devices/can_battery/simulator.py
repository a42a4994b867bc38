"""The other end of the wire: a battery that sends the frames its profile describes, byte for byte."""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable
from dataclasses import dataclass

from stallaini.devices.can_battery.profile import (
    NUMBER_BYTES,
    NUMBER_FORMATS,
    Flag,
    Layout,
    Number,
    load_profile,
)


@dataclass(frozen=True)
class BatteryState:
    """What a battery would say now. Current positive = charging. None keeps a field as not reported.

    `raised` names the protections, alarms and warnings that stand, as channel fields:
    `protection.over_voltage`, `alarm.high_voltage`, `warning.general`.
    """

    voltage_v: float
    current_a: float
    soc_pct: float
    soh_pct: float = 100
    temperature_c: float = 20.0
    charge_voltage_limit_v: float = 53.2
    discharge_voltage_limit_v: float = 45.0
    charge_current_limit_a: float = 160.0
    discharge_current_limit_a: float = 160.0
    modules: int = 2
    modules_offline: int = 0
    modules_blocking_charge: int = 0
    modules_blocking_discharge: int = 0
    charge_enabled: bool = True
    discharge_enabled: bool = True
    force_charge_1: bool = False
    force_charge_2: bool = False
    full_charge_requested: bool = False
    capacity_ah: float | None = None
    capacity_available_ah: float | None = None
    cell_voltage_min_v: float | None = None
    cell_voltage_max_v: float | None = None
    cell_temperature_min_c: float | None = None
    cell_temperature_max_c: float | None = None
    energy_charged_kwh: float | None = None
    energy_discharged_kwh: float | None = None
    raised: frozenset[str] = frozenset()


ATTRIBUTES = {
    "voltage": "voltage_v",
    "current": "current_a",
    "soc": "soc_pct",
    "soh": "soh_pct",
    "temperature": "temperature_c",
    "charge_voltage_limit": "charge_voltage_limit_v",
    "discharge_voltage_limit": "discharge_voltage_limit_v",
    "charge_current_limit": "charge_current_limit_a",
    "discharge_current_limit": "discharge_current_limit_a",
    "modules": "modules",
    "modules_offline": "modules_offline",
    "modules_blocking_charge": "modules_blocking_charge",
    "modules_blocking_discharge": "modules_blocking_discharge",
    "capacity": "capacity_ah",
    "capacity_available": "capacity_available_ah",
    "cell_voltage_min": "cell_voltage_min_v",
    "cell_voltage_max": "cell_voltage_max_v",
    "cell_temperature_min": "cell_temperature_min_c",
    "cell_temperature_max": "cell_temperature_max_c",
    "energy_charged": "energy_charged_kwh",
    "energy_discharged": "energy_discharged_kwh",
    "charge_enabled": "charge_enabled",
    "discharge_enabled": "discharge_enabled",
    "force_charge_1": "force_charge_1",
    "force_charge_2": "force_charge_2",
    "full_charge_requested": "full_charge_requested",
}
"""The attribute of a `BatteryState` that holds each channel field."""

_Write = Callable[[BatteryState, bytearray], None]


def encode_burst(profile: str, state: BatteryState) -> list[tuple[int, bytes]]:
    """The frames (id, bytes) a battery of this profile sends once a second, in its order.

    Raises ValueError when the profile has no burst, when it cannot say something in `state.raised`, or
    when a number does not fit its bytes; OperatorError when there is no such profile.
    """
    frames, sayable = _encoders(profile)
    if not state.raised <= sayable:
        raise ValueError(f"{profile} has no way to say {sorted(state.raised - sayable)}")
    burst = []
    for can_id, template, writers, raisers in frames:
        data = bytearray(template)
        for write in writers:
            write(state, data)
        if state.raised:
            for write in raisers:
                write(state, data)
        burst.append((can_id, bytes(data)))
    return burst


def sayable(profile: str) -> frozenset[str]:
    """The protections, alarms and warnings a burst of this profile can raise."""
    return _encoders(profile)[1]


@functools.cache
def _encoders(name: str) -> tuple[list[tuple[int, bytes, list[_Write], list[_Write]]], frozenset[str]]:
    profile = load_profile(name)
    if not profile.burst:
        raise ValueError(f"the profile {name} says nothing about its burst")
    frames = []
    items: set[str] = set()
    for sent in profile.burst:
        template = bytes.fromhex(sent.template)
        layout = next(one for one in profile.layouts[sent.id] if one.when is None or one.when.holds(template))
        writers = _writers(layout, len(template), sent.without_fine)
        raisers, raised = _raisers(layout, len(template))
        frames.append((sent.id, template, writers, raisers))
        items |= raised
    return frames, frozenset(items)


def _writers(layout: Layout, length: int, without_fine: bool) -> list[_Write]:
    """What writes the numbers and switches that every frame tells."""
    writers: list[_Write] = []
    for number in layout.numbers:
        if number.at + NUMBER_BYTES[number.type] <= length:
            writers.append(_number(number, ATTRIBUTES[number.field]))
        fine = number.fine
        if fine and not without_fine and fine.at + NUMBER_BYTES[fine.type] <= length:
            copy = Number(number.field, fine.at, fine.type, fine.scale)
            writers.append(_number(copy, ATTRIBUTES[number.field]))
    for flag in (flag for flag in layout.flags if flag.at < length):
        if flag.field in ATTRIBUTES:
            writers.append(_switch(ATTRIBUTES[flag.field], flag.at, _mask(flag)))
    return writers


def _raisers(layout: Layout, length: int) -> tuple[list[_Write], set[str]]:
    """What writes the protections, alarms and warnings that stand, and which they can be."""
    raisers: list[_Write] = []
    raised: set[str] = set()
    for flag in (flag for flag in layout.flags if flag.at < length):
        if flag.field not in ATTRIBUTES:
            raisers.append(_raise(flag.field, flag.at, _mask(flag), _mask(flag)))
            raised.add(flag.field)
    for states in layout.states:
        for field, at, shift in states.fields():
            if at < length:
                raisers.append(_raise(field, at, 3 << shift, 1 << shift))
                raised.add(field)
    return raisers, raised


def _mask(flag: Flag) -> int:
    return flag.on if flag.on is not None else 1 << (flag.bit or 0)


def _number(number: Number, attribute: str) -> _Write:
    pack_into = struct.Struct(NUMBER_FORMATS[number.type][0]).pack_into
    scale, offset, at = number.scales[0], number.offset, number.at

    def write(state: BatteryState, data: bytearray) -> None:
        value = getattr(state, attribute)
        if value is None:
            return
        try:
            pack_into(data, at, round((value - offset) / scale))
        except struct.error as error:
            raise ValueError(f"{attribute} = {value} does not fit the frame") from error

    return write


def _switch(attribute: str, at: int, mask: int) -> _Write:
    def write(state: BatteryState, data: bytearray) -> None:
        if getattr(state, attribute):
            data[at] |= mask

    return write


def _raise(field: str, at: int, clear: int, mask: int) -> _Write:
    def write(state: BatteryState, data: bytearray) -> None:
        if field in state.raised:
            data[at] = data[at] & ~clear | mask

    return write
