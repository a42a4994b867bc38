"""What hands and wires may set in the simulated house, and what may be broken in it."""

from __future__ import annotations

from dataclasses import dataclass, field

AUTO, REVERSED, MANUAL_ON, MANUAL_OFF = 1, 2, 4, 8
"""Modes of an AUX contact as parameters 1202 and 1311 number them; infos 3054, 3055 say 1, 2, 3, 4."""


@dataclass
class Controls:
    """Set by people, by the relays of an edge, or by parameters of the devices; the next step obeys."""

    pump_relay: bool | None = None
    """True, False: the relay's coil is driven. None: nothing drives it, the people switch by hand."""
    heater_relay: bool | None = None
    generator_wanted: bool = False
    """Somebody pulled the cord; an AUX contact wired to it may want it as well."""
    aux1_mode: int = AUTO
    """1202. In automatic mode the contact stays open: no condition of the Xtender's own is modelled."""
    aux2_mode: int = AUTO
    """1311."""
    aux1_load: str = ""
    """What hangs on the contact: "well_pump", "water_heater", "generator", or nothing."""
    aux2_load: str = ""
    inverter_on: bool = True
    """1399 OFF, 1415 ON. Switching it on again also ends a lock-out after overloads."""
    inverter_allowed: bool = True
    """1124."""
    charger_allowed: bool = True
    """1125."""
    transfer_allowed: bool = True
    """1128."""
    input_limit_a: float = 32.0
    """1107: what the generator can give."""
    charge_current_a: float = 50.0
    """1138."""
    solar_on: bool = True
    """10039 ON, 10040 OFF."""
    solar_charge_current_a: float = 80.0
    """10002; the device itself stops at 65 A."""
    charge_limit_a: float | None = None
    """6069 when 6068 is set: the user's own limit of the whole charge current."""
    remote_entry: bool = False
    gateway_clock_ahead_s: float = 0.0
    """How far the devices' own clock is ahead: it decides when their day ends."""


@dataclass
class Faults:
    """What is broken now; each holds until it is taken back."""

    frozen_values: bool = False
    """Instruments repeat what they said when it began; physics goes on."""
    bms_alarms: frozenset[str] = frozenset()
    """Raised beside the true ones, named as in `BatteryState.raised`."""
    lost_module: int | None = None
    """This module (0 or 1) is off the battery bus and its contactor is open."""
    mppt_error: int = 0
    """What 11034 says; it stops the charge."""
    dry_well: bool = False
    stuck_relays: set[str] = field(default_factory=set)
    """ "well_pump", "water_heater", "aux1", "aux2": stays as it is, whatever drives it."""
    power_cut: bool = False
    """Somebody opened the AC breaker behind the inverter's back: it is off."""
    generator_fails: bool = False
    """It does not start, however often it is tried."""
