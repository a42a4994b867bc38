"""The supervised reader of the cells: it asks, waits, and opens the port anew when it is gone."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from stallaini.clock import Clock
from stallaini.devices.can_bus.frame import EventData
from stallaini.devices.ports.opening import open_port
from stallaini.devices.ports.port import OpenPort, Port, PortLost
from stallaini.devices.pylontech_rs485.device import Ask, PylontechCells
from stallaini.devices.pylontech_rs485.frame import FrameReader
from stallaini.site.reading import Reading

ANSWER_TIMEOUT_S = 1.0
"""The longest pause before and within an answer; real batteries begin after some 10 ms."""
FIRST_RETRY_S, LAST_RETRY_S = 1.0, 30.0
QUIET_S = 0.05
"""The pause before each request."""

_MOST_BYTES = 10_000
"""More than twice the longest answer: a line that babbles on answers nothing."""


class CellsReader:
    """Asks one stack over one port for as long as `run` runs.

    Readings and events go to the callbacks in order; `PylontechCells.poll` says which events there are.
    """

    def __init__(
        self,
        port_spec: str,
        cells: PylontechCells,
        clock: Clock,
        on_reading: Callable[[Reading], None],
        on_event: Callable[[str, EventData], None],
        open_port: Callable[[str], Awaitable[OpenPort]] = open_port,
    ) -> None:
        self._spec = port_spec
        self._cells = cells
        self._clock = clock
        self._on_reading = on_reading
        self._on_event = on_event
        self._open_port = open_port
        self._retry_s = FIRST_RETRY_S

    async def run(self) -> None:
        """Ask until cancelled. An exception of a callback ends it; one of the port never does."""
        while True:
            try:
                await self._converse(await self._open_port(self._spec))
            except PortLost as lost:
                self._cells.port_lost(str(lost))
            self._tell()
            await self._clock.sleep(self._retry_s)
            self._retry_s = min(LAST_RETRY_S, self._retry_s * 2)

    async def _converse(self, port: OpenPort) -> None:
        """Returns never; raises PortLost."""
        try:
            self._cells.port_opened(self._spec, self._clock.monotonic_s())
            while True:
                await self.ask_due(port)
                await self._clock.sleep(self._cells.wait_s(self._clock.monotonic_s()))
        finally:
            port.close()

    async def ask_due(self, port: Port) -> None:
        """Ask all that is due now, and hand out what comes of it. Raises PortLost."""
        while (ask := self._cells.next_ask(self._clock.monotonic_s())) is not None:
            await self._ask(port, ask)
            self._tell()
        self._tell()

    async def _ask(self, port: Port, ask: Ask) -> None:
        await port.receive(QUIET_S)  # what came unasked answers nothing
        await port.send(ask.encode())
        frames, received = FrameReader(), 0
        while received < _MOST_BYTES and (data := await port.receive(ANSWER_TIMEOUT_S)):
            received += len(data)
            for frame in frames.feed(data):
                readings = self._cells.take(ask, frame, self._clock.monotonic_s())
                if readings is not None:
                    self._retry_s = FIRST_RETRY_S
                    for reading in readings:
                        self._on_reading(reading)
                    return
        self._cells.missed(ask)

    def _tell(self) -> None:
        for kind, data in self._cells.poll(self._clock.monotonic_s()):
            self._on_event(kind, data)
