"""Clouds as a clear-sky index: which share of the clear sky's light comes through, tick by tick.

A day's weather depends on seed and date alone, never on how wide the steps are or when the house began.
Weather has memory: grey days come in rows, fair ones too. Not modelled: fog, snow, fronts that last for days
on end with a shape of their own.
"""

from __future__ import annotations

import math
import random

from stallaini.twin.physics.sun import month_of

_DAY_S = 86_400.0
_TICK_S = 20.0
# Shares of fair and of grey days by month, January first; the rest is broken. Drawn to give Sicily's bright
# summers and mixed winters (about half of the clear sky's energy lost in the worst weeks); unverified.
_FAIR = (0.42, 0.44, 0.50, 0.54, 0.64, 0.77, 0.88, 0.85, 0.69, 0.56, 0.46, 0.42)
_GREY = (0.21, 0.19, 0.15, 0.12, 0.07, 0.03, 0.01, 0.02, 0.06, 0.11, 0.17, 0.22)
_MEMORY, _MEMORY_DAYS = 0.55, 8
"""Correlation from one day's weather to the next, as daily clear-sky indices commonly show; unverified."""
_CLOUD_S = 240.0
"""Mean time in a cloud's shadow: cumulus of a kilometre or two at 5-8 m/s."""
_EDGE = 1 - math.exp(-_TICK_S / 45.0)
"""A shadow's edge passes in less than a minute; tuned, as the shivers below, to recorded minutes."""
_PARTS = (10.5 / 24, 13.5 / 24, 1.0)
"""Morning, noon and afternoon differ."""


class Clouds:
    """The index over one place."""

    def __init__(self, latitude_deg: float, longitude_deg: float, seed: int) -> None:
        self._latitude_deg = latitude_deg
        self._offset_s = longitude_deg / 15 * 3600
        self._seed = seed
        self._day = -1
        self._tick = 0
        self._random = random.Random()
        self._parts: tuple[_Part, ...] = ()
        self._clouded = False
        self._through = 1.0
        self._before = self._index = 1.0

    def index(self, wall_s: float, dt_s: float) -> float:
        """The mean index of the `dt_s` seconds that end at `wall_s`."""
        day, second = divmod(wall_s + self._offset_s, _DAY_S)
        if int(day) != self._day:
            self._new_day(int(day))
        tick = int(second // _TICK_S)
        if tick <= self._tick:
            at = min(1.0, max(0.0, (second - dt_s / 2) / _TICK_S - (self._tick - 0.5)))
            return self._before + (self._index - self._before) * at
        total, passed = 0.0, 0
        fresh_from = tick - max(1, int(dt_s // _TICK_S))
        while self._tick < tick:
            self._advance()
            if self._tick > fresh_from:
                total += self._index
                passed += 1
        return total / passed

    def _new_day(self, day: int) -> None:
        self._day, self._tick = day, 0
        self._random = random.Random(f"clouds {self._seed} {day}")
        self._parts = weather(self._seed, day, self._latitude_deg)
        self._clouded = self._random.random() < self._parts[0].cover
        self._before = self._index = self._parts[0].clear
        self._through = self._parts[0].thin

    def _advance(self) -> None:
        self._tick += 1
        share = self._tick * _TICK_S / _DAY_S
        part = self._parts[0 if share < _PARTS[0] else 1 if share < _PARTS[1] else 2]
        chance = self._random
        if chance.random() < (part.ends if self._clouded else part.begins):
            self._clouded = not self._clouded
            self._through = part.thick + (part.thin - part.thick) * chance.random()
        if self._clouded:
            target, shiver = self._through, 0.045 * self._through
        else:
            target, shiver = part.edge, 0.004
        self._before = self._index
        index = self._index + (target - self._index) * _EDGE + shiver * chance.gauss(0.0, 1.0)
        self._index = min(1.25, max(0.04, index))


class _Part:
    """One part of a day: how much is covered, and how much light its clouds let through."""

    def __init__(self, cover: float, thick: float, thin: float, clear: float) -> None:
        self.cover, self.thick, self.thin, self.clear = cover, thick, thin, clear
        # Between clouds a broken sky is brighter than a clear one: their flanks shine (up to 8 % here).
        self.edge = clear * (1 + 0.32 * cover * (1 - cover))
        gap_s = max(30.0, _CLOUD_S * (1 - cover) / max(cover, 0.01))
        stay_s = max(_CLOUD_S, 60 * 60.0 * (cover - 0.6))
        self.ends = 1 - math.exp(-_TICK_S / stay_s) if cover < 0.99 else 0.0
        self.begins = 1 - math.exp(-_TICK_S / gap_s) if cover > 0.005 else 0.0


def weather(seed: int, day: int, latitude_deg: float) -> tuple[_Part, ...]:
    """The three parts of a day."""
    month = int(month_of(day * _DAY_S, latitude_deg)) % 12
    rank = _rank(seed, day)
    today = random.Random(f"weather {seed} {day}")
    clear = today.uniform(0.95, 1.03)
    parts = []
    for _ in _PARTS:
        if rank < _FAIR[month]:
            cover = max(0.0, today.uniform(-0.10, 0.12))
            parts.append(_Part(cover, 0.45, 0.8, clear))
        elif rank < 1 - _GREY[month]:
            parts.append(_Part(today.uniform(0.2, 0.7), 0.22, 0.7, clear * 0.98))
        else:
            thick = today.uniform(0.08, 0.3)
            parts.append(_Part(today.uniform(0.85, 1.0), thick, thick + 0.18, clear * 0.6))
    return tuple(parts)


def _rank(seed: int, day: int) -> float:
    """The day's place between the fairest (0) and the greyest (1), correlated with the days before."""
    total, weight = 0.0, 1.0
    for back in range(_MEMORY_DAYS):
        total += weight * random.Random(f"front {seed} {day - back}").gauss(0.0, 1.0)
        weight *= _MEMORY
    total *= math.sqrt(1 - _MEMORY * _MEMORY)
    return 0.5 * (1 + math.erf(total / math.sqrt(2)))
