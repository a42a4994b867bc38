"""What a household draws: a standing load, a fridge, evenings, cooking, and the two great loads by day.

A day's plan depends on seed and date alone, so that the same hour looks the same at any step width.
Hours are solar hours of the place. Rated powers are those of the site file where it names the load.
"""

from __future__ import annotations

import random
from typing import NamedTuple

_DAY_S = 86_400.0
_STANDING_W = 65.0  # router, Raspberry Pi, standby of the rest
_FRIDGE_W, _FRIDGE_ON_S, _FRIDGE_CYCLE_S = 90.0, 1_800.0, 5_400.0  # 90 W, 30 min of every 90


class Use(NamedTuple):
    """One appliance at work: seconds after the day's start, rated power, and the SOC below which it waits."""

    start_s: float
    end_s: float
    power_w: float
    needs_soc_pct: float


class Household:
    """The AC power drawn at an instant."""

    def __init__(
        self,
        longitude_deg: float,
        seed: int,
        pump_w: float = 2200.0,
        heater_w: float = 1500.0,
    ) -> None:
        self._offset_s = longitude_deg / 15 * 3600
        self._seed = seed
        self._pump_w, self._heater_w = pump_w, heater_w
        self._day = -1
        self._plan: tuple[Use, ...] = ()
        self._held: set[Use] = set()
        self._noise = random.Random(f"household {seed}")

    def power_w(self, wall_s: float, soc_pct: float) -> float:
        """AC power in W; a great load does not start while the battery is below what it needs."""
        day, second = divmod(wall_s + self._offset_s, _DAY_S)
        if int(day) != self._day:
            self._day = int(day)
            self._plan = plan_day(self._seed, self._day, self._pump_w, self._heater_w)
            self._held = set()
        power_w = _STANDING_W
        if (second + 977.0 * (self._day % 7)) % _FRIDGE_CYCLE_S < _FRIDGE_ON_S:
            power_w += _FRIDGE_W
        for use in self._plan:
            if use.start_s <= second < use.end_s and self._allowed(use, soc_pct):
                power_w += use.power_w
        return power_w * (1 + 0.01 * self._noise.gauss(0, 1))

    def _allowed(self, use: Use, soc_pct: float) -> bool:
        """Whether people let it run: once put off it stays off, so that it does not chatter."""
        if soc_pct < use.needs_soc_pct:
            self._held.add(use)
        return use not in self._held


def plan_day(seed: int, day: int, pump_w: float, heater_w: float) -> tuple[Use, ...]:
    """The appliances of one day."""
    chance = random.Random(f"day {seed} {day}")
    uses: list[Use] = []

    def add(hour: float, minutes: float, power_w: float, needs_soc_pct: float = 0.0) -> None:
        uses.append(Use(hour * 3600, hour * 3600 + minutes * 60, power_w, needs_soc_pct))

    add(chance.uniform(6.3, 7.5), chance.uniform(3, 4), 1800.0)  # kettle
    add(chance.uniform(6.3, 7.2), chance.uniform(60, 90), 80.0)  # lights
    add(chance.uniform(12.2, 13.2), chance.uniform(12, 25), 1600.0)  # cooking
    add(chance.uniform(18.8, 19.8), chance.uniform(10, 22), 1700.0)
    add(chance.uniform(17.0, 18.0), chance.uniform(280, 340), chance.uniform(110, 190))  # lights, television
    for _ in range(chance.randint(5, 9)):  # the house pump, whenever a tap runs
        add(chance.uniform(6.5, 22.5), chance.uniform(2, 5), 750.0)
    for hour in (chance.uniform(9.8, 11.2), chance.uniform(13.3, 14.5))[: chance.randint(1, 2)]:
        add(hour, chance.uniform(12, 24), pump_w, needs_soc_pct=60.0)
    add(chance.uniform(11.0, 12.5), chance.uniform(50, 95), heater_w, needs_soc_pct=72.0)
    return tuple(uses)
