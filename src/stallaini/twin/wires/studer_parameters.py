"""The parameters of one Studer device: what its flash keeps, what its RAM holds for now, what they do."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from stallaini.devices.studer.asker import Part
from stallaini.devices.studer.errors import ScomError
from stallaini.devices.studer.formats import Format
from stallaini.devices.studer.objects import Family, StuderObject, UnknownObject, parameter
from stallaini.twin.physics.controls import Controls

_NOT_WRITABLE = (Format.MENU, Format.UNSUPPORTED, Format.STRING)


class Parameters:
    """Flash and RAM of one device. A read shows the flash; what the device does follows the RAM."""

    def __init__(self, family: Family, commissioned: Mapping[int, float]) -> None:
        self._family = family
        self._flash = dict(commissioned)
        self._ram: dict[int, float] = {}

    def stored(self, nr: int, part: Part = Part.VALUE) -> float | None:
        """The value in flash or a limit; None where there is no such parameter."""
        known = self._known(nr)
        if known is None or known.format in _NOT_WRITABLE:
            return None
        if part is not Part.VALUE:
            return known.min if part is Part.MIN else known.max
        return self._flash.get(nr, known.default or 0.0)

    def in_force(self, nr: int) -> float:
        """What the device goes by. Raises KeyError when it has no such parameter."""
        if nr in self._ram:
            return self._ram[nr]
        stored = self.stored(nr)
        if stored is None:
            raise KeyError(nr)
        return stored

    def write(self, nr: int, value: float, saved: bool) -> ScomError | None:
        """Set it in RAM, and in flash too when `saved`; the reason when the device refuses.

        A value is within the parameter's limits already: gateways see to that.
        """
        known = self._known(nr)
        if known is None or known.format in _NOT_WRITABLE:
            return ScomError.OBJECT_ID_NOT_FOUND
        if known.options and int(value) not in known.options:
            return ScomError.INVALID_DATA
        if not known.is_signal:
            self._ram[nr] = value
            if saved:
                self._flash[nr] = value
        return None

    def restart(self) -> None:
        """The device starts anew: all that was only in RAM is gone."""
        self._ram.clear()

    def _known(self, nr: int) -> StuderObject | None:
        try:
            return parameter(nr, self._family)
        except UnknownObject:
            return None


Effect = Callable[[Controls, Parameters], None]


def _sets(attribute: str, nr: int, convert: Callable[[float], float | bool | int]) -> Effect:
    return lambda controls, parameters: setattr(controls, attribute, convert(parameters.in_force(nr)))


def _user_limit(controls: Controls, parameters: Parameters) -> None:
    """6069 counts where 6068 says so."""
    controls.charge_limit_a = parameters.in_force(6069) if parameters.in_force(6068) else None


EFFECTS: Mapping[Family, Mapping[int, Effect]] = {
    Family.XT: {
        1107: _sets("input_limit_a", 1107, float),
        1124: _sets("inverter_allowed", 1124, bool),
        1125: _sets("charger_allowed", 1125, bool),
        1128: _sets("transfer_allowed", 1128, bool),
        1138: _sets("charge_current_a", 1138, float),
        1202: _sets("aux1_mode", 1202, int),
        1311: _sets("aux2_mode", 1311, int),
    },
    Family.VT: {10_002: _sets("solar_charge_current_a", 10_002, float)},
    Family.BMS: {6068: _user_limit, 6069: _user_limit},
}
"""What the house does about a parameter; all others are kept and read back, and change nothing."""

COMMISSIONED: Mapping[Family, Mapping[int, float]] = {
    Family.XT: {1138: 50.0, 1140: 53.2, 1156: 53.2, 1187: 0.0},
    Family.VT: {},
    Family.BMS: {},
}
"""What a person set in flash when this house was built, where it is not as delivered."""
