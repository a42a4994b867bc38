"""The Studer system on a CAN bus: an Xcom-CAN in its public, tolerant mode."""

from __future__ import annotations

import asyncio

import can

from stallaini.devices.can_bus.interfaces import bus_arguments
from stallaini.devices.studer.messages import StoredMessage
from stallaini.devices.studer.simulator import CanNode
from stallaini.errors import OperatorError
from stallaini.twin.wires.studer_plant import StuderPlant
from stallaini.twin.wires.wire import HubWire, wire_of


class XcomCanFace:
    """Answers 29-bit questions on a bus, and tells messages unasked; other frames are none of its business.

    A simulated bus that nobody serves yet (`served` names the one that is) is served here.
    """

    def __init__(self, spec: str, plant: StuderPlant, served: str | None = None) -> None:
        self._spec = spec
        self._plant = plant
        self._node = CanNode(plant)
        self._told: StoredMessage | None = None
        wire = None if spec == served else wire_of(spec)
        self._hub = wire if isinstance(wire, HubWire) else None
        self._bus: can.BusABC | None = None
        self._notifier: can.Notifier | None = None

    async def start(self) -> None:
        """Open the bus and answer. Raises OperatorError when it cannot be opened."""
        if self._hub is not None:
            await self._hub.start()
        try:
            arguments = bus_arguments(self._spec)
            arguments.pop("listen_only", None)
            self._bus = can.Bus(**arguments)
        except (can.CanError, OSError, ImportError, ValueError) as error:
            reason = f"cannot open the bus {self._spec}: {error}"
            raise OperatorError(f"{reason}; check that the interface exists and is up") from error
        self._notifier = can.Notifier(self._bus, [self._hear], loop=asyncio.get_running_loop())

    def _hear(self, message: can.Message) -> None:
        if not message.is_extended_id or message.is_error_frame or message.is_remote_frame:
            return
        for can_id, data in self._node.answer(message.arbitration_id, bytes(message.data)):
            self._send(can_id, data)

    def tell_news(self) -> None:
        """Send the messages stored since the last call, oldest first."""
        news = []
        for stored in self._plant.messages():
            if stored is self._told:
                break
            news.append(stored)
        for stored in reversed(news):
            self._send(*self._node.message(stored))
            self._told = stored

    def _send(self, can_id: int, data: bytes) -> None:
        assert self._bus is not None
        self._bus.send(can.Message(arbitration_id=can_id, data=data, is_extended_id=True), timeout=1.0)

    @property
    def busy(self) -> bool:
        """Whether it refuses everything for now."""
        return self._node.busy

    @busy.setter
    def busy(self, busy: bool) -> None:
        self._node.busy = busy

    def restart(self) -> None:
        """It starts anew; on CAN nothing tells so but the devices' messages."""

    async def close(self) -> None:
        """Leave the bus."""
        if self._notifier is not None:
            self._notifier.stop(timeout=1.0)
        if self._bus is not None:
            self._bus.shutdown()
        if self._hub is not None:
            await self._hub.close()
