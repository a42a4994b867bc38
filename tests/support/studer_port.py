"""A SCOM gateway in this process, in virtual time: a time-out costs nothing but the clock's seconds."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from stallaini.clock import VirtualClock
from stallaini.devices.studer.exchange import Patience
from stallaini.devices.studer.frame import FrameReader
from stallaini.devices.studer.master import ScomMaster
from stallaini.devices.studer.port import PortLost
from stallaini.devices.studer.service import Request, decode_request
from stallaini.devices.studer.simulator import MemoryPlant, ScomGateway

MIDNIGHT_S = 1_750_000_000.0

INFOS = {
    101: {3000: 53.25, 3031: 1.0, 3028: 1.0, 3136: 1.5, 3130: 256.0, 3131: 0x061C},
    301: {11000: 53.5, 11004: 0.75, 11016: 3.0},
    601: {7002: 87.5, 7003: -250.0},
}


class InProcessPort:
    """Hands what is sent to the gateway at once; what it answers waits to be received."""

    def __init__(self, gateway: ScomGateway, clock: VirtualClock) -> None:
        self.respond: Callable[[bytes], bytes] = gateway.feed
        self.clock = clock
        self.sent: list[Request] = []
        self.sent_at_s: list[float] = []
        self.lost = False
        self.coming: deque[tuple[float, bytes]] = deque()
        """What is on its way: from which moment on it can be received, and the bytes."""

    async def send(self, data: bytes) -> None:
        if self.lost:
            raise PortLost("unplugged")
        (frame,) = FrameReader().feed(data)
        self.sent.append(decode_request(frame.data))
        self.sent_at_s.append(self.clock.monotonic_s())
        self.put(self.respond(data))

    def put(self, data: bytes, after_s: float = 0.0) -> None:
        """Let `data` arrive after so many seconds."""
        if data:
            self.coming.append((self.clock.monotonic_s() + after_s, data))

    async def receive(self, timeout_s: float) -> bytes:
        if self.lost:
            raise PortLost("unplugged")
        ends_s = self.clock.monotonic_s() + timeout_s
        if not self.coming or self.coming[0][0] > ends_s:
            self.clock.advance(timeout_s)
            return b""
        at_s, data = self.coming.popleft()
        self.clock.advance(max(0.0, at_s - self.clock.monotonic_s()))
        return data


class Bench:
    """A plant, its gateway, the port and a master."""

    def __init__(self, *, multi_info: bool = True, patience: Patience | None = None) -> None:
        self.clock = VirtualClock(MIDNIGHT_S)
        self.plant = MemoryPlant(INFOS)
        self.gateway = ScomGateway(self.plant, self.clock.wall_s, multi_info=multi_info)
        self.port = InProcessPort(self.gateway, self.clock)
        self.master = ScomMaster(self.port, self.clock, patience=patience)
