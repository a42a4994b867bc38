"""What a recorded line of the RS485 bus says: one ASCII frame a line, requests and answers in their order."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from stallaini.devices.pylontech_rs485.decode import decode_answer, fitting
from stallaini.devices.pylontech_rs485.frame import (
    BATTERY,
    RETURN_WORDS,
    Command,
    Frame,
    ReturnCode,
    parse_frame,
)
from stallaini.devices.pylontech_rs485.values import (
    Alarms,
    AnalogValues,
    Answered,
    Limit,
    Management,
    ModuleAlarms,
)

_COMMANDS = {
    Command.ANALOG: "analog_values",
    Command.ALARMS: "alarms",
    Command.PARAMETERS: "system_parameters",
    Command.PROTOCOL: "protocol_version",
    Command.MAKER: "maker",
    Command.MANAGEMENT: "management",
    Command.SERIAL: "serial_number",
    Command.SOFTWARE: "software_version",
}
_COMMANDS_OF_OTHERS = {0x94: "set_limits", 0x95: "power_off"}
"""What other programs may be seen to ask; this one has no way to."""


def line_decoder() -> Callable[[str], dict[str, Any]]:
    """A decoder of lines in their order: an answer is read by the request before it."""
    return _Lines().decode


class _Lines:
    def __init__(self) -> None:
        self._asked: Frame | None = None

    def decode(self, line: str) -> dict[str, Any]:
        """What one line says. Raises ValueError when it is no frame."""
        frame = parse_frame(line.encode())
        said: dict[str, Any] = {"ver": frame.version, "adr": frame.address, "cid1": BATTERY}
        if frame.is_answer:
            asked, self._asked = self._asked, None
            said |= {"rtn": frame.code, "rtn_text": RETURN_WORDS[ReturnCode(frame.code)]}
            return said | {"is_answer": True, "info": frame.info.hex().upper(), **_answer(frame, asked)}
        self._asked = frame
        command = _command(frame)
        name = _COMMANDS[command] if command is not None else _COMMANDS_OF_OTHERS.get(frame.code)
        info = frame.info.hex().upper()
        return said | {"cid2": frame.code, "command": name, "is_answer": False, "info": info}


def _answer(frame: Frame, asked: Frame | None) -> dict[str, Any]:
    """What an answer says: by the request, else by the one layout that fits; of several none is chosen."""
    command = _command(asked) if asked is not None and asked.address == frame.address else None
    if frame.code != ReturnCode.OK:
        return {"command": command and _COMMANDS[command]}
    if command is not None:
        try:
            return _read(command, decode_answer(command, frame), "request")
        except ValueError as error:
            return {"command": _COMMANDS[command], "command_from": "request", "unread": str(error)}
    fits = fitting(frame)
    if len(fits) == 1:
        ((command, answered),) = fits.items()
        return _read(command, answered, "layout")
    if fits:
        return {"command": None, "ambiguous": [_COMMANDS[command] for command in fits]}
    return {"command": None, "unread": "it has the layout of no known answer"}


def _command(asked: Frame) -> Command | None:
    try:
        return Command(asked.code)
    except ValueError:
        return None


def _read(command: Command, answered: Answered, known_from: str) -> dict[str, Any]:
    said = {"command": _COMMANDS[command], "command_from": known_from}
    if isinstance(answered, AnalogValues | Alarms):
        modules = [
            _alarms(module) if isinstance(module, ModuleAlarms) else msgspec.to_builtins(module)
            for module in answered.modules
        ]
        return {**said, "flag": answered.flag, "scope": answered.scope, "modules": modules}
    values = msgspec.to_builtins(answered)
    return {**said, **values, **(answered.requests if isinstance(answered, Management) else {})}


def _alarms(module: ModuleAlarms) -> dict[str, Any]:
    return {
        "cells": [_word(limit) for limit in module.cells],
        "temperatures": [_word(limit) for limit in module.temperatures],
        "charge_current": _word(module.charge_current),
        "voltage": _word(module.voltage),
        "discharge_current": _word(module.discharge_current),
        "status": module.status.hex().upper(),
        "protections": sorted(module.protections),
        "switches": sorted(module.switches),
        "states": sorted(module.states),
        "faulty_cells": list(module.faulty_cells),
    }


def _word(limit: Limit) -> str:
    return limit.name.lower()
