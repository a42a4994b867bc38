"""The water heater: one well-mixed body of water, a thermostat, losses and draws."""

from __future__ import annotations

LITRES = 80.0
J_PER_K = LITRES * 1.163 * 3600.0
"""1.163 Wh per litre and K."""
_LOSS_W_K = 1.3
"""1.1-1.6 W/K for such boilers: 1.2-1.6 kWh a day at 45 K; unverified."""
_OPENS_C, _CLOSES_C = 60.0, 54.0
COLD_C = 15.0
"""Water that comes in."""


class Heater:
    """Its water and its heat."""

    def __init__(self, rated_w: float) -> None:
        self.rated_w = rated_w
        self.temperature_c = 48.0
        self.thermostat_closed = True
        self.power_w = 0.0
        self.in_j = self.lost_j = self.drawn_j = 0.0

    @property
    def stored_j(self) -> float:
        """Heat above the cold water."""
        return J_PER_K * (self.temperature_c - COLD_C)

    def wanted_w(self, relay: bool) -> float:
        """What it would take now."""
        return self.rated_w if relay and self.thermostat_closed else 0.0

    def step(self, power_w: float, hot_l_h: float, room_c: float, dt_s: float) -> None:
        """Heat, lose and give away for `dt_s` seconds."""
        self.power_w = power_w
        lost_j = _LOSS_W_K * (self.temperature_c - room_c) * dt_s
        drawn_j = hot_l_h * 1.163 * max(0.0, self.temperature_c - COLD_C) * dt_s
        self.in_j += power_w * dt_s
        self.lost_j += lost_j
        self.drawn_j += drawn_j
        self.temperature_c += (power_w * dt_s - lost_j - drawn_j) / J_PER_K
        if self.temperature_c >= _OPENS_C:
            self.thermostat_closed = False
        elif self.temperature_c <= _CLOSES_C:
            self.thermostat_closed = True
