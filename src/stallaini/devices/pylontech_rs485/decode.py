"""The INFO of an answer to values (protocol V3.3, big endian). Pure.

What the texts leave open is read as real batteries answer: alarms end in five status bytes or in six, and
modules above 65 Ah give their capacities a second time in 24 bits (four "user items" instead of two).
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from stallaini.devices.pylontech_rs485.frame import Command, Frame, ReturnCode
from stallaini.devices.pylontech_rs485.values import (
    Alarms,
    AnalogValues,
    Answered,
    Limit,
    Maker,
    Management,
    ModuleAlarms,
    ModuleValues,
    Parameters,
    Protocol,
    Serial,
    Software,
)

ZERO_C = 2731
"""0 degC in tenths of a kelvin."""

_MOST_PARTS = 64
_STATUS_BYTES = (5, 6)
_PARAMETERS = struct.Struct(">BHHhHHhHHHHHh")
_MANAGEMENT = struct.Struct(">BHHhhB")


def decode_answer(command: Command, frame: Frame) -> Answered:
    """What `frame` says in answer to `command`. Raises ValueError when it is no good answer to that."""
    if frame.code != ReturnCode.OK:
        raise ValueError(f"return code {frame.code:02X}")
    if command == Command.PROTOCOL:
        return _protocol(frame)
    try:
        return _DECODE[command](frame.info)
    except (IndexError, struct.error):
        raise ValueError(f"INFO of {len(frame.info)} bytes ends early") from None


def fitting(frame: Frame) -> dict[Command, Answered]:
    """Every command to which `frame` would be a good answer: an answer does not say what was asked."""
    found = {}
    for command in Command:
        try:
            found[command] = decode_answer(command, frame)
        except ValueError:
            continue
    return found


class _Cursor:
    """Reads an INFO from its start on. IndexError when it ends early."""

    def __init__(self, info: bytes) -> None:
        self._info = info
        self._at = 0

    @property
    def left(self) -> int:
        return len(self._info) - self._at

    def take(self, count: int) -> bytes:
        if count > self.left:
            raise IndexError
        self._at += count
        return self._info[self._at - count : self._at]

    def u(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def s16(self) -> int:
        return int.from_bytes(self.take(2), "big", signed=True)

    def count(self, of: str) -> int:
        number = self.u(1)
        if not 1 <= number <= _MOST_PARTS:
            raise ValueError(f"{number} {of}")
        return number


def _analog(info: bytes) -> AnalogValues:
    cursor = _Cursor(info)
    flag, scope = cursor.u(1), cursor.u(1)
    modules = [_module_values(cursor)]
    while cursor.left:
        modules.append(_module_values(cursor))
    _check_scope(scope, len(modules))
    return AnalogValues(flag, scope, tuple(modules))


def _module_values(cursor: _Cursor) -> ModuleValues:
    cells = tuple(_volts(cursor.s16()) for _ in range(cursor.count("cells")))
    temperatures = tuple(_celsius(cursor.u(2)) for _ in range(cursor.count("temperatures")))
    current_a, voltage_v = cursor.s16() / 10, cursor.u(2) / 1000
    remaining_mah, items, total_mah, cycles = cursor.u(2), cursor.u(1), cursor.u(2), cursor.u(2)
    if items == 4:
        remaining_mah, total_mah = cursor.u(3), cursor.u(3)
    elif items != 2:
        raise ValueError(f"{items} user items, known are 2 and 4")
    return ModuleValues(
        cells, temperatures, current_a, voltage_v, remaining_mah / 1000, total_mah / 1000, cycles
    )


def _check_scope(scope: int, modules: int) -> None:
    """One module may be told by its address; several are counted."""
    if modules > 1 and scope != modules:
        raise ValueError(f"{modules} modules follow where {scope} are told")


def _alarms(info: bytes) -> Alarms:
    fits = {}
    for status_bytes in _STATUS_BYTES:
        try:
            fits[status_bytes] = _alarms_with(info, status_bytes)
        except (IndexError, ValueError):
            continue
    if len(fits) != 1:
        raise ValueError("no alarms with five or six status bytes" if not fits else "alarms of two readings")
    return next(iter(fits.values()))


def _alarms_with(info: bytes, status_bytes: int) -> Alarms:
    cursor = _Cursor(info)
    flag, scope = cursor.u(1), cursor.u(1)
    modules = [_module_alarms(cursor, status_bytes)]
    while cursor.left:
        modules.append(_module_alarms(cursor, status_bytes))
    _check_scope(scope, len(modules))
    return Alarms(flag, scope, tuple(modules))


def _module_alarms(cursor: _Cursor, status_bytes: int) -> ModuleAlarms:
    cells = tuple(_limit(code) for code in cursor.take(cursor.count("cells")))
    temperatures = tuple(_limit(code) for code in cursor.take(cursor.count("temperatures")))
    charge, voltage, discharge = (_limit(code) for code in cursor.take(3))
    return ModuleAlarms(cells, temperatures, charge, voltage, discharge, cursor.take(status_bytes))


def _limit(code: int) -> Limit:
    try:
        return Limit(code)
    except ValueError:
        return Limit.OTHER


def _parameters(info: bytes) -> Parameters:
    flag, *numbers = _PARAMETERS.unpack(info)
    cells, modules = 3 * (_volts,), 3 * (_volts,)
    units = (*cells, _celsius, _celsius, _amperes, *modules, _celsius, _celsius, _amperes)
    return Parameters(flag, *(unit(raw) for unit, raw in zip(units, numbers, strict=True)))


def _volts(raw: int) -> float:
    return raw / 1000


def _celsius(raw: int) -> float:
    return (raw - ZERO_C) / 10


def _amperes(raw: int) -> float:
    return raw / 10


def _management(info: bytes) -> Management:
    scope, charge_mv, discharge_mv, charge, discharge, status = _MANAGEMENT.unpack(info)
    return Management(scope, charge_mv / 1000, discharge_mv / 1000, charge / 10, discharge / 10, status)


def _maker(info: bytes) -> Maker:
    cursor = _Cursor(info)
    device, software, maker = cursor.take(10), cursor.take(2), cursor.take(cursor.left)
    return Maker(_text(device), (software[0], software[1]), _text(maker).rstrip("-"))


def _serial(info: bytes) -> Serial:
    if len(info) != 17:
        raise ValueError(f"a serial number takes 17 bytes, not {len(info)}")
    return Serial(info[0], _text(info[1:]))


def _software(info: bytes) -> Software:
    if len(info) != 6:
        raise ValueError(f"a software version takes 6 bytes, not {len(info)}")
    return Software(info[0], (info[1], info[2]), (info[3], info[4], info[5]))


def _protocol(frame: Frame) -> Protocol:
    if frame.info:
        raise ValueError("the protocol version comes without INFO")
    return Protocol(frame.version >> 4, frame.version & 0xF)


def _text(raw: bytes) -> str:
    text = raw.rstrip(b"\0 ").decode("ascii", "replace")
    if not text.isprintable() or "\ufffd" in text:
        raise ValueError(f"{raw!r} is no text")
    return text


_DECODE: dict[Command, Callable[[bytes], Answered]] = {
    Command.ANALOG: _analog,
    Command.ALARMS: _alarms,
    Command.PARAMETERS: _parameters,
    Command.MAKER: _maker,
    Command.MANAGEMENT: _management,
    Command.SERIAL: _serial,
    Command.SOFTWARE: _software,
}
