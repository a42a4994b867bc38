"""A whole off-grid house in software: sun, battery, inverter, generator, water and people, stepped together.

Pure: time comes in, states go out, and a seed decides the weather, the people and every device's small
errors. A step is split at whole minutes and wherever the household switches something, so that wide steps
see the same switching as narrow ones. What is not modelled stands in each part's module.
"""

from __future__ import annotations

import math
from dataclasses import replace

from stallaini.devices.can_battery.simulator import BatteryState
from stallaini.site.config import SiteConfig
from stallaini.twin.physics.account import Account
from stallaini.twin.physics.array import Array, Panels
from stallaini.twin.physics.bms import Bms
from stallaini.twin.physics.charger import ChargeRule
from stallaini.twin.physics.climate import Climate
from stallaini.twin.physics.clouds import Clouds
from stallaini.twin.physics.contacts import Contacts
from stallaini.twin.physics.controls import Controls, Faults
from stallaini.twin.physics.counters import Days, MinuteTally
from stallaini.twin.physics.generator import Generator
from stallaini.twin.physics.heater import Heater
from stallaini.twin.physics.inverter import MAINS_V, Inverter
from stallaini.twin.physics.mppt import Mppt
from stallaini.twin.physics.pack import Pack
from stallaini.twin.physics.people import HEAVY_W, Household
from stallaini.twin.physics.snapshot import snapshot
from stallaini.twin.physics.state import HouseState
from stallaini.twin.physics.sun import ClearSky
from stallaini.twin.physics.water import INRUSH, INRUSH_POWER_FACTOR, PUMP_POWER_FACTOR, Water

_WIDEST_STEP_S = 60.0
_MINUTE_S = 60.0
_NEAR_S = 1e-3
_SETTLED_S = 3.0
_PUMP_TANGENT = math.sqrt(1 - PUMP_POWER_FACTOR**2) / PUMP_POWER_FACTOR


class House:
    """The twin of one site. Call `step` (or `advance` and, when needed, `state`) with times that go forward.

    `controls` and `faults` may be set at any time; the next step obeys.
    """

    def __init__(
        self,
        latitude_deg: float = 36.9,
        longitude_deg: float = 15.0,
        seed: int = 1,
        array: Array | None = None,
        soc_pct: float = 72.0,
        pump_w: float = 2200.0,
        heater_w: float = 1500.0,
        timezone: str = "Europe/Rome",
    ) -> None:
        array = array or Array()
        self.controls = Controls()
        self.faults = Faults()
        self.account = Account()
        self.climate = Climate(latitude_deg, longitude_deg)
        self.clear_sky = ClearSky(latitude_deg, longitude_deg, array)
        self.clouds = Clouds(latitude_deg, longitude_deg, seed)
        self.panels = Panels(array.peak_w)
        self.mppt = Mppt(self.panels, self.controls, self.faults)
        self.pack = Pack(soc_pct, seed)
        self.bms = Bms(self.pack, self.faults, seed)
        self.charge_rule = ChargeRule(self.bms, self.controls)
        self.generator = Generator(self.faults, seed)
        self.inverter = Inverter(self.controls, self.faults, self.generator)
        self.household = Household(longitude_deg, latitude_deg, seed)
        self.water = Water(pump_w, self.faults)
        self.heater = Heater(heater_w)
        self.contacts = Contacts(self.controls, self.faults)
        self.days = Days(timezone)
        self.tally = MinuteTally()
        self.wall_s = self.dt_s = 0.0
        self.household_w = 0.0
        self._inrush_va = self._inrush_share = 0.0
        self._first_stored_j = self.pack.stored_j()
        self._switched_at_s = -math.inf
        self._switches: tuple[bool, ...] = ()
        self._frozen: HouseState | None = None
        self._taken: HouseState | None = None

    def set_battery(self, soc_pct: float, temperature_c: float | None = None) -> None:
        """Begin with another charge, which the BMS knows, and another temperature of the cells."""
        self.pack.soc_pct = soc_pct
        self.bms.anchor(soc_pct)
        if temperature_c is not None:
            self.pack.temperature_c = temperature_c
        self._first_stored_j = self.pack.stored_j()

    def step(self, wall_s: float, dt_s: float) -> HouseState:
        """Live `dt_s` seconds (0 to 60) that end at Unix time `wall_s`; returns the house then."""
        self.advance(wall_s, dt_s)
        return self.state()

    def advance(self, wall_s: float, dt_s: float) -> None:
        """Live `dt_s` seconds (0 to 60) that end at Unix time `wall_s`, without taking stock."""
        self.dt_s = dt_s = min(max(dt_s, 0.0), _WIDEST_STEP_S)
        self._taken = None
        at_s = wall_s - dt_s
        household = self.household
        minute_end_s = (at_s // _MINUTE_S + 1) * _MINUTE_S
        if minute_end_s - at_s < _NEAR_S:
            minute_end_s += _MINUTE_S
        while wall_s - at_s > _NEAR_S:
            if household.next_edge_s - at_s < _NEAR_S:
                self._look(at_s)
            end_s = min(wall_s, minute_end_s, household.next_edge_s)
            self._live(end_s, end_s - at_s)
            at_s = end_s
            if minute_end_s - at_s < _NEAR_S:
                self._close_minute(minute_end_s)
                minute_end_s += _MINUTE_S
        self.wall_s = wall_s

    def _look(self, at_s: float) -> None:
        water = self.water
        self.household.look(at_s, self.bms.said_soc_pct, water.tank_share, water.dry_s)

    def _live(self, end_s: float, dt_s: float) -> None:
        """One stretch in which nobody switches anything."""
        climate, bms, pack, inverter = self.climate, self.bms, self.pack, self.inverter
        climate.step(end_s)
        light = self.clear_sky.light_w(end_s - dt_s / 2)
        if light > 0.0:
            light *= self.clouds.index(end_s, dt_s)
        self.panels.step(light, climate.outside_c, dt_s)
        bms.limit()
        inverter.decide(bms.said_soc_pct, pack.voltage_v, bms.discharge_limit_a > 0, dt_s)
        self._load(dt_s)
        self._balance(end_s, dt_s)
        bms.step(dt_s)
        inverter.settle(climate.room_c, dt_s)
        self.generator.step(self.contacts.generator, inverter.input_w, dt_s)
        self._count(end_s, dt_s)

    def _load(self, dt_s: float) -> None:
        """What the house takes of AC, and the water that follows."""
        household, water, heater, contacts = self.household, self.water, self.heater, self.contacts
        contacts.step(household.wants_pump, household.wants_heater, household.wants_generator)
        output = self.inverter.output
        pump_w = water.wanted_w(contacts.pump) if output else 0.0
        heater_w = heater.wanted_w(contacts.heater) if output else 0.0
        household_w = household.power_w * household.flicker() if output else 0.0
        inrush_va, share = household.inrush_va, 0.6
        household.inrush_va = 0.0
        if pump_w > 0.0 and not water.pump_on:
            inrush_va += pump_w / PUMP_POWER_FACTOR * (INRUSH - 1.0)
            share = INRUSH_POWER_FACTOR
        self._inrush_va, self._inrush_share = inrush_va, share
        reactive = household.reactive_var + pump_w * _PUMP_TANGENT
        self.inverter.take(household_w + pump_w + heater_w, reactive, inrush_va, share)
        if not self.inverter.output:  # the transfer relay may just have opened onto nothing
            pump_w = heater_w = household_w = 0.0
        self.household_w = household_w
        house_pump = household.water_l_h if output else 0.0
        water.step(pump_w, house_pump, dt_s)
        heater.step(heater_w, household.hot_l_h if output else 0.0, self.climate.room_c, dt_s)
        account = self.account
        account.pump_j += pump_w * dt_s
        account.heater_j += heater_w * dt_s
        account.household_j += household_w * dt_s

    def _balance(self, end_s: float, dt_s: float) -> None:
        """Share the DC side out: sun first, then the generator; the battery takes or gives what is left."""
        pack, mppt, inverter, rule = self.pack, self.mppt, self.inverter, self.charge_rule
        pack.prepare(dt_s)
        rule.decide()
        before_v = max(40.0, pack.voltage_v)
        solar_w = mppt.offer_w(before_v)
        charger_w = inverter.charger_offer_w(before_v)
        draw_w = inverter.draw_w
        current_a = pack.current_for(solar_w + charger_w - draw_w)
        held_v = held_a = False
        voltage_a = pack.current_at(rule.limit_v)
        if current_a > min(rule.limit_a, voltage_a):
            held_v = voltage_a <= rule.limit_a
            held_a = not held_v
            current_a = max(min(rule.limit_a, voltage_a), pack.current_for(-draw_w))
            given_w = max(0.0, pack.voltage_at(current_a) * current_a + draw_w)
            solar_w = min(solar_w, given_w)
            charger_w = given_w - solar_w
        pack.carry(current_a, self.climate.room_c)
        mppt.settle(solar_w, pack.voltage_v, self.climate.room_c, dt_s)
        sun_held = solar_w < self.panels.available_w * 0.97 and charger_w <= 0.0
        mppt.judge(end_s, held_v and sun_held, held_a and sun_held)
        inverter.feed(charger_w)
        rule.judge(held_v)
        mppt.phase = rule.phase

    def _count(self, end_s: float, dt_s: float) -> None:
        """Tell everything that counts."""
        pack, mppt, inverter, tally, account = self.pack, self.mppt, self.inverter, self.tally, self.account
        account.panels_j += mppt.panel_w * dt_s
        account.mppt_loss_j += mppt.loss_w * dt_s
        account.inverter_loss_j += inverter.loss_w * dt_s
        voltage_v, current_a = pack.voltage_v, pack.current_a
        inverter_a = (inverter.charge_w - inverter.draw_w) / voltage_v
        today = self.days.today
        said_a = current_a + self.bms.offset_a
        today.battery(voltage_v, current_a, said_a, dt_s)
        today.xtender(inverter.ac_w, inverter.draw_w, inverter.charge_w, inverter.input_w, dt_s)
        if mppt.panel_v > 0.0:
            light = self.panels.irradiance_w_m2
            today.solar(mppt.power_w, mppt.current_a, mppt.panel_v, light, dt_s)
        tally.seconds += dt_s
        tally.battery_v.add(voltage_v, dt_s)
        tally.battery_a.add(said_a, dt_s)
        tally.inverter_a.add(inverter_a, dt_s)
        tally.ac_w.add(inverter.ac_w, dt_s)
        tally.ac_va.add(inverter.ac_va, dt_s)
        tally.ac_hz.add(inverter.output_hz, dt_s)
        tally.solar_w.add(mppt.power_w, dt_s)
        tally.solar_a.add(mppt.current_a, dt_s)
        tally.panel_v.add(mppt.panel_v, dt_s)
        if self._inrush_va > 0.0:
            self._count_inrush(inverter_a)
        if inverter.input_w > 0.0 or self.generator.running:
            self._count_generator(dt_s)
        self._watch(end_s)

    def _count_inrush(self, inverter_a: float) -> None:
        """A start that was over before the step ended leaves its marks in the minute's extremes."""
        tally = self.tally
        if not self.inverter.on or self.inverter.transfer:
            return
        more_a = self._inrush_va * self._inrush_share / max(40.0, self.pack.voltage_v)
        tally.ac_va.high = max(tally.ac_va.high, self.inverter.peak_va)
        tally.inverter_a.low = min(tally.inverter_a.low, inverter_a - more_a)
        tally.battery_v.low = min(tally.battery_v.low, self.pack.voltage_v - more_a * self.pack.ohm)

    def _count_generator(self, dt_s: float) -> None:
        inverter, generator, tally = self.inverter, self.generator, self.tally
        self.account.generator_j += inverter.input_w * dt_s
        self.account.charger_loss_j += inverter.charge_loss_w * dt_s
        voltage_v = generator.voltage_v
        tally.input_w.add(inverter.input_w, dt_s)
        tally.input_v.add(voltage_v, dt_s)
        tally.input_a.add(inverter.input_va / MAINS_V, dt_s)
        tally.input_hz.add(generator.frequency_hz, dt_s)

    def _watch(self, end_s: float) -> None:
        """Remember when something switched; somebody comes when the inverter gave up."""
        inverter, household = self.inverter, self.household
        switches = (self.water.pump_on, self.heater.power_w > 0.0, inverter.on, inverter.transfer)
        if switches != self._switches or self._inrush_va > 0.0:
            self._switched_at_s, self._switches = end_s, switches
        if inverter.gave_up and (household.wants_heater or household.power_w > HEAVY_W):
            household.drop_heavy()

    def _close_minute(self, end_s: float) -> None:
        mppt, inverter = self.mppt, self.inverter
        self.tally.close(
            round(end_s / _MINUTE_S) - 1,
            (
                self.bms.said_soc_pct,
                self.pack.temperature_c,
                inverter.temperature_1_c,
                inverter.temperature_2_c,
                mppt.temperature_c,
                mppt.temperature_c - 2.0,
            ),
        )
        self.days.pass_midnight(end_s + self.controls.gateway_clock_ahead_s)
        self._look(end_s)

    def quiet_for_s(self) -> float:
        """For how long nothing is known to switch: 0 just after or before it does, at most 60.

        A step this wide sees nothing that steps of 1 s would show. Of what `controls` and `faults` will do,
        nobody here knows.
        """
        if self.busy():
            return 0.0
        return min(_WIDEST_STEP_S, max(0.0, self.household.next_edge_s - self.wall_s))

    def next_switch_w(self) -> float:
        """How much AC power the household's next switch moves, which comes in `quiet_for_s`."""
        return self.household.next_edge_w

    def busy(self) -> bool:
        """Whether something moves within seconds: a start, an overload, a generator that warms up."""
        recent = self.wall_s - self._switched_at_s < _SETTLED_S
        return recent or self.inverter.busy or self.generator.busy

    def energy(self) -> Account:
        """The account up to now."""
        self.account.battery_loss_j = self.pack.loss_j
        self.account.battery_gain_j = self.pack.stored_j() - self._first_stored_j
        return self.account

    def said(self) -> BatteryState:
        """What the battery says on CAN now: `state().bms`, for those who need no more."""
        if self._taken is not None or self.faults.frozen_values:
            return self.state().bms
        return self.bms.said()

    def state(self) -> HouseState:
        """The house as it is now: one and the same until it lives on, so that all wires tell one instant.

        What instruments say repeats itself while `faults.frozen_values` holds.
        """
        if self._taken is None:
            self._taken = self._take_stock()
        return self._taken

    def _take_stock(self) -> HouseState:
        now = snapshot(self)
        if not self.faults.frozen_values:
            self._frozen = now
            return now
        frozen = self._frozen = self._frozen or now
        battery = replace(
            now.battery, said_soc_pct=frozen.battery.said_soc_pct, modules=frozen.battery.modules
        )
        return replace(
            now,
            bms=frozen.bms,
            battery=battery,
            solar=frozen.solar,
            inverter=frozen.inverter,
            minute=frozen.minute,
            today=frozen.today,
        )


def house_of(config: SiteConfig, seed: int = 1) -> House:
    """The twin of the site a file describes: its place, its clock, its array, its pump and heater."""
    powers_w = {load.name: load.power_w for load in config.loads}
    solar = config.solar
    return House(
        latitude_deg=36.9 if config.latitude is None else config.latitude,
        longitude_deg=15.0 if config.longitude is None else config.longitude,
        seed=seed,
        array=None
        if solar is None
        else Array(solar.panels * solar.panel_power_w, solar.tilt_deg, solar.azimuth_deg),
        pump_w=powers_w.get("well_pump", 2200.0),
        heater_w=powers_w.get("water_heater", 1500.0),
        timezone=config.timezone,
    )
