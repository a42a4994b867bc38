"""The two wires a Studer gateway hangs on: a stream of bytes, or CAN frames. Time-outs go through them."""

from __future__ import annotations

from typing import Protocol

from stallaini.devices.can_bus.frame import Frame
from stallaini.devices.ports.port import Port, PortLost

__all__ = ["FramePort", "Port", "PortLost"]


class FramePort(Protocol):
    """A CAN bus that carries extended frames both ways. Both methods raise PortLost."""

    async def send(self, can_id: int, data: bytes) -> None:
        """Put one frame with a 29-bit identifier on the bus."""

    async def receive(self, timeout_s: float) -> Frame | None:
        """The next frame, or None when none came within `timeout_s`; 0 does not wait."""
