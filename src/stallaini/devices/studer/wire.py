"""The wire of a Studer gateway: its port, the master that asks through it, and the loop that polls."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from stallaini.clock import Clock
from stallaini.devices.can_bus.frame import EventData, Frame
from stallaini.devices.ports.reopening import ReopeningPort, reopening_port
from stallaini.devices.studer.asker import StuderAsker
from stallaini.devices.studer.can_master import CanMaster
from stallaini.devices.studer.can_port import CanPort, open_frame_port
from stallaini.devices.studer.device import StuderDevice
from stallaini.devices.studer.gateway import StuderGateway
from stallaini.devices.studer.master import ScomMaster
from stallaini.devices.studer.memory import Memory
from stallaini.devices.studer.messages import StoredMessage
from stallaini.devices.studer.port import PortLost
from stallaini.site.kinds import Value
from stallaini.site.port_line import parse_port
from stallaini.site.reading import Reading

PARITY = "E"
"""An Xcom-232i speaks 8E1."""
PAUSE_S = 1.0
"""At least this between two rounds, so that a slow gateway has time for its own displays."""


class StuderWire:
    """One gateway as the site file has it. `asker` is for whoever else has something to ask or to set.

    Raises ValueError when `settings` name no port; nothing is opened before `run`.
    """

    def __init__(
        self,
        name: str,
        settings: Mapping[str, Value],
        devices: Sequence[StuderDevice],
        clock: Clock,
        on_reading: Callable[[Reading], None],
        on_event: Callable[[str, EventData], None],
        memory_file: Path | None = None,
    ) -> None:
        line = str(settings["port"])
        self._clock = clock
        self._port: ReopeningPort | _ReopeningFramePort
        self.asker: StuderAsker
        if parse_port(line).is_can:
            self._port = _ReopeningFramePort(line, settings.get("transmit") is True, clock)
            self.asker = CanMaster(self._port, clock, on_message=self._hear_message)
        else:
            self._port = reopening_port(line, PARITY)
            self.asker = ScomMaster(self._port, clock)
        self.gateway = StuderGateway(
            name, devices, self.asker, clock, on_reading, on_event, Memory(memory_file)
        )

    async def run(self) -> None:
        """Poll until cancelled."""
        try:
            while True:
                await self.gateway.poll()
                left_s = self.gateway.next_due_s() - self._clock.monotonic_s()
                await self._clock.sleep(max(PAUSE_S, left_s))
        finally:
            self._port.close()

    def _hear_message(self, stored: StoredMessage) -> None:
        self.gateway.hear_message(stored)


class _ReopeningFramePort:
    """A CAN bus that is opened when first used and anew after each loss. Implements `FramePort`."""

    def __init__(self, line: str, transmit: bool, clock: Clock) -> None:
        self._line = line
        self._transmit = transmit
        self._clock = clock
        self._port: CanPort | None = None

    async def send(self, can_id: int, data: bytes) -> None:
        port = await self._opened()
        try:
            await port.send(can_id, data)
        except PortLost:
            self.close()
            raise

    async def receive(self, timeout_s: float) -> Frame | None:
        port = await self._opened()
        try:
            return await port.receive(timeout_s)
        except PortLost:
            self.close()
            raise

    def close(self) -> None:
        if self._port is not None:
            self._port.close()
            self._port = None

    async def _opened(self) -> CanPort:
        if self._port is None:
            self._port = await open_frame_port(self._line, self._transmit, self._clock)
        return self._port
