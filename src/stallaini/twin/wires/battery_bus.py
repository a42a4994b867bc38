"""The twin's battery on a CAN bus: one burst of true frames each second."""

from __future__ import annotations

from dataclasses import replace

from stallaini.devices.can_battery.simulator import encode_burst
from stallaini.devices.can_bus.simbus import ERROR
from stallaini.twin.life import Life
from stallaini.twin.wires.speech import Speech, speech_of
from stallaini.twin.wires.wire import Wire


class BatteryBus:
    """Says on the wire what the battery of a house would.

    `silenced` holds the reasons why it says nothing now; `error_frames` are classes of SocketCAN error
    frames that go out before the next burst.
    """

    def __init__(self, life: Life, wire: Wire, profile: str = "pylontech-1.2") -> None:
        self.silenced: set[str] = set()
        self.error_frames: list[int] = []
        self._life = life
        self._wire = wire
        self._speech: Speech = speech_of(profile)

    @property
    def sayable(self) -> frozenset[str]:
        """The protections, alarms and warnings this battery can raise."""
        return self._speech.sayable

    async def send(self) -> None:
        """Send one burst."""
        while self.error_frames:
            await self._wire.send(ERROR | self.error_frames.pop(0), bytes(8))
        if self.silenced:
            return
        state = self._life.house.state().bms
        if state.raised:
            state = replace(state, raised=state.raised & self.sayable)
        for can_id, data in encode_burst(self._speech.profile, state):
            await self._wire.send(can_id, self._speech.named(can_id, data))
