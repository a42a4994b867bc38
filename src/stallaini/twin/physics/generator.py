"""A petrol generator: pulled by a person or by a contact, warms up, may not start.

A set of 3 kVA of the usual kind; the site's is not known. Numbers without a source are unverified.
"""

from __future__ import annotations

import random

from stallaini.twin.physics.controls import Faults

RATED_W = 2600.0
_CRANK_S = 4.0
_STARTS = 0.9
"""Share of pulls that start it."""
_TRIES, _BETWEEN_S = 3, 10.0
_WARM_S = 60.0
"""Until voltage and frequency are steady enough for the Xtender to take it."""
_FREE_HZ, _DROOP_HZ = 52.0, 2.5  # governors of small sets run 51-52 Hz free and lose some 5 % at full load
_FREE_V, _DROOP_V = 238.0, 14.0
_IDLE_L_H, _L_PER_KWH = 0.55, 0.32
"""Fuel: about 1.4 l/h at full load, as data sheets of such sets say."""


class Generator:
    """Its engine."""

    def __init__(self, faults: Faults, seed: int) -> None:
        self._faults = faults
        self._chance = random.Random(f"generator {seed}")
        self.wanted = False
        self.running = False
        self.failed = False
        self.power_w = 0.0
        self.starts = 0
        self.run_s = 0.0
        self.fuel_l = 0.0
        self._since_s = 0.0
        self._tries = 0
        self._warm_s = 0.0

    @property
    def ready(self) -> bool:
        """Warm and steady."""
        return self.running and self._warm_s >= _WARM_S

    @property
    def busy(self) -> bool:
        """Whether it changes by itself within seconds."""
        return self.wanted and not self.failed and not self.ready

    @property
    def voltage_v(self) -> float:
        """At its socket."""
        return _FREE_V - _DROOP_V * self.power_w / RATED_W if self.running else 0.0

    @property
    def frequency_hz(self) -> float:
        """Lower while cold."""
        if not self.running:
            return 0.0
        return _FREE_HZ - _DROOP_HZ * self.power_w / RATED_W - 2.0 * max(0.0, 1.0 - self._warm_s / _WARM_S)

    def step(self, wanted: bool, power_w: float, dt_s: float) -> None:
        """Live `dt_s` seconds in which the Xtender took `power_w`."""
        if wanted != self.wanted:
            self.wanted = wanted
            self._tries, self._since_s, self.failed = 0, 0.0, False
        if not wanted:
            self.running, self.power_w, self._warm_s = False, 0.0, 0.0
        elif self.running:
            self.power_w = power_w
            self.run_s += dt_s
            self._warm_s += dt_s
            self.fuel_l += (_IDLE_L_H + _L_PER_KWH * power_w / 1000.0) * dt_s / 3600.0
        elif not self.failed:
            self._pull(dt_s)

    def _pull(self, dt_s: float) -> None:
        self._since_s += dt_s
        if self._since_s < _CRANK_S + self._tries * _BETWEEN_S:
            return
        self._tries += 1
        if not self._faults.generator_fails and self._chance.random() < _STARTS:
            self.running, self._warm_s = True, 0.0
            self.starts += 1
        elif self._tries >= _TRIES:
            self.failed = True
