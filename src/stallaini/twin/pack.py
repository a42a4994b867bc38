"""Two Pylontech US5000 in parallel: 15 LFP cells in series, 200 Ah, with the manners of their BMS.

Not modelled: differences between cells and modules, hysteresis of the open-circuit voltage, ageing, drift
of the SOC estimate.
"""

from __future__ import annotations

import bisect
import math
from dataclasses import dataclass

CAPACITY_AH = 200.0
CHARGE_VOLTAGE_LIMIT_V, DISCHARGE_VOLTAGE_LIMIT_V = 53.2, 45.0  # captures of US5000 stacks, protocol V1.2
_CURRENT_LIMIT_A = 160.0  # 80 A a module in captures

# Open circuit of 15 cells: Sony US26650 as in SimSES 1.3.12, CLFP_Sony_US26650_OCV.csv (BSD-3).
_OCV_SOC = (0, 2, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 98, 99, 100)
_OCV_V = tuple(
    15 * cell_v
    for cell_v in (
        2.0, 2.872, 3.050, 3.189, 3.231, 3.267, 3.290, 3.299,
        3.303, 3.309, 3.325, 3.342, 3.344, 3.348, 3.369, 3.600,
    )
)  # fmt: skip
# Cells 11 mOhm for the two in parallel (same source, scaled by capacity), cables and FETs 5 mOhm.
_R0_OHM, _R1_OHM, _TAU_S = 0.016, 0.009, 90.0
_COULOMB = 0.995
# Charge limit of the BMS: 120 of 160 A at 90 %, 59 at 95 % in captures; the ends are ours.
_CCL_SOC, _CCL_A = (0, 88, 90, 95, 98, 99.5, 100), (160, 160, 120, 59, 20, 5, 0)
_DCL_SOC, _DCL_A = (0, 3, 5, 10, 20, 100), (0, 0, 20, 80, 160, 160)
# Share of the limit allowed at a temperature, as dbus-serialbattery's defaults.
_COLD_DEG_C, _COLD_SHARE = (-10, 0, 2, 5, 10, 40, 45, 50, 55), (0, 0, 0.25, 0.5, 1, 1, 0.5, 0.25, 0)
_HEAT_J_K = 80_000.0  # 2 x 40 kg
_AMBIENT_TAU_S = 6 * 3600.0


def interpolate(x: float, xs: tuple[float, ...], ys: tuple[float, ...]) -> float:
    """Linear between the points, flat beyond them."""
    if x <= xs[0]:
        return ys[0]
    if x >= xs[-1]:
        return ys[-1]
    at = bisect.bisect_right(xs, x)
    share = (x - xs[at - 1]) / (xs[at] - xs[at - 1])
    return ys[at - 1] + share * (ys[at] - ys[at - 1])


def open_circuit_v(soc_pct: float) -> float:
    """The rested voltage of the pack."""
    return interpolate(soc_pct, _OCV_SOC, _OCV_V)


@dataclass
class Pack:
    """The state of the pack; current positive = charging."""

    soc_pct: float = 72.0
    temperature_c: float = 20.0
    current_a: float = 0.0
    polarisation_v: float = 0.0
    charge_enabled: bool = True
    discharge_enabled: bool = True
    days_since_full: float = 0.0

    @property
    def voltage_v(self) -> float:
        """Voltage at the terminals."""
        return open_circuit_v(self.soc_pct) + self.polarisation_v + self.current_a * _R0_OHM

    def charge_limit_a(self) -> float:
        """CCL: what the BMS announces."""
        if not self.charge_enabled:
            return 0.0
        share = interpolate(self.temperature_c, _COLD_DEG_C, _COLD_SHARE)
        return interpolate(self.soc_pct, _CCL_SOC, _CCL_A) * share

    def discharge_limit_a(self) -> float:
        """DCL: what the BMS announces."""
        return interpolate(self.soc_pct, _DCL_SOC, _DCL_A) if self.discharge_enabled else 0.0

    def acceptance_a(self, dt_s: float) -> float:
        """What a charger holding the voltage limit can push over the next `dt_s` seconds.

        Looks ahead along the open-circuit curve, or wide steps would overshoot at its steep end.
        """
        ah_per_a = dt_s / 3600
        ahead_pct = min(100.0, self.soc_pct + 100 * ah_per_a * max(self.current_a, 5.0) / CAPACITY_AH)
        rise_v = open_circuit_v(ahead_pct) - open_circuit_v(self.soc_pct)
        rise_ohm = rise_v / max(self.current_a, 5.0)
        room_v = CHARGE_VOLTAGE_LIMIT_V - open_circuit_v(self.soc_pct) - self.polarisation_v
        return min(self.charge_limit_a(), max(0.0, room_v / (_R0_OHM + rise_ohm)))

    def step(self, current_a: float, dt_s: float, ambient_c: float) -> None:
        """Carry `current_a` for `dt_s` seconds."""
        self.current_a = current_a
        charged_ah = current_a * dt_s / 3600 * (_COULOMB if current_a > 0 else 1.0)
        self.soc_pct = min(100.0, max(0.0, self.soc_pct + 100 * charged_ah / CAPACITY_AH))
        approach = 1 - math.exp(-dt_s / _TAU_S)
        self.polarisation_v += (current_a * _R1_OHM - self.polarisation_v) * approach
        heat_w = current_a * current_a * (_R0_OHM + _R1_OHM)
        self.temperature_c += heat_w * dt_s / _HEAT_J_K
        self.temperature_c += (ambient_c - self.temperature_c) * (1 - math.exp(-dt_s / _AMBIENT_TAU_S))
        self._judge(dt_s)

    def _judge(self, dt_s: float) -> None:
        """The BMS' permissions, with hysteresis."""
        if self.soc_pct >= 99.6:
            self.charge_enabled = False
        elif self.soc_pct < 98.5:
            self.charge_enabled = True
        if self.soc_pct <= 3:
            self.discharge_enabled = False
        elif self.soc_pct > 6:
            self.discharge_enabled = True
        self.days_since_full = 0.0 if self.soc_pct >= 97 else self.days_since_full + dt_s / 86_400

    def raised(self) -> frozenset[str]:
        """Protections and alarms by the thresholds a Pylontech reports over RS485."""
        return frozenset(name for name, holds in self._conditions() if holds)

    def _conditions(self) -> tuple[tuple[str, bool], ...]:
        voltage_v, temperature_c = self.voltage_v, self.temperature_c
        return (
            ("alarm.high_voltage", voltage_v >= 54.0),
            ("alarm.low_voltage", voltage_v <= 46.0),
            ("protection.under_voltage", voltage_v <= 44.5),
            ("alarm.high_temperature", temperature_c >= 50),
            ("alarm.low_temperature", temperature_c <= 0),
        )
