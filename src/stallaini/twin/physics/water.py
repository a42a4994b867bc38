"""Well, submersible pump, tank and float switch."""

from __future__ import annotations

from stallaini.twin.physics.controls import Faults

PUMP_POWER_FACTOR = 0.75
INRUSH = 3.2
"""Times the running current for some tenths of a second. A start straight from the line takes 4-6 times,
which at 2.2 kW would trip an XTM 4000-48 each time; here the motor has a capacitor. Unverified."""
INRUSH_POWER_FACTOR = 0.5
LITRES_PER_KWH = 1850.0
"""367 x 0.45 wire to water / 90 m of head = 1.84 m3 per kWh."""
_DRY_SHARE = 0.65
"""Of its power, without water: 30-40 % less is the usual sign."""
_TANK_L = 5000.0
_WELL_L = 1800.0
_RECOVERY_L_H = 2400.0
_FLOAT_UP, _FLOAT_DOWN = 0.95, 0.85
# Sizes of tank and well are assumptions: the site's are not known.


class Water:
    """The water of the place, and the pump between."""

    def __init__(self, pump_w: float, faults: Faults) -> None:
        self.pump_w = pump_w
        self._faults = faults
        self.tank_l = 0.8 * _TANK_L
        self.well_l = _WELL_L
        self.tank_full = False
        self.pump_on = False
        self.pump_starts = 0
        self.dry = False
        self.dry_s = 0.0
        self.flow_l_h = 0.0
        self.power_w = 0.0
        self.use_l_h = 0.0
        self.lifted_l = self.used_l = self.spilt_l = 0.0

    @property
    def tank_capacity_l(self) -> float:
        """What the tank holds."""
        return _TANK_L

    @property
    def tank_share(self) -> float:
        """How full the tank is."""
        return self.tank_l / _TANK_L

    def wanted_w(self, relay: bool) -> float:
        """What the pump would take now; the float is in series with the relay."""
        if not relay or self.tank_full:
            return 0.0
        return self.pump_w * (_DRY_SHARE if self.dry else 1.0)

    def step(self, power_w: float, use_l_h: float, dt_s: float) -> None:
        """Lift, use and recover for `dt_s` seconds."""
        running = power_w > 0.0
        if running and not self.pump_on:
            self.pump_starts += 1
        self.pump_on, self.power_w = running, power_w
        hours = dt_s / 3600.0
        recovery_l = 0.0 if self._faults.dry_well else _RECOVERY_L_H * hours
        if self._faults.dry_well:
            self.well_l = 0.0
        self.well_l = min(_WELL_L, self.well_l + recovery_l)
        lift_l = LITRES_PER_KWH * self.pump_w / 1000.0 * hours if running else 0.0
        lifted_l = min(lift_l, self.well_l)
        self.well_l -= lifted_l
        self.dry = running and lifted_l < 0.9 * lift_l
        self.dry_s = self.dry_s + dt_s if self.dry else 0.0
        self.flow_l_h = lifted_l / hours if hours > 0 else 0.0
        self._fill(lifted_l, use_l_h * hours)
        self.use_l_h = use_l_h

    def _fill(self, lifted_l: float, wanted_l: float) -> None:
        used_l = min(wanted_l, self.tank_l + lifted_l)
        level_l = self.tank_l + lifted_l - used_l
        self.spilt_l += max(0.0, level_l - _TANK_L)
        self.tank_l = min(_TANK_L, level_l)
        self.lifted_l += lifted_l
        self.used_l += used_l
        if self.tank_share >= _FLOAT_UP:
            self.tank_full = True
        elif self.tank_share <= _FLOAT_DOWN:
            self.tank_full = False
