"""The twin's own account of each day's energies, kept beside the system and by other arithmetic."""

from __future__ import annotations

from datetime import date

from stallaini.twin.physics.counters import DayCounter
from stallaini.twin.physics.house import House

CHARGED, DISCHARGED = "battery charged", "battery discharged"
SOLAR, CONSUMED, GENERATOR = "solar", "consumed", "generator"
COUNTED_SOLAR, COUNTED_CONSUMED = "solar, as counted by the VarioTrack", "consumed, as counted by the Xtender"
COUNTED_DRAWN = "drawn from the battery, as counted by the Xtender"
COUNTED = frozenset({COUNTED_SOLAR, COUNTED_CONSUMED, COUNTED_DRAWN})
"""Quantities that the store has from a device's own day counter."""
Energies = dict[str, float]
"""kWh by quantity."""
_J_PER_KWH = 3.6e6


class Account:
    """What passed in the house, in kWh by day of the site's zone, read off the house's own sums.

    `days` has the battery's energy by the current that its own sensor says, with its offset, because nothing
    else can reach the store; what flows in and out within one minute is set off, as minutes do. `truth`
    has it as it is at the terminals, nothing set off.
    """

    def __init__(self, house: House) -> None:
        self._house = house
        self._counter: DayCounter = house.days.today
        self._net_j = self._charged_j = self._discharged_j = 0.0
        self.days: dict[date, Energies] = {}
        self.truth: dict[date, Energies] = {}

    def minute_ended(self) -> None:
        """The house has lived through a whole minute; it began a new day's counter if that was the last."""
        before_j, self._net_j = self._net_j, _net_j(self._counter)
        gained_j = self._net_j - before_j
        if gained_j > 0:
            self._charged_j += gained_j
        else:
            self._discharged_j -= gained_j

    def day_ended(self, day: date) -> None:
        """A local day is over."""
        counter = self._counter
        self.days[day] = {
            CHARGED: self._charged_j / _J_PER_KWH,
            DISCHARGED: self._discharged_j / _J_PER_KWH,
            SOLAR: counter.solar_j / _J_PER_KWH,
            CONSUMED: counter.consumed_j / _J_PER_KWH,
            GENERATOR: counter.input_j / _J_PER_KWH,
            COUNTED_SOLAR: counter.solar_j / _J_PER_KWH,
            COUNTED_CONSUMED: counter.consumed_j / _J_PER_KWH,
            COUNTED_DRAWN: counter.discharged_j / _J_PER_KWH,
        }
        self.truth[day] = {
            CHARGED: counter.true_charged_j / _J_PER_KWH,
            DISCHARGED: counter.true_discharged_j / _J_PER_KWH,
        }
        self._counter = self._house.days.today
        self._net_j = self._charged_j = self._discharged_j = 0.0

    def sensor_shares(self) -> dict[str, float]:
        """By how much its own sensor, and minutes set off, change what passed the battery in all."""
        shares = {}
        for quantity in (CHARGED, DISCHARGED):
            said = sum(day[quantity] for day in self.days.values())
            true = sum(day[quantity] for day in self.truth.values())
            shares[quantity] = said / true - 1 if true else 0.0
        return shares


def _net_j(counter: DayCounter) -> float:
    return counter.battery_charged_j - counter.battery_discharged_j
