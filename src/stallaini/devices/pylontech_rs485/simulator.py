"""The other end of the wire: a stack that answers every read command, byte for byte as real ones.

Modules have the addresses 2 (the master), 3, ... A request with a damaged LENGTH or CHKSUM, an unknown
command or wrong INFO is refused with its return code; one for an address that is not there gets no answer.
Not modelled: the time an answer takes, and commands that change something, refused like unknown ones.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from stallaini.devices.pylontech_rs485.decode import ZERO_C
from stallaini.devices.pylontech_rs485.frame import (
    VERSION,
    Command,
    Frame,
    FrameError,
    FrameReader,
    ReturnCode,
    encode_answer,
)
from stallaini.devices.pylontech_rs485.values import Limit, Parameters

MASTER = 2
GROUP = 0xFF
"""INFO of a request that asks for every module of the group."""

_ONE_FLAG, _GROUP_FLAG = 0x00, 0x11
_SMALL_AH = 65.0
_UNSAID = 0xFFFF

US5000_LIMITS = Parameters(0x11, 3.65, 3.05, 2.9, 61.0, -11.0, 102.0, 54.0, 46.0, 44.5, 61.0, -11.0, -100.0)
"""Limits as a recorded battery gave them."""


@dataclass(frozen=True)
class ModuleSaid:
    """What one module would say now. Current positive = charging; the first temperature is the BMS board's.

    `voltage_v` None: the sum of the cells, as real modules say. `status` are the status bytes of the alarms,
    five or six; `management_status` the bits of 0x92 (0xC0: may be charged and discharged). The discharge
    limit is given without its sign.
    """

    cell_voltages_v: tuple[float, ...]
    temperatures_c: tuple[float, ...]
    current_a: float
    remaining_ah: float
    total_ah: float = 100.0
    cycles: int = 0
    voltage_v: float | None = None
    cell_limits: tuple[Limit, ...] = ()
    temperature_limits: tuple[Limit, ...] = ()
    charge_current_limit: Limit = Limit.NORMAL
    voltage_limit: Limit = Limit.NORMAL
    discharge_current_limit: Limit = Limit.NORMAL
    status: bytes = b"\x00\x0e\x00\x00\x00\x00"
    charge_voltage_limit_v: float = 53.25
    discharge_voltage_limit_v: float = 45.0
    charge_current_limit_a: float = 80.0
    discharge_current_limit_a: float = 80.0
    management_status: int = 0xC0
    serial: str = ""
    device: str = "US5000"
    maker: str = "Pylon" + 15 * "-"
    maker_software: tuple[int, int] = (1, 3)
    main_line: tuple[int, int, int] = (1, 3, 8)
    limits: Parameters = US5000_LIMITS


class Rs485Pack:
    """A stack on its wire: bytes in, bytes out. `modules` is asked anew for every request.

    Feeding raises ValueError when a module says what its bytes cannot hold. `swallowed` counts what got no
    answer at all.
    """

    def __init__(self, modules: Callable[[], Sequence[ModuleSaid]], group: int = 0) -> None:
        self.swallowed = 0
        self._modules = modules
        self._master = MASTER + 0x10 * group
        self._reader = FrameReader()

    def feed(self, data: bytes) -> bytes:
        """Take bytes as they come; the answers to the requests they complete."""
        return b"".join(self._answer(request) for request in self._reader.feed_all(data))

    def _answer(self, request: Frame | FrameError) -> bytes:
        if isinstance(request, FrameError):
            if request.code is None:
                self.swallowed += 1
                return b""
            return encode_answer(self._master, request.code)
        modules = self._modules()
        index = request.address - self._master
        if request.is_answer or not 0 <= index < len(modules):
            self.swallowed += 1
            return b""
        try:
            info = _info(request, modules, index)
        except _Refused as refused:
            return encode_answer(request.address, refused.code)
        except (struct.error, OverflowError) as error:
            raise ValueError(f"module {index + 1} says what does not fit its bytes: {error}") from error
        return encode_answer(request.address, ReturnCode.OK, info, VERSION)


class _Refused(Exception):
    def __init__(self, code: ReturnCode) -> None:
        super().__init__(code)
        self.code = code


def _info(request: Frame, modules: Sequence[ModuleSaid], index: int) -> bytes:
    try:
        command = Command(request.code)
    except ValueError:
        raise _Refused(ReturnCode.COMMAND) from None
    module = modules[index]
    if command in _WITHOUT_SCOPE:
        return _WITHOUT_SCOPE[command](module)
    # The address may come once or twice: programs that batteries are known to answer do either.
    if not 1 <= len(request.info) <= 2:
        raise _Refused(ReturnCode.FORMAT)
    scope = request.info[-1]
    if command in _PER_MODULE and scope == GROUP:
        said = b"".join(_PER_MODULE[command](one) for one in modules)
        return bytes((_GROUP_FLAG, len(modules))) + said
    if scope != request.address:
        raise _Refused(ReturnCode.DATA)
    if command in _PER_MODULE:
        return bytes((_ONE_FLAG, scope)) + _PER_MODULE[command](module)
    return bytes((scope,)) + _WITH_SCOPE[command](module)


def _analog(module: ModuleSaid) -> bytes:
    cells = [round(1000 * voltage_v) for voltage_v in module.cell_voltages_v]
    voltage = sum(cells) if module.voltage_v is None else round(1000 * module.voltage_v)
    remaining, total = round(1000 * module.remaining_ah), round(1000 * module.total_ah)
    is_large = module.total_ah > _SMALL_AH
    out = struct.pack(f">B{len(cells)}h", len(cells), *cells)
    out += struct.pack(f">B{len(module.temperatures_c)}H", len(module.temperatures_c), *_kelvin(module))
    out += struct.pack(">hH", round(10 * module.current_a), voltage)
    out += struct.pack(
        ">HBHH",
        _UNSAID if is_large else remaining,
        4 if is_large else 2,
        _UNSAID if is_large else total,
        module.cycles,
    )
    return out + (remaining.to_bytes(3, "big") + total.to_bytes(3, "big") if is_large else b"")


def _kelvin(module: ModuleSaid) -> list[int]:
    return [_tenths_kelvin(temperature_c) for temperature_c in module.temperatures_c]


def _tenths_kelvin(temperature_c: float) -> int:
    return round(10 * temperature_c) + ZERO_C


def _alarms(module: ModuleSaid) -> bytes:
    cells = _filled(module.cell_limits, len(module.cell_voltages_v))
    temperatures = _filled(module.temperature_limits, len(module.temperatures_c))
    whole = (module.charge_current_limit, module.voltage_limit, module.discharge_current_limit)
    return bytes((len(cells), *cells, len(temperatures), *temperatures, *whole)) + module.status


def _filled(limits: tuple[Limit, ...], count: int) -> tuple[Limit, ...]:
    return limits + (count - len(limits)) * (Limit.NORMAL,)


def _parameters(module: ModuleSaid) -> bytes:
    said = module.limits
    return struct.pack(
        ">BHHhHHhHHHHHh",
        said.flag,
        round(1000 * said.cell_high_voltage_v),
        round(1000 * said.cell_low_voltage_v),
        round(1000 * said.cell_under_voltage_v),
        _tenths_kelvin(said.charge_high_temperature_c),
        _tenths_kelvin(said.charge_low_temperature_c),
        round(10 * said.charge_current_limit_a),
        round(1000 * said.module_high_voltage_v),
        round(1000 * said.module_low_voltage_v),
        round(1000 * said.module_under_voltage_v),
        _tenths_kelvin(said.discharge_high_temperature_c),
        _tenths_kelvin(said.discharge_low_temperature_c),
        round(10 * said.discharge_current_limit_a),
    )


def _management(module: ModuleSaid) -> bytes:
    return struct.pack(
        ">HHhhB",
        round(1000 * module.charge_voltage_limit_v),
        round(1000 * module.discharge_voltage_limit_v),
        round(10 * module.charge_current_limit_a),
        -round(10 * module.discharge_current_limit_a),
        module.management_status,
    )


def _maker(module: ModuleSaid) -> bytes:
    return struct.pack("10s2B20s", module.device.encode(), *module.maker_software, module.maker.encode())


def _serial(module: ModuleSaid) -> bytes:
    return struct.pack("16s", module.serial.encode())


def _software(module: ModuleSaid) -> bytes:
    return bytes((*module.maker_software, *module.main_line))


_Encode = Callable[[ModuleSaid], bytes]

_PER_MODULE: dict[Command, _Encode] = {Command.ANALOG: _analog, Command.ALARMS: _alarms}
_WITH_SCOPE: dict[Command, _Encode] = {
    Command.MANAGEMENT: _management,
    Command.SERIAL: _serial,
    Command.SOFTWARE: _software,
}
_WITHOUT_SCOPE: dict[Command, _Encode] = {
    Command.PARAMETERS: _parameters,
    Command.MAKER: _maker,
    Command.PROTOCOL: lambda _: b"",
}


class PackPort:
    """A port with the stack at its other end, in this process and without waiting."""

    def __init__(self, pack: Rs485Pack) -> None:
        self._pack = pack
        self._said = b""

    async def send(self, data: bytes) -> None:
        """The stack hears it at once."""
        self._said += self._pack.feed(data)

    async def receive(self, timeout_s: float) -> bytes:  # noqa: ARG002 - nothing is waited for
        """What the stack has said."""
        said, self._said = self._said, b""
        return said

    def close(self) -> None:
        """Nothing to let go."""
