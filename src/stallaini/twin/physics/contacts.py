"""The Xtender's two auxiliary contacts, and relays that may stick."""

from __future__ import annotations

from stallaini.twin.physics.controls import MANUAL_OFF, MANUAL_ON, REVERSED, Controls, Faults

_INFO_MODE = {MANUAL_ON: 3, MANUAL_OFF: 4}
"""What infos 3054 and 3055 say for a parameter's number; 1 and 2 say themselves."""


def info_mode(parameter: int) -> int:
    """The mode as infos 3054 and 3055 number it."""
    return _INFO_MODE.get(parameter, parameter)


class Contacts:
    """Which contacts and relays are closed now. A relay nobody drives and no AUX feeds follows the people."""

    def __init__(self, controls: Controls, faults: Faults) -> None:
        self._controls, self._faults = controls, faults
        self.aux1 = self.aux2 = False
        self.pump = self.heater = self.generator = False

    def step(self, people_pump: bool, people_heater: bool, people_generator: bool) -> None:
        """Move everything that moves."""
        controls, stuck = self._controls, self._faults.stuck_relays
        if not (stuck and "aux1" in stuck):
            self.aux1 = controls.aux1_mode in (MANUAL_ON, REVERSED)
        if not (stuck and "aux2" in stuck):
            self.aux2 = controls.aux2_mode in (MANUAL_ON, REVERSED)
        if not (stuck and "well_pump" in stuck):
            self.pump = self._driven("well_pump", controls.pump_relay, people_pump)
        if not (stuck and "water_heater" in stuck):
            self.heater = self._driven("water_heater", controls.heater_relay, people_heater)
        self.generator = self._driven("generator", controls.generator_wanted or None, people_generator)

    def _driven(self, load: str, relay: bool | None, people: bool) -> bool:
        """An AUX contact decides for what hangs on it, in series with a relay where one is driven."""
        controls = self._controls
        aux = None
        if controls.aux1_load == load:
            aux = self.aux1
        elif controls.aux2_load == load:
            aux = self.aux2
        if aux is None:
            return people if relay is None else relay
        if load == "generator":
            return aux or bool(relay) or people
        return aux and relay is not False
