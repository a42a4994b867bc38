"""What a device's driver needs of a wire that carries bytes both ways."""

from __future__ import annotations

from typing import Protocol


class PortLost(Exception):
    """The wire is gone: unplugged, closed by the other end, or never there. The message says how."""


class Port(Protocol):
    """Bytes out, bytes in. Timeouts go through the port, so that one in virtual time need not wait."""

    async def send(self, data: bytes) -> None:
        """Send all of `data`. Raises PortLost."""

    async def receive(self, timeout_s: float) -> bytes:
        """Whatever bytes have come, b"" when none came within `timeout_s` (0: now). Raises PortLost."""


class OpenPort(Port, Protocol):
    """A port that was opened and is to be closed; closing never raises."""

    def close(self) -> None:
        """Let the wire go."""
