"""The twin's own account of each day's energies, kept beside the system and by other arithmetic."""

from __future__ import annotations

from datetime import date

from stallaini.twin.state import HouseState

CHARGED, DISCHARGED = "battery charged", "battery discharged"
Energies = dict[str, float]
"""kWh by quantity."""
_J_PER_KWH = 3.6e6


class Account:
    """What passed in the house, in kWh by day of the site's zone: told each step, each minute, each midnight.

    `days` has the battery's energy by the voltage and current that its own instruments say, because nothing
    else can reach the store, and what flows in and out within one minute is set off, as minutes do.
    `truth` has it as it is at the terminals, nothing set off.
    """

    def __init__(self) -> None:
        self.days: dict[date, Energies] = {}
        self.truth: dict[date, Energies] = {}
        self._minute_j = 0.0
        self._said, self._true = _Both(), _Both()

    def watch(self, state: HouseState) -> None:
        """The house after a step."""
        self._minute_j += state.bms.voltage_v * state.bms.current_a * state.dt_s
        self._true.add(state.battery.power_w * state.dt_s)

    def minute_ended(self) -> None:
        """The minute is over."""
        self._said.add(self._minute_j)
        self._minute_j = 0.0

    def day_ended(self, day: date) -> None:
        """A local day is over."""
        self.days[day] = self._said.energies()
        self.truth[day] = self._true.energies()
        self._said, self._true = _Both(), _Both()


class _Both:
    """Energy in and out of the battery."""

    def __init__(self) -> None:
        self._in_j = self._out_j = 0.0

    def add(self, energy_j: float) -> None:
        if energy_j > 0:
            self._in_j += energy_j
        else:
            self._out_j -= energy_j

    def energies(self) -> Energies:
        return {CHARGED: self._in_j / _J_PER_KWH, DISCHARGED: self._out_j / _J_PER_KWH}
