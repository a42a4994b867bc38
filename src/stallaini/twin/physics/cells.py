"""One LFP cell: rested voltage, its hysteresis, and resistance, as tables that are quick to read."""

from __future__ import annotations

import bisect
import math
from itertools import pairwise

CELLS = 15
"""In series in a Pylontech US5000."""

# Rested: Sony US26650 as in SimSES 1.3.12, CLFP_Sony_US26650_OCV.csv (BSD-3).
_SOC = (0, 2, 5, 10, 20, 30, 40, 50, 60, 70, 80, 90, 95, 98, 99, 100)
_VOLT = (
    2.0, 2.872, 3.050, 3.189, 3.231, 3.267, 3.290, 3.299,
    3.303, 3.309, 3.325, 3.342, 3.344, 3.348, 3.369, 3.600,
)  # fmt: skip
HYSTERESIS_V = 0.007
"""Half the gap between charge and discharge, per cell: general knowledge says 10-20 mV in all; unverified."""
HYSTERESIS_AH = 4.0
"""Charge after which a module has changed sides (4 % of it); unverified."""


def interpolate(x: float, xs: tuple[float, ...], ys: tuple[float, ...]) -> float:
    """Linear between the points, flat beyond them."""
    if x <= xs[0]:
        return ys[0]
    if x >= xs[-1]:
        return ys[-1]
    at = bisect.bisect_right(xs, x)
    share = (x - xs[at - 1]) / (xs[at] - xs[at - 1])
    return ys[at - 1] + share * (ys[at] - ys[at - 1])


# All points lie on whole percents, so a table of whole percents is the same curve.
FULL_V, TOP_V = 3.39 * CELLS, (3.60 - 3.39) * CELLS
"""The table's last point is the voltage at which charging ends. A full cell that rests falls to 3.35-3.40 V
within the hour (general knowledge, unverified): the last percent rests lower, and stands higher by up to
`TOP_V` while it is charged."""
OPEN_V = (*(CELLS * interpolate(pct, _SOC, _VOLT) for pct in range(100)), FULL_V)
"""Rested, of 15 cells, by whole percent."""
RISE_V = (*(high - low for low, high in pairwise(OPEN_V)), OPEN_V[100] - OPEN_V[99])
"""By percent, from each whole percent on."""
TOP_S = 1200.0
"""How fast a full cell comes to rest; unverified."""


def top_v(soc_pct: float) -> float:
    """What charging adds in the last percent, of 15 cells."""
    return TOP_V * (soc_pct - 99.0) if soc_pct > 99.0 else 0.0


def _stored() -> tuple[float, ...]:
    total, sums = 0.0, [0.0]
    for low, high in pairwise(OPEN_V):
        total += (low + high) / 2
        sums.append(total)
    return tuple(sums)


_STORED_V_PCT = _stored()


def open_v(soc_pct: float) -> float:
    """Rested voltage of 15 cells, halfway between charge and discharge."""
    at = int(soc_pct) if soc_pct < 100 else 99
    return OPEN_V[at] + RISE_V[at] * (soc_pct - at)


def stored_j(soc_pct: float, capacity_ah: float) -> float:
    """Chemical energy of 15 cells above empty: the integral of the rested voltage over charge."""
    at = int(soc_pct) if soc_pct < 100 else 99
    part = soc_pct - at
    volt_pct = _STORED_V_PCT[at] + part * (OPEN_V[at] + RISE_V[at] * part / 2)
    return volt_pct * capacity_ah * 36.0


def cold_factor(temperature_c: float) -> float:
    """Resistance against that at 25 degC: 1.5 at 10 degC (Rint.csv of the same source: 65-80 over 44-52)."""
    return math.exp(-0.027 * (min(45.0, max(-20.0, temperature_c)) - 25.0))
