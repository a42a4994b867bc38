"""What a household draws, and what its people switch.

A day's plan depends on seed and date alone, so that the same hour looks the same at any step width. Hours
are solar hours of the place. Four people; the shape (a standing load, a fridge that cycles, evenings,
cooking, taps) follows general knowledge, tuned to about 4-5 kWh a day without pump and heater. Unverified
for the site.
"""

from __future__ import annotations

import math
import random
from typing import NamedTuple

from stallaini.twin.physics.water import PUMP_POWER_FACTOR

_DAY_S = 86_400.0
_STANDING_W, _STANDING_FACTOR = 65.0, 0.6  # router, Raspberry Pi, standby of the rest
_FRIDGE_W = 90.0
_HOUSE_PUMP_W = 750.0
_HOUSE_PUMP_L_H, _SHOWER_L_H = 1200.0, 480.0
_IRRIGATION_L_H = 1500.0
_SUMMER_DAYS = (135, 263)
"""Days of the year with irrigation: mid May to mid September."""
_PUMP_START_SOC, _PUMP_STOP_SOC = 60.0, 50.0
_PUMP_BELOW, _PUMP_UNTIL, _PUMP_AT_MOST_S, _DRY_NOTICED_S = 0.84, 0.95, 3600.0, 300.0
_HEATER_START_SOC, _HEATER_STOP_SOC = 72.0, 62.0
_GENERATOR_ON_SOC, _EVENING_ON_SOC, _GENERATOR_OFF_SOC = 20.0, 34.0, 45.0
_EVENING_S = 18 * 3600
_GENERATOR_HOURS = (8.0, 21.5)
HEAVY_W = 1000.0
_FORGETFUL = 0.04
"""Share of days."""


class Use(NamedTuple):
    """One appliance at work: whole seconds after the day's start, and what it takes."""

    start_s: int
    end_s: int
    power_w: float
    power_factor: float = 1.0
    what: str = ""
    inrush: float = 0.0
    """Times its apparent power for some tenths of a second at its start."""
    water_l_h: float = 0.0
    hot_l_h: float = 0.0


class Day(NamedTuple):
    """A day's plan: appliances by start, and when people think of pump and heater."""

    uses: tuple[Use, ...]
    pump_s: tuple[tuple[int, int], ...]
    heater_s: tuple[int, int]
    forgetful: bool = False
    """Nobody minds what else runs when the pump starts: the inverter may not bear it."""


class Household:
    """The AC power drawn at an instant, and what people want switched. `look` goes from edge to edge."""

    def __init__(self, longitude_deg: float, latitude_deg: float, seed: int) -> None:
        self._offset_s = longitude_deg / 15 * 3600
        self._south = latitude_deg < 0
        self._seed = seed
        self._day = -1
        self._plan = Day((), (), (0, 0))
        self._noise = random.Random(f"household {seed}")
        self._dropped: set[Use] = set()
        self._standing: tuple[Use, ...] = ()
        self._pump_since_s = 0.0
        self._pump_held = -1
        self._heater_held = False
        self.power_w = self.reactive_var = 0.0
        self.water_l_h = self.hot_l_h = 0.0
        self.inrush_va = 0.0
        self.fridge_on = self.house_pump_on = self.irrigating = False
        self.wants_pump = self.wants_heater = self.wants_generator = False
        self.next_edge_s = -math.inf
        self.next_edge_w = 0.0
        """What the appliance takes that switches at `next_edge_s`."""

    def look(self, wall_s: float, said_soc_pct: float, tank_share: float, dry_s: float) -> None:
        """At `wall_s`: what runs from now until `next_edge_s`."""
        day, second = divmod(wall_s + self._offset_s, _DAY_S)
        if int(day) != self._day:
            self._day = int(day)
            self._plan = plan_day(self._seed, self._day, self._south)
            self._dropped = set()
            self._pump_held, self._heater_held = -1, False
        at_s = second + 1e-3
        self._add_up(at_s)
        self.next_edge_s = min(self.next_edge_s, _DAY_S) - second + wall_s
        self._mind_pump(at_s, said_soc_pct, tank_share, dry_s)
        self._mind_heater(at_s, said_soc_pct)
        self._mind_generator(at_s, said_soc_pct)

    def _add_up(self, at_s: float) -> None:
        power_w, reactive = _STANDING_W, _STANDING_W * _tangent(_STANDING_FACTOR)
        self.water_l_h = self.hot_l_h = self.inrush_va = 0.0
        self.fridge_on = self.house_pump_on = self.irrigating = False
        edge_s, edge_w = _DAY_S, 0.0
        standing = []
        for use in self._plan.uses:
            if use.start_s > at_s:
                if use.start_s < edge_s:
                    edge_s, edge_w = use.start_s, use.power_w
                break
            if use.end_s <= at_s or use in self._dropped:
                continue
            standing.append(use)
            if use.end_s < edge_s:
                edge_s, edge_w = use.end_s, use.power_w
            if not (use.what == "house_pump" and self.house_pump_on):  # there is one such pump
                power_w += use.power_w
                reactive += use.power_w * _tangent(use.power_factor)
            self.water_l_h += use.water_l_h
            self.hot_l_h += use.hot_l_h
            self._name(use)
            if use.inrush and use not in self._standing:
                self.inrush_va += use.power_w / use.power_factor * (use.inrush - 1)
        self._standing = tuple(standing)
        self.power_w, self.reactive_var = power_w, reactive
        self.next_edge_s, self.next_edge_w = edge_s, edge_w

    def _name(self, use: Use) -> None:
        if use.what == "fridge":
            self.fridge_on = True
        elif use.what == "house_pump":
            self.house_pump_on = True
        elif use.what == "irrigation":
            self.irrigating = True

    def drop_heavy(self) -> None:
        """Somebody runs and switches off what is heavy, until tomorrow's plan."""
        self._dropped |= {use for use in self._standing if use.power_w >= HEAVY_W}
        self.wants_heater, self._heater_held = False, True
        self.next_edge_s = -math.inf

    def flicker(self) -> float:
        """The ripple of the small things: a factor around 1."""
        return 0.985 + 0.03 * self._noise.random()

    def _mind_pump(self, at_s: float, soc_pct: float, tank_share: float, dry_s: float) -> None:
        """Once or twice a day somebody fills the tank, if there is energy; a dry pump is noticed."""
        window = next((n for n, (start, end) in enumerate(self._plan.pump_s) if start <= at_s < end), -1)
        thirsty = tank_share < 0.1 and 8 * 3600 < at_s < 18 * 3600 and soc_pct > 30
        if self.power_w > HEAVY_W and not self._plan.forgetful:
            self.wants_pump = False
            return
        if self.wants_pump:
            ran_s = at_s - self._pump_since_s
            enough = tank_share >= _PUMP_UNTIL or (soc_pct < _PUMP_STOP_SOC and not thirsty)
            if enough or dry_s > _DRY_NOTICED_S or not 0 <= ran_s <= _PUMP_AT_MOST_S:
                self.wants_pump, self._pump_held = False, window
            return
        now = thirsty or (window >= 0 and soc_pct >= _PUMP_START_SOC and window != self._pump_held)
        if now and tank_share < _PUMP_BELOW:
            self.wants_pump, self._pump_since_s = True, at_s

    def _mind_heater(self, at_s: float, soc_pct: float) -> None:
        start_s, end_s = self._plan.heater_s
        if not start_s <= at_s < end_s or self._heater_held or self.wants_pump:
            self.wants_heater = False
        elif self.wants_heater:
            self.wants_heater = soc_pct >= _HEATER_STOP_SOC
        else:
            self.wants_heater = soc_pct >= _HEATER_START_SOC

    def _mind_generator(self, at_s: float, soc_pct: float) -> None:
        """When the battery is nearly empty, or will be before the morning, somebody pulls the cord."""
        awake = _GENERATOR_HOURS[0] * 3600 <= at_s < _GENERATOR_HOURS[1] * 3600
        if self.wants_generator:
            self.wants_generator = awake and soc_pct < _GENERATOR_OFF_SOC
        else:
            least_pct = _GENERATOR_ON_SOC if at_s < _EVENING_S else _EVENING_ON_SOC
            self.wants_generator = awake and soc_pct < least_pct


def _tangent(power_factor: float) -> float:
    """Reactive over active power."""
    return math.sqrt(1 - power_factor * power_factor) / power_factor


class _Planner:
    """A day in the making."""

    def __init__(self, seed: int, day: int) -> None:
        self.chance = random.Random(f"day {seed} {day}")
        self.uses: list[Use] = []

    def add(
        self,
        hour: float,
        minutes: float,
        power_w: float,
        what: str,
        power_factor: float = 1.0,
        inrush: float = 0.0,
        water_l_h: float = 0.0,
        hot_l_h: float = 0.0,
    ) -> None:
        start_s = int(hour * 3600)
        end_s = min(int(_DAY_S), start_s + max(1, int(minutes * 60)))
        use = Use(start_s, end_s, power_w, power_factor, what, inrush, water_l_h, hot_l_h)
        self.uses.append(use)

    def run_pump(self, hour: float, minutes: float, what: str, litres_h: float, hot_l_h: float = 0.0) -> None:
        """The house pump, which starts at four times its running current."""
        self.add(hour, minutes, _HOUSE_PUMP_W, what, PUMP_POWER_FACTOR, 4.0, litres_h, hot_l_h)


def plan_day(seed: int, day: int, south: bool = False) -> Day:
    """The plan of one day."""
    planner = _Planner(seed, day)
    year_day = (day + (182.6 if south else 0.0)) % 365.2425
    summer = _SUMMER_DAYS[0] <= year_day < _SUMMER_DAYS[1]
    _fridge(planner, summer)
    _kitchen(planner, day)
    _evening(planner, summer)
    _taps(planner)
    if summer:
        _irrigation(planner)
    uniform = planner.chance.uniform
    morning, afternoon = uniform(9.8, 11.0), uniform(13.3, 14.3)
    pump_s = (
        (int(morning * 3600), int((morning + 0.8) * 3600)),
        (int(afternoon * 3600), int((afternoon + 0.8) * 3600)),
    )
    heater_from = uniform(11.0, 11.8)
    heater_s = (int(heater_from * 3600), int((heater_from + uniform(3.0, 4.0)) * 3600))
    forgetful = planner.chance.random() < _FORGETFUL
    return Day(tuple(sorted(planner.uses)), pump_s, heater_s, forgetful)


def _fridge(planner: _Planner, summer: bool) -> None:
    """About 30 min of every 90, longer in summer."""
    uniform = planner.chance.uniform
    hour = uniform(0.0, 1.0)
    while hour < 24:
        minutes = uniform(24, 34) * (1.3 if summer else 1.0)
        planner.add(hour, minutes, _FRIDGE_W, "fridge", 0.65, inrush=6.0)
        hour += (minutes + uniform(50, 65)) / 60


def _kitchen(planner: _Planner, day: int) -> None:
    chance = planner.chance
    uniform = chance.uniform
    planner.add(uniform(6.3, 7.5), uniform(3, 4), 1800.0, what="kettle")
    planner.add(uniform(12.2, 13.2), uniform(10, 22), 1600.0, what="cooking")
    if chance.random() < 0.35:
        _oven(planner, uniform(18.2, 19.2))
    else:
        planner.add(uniform(18.8, 19.8), uniform(10, 22), 1700.0, what="cooking")
    if chance.random() < 0.5:
        planner.add(uniform(15.5, 17.0), uniform(2.5, 4), 1800.0, what="kettle")
    if (day + chance.randint(0, 1)) % 4 == 0:  # the washing machine heats, then turns
        hour = uniform(10.0, 11.0)
        planner.add(hour, uniform(8, 14), 1900.0, what="washing")
        planner.add(hour + 0.25, uniform(40, 60), 220.0, power_factor=0.7, what="washing", inrush=2.5)


def _oven(planner: _Planner, hour: float) -> None:
    """Heats up, then its thermostat cycles: 45 min in all."""
    planner.add(hour, 11, 2000.0, what="oven")
    for cycle in range(5):
        planner.add(hour + (14 + 6.5 * cycle) / 60, 2.6, 2000.0, what="oven")


def _evening(planner: _Planner, summer: bool) -> None:
    uniform = planner.chance.uniform
    planner.add(uniform(6.3, 7.2), uniform(60, 90), 80.0, power_factor=0.9, what="lights")
    start = uniform(18.6, 19.2) if summer else uniform(17.0, 18.0)
    for _ in range(3):  # rooms come and go
        hour = start + uniform(0.0, 1.5)
        planner.add(hour, (uniform(21.9, 23.0) - hour) * 60, uniform(20, 45), power_factor=0.9, what="lights")
    planner.add(uniform(19.9, 20.6), uniform(100, 150), uniform(70, 110), power_factor=0.8, what="television")


def _taps(planner: _Planner) -> None:
    """Each tap runs the house pump; in the morning and in the evening some of it is hot."""
    chance = planner.chance
    for _ in range(chance.randint(4, 7)):
        planner.run_pump(chance.uniform(6.5, 22.5), chance.uniform(1.5, 4), "house_pump", _HOUSE_PUMP_L_H)
    for first, last in ((6.6, 8.2), (6.8, 8.6), (19.5, 22.0), (20.0, 22.5)):
        # A shower: 25-45 l at 40 degC, of which the heater gives a bit more than half.
        hot_l_h = 190.0 * chance.uniform(0.8, 1.2)
        planner.run_pump(
            chance.uniform(first, last), chance.uniform(3.5, 6), "house_pump", _SHOWER_L_H, hot_l_h
        )


def _irrigation(planner: _Planner) -> None:
    chance = planner.chance
    hour = chance.uniform(18.6, 19.4)
    for _ in range(3):
        minutes = chance.uniform(20, 34)
        planner.run_pump(hour, minutes, "irrigation", _IRRIGATION_L_H)
        hour += minutes / 60 + chance.uniform(0.02, 0.1)
