"""What the devices count: one-minute infos, and the energies of a day that begin anew at their midnight."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from stallaini.twin.physics.state import DayState, MinuteState, Spread

_J_PER_KWH, _AS_PER_AH = 3.6e6, 3600.0
_BRIGHT_W_M2 = 50.0
"""Light that counts as an hour of sun for info 11025; unverified."""


class DayCounter:
    """One day's sums, in J, As and s."""

    def __init__(self) -> None:
        self.consumed_j = self.discharged_j = self.charged_j = self.input_j = 0.0
        self.solar_j = self.solar_as = self.bright_s = 0.0
        self.battery_charged_as = self.battery_discharged_as = 0.0
        self.battery_charged_j = self.battery_discharged_j = 0.0
        self.true_charged_j = self.true_discharged_j = 0.0
        self.panel_max_v = self.solar_max_a = self.solar_max_w = self.battery_max_v = 0.0
        self.battery_min_v = math.inf

    def battery(self, voltage_v: float, current_a: float, said_a: float, dt_s: float) -> None:
        """Count what went through the battery's terminals, truly and as its sensor says."""
        if said_a > 0:
            self.battery_charged_as += said_a * dt_s
            self.battery_charged_j += said_a * voltage_v * dt_s
        else:
            self.battery_discharged_as -= said_a * dt_s
            self.battery_discharged_j -= said_a * voltage_v * dt_s
        if current_a > 0:
            self.true_charged_j += current_a * voltage_v * dt_s
        else:
            self.true_discharged_j -= current_a * voltage_v * dt_s
        if voltage_v > self.battery_max_v:
            self.battery_max_v = voltage_v
        if voltage_v < self.battery_min_v:
            self.battery_min_v = voltage_v

    def solar(self, power_w: float, current_a: float, panel_v: float, light_w_m2: float, dt_s: float) -> None:
        """Count what the solar charger brought."""
        self.solar_j += power_w * dt_s
        self.solar_as += current_a * dt_s
        if light_w_m2 > _BRIGHT_W_M2:
            self.bright_s += dt_s
        if panel_v > self.panel_max_v:
            self.panel_max_v = panel_v
        if power_w > self.solar_max_w:
            self.solar_max_w, self.solar_max_a = power_w, current_a

    def xtender(self, ac_w: float, draw_w: float, charge_w: float, input_w: float, dt_s: float) -> None:
        """Count what went through the Xtender."""
        self.consumed_j += ac_w * dt_s
        self.discharged_j += draw_w * dt_s
        if input_w > 0:
            self.charged_j += charge_w * dt_s
            self.input_j += input_w * dt_s

    def plus(self, other: DayCounter) -> DayCounter:
        """Both together: sums, and the further extremes."""
        mine, theirs = vars(self), vars(other)
        both = DayCounter()
        vars(both).update({name: value + theirs[name] for name, value in mine.items()})
        for name in ("panel_max_v", "solar_max_a", "solar_max_w", "battery_max_v"):
            vars(both)[name] = max(mine[name], theirs[name])
        both.battery_min_v = min(self.battery_min_v, other.battery_min_v)
        return both

    def state(self) -> DayState:
        """As kWh, Ah and h."""
        return DayState(
            consumed_kwh=self.consumed_j / _J_PER_KWH,
            discharged_kwh=self.discharged_j / _J_PER_KWH,
            charged_kwh=self.charged_j / _J_PER_KWH,
            input_kwh=self.input_j / _J_PER_KWH,
            solar_kwh=self.solar_j / _J_PER_KWH,
            solar_ah=self.solar_as / _AS_PER_AH,
            solar_hours=self.bright_s / 3600,
            battery_charged_ah=self.battery_charged_as / _AS_PER_AH,
            battery_discharged_ah=self.battery_discharged_as / _AS_PER_AH,
            battery_charged_kwh=self.battery_charged_j / _J_PER_KWH,
            battery_discharged_kwh=self.battery_discharged_j / _J_PER_KWH,
            true_charged_kwh=self.true_charged_j / _J_PER_KWH,
            true_discharged_kwh=self.true_discharged_j / _J_PER_KWH,
            panel_max_v=self.panel_max_v,
            solar_max_a=self.solar_max_a,
            solar_max_w=self.solar_max_w,
            battery_max_v=self.battery_max_v,
            battery_min_v=0.0 if math.isinf(self.battery_min_v) else self.battery_min_v,
        )


class Days:
    """Today, yesterday and all days before, by the devices' own clock."""

    def __init__(self, timezone: str) -> None:
        self._zone = ZoneInfo(timezone)
        self._begin_s, self._end_s = 0.0, 0.0
        self.today = DayCounter()
        self.yesterday = DayCounter()
        self._past = DayCounter()

    def pass_midnight(self, clock_s: float) -> None:
        """Begin a new day when the devices' clock says so; a clock that is set back begins none."""
        if self._begin_s <= clock_s < self._end_s:
            return
        if 0.0 < self._end_s <= clock_s:
            self._past = self._past.plus(self.today)
            self.yesterday, self.today = self.today, DayCounter()
        day = datetime.fromtimestamp(clock_s, self._zone).replace(hour=0, minute=0, second=0, microsecond=0)
        self._begin_s = day.timestamp()
        self._end_s = (day + timedelta(days=1)).timestamp()

    def totals(self) -> DayCounter:
        """Since the house began."""
        return self._past.plus(self.today)


class Running:
    """Least, greatest and sum over time of one quantity."""

    __slots__ = ("high", "low", "total")

    def __init__(self) -> None:
        self.low, self.high, self.total = math.inf, -math.inf, 0.0

    def add(self, value: float, dt_s: float) -> None:
        """`value` held for `dt_s` seconds."""
        if value < self.low:
            self.low = value
        if value > self.high:
            self.high = value
        self.total += value * dt_s

    def close(self, seconds: float) -> Spread:
        """The spread so far, and begin anew."""
        low, mean, high = self.low, self.total / seconds if seconds > 0 else 0.0, self.high
        self.low, self.high, self.total = math.inf, -math.inf, 0.0
        return Spread(low, mean, high) if low <= high else Spread()


class MinuteTally:
    """The minute in hand and the last whole one."""

    def __init__(self) -> None:
        self.battery_v = Running()
        self.battery_a = Running()
        self.inverter_a = Running()
        self.ac_w = Running()
        self.ac_va = Running()
        self.solar_w = Running()
        self.solar_a = Running()
        self.panel_v = Running()
        self.input_w = Running()
        self.input_v = Running()
        self.input_a = Running()
        self.input_hz = Running()
        self.ac_hz = Running()
        self.seconds = 0.0
        self.closed = MinuteState()
        self._slow: tuple[float, ...] = ()

    def close(self, minute: int, slow: tuple[float, ...]) -> None:
        """End a minute. `slow` are values that hardly move within it, known at its ends only:

        said SOC, battery temperature, the inverter's two temperatures, the solar charger's two.
        """
        seconds = self.seconds
        soc, warm, inverter_1, inverter_2, solar_1, solar_2 = (
            Spread(min(one, other), (one + other) / 2, max(one, other))
            for one, other in zip(self._slow or slow, slow, strict=True)
        )
        self.closed = MinuteState(
            minute=minute,
            battery_voltage_v=self.battery_v.close(seconds),
            battery_current_a=self.battery_a.close(seconds),
            soc_pct=soc,
            battery_temperature_c=warm,
            inverter_current_a=self.inverter_a.close(seconds),
            ac_power_w=self.ac_w.close(seconds),
            ac_apparent_power_va=self.ac_va.close(seconds),
            ac_frequency_hz=self.ac_hz.close(seconds),
            inverter_temperature_1_c=inverter_1,
            inverter_temperature_2_c=inverter_2,
            input_power_w=self.input_w.close(seconds),
            input_voltage_v=self.input_v.close(seconds),
            input_current_a=self.input_a.close(seconds),
            input_frequency_hz=self.input_hz.close(seconds),
            solar_power_w=self.solar_w.close(seconds),
            solar_current_a=self.solar_a.close(seconds),
            panel_voltage_v=self.panel_v.close(seconds),
            solar_temperature_1_c=solar_1,
            solar_temperature_2_c=solar_2,
        )
        self._slow = slow
        self.seconds = 0.0
