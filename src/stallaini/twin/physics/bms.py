"""What the batteries' BMS believes, allows and tells: a counted charge that drifts, limits, alarms.

The count is anchored again when a cell hits the top (it jumps to 100 %) or the bottom.
"""

from __future__ import annotations

import random

from stallaini.devices.can_battery.simulator import BatteryState
from stallaini.twin.physics.cells import CELLS, RISE_V, TOP_V, interpolate
from stallaini.twin.physics.controls import Faults
from stallaini.twin.physics.pack import MODULE_AH, MODULES, Pack
from stallaini.twin.physics.state import ModuleState

CHARGE_VOLTAGE_LIMIT_V, DISCHARGE_VOLTAGE_LIMIT_V = 53.2, 45.0
"""Captures of US5000 stacks, Pylontech CAN protocol V1.2."""
# Charge limit of two: 120 of 160 A at 90 %, 59 at 95 % in captures; the ends are ours. By whole percent.
_CCL_A = tuple(interpolate(pct, (0, 88, 90, 95, 98, 100), (160, 160, 120, 59, 20, 8)) for pct in range(102))
_DCL_A = tuple(interpolate(pct, (0, 3, 5, 10, 20, 100), (0, 0, 20, 80, 160, 160)) for pct in range(102))
# Share of the limit allowed at a temperature, as dbus-serialbattery's defaults.
_COLD_DEG_C, _COLD_SHARE = (-10, 0, 2, 5, 10, 40, 45, 50, 55), (0, 0, 0.25, 0.5, 1, 1, 0.5, 0.25, 0)
_TOP_CELL_V, _FULL_CELL_V, _FULL_C = 3.60, 3.50, 0.04
"""It says full when a cell stands at the first, or at the second while the charge has fallen below this
share of the capacity an hour; both lie below its alarm at 3.70 V. Unverified."""
_LOW_CELL_V, _UNDER_CELL_V, _HIGH_CELL_V = 3.05, 2.90, 3.70
"""Read from a Pylontech over RS485 (python-pylontech's README)."""
_SPREAD_V, _SPREAD_PCT = 0.004, 0.12
"""The best and the worst cell: millivolts of offset, and percents of charge that show at the steep ends."""
_DRIFT_PCT_WEEK = (1.0, 2.0)
"""Without a full charge, either way."""
_OFFSET_A = (0.1, 0.3)
"""Of the current sensor, either way; 0.2-0.5 A is commonly seen."""
_TRIP_SHARE, _TRIP_S, _TRIP_REST_S = 1.25, 15.0, 60.0
"""Beyond this share of the discharge limit for so long it opens, and closes again later; unverified."""
_GROUPS = 4


class Bms:
    """The BMS of all modules, speaking with one voice; `step` follows the pack."""

    def __init__(self, pack: Pack, faults: Faults, seed: int) -> None:
        chance = random.Random(f"bms {seed}")
        self._pack, self._faults = pack, faults
        self._noise = random.Random(f"sensor {seed}")
        self.said_soc_pct = pack.soc_pct
        self.offset_a = chance.uniform(*_OFFSET_A) * chance.choice((-1, 1))
        drift_pct = chance.uniform(*_DRIFT_PCT_WEEK) * chance.choice((-1, 1))
        self._drift_pct_s = drift_pct / (7 * 86_400)
        self._cell_offsets = tuple(_cell_offsets(chance) for _ in pack.modules)
        self._probe_offsets = tuple(
            tuple(chance.uniform(-0.8, 0.8) for _ in range(_GROUPS)) for _ in pack.modules
        )
        self.charge_enabled = True
        self.discharge_enabled = True
        self.days_since_full = 0.0
        self.charge_limit_a = self.discharge_limit_a = 160.0
        self.high_cell_v = self.low_cell_v = pack.voltage_v / CELLS
        self.tripped = False
        self._over_s = 0.0
        self._rest_s = 0.0
        self._share_at_c = 1e9
        self._warm_share = 1.0
        self.limit()

    def anchor(self, soc_pct: float) -> None:
        """Say this charge from now on."""
        self.said_soc_pct = min(100.0, max(0.0, soc_pct))

    def limit(self) -> None:
        """Connect what is there, and set the limits of the step to come."""
        pack, faults = self._pack, self._faults
        online = 0
        for number, module in enumerate(pack.modules):
            module.connected = number != faults.lost_module
            online += module.connected
        if abs(pack.temperature_c - self._share_at_c) > 0.1:
            self._share_at_c = pack.temperature_c
            self._warm_share = interpolate(pack.temperature_c, _COLD_DEG_C, _COLD_SHARE)
        said_pct = self.said_soc_pct
        at = int(said_pct)
        there = online / MODULES
        ccl_a = _CCL_A[at] + (_CCL_A[at + 1] - _CCL_A[at]) * (said_pct - at)
        dcl_a = _DCL_A[at] + (_DCL_A[at + 1] - _DCL_A[at]) * (said_pct - at)
        self.charge_limit_a = ccl_a * self._warm_share * there if self.charge_enabled else 0.0
        self.discharge_limit_a = dcl_a * there if self.discharge_enabled else 0.0
        if faults.bms_alarms:
            self._cut(faults.bms_alarms)

    def _cut(self, alarms: frozenset[str]) -> None:
        """A protection that stands opens its direction."""
        protections = {name.partition(".")[2] for name in alarms if name.startswith("protection.")}
        if protections - {"over_voltage", "charge_over_current"}:
            self.discharge_limit_a = 0.0
        if protections - {"under_voltage", "discharge_over_current"}:
            self.charge_limit_a = 0.0

    def step(self, dt_s: float) -> None:
        """Count and judge what the pack just lived through."""
        pack = self._pack
        current_a = pack.current_a
        online_ah = MODULE_AH * (MODULES if self._faults.lost_module is None else MODULES - 1)
        said_pct = self.said_soc_pct + current_a * dt_s / (36.0 * online_ah) + self._drift_pct_s * dt_s
        # Counting alone never says full.
        self.said_soc_pct = max(0.0, min(said_pct, max(99.0, self.said_soc_pct)))
        self._look_at_cells()
        self._permit(dt_s)

    def _look_at_cells(self) -> None:
        mean_v = self._pack.voltage_v / CELLS
        apart_v = _SPREAD_V
        first = self._pack.modules[0].soc_pct
        if first > 97.0 or first < 10.0:
            at = int(first) if first < 100 else 99
            apart_v += _SPREAD_PCT * (RISE_V[at] + (TOP_V if at == 99 else 0.0)) / CELLS
        self.high_cell_v, self.low_cell_v = mean_v + apart_v, mean_v - apart_v
        current_a = self._pack.current_a
        if self.high_cell_v >= _FULL_CELL_V and self._is_full(current_a):
            self.anchor(100.0)
            self.charge_enabled = False
        elif self.low_cell_v <= _UNDER_CELL_V and self.said_soc_pct > 3.0:
            self.anchor(3.0)

    def _is_full(self, current_a: float) -> bool:
        return self.high_cell_v >= _TOP_CELL_V or 0.0 < current_a < _FULL_C * MODULE_AH * MODULES

    def _permit(self, dt_s: float) -> None:
        """Which directions are open, with hysteresis."""
        said_pct = self.said_soc_pct
        if said_pct < 98.5:
            self.charge_enabled = True
        self.days_since_full = 0.0 if said_pct >= 99.0 else self.days_since_full + dt_s / 86_400
        if -self._pack.current_a > _TRIP_SHARE * max(1.0, self.discharge_limit_a):
            self._over_s += dt_s
        else:
            self._over_s = 0.0
        if self._over_s >= _TRIP_S:
            self.tripped, self._rest_s = True, _TRIP_REST_S
        elif self.tripped:
            self._rest_s -= dt_s
            self.tripped = self._rest_s > 0
        if said_pct <= 3 or self.tripped or self.low_cell_v <= _UNDER_CELL_V:
            self.discharge_enabled = False
        elif said_pct > 6 or (self._over_s == 0 and said_pct > 3 and self.low_cell_v > _LOW_CELL_V):
            self.discharge_enabled = True

    def raised(self) -> frozenset[str]:
        """Protections and alarms by the thresholds a Pylontech reports over RS485, and those planted."""
        voltage_v, temperature_c = self._pack.voltage_v, self._pack.temperature_c
        conditions = (
            ("alarm.high_voltage", voltage_v >= 54.0 or self.high_cell_v >= _HIGH_CELL_V),
            ("alarm.low_voltage", voltage_v <= 46.0 or self.low_cell_v <= _LOW_CELL_V),
            ("protection.under_voltage", voltage_v <= 44.5 or self.low_cell_v <= _UNDER_CELL_V),
            ("alarm.high_temperature", temperature_c >= 50),
            ("alarm.low_temperature", temperature_c <= 0),
            ("protection.discharge_over_current", self.tripped),
            ("alarm.internal_communication", self._faults.lost_module is not None),
        )
        return self._faults.bms_alarms | {name for name, holds in conditions if holds}

    def said(self) -> BatteryState:
        """What goes out on CAN: noise of about one step of resolution, whole percents of charge."""
        pack, noise = self._pack, self._noise.gauss
        lost = 0 if self._faults.lost_module is None else 1
        said_pct = self.said_soc_pct
        return BatteryState(
            voltage_v=pack.voltage_v + noise(0, 0.008),
            current_a=pack.current_a + self.offset_a + noise(0, 0.12),
            soc_pct=float(int(said_pct + 0.5)) if said_pct < 99.5 else 100.0,
            soh_pct=100.0,
            temperature_c=pack.temperature_c,
            charge_voltage_limit_v=CHARGE_VOLTAGE_LIMIT_V,
            discharge_voltage_limit_v=DISCHARGE_VOLTAGE_LIMIT_V,
            charge_current_limit_a=self.charge_limit_a,
            discharge_current_limit_a=self.discharge_limit_a,
            modules=MODULES - lost,
            modules_offline=lost,
            charge_enabled=self.charge_enabled and self.charge_limit_a > 0,
            discharge_enabled=self.discharge_enabled and self.discharge_limit_a > 0,
            force_charge_1=said_pct < 9,
            force_charge_2=said_pct < 13,
            full_charge_requested=self.days_since_full > 30,
            capacity_ah=MODULE_AH * (MODULES - lost),
            capacity_available_ah=MODULE_AH * (MODULES - lost) * said_pct / 100,
            cell_voltage_min_v=self.low_cell_v,
            cell_voltage_max_v=self.high_cell_v,
            cell_temperature_min_c=pack.temperature_c - 0.8,
            cell_temperature_max_c=pack.temperature_c + 0.8,
            raised=self.raised(),
        )

    def modules(self) -> tuple[ModuleState, ...]:
        """Each module as its own RS485 answers tell it."""
        return tuple(self._module(number) for number in range(MODULES))

    def _module(self, number: int) -> ModuleState:
        pack, module = self._pack, self._pack.modules[number]
        at = int(module.soc_pct) if module.soc_pct < 100 else 99
        mean_v = (pack.voltage_v if module.connected else module.source_v) / CELLS
        slope_v = (RISE_V[at] + (TOP_V if at == 99 else 0.0)) / CELLS
        said_pct = min(100.0, max(0.0, self.said_soc_pct + module.soc_pct - pack.soc_pct))
        chance = self._noise.random
        cells_v = tuple(
            mean_v + offset_v + pct * slope_v + 0.0014 * (chance() - 0.5)
            for offset_v, pct in self._cell_offsets[number]
        )
        warm_c = pack.temperature_c + (0.3 if number else -0.3)
        probes_c = tuple(warm_c + offset for offset in self._probe_offsets[number])
        current_a = module.current_a + self.offset_a / MODULES + self._noise.gauss(0, 0.06)
        return ModuleState(
            online=module.connected,
            voltage_v=sum(cells_v),
            current_a=current_a,
            soc_pct=said_pct,
            cell_voltages_v=cells_v,
            temperatures_c=(warm_c + 1.5, *probes_c),
            remaining_ah=MODULE_AH * said_pct / 100,
            total_ah=MODULE_AH,
            cycles=int(module.cycles),
            charge_current_limit_a=self.charge_limit_a / MODULES,
            discharge_current_limit_a=self.discharge_limit_a / MODULES,
            raised=self.raised(),
        )


def _cell_offsets(chance: random.Random) -> tuple[tuple[float, float], ...]:
    """Of each cell: volts and percents beside the mean, which both come to nothing together."""
    milli_v = [chance.gauss(0, 0.0016) for _ in range(CELLS)]
    pct = [chance.uniform(-_SPREAD_PCT, _SPREAD_PCT) for _ in range(CELLS)]
    mean_v, mean_pct = sum(milli_v) / CELLS, sum(pct) / CELLS
    return tuple(
        (max(-_SPREAD_V, min(_SPREAD_V, one - mean_v)), other - mean_pct)
        for one, other in zip(milli_v, pct, strict=True)
    )
