"""The inverter, a Studer XTM 4000-48: losses, overload, heat, stops and starts; and its way through.

Smart-boost is left out: while the generator feeds the house the inverter does not help; when the house asks
more than the generator's limit the transfer relay opens and the battery takes over. Grid feeding, search mode
and phases are left out too. Ratings are general knowledge where nothing else is said: unverified.
"""

from __future__ import annotations

from stallaini.twin.physics.controls import Controls, Faults
from stallaini.twin.physics.generator import RATED_W as GENERATOR_W
from stallaini.twin.physics.generator import Generator

RATED_VA = 3500.0
"""Continuous at 25 degC; 4000 VA for 30 min, 10.5 kVA for 5 s."""
_HALF_HOUR_VA, SURGE_VA = 4000.0, 10_500.0
_DERATE_PER_K = 0.015
_OWN_W, _LINEAR, _SQUARE = 14.0, 0.015, 0.050
"""Own use on; with the two loss terms 94.3 % at a tenth, 95.8 % at 30 %, 93.5 % at full load: the shape of
the Notton type-2 model as in SimSES, fitted to a peak of 96 %."""
_OFF_W = 1.8
_HEAT_BUDGET_S = ((_HALF_HOUR_VA / RATED_VA) ** 2 - 1) * 1800.0
"""I2t above the continuous rating: 4000 VA for half an hour."""
_SURGE_BUDGET_S = ((SURGE_VA / _HALF_HOUR_VA) ** 2 - 1) * 5.0
"""I2t above 4000 VA: 10.5 kVA for five seconds."""
_RESTART_S, _TRIES, _FORGIVEN_S = 5.0, 3, 60.0  # parameter 1533: 5 s; three tries
PERSON_RESTART_S = 900.0
"""After it gave up, somebody switches the heavy things off and it on again."""
_STOP_SOC_PCT, _START_SOC_PCT = 15.0, 20.0  # 6070: 15 %; the way back is ours
_EMPTY_V, _SAG_V, _LOW_S, _BACK_V = 46.3, 4.3, 180.0, 48.0  # 1108, 1108 - 1109, 1190, 1110
_RISE_1_K, _RISE_2_K, _HEAT_TAU_S = 45.0, 35.0, 900.0
"""Of its electronics at full load above the room; recorded ones run 15-20 K above at a tenth. Unverified."""
_IDLE_RISE_K = 6.0
_HOT_C, _COOL_C = 95.0, 80.0
_TRANSFER_S = 10.0
"""The generator must be good for so long before the relay closes."""
MAINS_V, _OWN_HZ = 230.0, 50.0
_GENERATOR_SHARE = 0.9
"""Of the generator's rating, what an owner lets the charger fill up to (1107 set to it)."""


class Inverter:
    """Its states. `output` says whether AC comes out, from battery or generator."""

    def __init__(self, controls: Controls, faults: Faults, generator: Generator) -> None:
        self._controls, self._faults, self._generator = controls, faults, generator
        self.on = True
        self.transfer = False
        self.ac_w = self.ac_var = self.ac_va = self.peak_va = 0.0
        self.draw_w = self.loss_w = 0.0
        self.charge_w = self.charge_loss_w = self.input_w = self.input_va = 0.0
        self.overloads = self.over_temperatures = self.over_voltages = 0
        self.overloaded = self.gave_up = self.low_battery = self.hot = False
        self.temperature_1_c = self.temperature_2_c = 25.0
        self.restart_s = 0.0
        self._heat_s = self._surge_s = self._low_s = self._good_s = 0.0
        self._tries = 0
        self._calm_s = 0.0
        self._was_on = True

    @property
    def output(self) -> bool:
        """Whether the house has power."""
        return (self.on or self.transfer) and not self._faults.power_cut

    @property
    def output_hz(self) -> float:
        """Frequency of what comes out."""
        if not self.output:
            return 0.0
        return self._generator.frequency_hz if self.transfer else _OWN_HZ

    @property
    def busy(self) -> bool:
        """Whether a limit is near or a start pending."""
        return self.restart_s > 0 or self._surge_s > 0.5 or (self.transfer != (self._good_s >= _TRANSFER_S))

    def decide(self, said_soc_pct: float, battery_v: float, discharge_enabled: bool, dt_s: float) -> None:
        """Whether it runs in the step to come."""
        self._judge_battery(said_soc_pct, battery_v, discharge_enabled, dt_s)
        if self._controls.inverter_on and not self._was_on:
            self.gave_up = self.overloaded = False
            self.restart_s, self._tries = 0.0, 0
        self._was_on = self._controls.inverter_on
        if self.restart_s > 0:
            self.restart_s -= dt_s
            if self.restart_s <= 0:
                if self.gave_up:
                    self._tries = 0
                self.gave_up = self.overloaded = False
        allowed = self._was_on and self._controls.inverter_allowed and not self._faults.power_cut
        self.on = allowed and not self.low_battery and not self.hot and self.restart_s <= 0
        self._judge_input(dt_s)

    def _judge_battery(self, said_soc_pct: float, battery_v: float, discharge: bool, dt_s: float) -> None:
        if battery_v < _EMPTY_V - _SAG_V * min(1.0, self.ac_w / RATED_VA):
            self._low_s += dt_s
        else:
            self._low_s = 0.0
        if said_soc_pct <= _STOP_SOC_PCT or self._low_s >= _LOW_S or not discharge:
            self.low_battery = True
        elif self.low_battery and said_soc_pct >= _START_SOC_PCT and battery_v >= _BACK_V:
            self.low_battery = False

    def _judge_input(self, dt_s: float) -> None:
        """The transfer relay: closed while a good generator is allowed to feed and can."""
        generator = self._generator
        good = generator.ready and self._controls.transfer_allowed and not self._faults.power_cut
        self._good_s = self._good_s + dt_s if good else 0.0
        self.transfer = good and self._good_s >= _TRANSFER_S

    def take(self, wanted_w: float, wanted_var: float, inrush_va: float, start_share: float) -> None:
        """Carry what the house wants; `inrush_va` beside it for some tenths of a second."""
        if self.transfer and wanted_w > self._controls.input_limit_a * MAINS_V:
            self.transfer, self._good_s = False, 0.0
        if not self.output:
            wanted_w = wanted_var = inrush_va = 0.0
        self.ac_w, self.ac_var = wanted_w, wanted_var
        self.ac_va = self.peak_va = (wanted_w * wanted_w + wanted_var * wanted_var) ** 0.5
        if inrush_va > 0:
            active_w = wanted_w + inrush_va * start_share
            reactive = wanted_var + inrush_va * (1 - start_share * start_share) ** 0.5
            self.peak_va = (active_w * active_w + reactive * reactive) ** 0.5
        if self.transfer:
            self.draw_w = self.loss_w = 0.0
        elif self.on:
            self.loss_w = _OWN_W + _LINEAR * wanted_w + _SQUARE * wanted_w * wanted_w / RATED_VA
            self.draw_w = wanted_w + self.loss_w
        else:
            self.draw_w = self.loss_w = 0.0 if self.low_battery else _OFF_W

    def charger_offer_w(self, battery_v: float) -> float:
        """What its charger could bring to the battery from the generator, beside the house."""
        controls = self._controls
        if not (self.transfer and controls.charger_allowed):
            return 0.0
        room_w = min(controls.input_limit_a * MAINS_V, _GENERATOR_SHARE * GENERATOR_W) - self.ac_w - _OWN_W
        given_w = room_w - _LINEAR * room_w - _SQUARE * room_w * room_w / RATED_VA
        return max(0.0, min(given_w, controls.charge_current_a * battery_v))

    def feed(self, charge_w: float) -> None:
        """Take what house and charger need from the generator."""
        self.charge_w = charge_w
        if not self.transfer:
            self.charge_loss_w = self.input_w = self.input_va = 0.0
            return
        # The same two terms, taken at the AC side: P_dc = P_ac - a P_ac - b P_ac^2.
        b = _SQUARE / RATED_VA
        a = 1.0 - _LINEAR
        charger_w = (a - max(0.0, a * a - 4.0 * b * charge_w) ** 0.5) / (2.0 * b) if charge_w > 0 else 0.0
        self.charge_loss_w = charger_w - charge_w + _OWN_W
        self.input_w = self.ac_w + charger_w + _OWN_W
        reactive = self.ac_var + 0.2 * charger_w
        self.input_va = (self.input_w * self.input_w + reactive * reactive) ** 0.5

    def settle(self, room_c: float, dt_s: float) -> None:
        """Heat, and judge overload, after a step."""
        share = 0.0 if self.transfer else min(1.5, self.ac_va / RATED_VA)
        share = max(share, self.charge_w / RATED_VA)
        approach = dt_s / (_HEAT_TAU_S + dt_s)
        idle_k = _IDLE_RISE_K if self.on else 0.0
        self.temperature_1_c += (room_c + idle_k + _RISE_1_K * share - self.temperature_1_c) * approach
        self.temperature_2_c += (room_c + idle_k + _RISE_2_K * share - self.temperature_2_c) * approach
        if self.temperature_1_c >= _HOT_C and not self.hot:
            self.hot, self.over_temperatures = True, self.over_temperatures + 1
        elif self.temperature_1_c <= _COOL_C:
            self.hot = False
        if self.on and not self.transfer:
            self._judge_load(room_c, dt_s)

    def _judge_load(self, room_c: float, dt_s: float) -> None:
        load_va = self.ac_va
        rated_va = RATED_VA * min(1.0, 1.0 - _DERATE_PER_K * (room_c - 25.0))
        if load_va > rated_va or self._heat_s > 0:
            self._heat_s = max(0.0, self._heat_s + ((load_va / rated_va) ** 2 - 1.0) * dt_s)
        if load_va > _HALF_HOUR_VA or self._surge_s > 0:
            self._surge_s = max(0.0, self._surge_s + ((load_va / _HALF_HOUR_VA) ** 2 - 1.0) * dt_s)
        if self._heat_s >= _HEAT_BUDGET_S or self._surge_s >= _SURGE_BUDGET_S or self.peak_va > SURGE_VA:
            self._trip()
        else:
            self._calm_s += dt_s
            if self._calm_s > _FORGIVEN_S:
                self._tries = 0

    def _trip(self) -> None:
        self.overloads += 1
        self._tries += 1
        self.overloaded = True
        self._heat_s = self._surge_s = self._calm_s = 0.0
        self.gave_up = self._tries > _TRIES
        self.restart_s = PERSON_RESTART_S if self.gave_up else _RESTART_S
