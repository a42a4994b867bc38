"""The two wires a Studer gateway hangs on: a stream of bytes, or CAN frames. Time-outs go through them."""

from __future__ import annotations

from typing import Protocol

from stallaini.devices.can_bus.frame import Frame


class PortLost(Exception):
    """The wire is gone - unplugged, closed, refused - and has to be opened anew."""


class Port(Protocol):
    """A stream of bytes to and from a gateway. Both methods raise PortLost."""

    async def send(self, data: bytes) -> None:
        """Hand all of `data` to the wire."""

    async def receive(self, timeout_s: float) -> bytes:
        """The bytes that came, at least one, or b"" when none came within `timeout_s`."""


class FramePort(Protocol):
    """A CAN bus that carries extended frames both ways. Both methods raise PortLost."""

    async def send(self, can_id: int, data: bytes) -> None:
        """Put one frame with a 29-bit identifier on the bus."""

    async def receive(self, timeout_s: float) -> Frame | None:
        """The next frame of any kind, or None when none came within `timeout_s`."""
