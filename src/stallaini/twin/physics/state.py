"""One instant of the simulated house: everything one of its wires may be asked, frozen.

Two kinds of numbers live here. *True* values are what physics did: `battery.soc_pct`, `solar.available_w`.
*Said* values are what an instrument tells, with its offset, its noise and its faults: all of `bms`, the
modules, and every field that names what it says. Battery currents are positive while charging, as
everywhere; the inverter's own (`inverter.battery_current_a`, Studer info 3005) is negative while it takes
from the battery. Modes and phases are Studer's own numbers (info in brackets).
"""

from __future__ import annotations

from dataclasses import dataclass, field

from stallaini.devices.can_battery.simulator import BatteryState

CELLS_PER_MODULE = 15
"""A Pylontech US5000: 15 cells in series."""


@dataclass(frozen=True)
class ModuleState:
    """One battery module as its own BMS tells it over RS485."""

    online: bool
    voltage_v: float
    current_a: float
    soc_pct: float
    cell_voltages_v: tuple[float, ...]
    """15 values; the wire has millivolts."""
    temperatures_c: tuple[float, ...]
    """The board of the BMS first, then four groups of cells."""
    remaining_ah: float
    total_ah: float
    cycles: int
    charge_current_limit_a: float
    discharge_current_limit_a: float
    raised: frozenset[str] = frozenset()
    """Names as in `BatteryState.raised`."""


@dataclass(frozen=True)
class TrueBattery:
    """The battery as it is; what it says is `HouseState.bms` and `modules`."""

    soc_pct: float
    voltage_v: float
    current_a: float
    temperature_c: float
    open_circuit_v: float
    capacity_ah: float
    said_soc_pct: float
    """The BMS' counted charge before it is rounded (infos 7047, 7058): drifts, and jumps at the top."""
    modules: tuple[ModuleState, ...] = ()
    cycles: float = 0.0
    soh_pct: float = 100.0

    @property
    def power_w(self) -> float:
        """At the terminals, positive = charging."""
        return self.voltage_v * self.current_a


@dataclass(frozen=True)
class SolarState:
    """Array and VarioTrack (address 301)."""

    irradiance_w_m2: float = 0.0
    """On the array's plane."""
    available_w: float = 0.0
    """What `power_w` would be, had the tracker its way."""
    power_w: float = 0.0
    """11004: to the battery side. Recorded VarioTracks tell battery voltage times battery current."""
    panel_power_w: float = 0.0
    """From the panels: `power_w` and the tracker's loss."""
    panel_voltage_v: float = 0.0
    panel_current_a: float = 0.0
    panel_temperature_c: float = 20.0
    battery_voltage_v: float = 0.0
    battery_current_a: float = 0.0
    mode: int = 0
    """11016: 0 night 1 start-up 5 security 6 off 8 charge 9 charge V 10 charge I 11 charge T 12 Ibsp."""
    phase: int = 0
    """11038: 0 bulk 1 absorption 3 float."""
    error: int = 0
    """11034: 0 none 6 PV over-voltage 4 over-temperature 12 hardware ..."""
    on: bool = True
    """11069."""
    temperature_1_c: float = 20.0
    temperature_2_c: float = 20.0
    current_limit_a: float = 65.0

    @property
    def curtailed(self) -> bool:
        """Whether it is held back by voltage, current or BMS (modes 9, 10, 12)."""
        return self.mode in (9, 10, 12)


@dataclass(frozen=True)
class AuxState:
    """An auxiliary contact of the Xtender."""

    closed: bool = False
    """3031 / 3032."""
    mode: int = 1
    """3054 / 3055: 1 auto 2 reversed 3 manual on 4 manual off."""


@dataclass(frozen=True)
class InverterState:
    """The Xtender (address 101)."""

    on: bool = True
    """3049; False after a fault or a power cut, and while it waits to start again."""
    mode: int = 1
    """3028: 0 off 1 inverter 2 charger."""
    ac_power_w: float = 0.0
    ac_apparent_power_va: float = 0.0
    ac_peak_power_va: float = 0.0
    """The largest within the step: a motor that started and was already running at its end."""
    ac_voltage_v: float = 230.0
    ac_current_a: float = 0.0
    ac_frequency_hz: float = 50.0
    battery_voltage_v: float = 0.0
    battery_current_a: float = 0.0
    """3005: negative = takes from the battery."""
    wanted_charge_current_a: float = 0.0
    """3004."""
    input_power_w: float = 0.0
    input_apparent_power_va: float = 0.0
    input_voltage_v: float = 0.0
    input_current_a: float = 0.0
    input_frequency_hz: float = 0.0
    input_limit_a: float = 32.0
    """3017."""
    cycle_phase: int = 1
    """3010: 0 invalid 1 bulk 2 absorption 4 float."""
    transfer: bool = False
    """3020: the generator feeds the house."""
    output: bool = True
    """3030."""
    aux1: AuxState = AuxState()
    aux2: AuxState = AuxState()
    locks: int = 0
    """3056: bit 0 inverter 1 charger 3 transfer forbidden."""
    remote_entry: bool = False
    temperature_1_c: float = 25.0
    temperature_2_c: float = 25.0
    over_temperature: bool = False
    overloads: int = 0
    """3045, since the device was switched on; 3046 and 3047 are the next two."""
    over_temperatures: int = 0
    battery_over_voltages: int = 0
    low_battery_stop: bool = False
    """Off because the SOC or the voltage fell too low."""
    overloaded: bool = False
    gave_up: bool = False
    """Off for good after three starts into an overload: a person must switch it on."""


@dataclass(frozen=True)
class GeneratorState:
    """The petrol generator at AC-in."""

    wanted: bool = False
    running: bool = False
    ready: bool = False
    """Warm and stable: the Xtender takes it."""
    failed_to_start: bool = False
    power_w: float = 0.0
    voltage_v: float = 0.0
    frequency_hz: float = 0.0
    starts: int = 0
    run_s: float = 0.0
    fuel_l: float = 0.0


@dataclass(frozen=True)
class WaterState:
    """Well, pump and tank."""

    tank_l: float = 0.0
    tank_capacity_l: float = 5000.0
    tank_full: bool = False
    """The float switch, with its own hysteresis."""
    well_l: float = 0.0
    """What the well holds above the pump's inlet."""
    pump_on: bool = False
    """It turns: relay closed, power there, float not up."""
    pump_power_w: float = 0.0
    pump_flow_l_h: float = 0.0
    pump_starts: int = 0
    dry: bool = False
    use_l_h: float = 0.0


@dataclass(frozen=True)
class HeaterState:
    """The water heater."""

    on: bool = False
    """It heats: relay closed, power there, thermostat closed."""
    power_w: float = 0.0
    temperature_c: float = 45.0
    thermostat_closed: bool = True


@dataclass(frozen=True)
class HouseholdState:
    """Everything else that draws AC power."""

    power_w: float = 0.0
    fridge_on: bool = False
    house_pump_on: bool = False
    irrigating: bool = False


@dataclass(frozen=True)
class Spread:
    """Least, mean and greatest of one minute."""

    low: float = 0.0
    mean: float = 0.0
    high: float = 0.0


@dataclass(frozen=True)
class MinuteState:
    """The last whole minute of wall time, as Studer's one-minute infos tell it."""

    minute: int = 0
    """Unix time // 60."""
    battery_voltage_v: Spread = Spread()  # 3090-3092, 11039, 7030
    battery_current_a: Spread = Spread()  # 7031
    soc_pct: Spread = Spread()  # 7032, as the BMS says
    battery_temperature_c: Spread = Spread()  # 7033
    inverter_current_a: Spread = Spread()  # 3093-3095, negative = takes from the battery
    ac_power_w: Spread = Spread()  # 3099-3101
    ac_apparent_power_va: Spread = Spread()  # 3096-3098, with inrush
    ac_frequency_hz: Spread = Spread()  # 3108-3110
    inverter_temperature_1_c: Spread = Spread()  # 3102-3104
    inverter_temperature_2_c: Spread = Spread()  # 3105-3107
    input_power_w: Spread = Spread()  # 3117-3119
    input_voltage_v: Spread = Spread()  # 3111-3113
    input_current_a: Spread = Spread()  # 3114-3116
    input_frequency_hz: Spread = Spread()  # 3120-3122
    solar_power_w: Spread = Spread()  # 11043
    solar_current_a: Spread = Spread()  # 11040
    panel_voltage_v: Spread = Spread()  # 11041
    solar_temperature_1_c: Spread = Spread()  # 11045
    solar_temperature_2_c: Spread = Spread()  # 11046


@dataclass(frozen=True)
class DayState:
    """The counters of one day of the gateway's clock."""

    consumed_kwh: float = 0.0  # 3083, 3082
    discharged_kwh: float = 0.0  # 3078, 3076: what the inverter took from the battery side
    charged_kwh: float = 0.0  # 3079: what the Xtender's charger gave
    input_kwh: float = 0.0  # 3081, 3080
    solar_kwh: float = 0.0  # 11007, 11011
    solar_ah: float = 0.0  # 11006, 11010
    solar_hours: float = 0.0  # 11025, 11026
    battery_charged_ah: float = 0.0  # 7007, 7009: of the current that the BMS says, offset included
    battery_discharged_ah: float = 0.0  # 7008, 7010
    battery_charged_kwh: float = 0.0  # said current and voltage: what a perfect listener to the BMS counts
    battery_discharged_kwh: float = 0.0
    true_charged_kwh: float = 0.0
    true_discharged_kwh: float = 0.0
    panel_max_v: float = 0.0  # 11017
    solar_max_a: float = 0.0  # 11018
    solar_max_w: float = 0.0  # 11019
    battery_max_v: float = 0.0  # 11020
    battery_min_v: float = 0.0  # 11021


@dataclass(frozen=True)
class HouseState:
    """The whole house at Unix time `wall_s`, after a step of `dt_s` seconds."""

    wall_s: float
    dt_s: float
    ambient_c: float
    """The air outside; `room_c` is where battery and inverter stand."""
    room_c: float
    bms: BatteryState
    """What the battery says on CAN."""
    battery: TrueBattery
    solar: SolarState = SolarState()
    inverter: InverterState = InverterState()
    generator: GeneratorState = GeneratorState()
    water: WaterState = WaterState()
    heater: HeaterState = HeaterState()
    household: HouseholdState = HouseholdState()
    minute: MinuteState = MinuteState()
    today: DayState = field(default_factory=DayState)
    yesterday: DayState = field(default_factory=DayState)
    totals: DayState = field(default_factory=DayState)
    """The same counters since the house began (11009 and the like); they never go back."""
