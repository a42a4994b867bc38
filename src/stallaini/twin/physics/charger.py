"""How a Studer plant with an Xcom-CAN charges a lithium battery: one voltage, one current for all devices.

The current: what the BMS allows x 80 % (parameter 6078), and above 90 % of charge the same share of the
battery's full limit falls in a straight line to 20 % of it (6087, 6088; that the line is straight is
assumed); the stricter of the two. A person's own limit (6068, 6069) and a charge that the BMS forbids go
above all.
"""

from __future__ import annotations

from stallaini.twin.physics.bms import CHARGE_VOLTAGE_LIMIT_V, Bms
from stallaini.twin.physics.controls import Controls
from stallaini.twin.physics.mppt import ABSORPTION, BULK, FLOAT

_RATIO = 0.80
_TAPER_FROM_PCT, _TAPER_TO = 90.0, 0.20
_FULL_A = 160.0  # two US5000 in captures
_AGAIN_PCT = 95.0
"""Below this said charge a new cycle begins; unverified."""


class ChargeRule:
    """The limits of a step, and the phase all chargers are in."""

    def __init__(self, bms: Bms, controls: Controls) -> None:
        self._bms, self._controls = bms, controls
        self.limit_v = CHARGE_VOLTAGE_LIMIT_V
        self.limit_a = _FULL_A * _RATIO
        self.phase = BULK

    def decide(self) -> None:
        """Set the limits of the next step."""
        bms = self._bms
        limit_a = bms.charge_limit_a * _RATIO
        if bms.said_soc_pct > _TAPER_FROM_PCT:
            share = 1.0 - (1.0 - _TAPER_TO) * (bms.said_soc_pct - _TAPER_FROM_PCT) / (100.0 - _TAPER_FROM_PCT)
            limit_a = min(limit_a, _FULL_A * _RATIO * share)
        if self._controls.charge_limit_a is not None:
            limit_a = min(limit_a, self._controls.charge_limit_a)
        self.limit_a = limit_a

    def judge(self, held_voltage: bool) -> None:
        """The phase after a step."""
        if self.phase == FLOAT:
            if self._bms.said_soc_pct < _AGAIN_PCT:
                self.phase = BULK
        elif not self._bms.charge_enabled:
            self.phase = FLOAT
        elif held_voltage:
            self.phase = ABSORPTION
        elif self.phase == ABSORPTION and self._bms.said_soc_pct < _AGAIN_PCT:
            self.phase = BULK
