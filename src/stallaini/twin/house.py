"""A whole off-grid house in software: sun, loads and battery, stepped together.

Pure: time comes in, states go out, and a seed decides the weather and the people. Not modelled: the
generator, phases and power factor, the inverter's thermal limits, inrush currents.
"""

from __future__ import annotations

import math
import random
from dataclasses import dataclass

from stallaini.devices.can_battery.simulator import BatteryState
from stallaini.site.config import SiteConfig
from stallaini.twin.controls import Controls, Faults
from stallaini.twin.pack import (
    CAPACITY_AH,
    CHARGE_VOLTAGE_LIMIT_V,
    DISCHARGE_VOLTAGE_LIMIT_V,
    Pack,
    open_circuit_v,
)
from stallaini.twin.people import Household
from stallaini.twin.state import HouseholdState, HouseState, InverterState, SolarState, TrueBattery
from stallaini.twin.sun import Array, Sky

_INVERTER_RATED_W = 3500.0  # XTM 4000-48, continuous
_INVERTER_OWN_W, _INVERTER_LINEAR, _INVERTER_SQUARE = 14.0, 0.015, 0.050
_MPPT_EFFICIENCY, _MPPT_MAX_A = 0.98, 65.0  # VarioTrack VT-65
_ARRAY_SHARE = 0.90  # cables, dirt, mismatch
_HEAT_LOSS_PER_K, _CELL_RISE_K = -0.004, 0.03  # silicon: -0.4 %/K; cells 30 K above air at 1000 W/m2
_INVERTER_OFF_SOC, _INVERTER_ON_SOC = 10.0, 18.0
_WIDEST_STEP_S = 60.0


@dataclass(frozen=True)
class Flows:
    """What sun and loads did in the last step: PV power used and to be had, AC load, in W."""

    pv_w: float
    pv_available_w: float
    load_w: float


class House:
    """The twin of one site. Call `step` with a wall time that goes forward."""

    def __init__(
        self,
        latitude_deg: float = 36.9,
        longitude_deg: float = 15.0,
        seed: int = 1,
        array: Array | None = None,
        soc_pct: float = 72.0,
        pump_w: float = 2200.0,
        heater_w: float = 1500.0,
    ) -> None:
        self._array = array or Array()
        self._latitude_deg = latitude_deg
        self._longitude_deg = longitude_deg
        self._sky = Sky(latitude_deg, longitude_deg, self._array, seed)
        self._household = Household(longitude_deg, seed, pump_w, heater_w)
        self._sensor = random.Random(f"sensor {seed}")
        self._inverter_on = True
        self.pack = Pack(soc_pct=soc_pct)
        self.controls = Controls()
        self.faults = Faults()
        self.flows = Flows(0.0, 0.0, 0.0)
        self._wall_s = self._dt_s = self._solar_a = self._load_a = 0.0
        self._taken: HouseState | None = None

    def step(self, wall_s: float, dt_s: float) -> HouseState:
        """Live `dt_s` seconds (0 to 60) that end at Unix time `wall_s`; returns the house then."""
        self.advance(wall_s, dt_s)
        return self.state()

    def advance(self, wall_s: float, dt_s: float) -> None:
        """Live `dt_s` seconds (0 to 60) that end at Unix time `wall_s`, without taking stock."""
        dt_s = min(max(dt_s, 0.0), _WIDEST_STEP_S)
        self._wall_s, self._dt_s = wall_s, dt_s
        self._taken = None
        ambient_c = self._ambient_c(wall_s)
        available_w = self._solar_w(self._sky.step(wall_s, dt_s), ambient_c)
        load_w = self._load_w(wall_s)
        voltage_v = max(40.0, self.pack.voltage_v)
        load_a = self._dc_w(load_w) / voltage_v
        solar_a = min(_MPPT_MAX_A, available_w / voltage_v)
        battery_a = min(solar_a - load_a, self.pack.acceptance_a(dt_s))
        battery_a = max(battery_a, -self.pack.discharge_limit_a())
        self.pack.step(battery_a, dt_s, ambient_c)
        self.flows = Flows(max(0.0, battery_a + load_a) * voltage_v, available_w, load_w)
        self._solar_a = max(0.0, battery_a + load_a)
        self._load_a = load_a

    def state(self) -> HouseState:
        """The house as it is now: one and the same until it lives on, so that all wires tell one instant."""
        if self._taken is None:
            self._taken = self._take_stock()
        return self._taken

    def _take_stock(self) -> HouseState:
        pack, flows, ambient_c = self.pack, self.flows, self._ambient_c(self._wall_s)
        said = self._reported()
        return HouseState(
            wall_s=self._wall_s,
            dt_s=self._dt_s,
            ambient_c=ambient_c,
            room_c=ambient_c,
            bms=said,
            battery=TrueBattery(
                soc_pct=pack.soc_pct,
                voltage_v=pack.voltage_v,
                current_a=pack.current_a,
                temperature_c=pack.temperature_c,
                open_circuit_v=open_circuit_v(pack.soc_pct),
                capacity_ah=CAPACITY_AH,
                said_soc_pct=pack.soc_pct,
            ),
            solar=SolarState(
                available_w=flows.pv_available_w,
                power_w=flows.pv_w,
                battery_voltage_v=pack.voltage_v,
                battery_current_a=self._solar_a,
                mode=0 if flows.pv_available_w == 0 else 8,
            ),
            inverter=InverterState(
                on=self._inverter_on,
                ac_power_w=flows.load_w,
                ac_apparent_power_va=flows.load_w,
                ac_peak_power_va=flows.load_w,
                ac_current_a=flows.load_w / 230,
                battery_voltage_v=pack.voltage_v,
                battery_current_a=-self._load_a,
            ),
            household=HouseholdState(power_w=flows.load_w),
        )

    def _load_w(self, wall_s: float) -> float:
        soc_pct = self.pack.soc_pct
        if soc_pct <= _INVERTER_OFF_SOC:
            self._inverter_on = False
        elif soc_pct >= _INVERTER_ON_SOC:
            self._inverter_on = True
        return self._household.power_w(wall_s, soc_pct) if self._inverter_on else 0.0

    def _dc_w(self, ac_w: float) -> float:
        """What the inverter takes from the battery: 94 % efficient at a tenth of its load, 93.5 % at full."""
        if not self._inverter_on:
            return 0.0
        square_w = _INVERTER_SQUARE * ac_w * ac_w / _INVERTER_RATED_W
        return ac_w + _INVERTER_OWN_W + _INVERTER_LINEAR * ac_w + square_w

    def _solar_w(self, irradiance_w_m2: float, ambient_c: float) -> float:
        cell_c = ambient_c + _CELL_RISE_K * irradiance_w_m2
        heat = 1 + _HEAT_LOSS_PER_K * (cell_c - 25)
        return self._array.peak_w * irradiance_w_m2 / 1000 * heat * _ARRAY_SHARE * _MPPT_EFFICIENCY

    def _ambient_c(self, wall_s: float) -> float:
        """The battery room: 19 degC on average, 6 K of seasons (warmest in August), 2 K of day and night."""
        season = math.cos(math.tau * (wall_s / 86_400 - 220) / 365.2425)
        solar_day = wall_s / 86_400 + self._longitude_deg / 360
        hour = math.cos(math.tau * (solar_day - 15 / 24))
        return 19.0 + math.copysign(6.0, self._latitude_deg) * season + 2.0 * hour

    def _reported(self) -> BatteryState:
        """The pack as its sensors see it: noise of about one step of resolution."""
        pack = self.pack
        noise = self._sensor.gauss
        return BatteryState(
            voltage_v=pack.voltage_v + noise(0, 0.008),
            current_a=pack.current_a + noise(0, 0.12),
            soc_pct=pack.soc_pct,
            soh_pct=100.0,
            temperature_c=pack.temperature_c,
            charge_voltage_limit_v=CHARGE_VOLTAGE_LIMIT_V,
            discharge_voltage_limit_v=DISCHARGE_VOLTAGE_LIMIT_V,
            charge_current_limit_a=pack.charge_limit_a(),
            discharge_current_limit_a=pack.discharge_limit_a(),
            modules=2,
            charge_enabled=pack.charge_enabled,
            discharge_enabled=pack.discharge_enabled,
            force_charge_1=pack.soc_pct < 9,
            force_charge_2=pack.soc_pct < 13,
            full_charge_requested=pack.days_since_full > 30,
            raised=pack.raised(),
        )


def house_of(config: SiteConfig, seed: int = 1) -> House:
    """The twin of the site a file describes: its place, its array, its pump and heater."""
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
    )
