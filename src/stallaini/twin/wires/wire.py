"""The sending end of a CAN bus, for the twin and for replay: a hub of our own, or any bus by its name."""

from __future__ import annotations

import asyncio
from typing import Protocol

import can

from stallaini.devices.can_bus.interfaces import bus_arguments
from stallaini.devices.can_bus.simbus import ERROR, Hub
from stallaini.errors import OperatorError

_HUB = "simbus"


class Wire(Protocol):
    """Where frames go."""

    async def start(self) -> None:
        """Open it. Raises OperatorError."""

    async def send(self, can_id: int, data: bytes) -> None:
        """Put one frame on the bus: an 11-bit id, or ERROR and the class of a SocketCAN error frame."""

    async def listening(self) -> None:
        """Return when somebody listens, at once where the bus cannot tell."""

    def heard(self) -> bool:
        """Whether somebody listens now, True where the bus cannot tell."""

    async def drained(self) -> None:
        """Return when every listener has read everything, at once where the bus cannot tell."""

    async def close(self) -> None:
        """Leave the bus."""


class HubWire:
    """A bus between processes of this machine, which this process serves itself."""

    _POLL_S = 0.005

    def __init__(self, path: str) -> None:
        self._hub = Hub(path)

    async def start(self) -> None:
        """Serve the bus. Raises OperatorError when the path is taken or not writable."""
        await self._hub.start()

    async def send(self, can_id: int, data: bytes) -> None:
        """Put one frame on the bus, waiting for slow listeners."""
        await self._hub.send(can_id, data)

    async def listening(self) -> None:
        """Return when at least one listener is connected."""
        while not self.heard():  # noqa: ASYNC110 - the hub tells no event
            await asyncio.sleep(self._POLL_S)

    def heard(self) -> bool:
        """Whether a listener is connected."""
        return self._hub.peers > 0

    async def drained(self) -> None:
        """Return when every listener has read every frame."""
        await self._hub.drained()

    async def close(self) -> None:
        """Drop the listeners and remove the socket."""
        await self._hub.close()


class BusWire:
    """A bus that python-can opens; it cannot tell who listens."""

    def __init__(self, spec: str) -> None:
        self._spec = spec
        self._arguments = bus_arguments(spec)
        self._arguments.pop("listen_only", None)
        self._bus: can.BusABC | None = None

    async def start(self) -> None:
        """Open the bus. Raises OperatorError when it cannot be opened."""
        try:
            self._bus = can.Bus(**self._arguments)
        except (can.CanError, OSError, ImportError, ValueError) as error:
            reason = f"cannot open the bus {self._spec}: {error}"
            raise OperatorError(f"{reason}; check that the interface exists and is up") from error

    async def send(self, can_id: int, data: bytes) -> None:
        """Put one frame on the bus. Raises OperatorError when the bus refuses it.

        A bus that carries no error frames (SocketCAN) lets them drop.
        """
        if self._bus is None:
            raise RuntimeError("send before start")
        is_error = bool(can_id & ERROR)
        frame = can.Message(
            arbitration_id=can_id & ~ERROR, data=data, is_extended_id=False, is_error_frame=is_error
        )
        try:
            self._bus.send(frame, timeout=1.0)
        except can.CanError as error:
            if is_error:
                return
            raise OperatorError(f"the bus {self._spec} refuses frames: {error}") from error

    async def listening(self) -> None:
        """Return at once."""

    def heard(self) -> bool:
        """Return True: nobody can tell."""
        return True

    async def drained(self) -> None:
        """Return at once."""

    async def close(self) -> None:
        """Close the bus."""
        if self._bus is not None:
            self._bus.shutdown()


def wire_of(spec: str) -> Wire:
    """The wire that `spec` names: `simbus:/path.sock`, `socketcan:vcan0`, `udp_multicast:239.74.163.2`, ...

    Raises OperatorError when the spec has no known form.
    """
    arguments = bus_arguments(spec)
    return HubWire(arguments["channel"]) if arguments["interface"] == _HUB else BusWire(spec)
