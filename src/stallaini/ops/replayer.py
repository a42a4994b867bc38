"""A datalog played on a CAN wire, minute by minute, so that a test can drive it and kill what listens."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from stallaini.clock import Clock, SharedClock
from stallaini.devices.can_battery.simulator import BatteryState, encode_burst
from stallaini.devices.studer_rcc.battery import BatteryMinute, battery_minutes
from stallaini.devices.studer_rcc.datalog import Datalog
from stallaini.errors import OperatorError
from stallaini.twin.wires.wire import Wire

_LINGER_STEP_S = 0.1

Frames = list[tuple[int, bytes]]

_SOC_FRAME, _MEASURES_FRAME = 0x355, 0x356
_WITHOUT_TEMPERATURE = 4  # bytes of 0x356 that hold voltage and current

# Xtender parameters in the log's tail: battery charge current, absorption voltage, low-voltage disconnect,
# nominal capacity ("Xtender serial protocol appendix" V1.6.42).
_CHARGE_CURRENT, _ABSORPTION_VOLTAGE, _LOW_VOLTAGE, _CAPACITY = 1138, 1156, 1108, 6001


class Pace:
    """How fast the log's time goes by: `speed` times real time, or 0 for no bound.

    With a `shared` clock, that clock goes by the log's time, and whoever follows it lives in it.
    """

    def __init__(self, real: Clock, speed: float, shared: SharedClock | None = None) -> None:
        self._real = real
        self._speed = speed
        self._shared = shared
        self._due_s = real.monotonic_s()

    def resume(self) -> None:
        """Count real time from now, after a pause."""
        self._due_s = self._real.monotonic_s()

    async def advance(self, seconds: float) -> None:
        """Let `seconds` of the log's time pass."""
        if self._speed > 0:
            self._due_s += seconds / self._speed
            await self._real.sleep(max(0.0, self._due_s - self._real.monotonic_s()))
        if self._shared is not None:
            self._shared.advance(seconds)

    async def settle(self, seconds: float) -> None:
        """Give those who follow the shared clock real time to see it."""
        if self._shared is not None:
            await self._real.sleep(seconds)

    async def linger(self, seconds: float) -> None:
        """Let the shared clock go on in real time, so that what waits on it can end."""
        for _ in range(round(seconds / _LINGER_STEP_S) if self._shared is not None else 0):
            await self._real.sleep(_LINGER_STEP_S)
            if self._shared is not None:
                self._shared.advance(_LINGER_STEP_S)


@dataclass
class Diffuser:
    """Rounds to steps and carries the error on, so that the mean over many is right."""

    step: float
    _carry: float = field(default=0.0, init=False)

    def round(self, value: float) -> float:
        """The step nearest to `value` and what earlier roundings left over."""
        wanted = value + self._carry
        rounded = round(wanted / self.step) * self.step
        self._carry = wanted - rounded
        return rounded


def _tell_nobody(_minute: int) -> None:
    pass


class Replay:
    """Plays the battery of a datalog: each minute's values are held for that minute, a burst each `period_s`.

    The bursts lie in the middle of their periods, so that none falls on a minute's edge. Time stands still
    while nobody listens, and a burst that a dying listener may not have read is sent again to the next one.
    """

    # Twice what a follower of the shared clock takes to look at it.
    _SETTLE_S = 0.003

    def __init__(
        self,
        datalog: Datalog,
        wire: Wire,
        pace: Pace,
        profile: str = "sma",
        period_s: float = 5.0,
        on_minute: Callable[[int], None] = _tell_nobody,
    ) -> None:
        self.minute = 0
        self._battery = _LoggedBattery(datalog, profile)
        self._first = datalog.rows[0].local_minute
        self._wire = wire
        self._pace = pace
        self._bursts = max(1, math.floor(60 / period_s + 1e-9))
        self._period_s = 60 / self._bursts
        self._on_minute = on_minute

    @property
    def minutes(self) -> list[BatteryMinute]:
        """What is played: the battery's minutes as logged."""
        return self._battery.minutes

    async def run(self, linger_s: float = 0.0) -> None:
        """Open the wire, play all of it, let the clock go on for `linger_s` real seconds, close the wire."""
        await self._wire.start()
        try:
            await self.play()
            await self._pace.linger(linger_s)
        finally:
            await self._wire.close()

    async def play(self, until_minute: int | None = None) -> None:
        """Play on to just before the minute with this index (0 is the log's first), or to the end."""
        end = len(self.minutes) if until_minute is None else min(until_minute, len(self.minutes))
        self._pace.resume()
        while self.minute < end:
            here = self.minutes[self.minute]
            await self._play_minute(here)
            self.minute += 1
            if self.minute < len(self.minutes):
                silent_minutes = self.minutes[self.minute].local_minute - here.local_minute - 1
                await self._pace.advance(60.0 * max(0, silent_minutes))
            self._on_minute(self.minute)

    async def _play_minute(self, minute: BatteryMinute) -> None:
        frames: Frames = []
        for nth in range(1, self._bursts + 1):
            await self._pace.advance(self._period_s / 2)
            frames = self._battery.burst(minute)
            await self._send(frames)
            if nth == self._bursts:
                await self._outlive_listeners(frames)
            await self._pace.advance(self._period_s / 2)
        await self._pace.settle(self._SETTLE_S)

    async def _outlive_listeners(self, frames: Frames) -> None:
        """Before the minute ends: if the listener died with it unsaved, tell the next one."""
        await self._pace.settle(self._SETTLE_S)
        while not self._wire.heard():
            await self._send(frames)
            await self._pace.settle(self._SETTLE_S)

    async def _send(self, frames: Frames) -> None:
        """Send one burst and return when a listener has had time to take it in."""
        heard = False
        while not heard:
            await self._wire.listening()
            for can_id, data in frames:
                await self._wire.send(can_id, data)
            await self._wire.drained()
            heard = self._wire.heard()


class _LoggedBattery:
    """The battery a datalog tells of, as the states and frames it would have sent."""

    def __init__(self, datalog: Datalog, profile: str) -> None:
        self.minutes = battery_minutes(datalog)
        self._profile = profile
        self._current = Diffuser(0.1)
        self._temperature = Diffuser(0.1)
        self._known = _known_limits(datalog, self.minutes)
        try:
            encode_burst(profile, self._known)
        except ValueError as error:
            raise OperatorError(f"{error}; choose a profile that can be sent, such as sma") from error

    def burst(self, minute: BatteryMinute) -> Frames:
        """The frames of one burst; what the log does not tell is left out, not sent as zero."""
        if minute.voltage_v is None or minute.current_a is None:
            return []
        state = replace(
            self._known,
            voltage_v=minute.voltage_v,
            current_a=self._current.round(minute.current_a),
            soc_pct=minute.soc_pct or 0.0,
            temperature_c=self._temperature.round(minute.temperature_c or 0.0),
        )
        frames = encode_burst(self._profile, state)
        if minute.soc_pct is None:
            frames = [frame for frame in frames if frame[0] != _SOC_FRAME]
        if minute.temperature_c is None:
            frames = [_without_temperature(*frame) for frame in frames]
        return frames


def _without_temperature(can_id: int, data: bytes) -> tuple[int, bytes]:
    return can_id, data[:_WITHOUT_TEMPERATURE] if can_id == _MEASURES_FRAME else data


def _known_limits(datalog: Datalog, minutes: list[BatteryMinute]) -> BatteryState:
    """A state with the limits set in the Xtender, widened to what the log shows."""
    set_to = {number: values[0] for number, values in datalog.parameters if values and values[0]}
    voltages_v = [minute.voltage_v for minute in minutes if minute.voltage_v is not None]
    currents_a = [minute.current_a for minute in minutes if minute.current_a is not None]
    if not voltages_v or not currents_a:
        raise OperatorError(
            "the datalog tells no battery voltage and current; give one with a BSP or an Xtender"
        )
    charge_a = max(set_to.get(_CHARGE_CURRENT) or 0.0, *currents_a)
    return BatteryState(
        voltage_v=voltages_v[0],
        current_a=0.0,
        soc_pct=0.0,
        charge_voltage_limit_v=max(set_to.get(_ABSORPTION_VOLTAGE) or 0.0, *voltages_v),
        discharge_voltage_limit_v=min(set_to.get(_LOW_VOLTAGE) or 40.0, *voltages_v),
        charge_current_limit_a=charge_a,
        discharge_current_limit_a=max(charge_a, -min(currents_a)),
        modules=1,
        capacity_ah=set_to.get(_CAPACITY),
    )
