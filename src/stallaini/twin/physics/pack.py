"""Two Pylontech US5000 in parallel: what charge, current and heat do in them, whatever their BMS believes.

Each module is a source with a resistance and one slow stage (RC); hysteresis shifts its rested voltage. A
step is solved for its mean voltage with the rise along the curve taken in, so that wide steps stay true and
stable. Not modelled: ageing within a run, self-discharge, cells that drift apart or are balanced.
"""

from __future__ import annotations

import math
import random

from stallaini.twin.physics.cells import (
    HYSTERESIS_AH,
    HYSTERESIS_V,
    OPEN_V,
    RISE_V,
    TOP_S,
    TOP_V,
    cold_factor,
    open_v,
    stored_j,
    top_v,
)

MODULES = 2
MODULE_AH = 100.0
"""Of a US5000 (4.8 kWh at 48 V): product tables."""
_CELLS_OHM, _PATH_OHM = 0.022, 0.010
"""A module at 25 degC: the cells of SimSES' table scaled from 3 to 100 Ah; cables, fuse and FETs are ours."""
_SLOW_OHM, SLOW_S = 0.018, 90.0
"""One RC stage of about the size of the cells' resistance, 60-120 s: general knowledge, unverified."""
_COULOMB = 0.995
"""Of the charge that goes in, what comes out: 99.5 % or better for LFP, unverified."""
_HEAT_J_K = 80_000.0  # 2 x 40 kg of about 1 kJ/(kg K)
_ROOM_TAU_S = 6 * 3600.0  # a closed cabinet; unverified
_HYSTERESIS_PACK_V = 15 * HYSTERESIS_V
_REST_A = 0.1


class Module:
    """One module; current positive = charging."""

    def __init__(self, capacity_ah: float, resistance_share: float, soc_pct: float) -> None:
        self.capacity_ah = capacity_ah
        self.resistance_share = resistance_share
        self.soc_pct = soc_pct
        self.current_a = 0.0
        self.slow_v = 0.0
        self.top_v = top_v(soc_pct)
        self.side = 0.0
        """Hysteresis: 1 on the charging branch, -1 on the discharging one."""
        self.throughput_ah = 0.0
        self.connected = True
        self.source_v = 50.0
        self.ohm = 0.032

    @property
    def cycles(self) -> float:
        """Full cycles so far."""
        return self.throughput_ah / (2 * self.capacity_ah)


class Pack:
    """The modules in parallel."""

    def __init__(self, soc_pct: float = 72.0, seed: int = 1) -> None:
        chance = random.Random(f"modules {seed}")
        # Parallel modules share 5-15 % apart: general knowledge; half of it is in either one's resistance.
        uneven = chance.uniform(0.03, 0.07) * chance.choice((-1, 1))
        sizes = (MODULE_AH * chance.uniform(0.99, 1.01), MODULE_AH * chance.uniform(0.99, 1.01))
        self.modules = (Module(sizes[0], 1 + uneven, soc_pct), Module(sizes[1], 1 - uneven, soc_pct))
        used_ah = chance.uniform(20_000, 60_000)
        for module in self.modules:
            module.throughput_ah = used_ah * module.resistance_share
        self.temperature_c = 20.0
        self.voltage_v = open_v(soc_pct)
        self.current_a = 0.0
        self.loss_j = 0.0
        """Heat of all steps: resistance, the slow stage, hysteresis and charge that does not stay."""
        self._source_v = self.voltage_v
        self._ohm = 0.016
        self._cold_at_c = math.inf
        self._cells_ohm = self._slow_ohm = 0.0
        self._dt_s = -1.0
        self._kept = self._slow_mean = 0.0

    @property
    def soc_pct(self) -> float:
        """True charge of all connected modules, weighed by capacity; of all when none is connected."""
        modules = [module for module in self.modules if module.connected] or self.modules
        whole_ah = sum(module.capacity_ah for module in modules)
        return min(100.0, sum(module.soc_pct * module.capacity_ah for module in modules) / whole_ah)

    @soc_pct.setter
    def soc_pct(self, soc_pct: float) -> None:
        for module in self.modules:
            module.soc_pct = soc_pct
            module.slow_v = 0.0
            module.top_v = top_v(soc_pct)
        self.voltage_v = open_v(soc_pct)

    @property
    def capacity_ah(self) -> float:
        """Of both modules."""
        return sum(module.capacity_ah for module in self.modules)

    @property
    def ohm(self) -> float:
        """Resistance of the step in hand, the rise of the rested voltage within it included."""
        return self._ohm

    def stored_j(self) -> float:
        """Chemical energy above empty, and what the slow stages hold."""
        total = 0.0
        for module in self.modules:
            total += stored_j(module.soc_pct, module.capacity_ah)
            capacitance = SLOW_S / (_SLOW_OHM * module.resistance_share * cold_factor(self.temperature_c))
            total += 0.5 * capacitance * module.slow_v * module.slow_v
        return total

    def prepare(self, dt_s: float) -> None:
        """Look at the next `dt_s` seconds: which source and resistance the pack is in them."""
        if dt_s != self._dt_s:
            self._dt_s = dt_s
            self._kept = math.exp(-dt_s / SLOW_S)
            self._slow_mean = (1.0 - self._kept) * SLOW_S / dt_s if dt_s > 0 else 1.0
        if abs(self.temperature_c - self._cold_at_c) > 0.25:
            self._cold_at_c = self.temperature_c
            cold = cold_factor(self.temperature_c)
            self._cells_ohm, self._slow_ohm = _CELLS_OHM * cold, _SLOW_OHM * cold
        conductance = weighted = 0.0
        for module in self.modules:
            if not module.connected:
                continue
            pct_per_a = dt_s / (36.0 * module.capacity_ah)
            soc_pct = module.soc_pct
            ahead_pct = soc_pct + module.current_a * pct_per_a * 0.5
            at = int(soc_pct) if soc_pct < 100 else 99
            ahead = 0 if ahead_pct <= 0 else int(ahead_pct) if ahead_pct < 100 else 99
            rise_v = max(RISE_V[at], RISE_V[ahead])
            if ahead == 99 and module.current_a > _REST_A:
                rise_v += TOP_V
            share = module.resistance_share
            module.source_v = (
                OPEN_V[at]
                + RISE_V[at] * (soc_pct - at)
                + module.side * _HYSTERESIS_PACK_V
                + module.slow_v * self._slow_mean
                + module.top_v
            )
            module.ohm = (
                self._cells_ohm + _PATH_OHM + self._slow_ohm * (1.0 - self._slow_mean)
            ) * share + rise_v * pct_per_a * 0.5
            conductance += 1.0 / module.ohm
            weighted += module.source_v / module.ohm
        if conductance > 0:
            self._ohm = 1.0 / conductance
            self._source_v = weighted / conductance

    def current_for(self, power_w: float) -> float:
        """The current that brings `power_w` to the terminals (negative: takes it from them)."""
        inner = self._source_v * self._source_v + 4.0 * self._ohm * power_w
        voltage_v = (self._source_v + math.sqrt(max(0.0, inner))) / 2
        return power_w / voltage_v

    def current_at(self, voltage_v: float) -> float:
        """The current while the terminals are held at a voltage."""
        return (voltage_v - self._source_v) / self._ohm

    def voltage_at(self, current_a: float) -> float:
        """The terminals' voltage under a current."""
        return self._source_v + self._ohm * current_a

    def carry(self, current_a: float, room_c: float) -> None:
        """Live the prepared step with this current; `voltage_v` becomes its mean."""
        dt_s = self._dt_s
        voltage_v = self._source_v + self._ohm * current_a
        heat_j = 0.0
        for module in self.modules:
            if module.connected:
                heat_j += self._carry(module, (voltage_v - module.source_v) / module.ohm)
            else:
                module.current_a = 0.0
                heat_j += self._relax(module)
        self.voltage_v, self.current_a = voltage_v, current_a
        self.loss_j += heat_j
        self.temperature_c += heat_j / _HEAT_J_K
        self.temperature_c += (room_c - self.temperature_c) * dt_s / (_ROOM_TAU_S + dt_s)

    def _carry(self, module: Module, current_a: float) -> float:
        """Move one module on; returns its heat, reckoned from its parts and not as what is left over."""
        dt_s = self._dt_s
        module.current_a = current_a
        charge_as = current_a * dt_s
        kept_as = charge_as * _COULOMB if charge_as > 0 else charge_as
        soc_pct = module.soc_pct
        after_pct = min(100.0, max(0.0, soc_pct + kept_as / (36.0 * module.capacity_ah)))
        at = int(soc_pct) if soc_pct < 100 else 99
        open_before_v = OPEN_V[at] + RISE_V[at] * (soc_pct - at)
        if not 0.0 < after_pct < 100.0:  # what finds no room becomes heat
            kept_as = (after_pct - soc_pct) * 36.0 * module.capacity_ah
        module.soc_pct = after_pct
        share = module.resistance_share
        slow_ohm = self._slow_ohm * share
        full_v = current_a * slow_ohm
        slow_v = module.slow_v
        mean_v = full_v + (slow_v - full_v) * self._slow_mean
        after_v = full_v + (slow_v - full_v) * self._kept
        module.slow_v = after_v
        capacitance = SLOW_S / slow_ohm
        heat_j = (
            charge_as * current_a * (self._cells_ohm + _PATH_OHM) * share
            + charge_as * mean_v
            - 0.5 * capacitance * (after_v * after_v - slow_v * slow_v)
            + charge_as * module.side * _HYSTERESIS_PACK_V
            + (charge_as - kept_as) * open_before_v
            + charge_as * self._move_top(module)
        )
        moved_ah = abs(charge_as) / 3600.0
        if abs(current_a) > _REST_A:
            module.throughput_ah += moved_ah
            side = 1.0 if current_a > 0 else -1.0
            module.side += (side - module.side) * moved_ah / (HYSTERESIS_AH + moved_ah)
        return heat_j

    def _move_top(self, module: Module) -> float:
        """Follow the last percent up while charging, come to rest else; returns the mean of the step."""
        before_v = module.top_v
        if module.current_a > _REST_A and module.soc_pct > 99.0:
            module.top_v = max(before_v, top_v(module.soc_pct))
        elif before_v > 0.0:
            module.top_v = before_v * TOP_S / (TOP_S + self._dt_s)
            return before_v
        return (before_v + module.top_v) / 2

    def _relax(self, module: Module) -> float:
        """A module off the bus: its slow stage goes to rest and warms it."""
        capacitance = SLOW_S / (self._slow_ohm * module.resistance_share)
        before_j = 0.5 * capacitance * module.slow_v * module.slow_v
        module.slow_v *= self._kept
        module.top_v *= TOP_S / (TOP_S + self._dt_s)
        return before_j * (1.0 - self._kept * self._kept)
