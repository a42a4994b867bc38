"""The devices of a site as one run of its edge's program knows them, over wires inside this process."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from stallaini.clock import VirtualClock
from stallaini.devices.can_battery.battery import CanBattery
from stallaini.devices.can_bus.frame import Frame
from stallaini.devices.pylontech_rs485.device import PylontechCells
from stallaini.devices.pylontech_rs485.reader import CellsReader
from stallaini.devices.pylontech_rs485.simulator import PackPort, Rs485Pack
from stallaini.devices.studer.device import StuderDevice
from stallaini.devices.studer.gateway import StuderGateway
from stallaini.devices.studer.master import ScomMaster
from stallaini.devices.studer.memory import Memory
from stallaini.edge.core import EdgeCore
from stallaini.site.config import DeviceConfig, SiteConfig

_CAN_BATTERY, _CELLS, _GATEWAY = "can_battery", "pylontech_rs485", "studer_gateway"


@dataclass(frozen=True)
class Ends:
    """The far ends of a site's byte wires: bytes in, what is answered out."""

    scom: Callable[[bytes], bytes]
    cells: Rs485Pack


class ScomPort:
    """A port with a simulated gateway at its other end, which answers at once or not at all."""

    def __init__(self, answer: Callable[[bytes], bytes]) -> None:
        self._answer = answer
        self._said = b""

    async def send(self, data: bytes) -> None:
        """The gateway hears it at once."""
        self._said += self._answer(data)

    async def receive(self, timeout_s: float) -> bytes:  # noqa: ARG002 - nothing is waited for
        """What the gateway has said."""
        said, self._said = self._said, b""
        return said


class EdgeEnd:
    """Decoders and drivers of a site's devices; what they make of the bytes goes to the core.

    What a driver keeps over restarts lies in `data_dir`, None: in RAM.
    """

    def __init__(
        self, config: SiteConfig, core: EdgeCore, clock: VirtualClock, ends: Ends, data_dir: Path | None
    ) -> None:
        self._config = config
        self._core = core
        self._clock = clock
        self._batteries = [
            CanBattery(device.name, str(device.settings.get("profile", "auto")))
            for device in self._of_kind(_CAN_BATTERY)
        ]
        self._gateways = [self._gateway(wire.name, ends.scom, data_dir) for wire in self._of_kind(_GATEWAY)]
        self._cells = [self._cells_reader(device) for device in self._of_kind(_CELLS)]
        self._cells_port = PackPort(ends.cells)

    def hear(self, frames: list[tuple[int, bytes]]) -> None:
        """Frames came on the bus."""
        now_s = self._clock.monotonic_s()
        self._core.ticker.heard(now_s)
        for can_id, data in frames:
            frame = Frame(can_id, data, now_s)
            for battery in self._batteries:
                for reading in battery.feed(frame):
                    self._core.on_reading(reading)
        for battery in self._batteries:
            for kind, event in battery.poll(now_s):
                self._core.on_event(kind, event)

    async def ask(self) -> None:
        """Ask all that is due of the devices that answer; they do at once, so all of it is of one instant."""
        self._core.ticker.heard(self._clock.monotonic_s())
        for gateway in self._gateways:
            await gateway.poll()
        for cells in self._cells:
            await cells.ask_due(self._cells_port)

    def _of_kind(self, kind: str) -> Iterator[DeviceConfig]:
        return (device for device in self._config.devices if device.kind == kind)

    def _gateway(self, name: str, scom: Callable[[bytes], bytes], data_dir: Path | None) -> StuderGateway:
        devices = [
            StuderDevice(device.name, device.kind, device.settings)
            for device in self._config.devices
            if device.settings.get("gateway") == name
        ]
        return StuderGateway(
            name,
            devices,
            ScomMaster(ScomPort(scom), self._clock),
            self._clock,
            self._core.on_reading,
            self._core.on_event,
            Memory(None if data_dir is None else data_dir / f"studer-{name}.json"),
        )

    def _cells_reader(self, device: DeviceConfig) -> CellsReader:
        settings = device.settings
        cells = PylontechCells(
            device.name, int(settings["group"]), int(settings["modules"]), float(settings["poll_s"])
        )
        port = str(settings["port"])
        cells.port_opened(port, self._clock.monotonic_s())
        return CellsReader(port, cells, self._clock, self._core.on_reading, self._core.on_event)
