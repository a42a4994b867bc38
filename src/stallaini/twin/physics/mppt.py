"""The solar charger: a VarioTrack VT-65, its limits and the mode it would tell (info 11016).

As recorded VarioTracks do, it tells the power of its battery side. Before it charges at dawn it starts up and
falls back to "charge I" with no current for a while, which recordings show on every morning: that mode alone,
with no power, is no surplus.
"""

from __future__ import annotations

from stallaini.twin.physics.array import Panels
from stallaini.twin.physics.controls import Controls, Faults

MAX_A = 65.0  # VT-65; the document's first page only, unverified
_EFFICIENCY = 0.98  # above 98 % at its best; unverified
NIGHT, START_UP, SECURITY, OFF, CHARGE, CHARGE_V, CHARGE_I, CHARGE_T, CHARGE_IBSP = (
    0,
    1,
    5,
    6,
    8,
    9,
    10,
    11,
    12,
)
BULK, ABSORPTION, FLOAT = 0, 1, 3
_AWAKE_V = 56.0
"""Panel voltage at which recorded ones leave "night"; they need more than 65 V to charge."""
_WORTH_W = 3.0
"""Below this they try and fall back."""
_HOT_C, _HOT_RANGE_K = 70.0, 25.0
"""Where the electronics hold back, and over how many K to nothing; unverified."""
_RISE_K, _HEAT_TAU_S = 32.0, 900.0
"""Above the room at 65 A; recorded ones reach 25-30 K. Time constant unverified."""


class Mppt:
    """What the tracker may give, and what it gave."""

    def __init__(self, panels: Panels, controls: Controls, faults: Faults) -> None:
        self._panels, self._controls, self._faults = panels, controls, faults
        self.power_w = self.loss_w = self.panel_w = self.current_a = 0.0
        self.panel_v = 0.0
        self.mode = NIGHT
        self.phase = BULK
        self.temperature_c = 20.0
        self.battery_v = 50.0
        self.limit_a = MAX_A

    def offer_w(self, battery_v: float) -> float:
        """The most it can bring to the battery side now."""
        if self._faults.mppt_error or not self._controls.solar_on or self._panels.available_w < _WORTH_W:
            return 0.0
        self.limit_a = min(MAX_A, self._controls.solar_charge_current_a)
        if self.temperature_c > _HOT_C:
            self.limit_a *= max(0.0, 1.0 - (self.temperature_c - _HOT_C) / _HOT_RANGE_K)
        return min(self._panels.available_w * _EFFICIENCY, self.limit_a * battery_v)

    @property
    def available_w(self) -> float:
        """What it would bring, were it not held back."""
        return min(self._panels.available_w * _EFFICIENCY, MAX_A * self.battery_v)

    def settle(self, drawn_w: float, battery_v: float, room_c: float, dt_s: float) -> None:
        """Live a step in which `drawn_w` went to the battery side."""
        self.power_w, self.battery_v = drawn_w, battery_v
        self.panel_w = drawn_w / _EFFICIENCY
        self.loss_w = self.panel_w - drawn_w
        self.current_a = drawn_w / battery_v
        self.panel_v = self._panels.voltage_at(self.panel_w)
        target_c = room_c + _RISE_K * self.current_a / MAX_A
        self.temperature_c += (target_c - self.temperature_c) * dt_s / (_HEAT_TAU_S + dt_s)

    def judge(self, wall_s: float, limited_by_voltage: bool, limited_by_current: bool) -> None:
        """Which mode that was, once the house knows what held it back."""
        panels = self._panels
        if self._faults.mppt_error:
            self.mode = SECURITY
        elif not self._controls.solar_on:
            self.mode = OFF
        elif panels.available_w < _WORTH_W:
            self.mode = NIGHT
            if panels.open_v > _AWAKE_V:
                self.mode = START_UP if int(wall_s // 60) % 3 == 0 else CHARGE_I
        elif limited_by_voltage:
            self.mode = CHARGE_V
        elif limited_by_current:
            self.mode = CHARGE_IBSP
        elif self.power_w < panels.available_w * _EFFICIENCY * 0.995:
            self.mode = CHARGE_T if self.temperature_c > _HOT_C else CHARGE_I
        else:
            self.mode = CHARGE
