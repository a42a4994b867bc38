"""The wires of a site: its devices by what they hang on, each wire with a reader that feeds the core."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from stallaini.clock import Clock
from stallaini.devices.can_battery.battery import CanBattery
from stallaini.devices.can_bus.frame import Frame
from stallaini.devices.can_bus.reader import CanReader
from stallaini.devices.pylontech_rs485.device import PylontechCells
from stallaini.devices.pylontech_rs485.reader import CellsReader
from stallaini.devices.studer.device import KINDS as STUDER_KINDS
from stallaini.devices.studer.device import StuderDevice
from stallaini.devices.studer.wire import StuderWire
from stallaini.edge.core import EdgeCore
from stallaini.site.config import DeviceConfig, SiteConfig
from stallaini.site.reading import Reading

logger = logging.getLogger(__name__)

_CAN_BATTERY, _CELLS, _STUDER_GATEWAY = "can_battery", "pylontech_rs485", "studer_gateway"
_POLL_S = 1.0


class Wires:
    """Everything that is read on a site. `studer` are its Studer gateways by name."""

    def __init__(self, config: SiteConfig, data_dir: Path, clock: Clock, core: EdgeCore) -> None:
        self._clock = clock
        self._core = core
        self._cells: list[CellsReader] = []
        buses: dict[str, list[CanBattery]] = {}
        gateways: list[DeviceConfig] = []
        behind: dict[str, list[StuderDevice]] = {}
        for device in config.devices:
            if device.kind == _CAN_BATTERY:
                battery = CanBattery(device.name, str(device.settings.get("profile", "auto")))
                buses.setdefault(str(device.settings["bus"]), []).append(battery)
            elif device.kind == _CELLS:
                self._cells.append(self._cells_reader(device))
            elif device.kind == _STUDER_GATEWAY:
                gateways.append(device)
            elif device.kind in STUDER_KINDS:
                asked = StuderDevice(device.name, device.kind, device.settings)
                behind.setdefault(str(device.settings["gateway"]), []).append(asked)
            else:
                logger.warning("device %s: the edge cannot read a %s", device.name, device.kind)
        self._batteries = [battery for shared in buses.values() for battery in shared]
        self._readers = [
            CanReader(bus, clock, self._feeder(batteries), core.on_event) for bus, batteries in buses.items()
        ]
        self.studer = {
            gateway.name: self._studer(gateway, behind.get(gateway.name, []), data_dir)
            for gateway in gateways
        }

    async def run(self) -> None:
        """Read until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for reader in self._readers:
                tasks.create_task(reader.run())
            for cells in self._cells:
                tasks.create_task(cells.run())
            for wire in self.studer.values():
                tasks.create_task(wire.run())
            tasks.create_task(self._watch_batteries())

    def _cells_reader(self, device: DeviceConfig) -> CellsReader:
        settings = device.settings
        cells = PylontechCells(
            device.name, int(settings["group"]), int(settings["modules"]), float(settings["poll_s"])
        )
        return CellsReader(str(settings["port"]), cells, self._clock, self._take, self._core.on_event)

    def _studer(self, gateway: DeviceConfig, devices: list[StuderDevice], data_dir: Path) -> StuderWire:
        memory = data_dir / f"studer-{gateway.name}.json"
        return StuderWire(
            gateway.name, gateway.settings, devices, self._clock, self._take, self._core.on_event, memory
        )

    def _take(self, reading: Reading) -> None:
        self._core.ticker.heard(reading.monotonic_s)
        self._core.on_reading(reading)

    def _feeder(self, batteries: list[CanBattery]) -> Callable[[Frame], None]:
        """Batteries on the same bus share its reader."""

        def feed(frame: Frame) -> None:
            self._core.ticker.heard(frame.monotonic_s)
            for battery in batteries:
                for reading in battery.feed(frame):
                    self._core.on_reading(reading)

        return feed

    async def _watch_batteries(self) -> None:
        """Ask each battery once a second what happened to it: found, lost, heard again."""
        while True:
            await self._clock.sleep(_POLL_S)
            for battery in self._batteries:
                for kind, data in battery.poll(self._clock.monotonic_s()):
                    self._core.on_event(kind, data)
