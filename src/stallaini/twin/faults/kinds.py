"""The table of faults: each one's name, what it does, and where it is seen."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from stallaini.errors import OperatorError
from stallaini.twin.faults.parts import FaultKind, Param, Parts, Undo, needed
from stallaini.twin.physics.controls import Faults as HouseFaults
from stallaini.twin.wires.studer_infos import BMS, VARIOTRACK, XTENDER

_BUS_OFF, _RESTARTED = 0x40, 0x100  # error classes of SocketCAN
_DAY_S = 86_400.0
_MPPT_ERRORS = {
    "battery-over-voltage": 1,
    "earth": 2,
    "no-battery": 3,
    "over-temperature": 4,
    "pv-over-voltage": 6,
    "hardware": 12,
}
"""Info 11034."""
_RELAYS = ("well_pump", "water_heater", "aux1", "aux2")


def _in_house(attribute: str, value: Callable[[Mapping[str, Param]], object]) -> Callable[..., Undo]:
    """A fault that is one attribute of the house's."""

    def begin(parts: Parts, params: Mapping[str, Param]) -> Undo:
        sound = getattr(HouseFaults(), attribute)
        setattr(parts.house.faults, attribute, value(params))
        return lambda: setattr(parts.house.faults, attribute, sound)

    return begin


def _silence(parts: Parts, reason: str) -> Undo:
    battery = parts.battery
    silenced = set() if battery is None else battery.silenced
    silenced.add(reason)
    parts.plant.hear_lithium(False)

    def undo() -> None:
        silenced.discard(reason)
        parts.plant.hear_lithium(not silenced)

    return undo


def _can_silence(parts: Parts, _: Mapping[str, Param]) -> Undo:
    return _silence(parts, "silent")


def _bus_off(parts: Parts, _: Mapping[str, Param]) -> Undo:
    battery = needed(parts.battery, "--bus")
    end_silence = _silence(parts, "bus off")
    battery.error_frames.append(_BUS_OFF)

    def undo() -> None:
        battery.error_frames.append(_RESTARTED)
        end_silence()

    return undo


def _soc_jump(parts: Parts, params: Mapping[str, Param]) -> None:
    soc_pct = float(params["to"])
    if not 0 <= soc_pct <= 100:
        raise OperatorError(f"soc-jump to={soc_pct:g} is no state of charge; give 0 to 100")
    parts.house.bms.anchor(soc_pct)


def _bms_alarm(parts: Parts, params: Mapping[str, Param]) -> Undo:
    alarm = str(params["raised"])
    if parts.battery is not None and alarm not in parts.battery.sayable:
        known = ", ".join(sorted(parts.battery.sayable))
        raise OperatorError(f"this battery has no way to say {alarm!r}; it can say {known}")
    parts.house.faults.bms_alarms |= {alarm}

    def undo() -> None:
        parts.house.faults.bms_alarms -= {alarm}

    return undo


def _stuck_relay(parts: Parts, params: Mapping[str, Param]) -> Undo:
    relay = str(params["relay"])
    parts.house.faults.stuck_relays.add(relay)
    return lambda: parts.house.faults.stuck_relays.discard(relay)


def _gateway_busy(parts: Parts, _: Mapping[str, Param]) -> Undo:
    gateways = needed(parts.gateways or None, "--scom or --xcom-can")
    for gateway in gateways:
        gateway.busy = True

    def undo() -> None:
        for gateway in gateways:
            gateway.busy = False

    return undo


def _corrupted_bytes(parts: Parts, params: Mapping[str, Param]) -> Undo:
    line, share = str(params["line"]), float(params["share"])
    hurt = [trouble for name, trouble in parts.lines.items() if line in ("all", name)]
    if not hurt or not 0 < share <= 1:
        raise OperatorError("it takes a share of the bytes up to 1, and --scom or --rs485 to be served")
    for trouble in hurt:
        trouble.damage_share = share

    def undo() -> None:
        for trouble in hurt:
            trouble.damage_share = 0.0

    return undo


def _reboot(parts: Parts, _: Mapping[str, Param]) -> None:
    for address in (XTENDER, VARIOTRACK, BMS):
        parts.plant.restart(address)
    for gateway in parts.gateways:
        gateway.restart()


def _power_cut(parts: Parts, _: Mapping[str, Param]) -> Undo:
    parts.house.faults.power_cut = True

    def undo() -> None:
        parts.house.faults.power_cut = False
        parts.plant.restart(XTENDER)

    return undo


def _clock_without_rtc(parts: Parts, params: Mapping[str, Param]) -> Undo:
    edge_clock = needed(parts.edge_clock, "--edge-clock")
    edge_clock.forget(float(params["days"]) * _DAY_S)
    return edge_clock.learn


def _link_outage(parts: Parts, _: Mapping[str, Param]) -> Undo:
    relay = needed(parts.relay, "--relay")
    relay.cut = True

    def undo() -> None:
        relay.cut = False

    return undo


_KINDS = (
    FaultKind(
        "can-silence",
        "the battery sends nothing on the CAN bus",
        "no frames; the gateway stores message 225, at the end 226; 601 has no values",
        _can_silence,
    ),
    FaultKind(
        "bus-off",
        "the CAN controller gives up, as after a short circuit",
        "an error frame of class bus-off, silence, an error frame of class restarted",
        _bus_off,
    ),
    FaultKind(
        "frozen-values",
        "instruments repeat what they said last while the house lives on",
        "the battery's frames and the infos stay the same",
        _in_house("frozen_values", lambda _: True),
    ),
    FaultKind(
        "soc-jump",
        "the BMS suddenly believes another state of charge",
        "SOC on CAN and of 601; the limits that hang on it",
        _soc_jump,
        {"to": 100.0},
    ),
    FaultKind(
        "bms-alarm",
        "the battery raises an alarm without a cause",
        "its bit in the battery's frames; message 202, at the end 203",
        _bms_alarm,
        {"raised": "protection.over_voltage"},
    ),
    FaultKind(
        "lost-module",
        "a battery module leaves the stack",
        "half the limits and one module less on CAN; RS485 hears it no more",
        _in_house("lost_module", lambda params: int(float(params["module"])) - 1),
        {"module": 2.0},
    ),
    FaultKind(
        "mppt-error",
        "the VarioTrack stops with an error",
        "info 11034, its message, no solar power",
        _in_house("mppt_error", lambda params: _MPPT_ERRORS[str(params["error"])]),
        {"error": "pv-over-voltage"},
        {"error": tuple(_MPPT_ERRORS)},
    ),
    FaultKind(
        "dry-well",
        "the well gives no water",
        "the pump draws less, the tank does not fill",
        _in_house("dry_well", lambda _: True),
    ),
    FaultKind(
        "stuck-relay",
        "a relay stays as it is, whatever drives it",
        "AUX: the contact's info does not follow the mode's; else the load's power",
        _stuck_relay,
        {"relay": "aux1"},
        {"relay": _RELAYS},
    ),
    FaultKind(
        "generator-fails",
        "the generator does not start",
        "no voltage at AC-in; message 62",
        _in_house("generator_fails", lambda _: True),
    ),
    FaultKind(
        "power-cut",
        "the inverter is off, and has forgotten its RAM when it is on again",
        "info 3049, no AC power; parameters are those of its flash afterwards; message 177",
        _power_cut,
    ),
    FaultKind(
        "gateway-busy",
        "the Studer gateway writes its log file",
        "every answer is error 0013; SCOM by itself at 00:00:30 of the gateway's clock, for 5 s",
        _gateway_busy,
    ),
    FaultKind(
        "reboot",
        "gateway and devices start anew",
        "bit 1 of the frames' flags until 5104 clears it; what was only in RAM is gone; message 177",
        _reboot,
    ),
    FaultKind(
        "corrupted-bytes",
        "a bad cable harms bytes both ways: changed, lost, added",
        "frames that fail their checksums, and questions without an answer",
        _corrupted_bytes,
        {"line": "all", "share": 0.02},
        {"line": ("all", "scom", "rs485")},
    ),
    FaultKind(
        "clock-without-rtc",
        "the edge does not know the time, as after a boot without a clock chip and without internet",
        "the clock file of --edge-clock is late and says that nobody has set it",
        _clock_without_rtc,
        {"days": 30.0},
    ),
    FaultKind(
        "link-outage",
        "the link between edge and server is down",
        "the relay passes no datagram either way",
        _link_outage,
    ),
)
FAULTS: Mapping[str, FaultKind] = {kind.name: kind for kind in _KINDS}
