"""The house, frozen: built only when somebody asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stallaini.twin.physics.cells import open_v
from stallaini.twin.physics.contacts import info_mode
from stallaini.twin.physics.inverter import MAINS_V
from stallaini.twin.physics.mppt import ABSORPTION, BULK, FLOAT
from stallaini.twin.physics.state import (
    AuxState,
    GeneratorState,
    HeaterState,
    HouseholdState,
    HouseState,
    InverterState,
    SolarState,
    TrueBattery,
    WaterState,
)

if TYPE_CHECKING:
    from stallaini.twin.physics.house import House

_XTENDER_PHASE = {BULK: 1, ABSORPTION: 2, FLOAT: 4}
"""Info 3010 for a phase as info 11038 numbers it."""
_INVERTS, _CHARGES = 1, 2
_SAG_V = 1.5
"""Of the inverter's output at full load; unverified."""


def snapshot(house: House) -> HouseState:
    """Everything there is to know at this instant."""
    return HouseState(
        wall_s=house.wall_s,
        dt_s=house.dt_s,
        ambient_c=house.climate.outside_c,
        room_c=house.climate.room_c,
        bms=house.bms.said(),
        battery=_battery(house),
        solar=_solar(house),
        inverter=_inverter(house),
        generator=_generator(house),
        water=_water(house),
        heater=HeaterState(
            on=house.heater.power_w > 0,
            power_w=house.heater.power_w,
            temperature_c=house.heater.temperature_c,
            thermostat_closed=house.heater.thermostat_closed,
        ),
        household=HouseholdState(
            power_w=house.household_w,
            fridge_on=house.household.fridge_on,
            house_pump_on=house.household.house_pump_on,
            irrigating=house.household.irrigating,
        ),
        minute=house.tally.closed,
        today=house.days.today.state(),
        yesterday=house.days.yesterday.state(),
        totals=house.days.totals().state(),
    )


def _battery(house: House) -> TrueBattery:
    pack = house.pack
    return TrueBattery(
        soc_pct=pack.soc_pct,
        voltage_v=pack.voltage_v,
        current_a=pack.current_a,
        temperature_c=pack.temperature_c,
        open_circuit_v=open_v(pack.soc_pct),
        capacity_ah=pack.capacity_ah,
        said_soc_pct=house.bms.said_soc_pct,
        modules=house.bms.modules(),
        cycles=pack.modules[0].cycles,
    )


def _solar(house: House) -> SolarState:
    mppt, panels = house.mppt, house.panels
    return SolarState(
        irradiance_w_m2=panels.irradiance_w_m2,
        available_w=mppt.available_w,
        power_w=mppt.power_w,
        panel_power_w=mppt.panel_w,
        panel_voltage_v=mppt.panel_v,
        panel_current_a=mppt.panel_w / mppt.panel_v if mppt.panel_v > 1 else 0.0,
        panel_temperature_c=panels.temperature_c,
        battery_voltage_v=mppt.battery_v,
        battery_current_a=mppt.current_a,
        mode=mppt.mode,
        phase=mppt.phase,
        error=house.faults.mppt_error,
        on=house.controls.solar_on,
        temperature_1_c=mppt.temperature_c,
        temperature_2_c=mppt.temperature_c - 2.0,
        current_limit_a=mppt.limit_a,
    )


def _inverter(house: House) -> InverterState:
    inverter, controls, contacts, generator = house.inverter, house.controls, house.contacts, house.generator
    output = inverter.output
    ac_v = (
        (generator.voltage_v if inverter.transfer else MAINS_V - _SAG_V * inverter.ac_va / 3500)
        if output
        else 0.0
    )
    mode = _CHARGES if inverter.transfer else _INVERTS if inverter.on else 0
    locks = (not controls.inverter_allowed) | (not controls.charger_allowed) << 1
    return InverterState(
        on=inverter.on,
        mode=mode,
        ac_power_w=inverter.ac_w,
        ac_apparent_power_va=inverter.ac_va,
        ac_peak_power_va=inverter.peak_va,
        ac_voltage_v=ac_v,
        ac_current_a=inverter.ac_va / ac_v if ac_v else 0.0,
        ac_frequency_hz=inverter.output_hz,
        battery_voltage_v=house.pack.voltage_v,
        battery_current_a=(inverter.charge_w - inverter.draw_w) / max(1.0, house.pack.voltage_v),
        wanted_charge_current_a=min(controls.charge_current_a, house.charge_rule.limit_a),
        input_power_w=inverter.input_w,
        input_apparent_power_va=inverter.input_va,
        input_voltage_v=generator.voltage_v,
        input_current_a=inverter.input_va / generator.voltage_v if generator.running else 0.0,
        input_frequency_hz=generator.frequency_hz,
        input_limit_a=controls.input_limit_a,
        cycle_phase=_XTENDER_PHASE[house.charge_rule.phase],
        transfer=inverter.transfer,
        output=output,
        aux1=AuxState(contacts.aux1, info_mode(controls.aux1_mode)),
        aux2=AuxState(contacts.aux2, info_mode(controls.aux2_mode)),
        locks=locks | (not controls.transfer_allowed) << 3,
        remote_entry=controls.remote_entry,
        temperature_1_c=inverter.temperature_1_c,
        temperature_2_c=inverter.temperature_2_c,
        over_temperature=inverter.hot,
        overloads=inverter.overloads,
        over_temperatures=inverter.over_temperatures,
        low_battery_stop=inverter.low_battery,
        overloaded=inverter.overloaded,
        gave_up=inverter.gave_up,
    )


def _generator(house: House) -> GeneratorState:
    generator = house.generator
    return GeneratorState(
        wanted=generator.wanted,
        running=generator.running,
        ready=generator.ready,
        failed_to_start=generator.failed,
        power_w=generator.power_w,
        voltage_v=generator.voltage_v,
        frequency_hz=generator.frequency_hz,
        starts=generator.starts,
        run_s=generator.run_s,
        fuel_l=generator.fuel_l,
    )


def _water(house: House) -> WaterState:
    water = house.water
    return WaterState(
        tank_l=water.tank_l,
        tank_capacity_l=water.tank_capacity_l,
        tank_full=water.tank_full,
        well_l=water.well_l,
        pump_on=water.pump_on,
        pump_power_w=water.power_w,
        pump_flow_l_h=water.flow_l_h,
        pump_starts=water.pump_starts,
        dry=water.dry,
        use_l_h=water.use_l_h,
    )
