"""The solar array: what it could give, and at which voltage."""

from __future__ import annotations

import math
from dataclasses import dataclass

_SHARE = 0.90
"""What cables, dirt and mismatch leave; PVGIS asks for 14 % of all losses, heat among them. Unverified."""
_POWER_PER_K = -0.0041
"""Multicrystalline silicon, typical of 260 W panels; unverified for these."""
_RISE_K_PER_W_M2 = 0.030
"""Cells above air: a nominal operating temperature of about 45 degC at 800 W/m2 and 20 degC gives 0.031."""
_HEAT_TAU_S = 300.0
"""A panel follows sun and air within some minutes (about 11 kg/m2 of glass and silicon); unverified."""
# Three 60-cell panels in series at 25 degC and 1000 W/m2. Typical data sheet values, unverified; recorded
# days of a VarioTrack hut lie at 93-94 V in weak light and 83 V at 3 kW, held back at 100-115 V, as here.
_MPP_V, _OPEN_V = 93.0, 113.4
_MPP_PER_K, _OPEN_PER_K = -0.0042, -0.0031
_PER_LOG_LIGHT = 0.03
_DARK_W_M2, _SHUNT_W_M2 = 0.01, 0.3
"""Below the second the cells' own leakage holds the voltage down: it rises to 90 V within a quarter of an
hour at dawn in recordings."""
_POWER_PER_LOG_LIGHT = 0.02
"""Weak light costs a little more than its share: 4.6 % less at a tenth. Unverified."""


@dataclass(frozen=True)
class Array:
    """A solar array: peak power in W, tilt from flat, azimuth from north (180 = south)."""

    peak_w: float = 9 * 260.0
    tilt_deg: float = 30.0
    azimuth_deg: float = 180.0


class Panels:
    """The array at work, three panels in series to a string."""

    def __init__(self, peak_w: float) -> None:
        self._peak_w = peak_w
        self.temperature_c = 20.0
        self.irradiance_w_m2 = 0.0
        self.available_w = 0.0
        self.mpp_v = 0.0
        self.open_v = 0.0

    def step(self, irradiance_w_m2: float, ambient_c: float, dt_s: float) -> None:
        """Stand `dt_s` seconds in this light."""
        target_c = ambient_c + _RISE_K_PER_W_M2 * irradiance_w_m2
        self.temperature_c += (target_c - self.temperature_c) * dt_s / (_HEAT_TAU_S + dt_s)
        self.irradiance_w_m2 = irradiance_w_m2
        if irradiance_w_m2 < _DARK_W_M2:
            self.available_w = self.mpp_v = self.open_v = 0.0
            return
        warm_k = self.temperature_c - 25.0
        log_light = math.log(irradiance_w_m2 / 1000.0)
        weak = max(0.0, 1.0 + _POWER_PER_LOG_LIGHT * log_light)
        stc_w = self._peak_w * irradiance_w_m2 / 1000.0
        self.available_w = stc_w * (1.0 + _POWER_PER_K * warm_k) * weak * _SHARE
        level = (1.0 + _PER_LOG_LIGHT * log_light) * min(1.0, irradiance_w_m2 / _SHUNT_W_M2)
        self.mpp_v = _MPP_V * (1.0 + _MPP_PER_K * warm_k) * level
        self.open_v = _OPEN_V * (1.0 + _OPEN_PER_K * warm_k) * level

    def voltage_at(self, power_w: float) -> float:
        """Where the panels stand while they give `power_w`: between the best point and open circuit.

        A parabola through both, flat at the best point, stands for the knee of the curve.
        """
        if self.available_w <= 0.0:
            return self.open_v
        share = min(1.0, power_w / self.available_w)
        return self.mpp_v + (self.open_v - self.mpp_v) * math.sqrt(1.0 - share)
