"""The edge as it runs on the site: wires in, journal, link out."""

from __future__ import annotations

import asyncio
import dataclasses
import fcntl
import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from stallaini.clock import Clock
from stallaini.devices.can_battery.battery import CanBattery
from stallaini.devices.can_bus.frame import Frame
from stallaini.devices.can_bus.reader import CanReader
from stallaini.devices.pylontech_rs485.device import PylontechCells
from stallaini.devices.pylontech_rs485.reader import CellsReader
from stallaini.edge.boot import read_boot_id
from stallaini.edge.command_kinds import Handler
from stallaini.edge.core import EdgeCore
from stallaini.edge.exchange import Exchange
from stallaini.edge.inbox import Inbox
from stallaini.edge.journal import Origin
from stallaini.edge.keeper import JournalKeeper
from stallaini.edge.meter import Meter
from stallaini.edge.timekeeper import keeping
from stallaini.errors import OperatorError
from stallaini.link.model_files import read_site_model
from stallaini.site.config import DeviceConfig, SiteConfig
from stallaini.site.reading import Reading

logger = logging.getLogger(__name__)

JOURNAL_FILE, INBOX_FILE = "journal.db", "commands.db"
_LOCK_FILE = "edge.lock"
_CAN_BATTERY, _CELLS = "can_battery", "pylontech_rs485"
_POLL_S = 1.0


def open_core(
    config: SiteConfig,
    data_dir: Path | None,
    clock: Clock,
    exchange: Exchange,
    boot_id: bytes | None = None,
    meter: Meter | None = None,
    handlers: Sequence[Handler] = (),
) -> EdgeCore:
    """The core of a site over journal and inbox in `data_dir` (None: in RAM, for simulated history)."""
    model = None if data_dir is None else read_site_model(data_dir)
    if model is not None:
        description = msgspec.structs.replace(config.description, minute_model=model.id.hex())
        config = dataclasses.replace(config, description=description)
    origin = Origin(boot_id or read_boot_id(), config.description.encode())
    path = None if data_dir is None else data_dir / JOURNAL_FILE
    time = keeping(clock, trusted=config.clock.trusted)
    keeper = JournalKeeper(path, int(config.journal.max_mb * 1e6), time, origin)
    time.remember(keeper.booted_s)
    inbox = Inbox(None if data_dir is None else data_dir / INBOX_FILE)
    return EdgeCore(config, keeper, origin, time, exchange, model, inbox, meter, handlers)


async def run_edge(
    config: SiteConfig,
    data_dir: Path,
    clock: Clock,
    exchange: Exchange,
    poked: asyncio.Event | None = None,
    opened: Callable[[EdgeCore], None] = lambda _: None,
    meter: Meter | None = None,
) -> None:
    """Run the site's edge until cancelled; the exchange sets `poked` when the server wants to be called.

    `opened` is called with the core before anything runs.

    Raises OperatorError when another edge uses `data_dir`.
    """
    lock = _lock(data_dir)
    try:
        core = open_core(config, data_dir, clock, exchange, meter=meter)
        try:
            opened(core)
            await _Program(config, clock, core, poked or asyncio.Event()).run()
        finally:
            core.stopped()
    finally:
        os.close(lock)


class _Program:
    """The wires around a core: a reader for each bus, the core's clock, the courier, the commands."""

    def __init__(self, config: SiteConfig, clock: Clock, core: EdgeCore, poked: asyncio.Event) -> None:
        self._clock = clock
        self._core = core
        self._poked = poked
        self._buses: dict[str, list[CanBattery]] = {}
        self._cells: list[CellsReader] = []
        for device in config.devices:
            self._add(device)
        self._readers = [
            CanReader(bus, clock, self._feeder(batteries), core.on_event)
            for bus, batteries in self._buses.items()
        ]

    async def run(self) -> None:
        """Read, sample and deliver until cancelled."""
        self._core.started()
        async with asyncio.TaskGroup() as tasks:
            for reader in self._readers:
                tasks.create_task(reader.run())
            for cells in self._cells:
                tasks.create_task(cells.run())
            tasks.create_task(self._core.keep_time())
            tasks.create_task(self._poll())
            tasks.create_task(self._core.courier.run())
            tasks.create_task(self._core.commands.run())
            tasks.create_task(self._answer_pokes())

    def _add(self, device: DeviceConfig) -> None:
        """Batteries on the same bus share its reader."""
        if device.kind == _CELLS:
            self._cells.append(self._cells_reader(device))
            return
        if device.kind != _CAN_BATTERY:
            logger.warning("device %s: the edge cannot read a %s", device.name, device.kind)
            return
        battery = CanBattery(device.name, str(device.settings.get("profile", "auto")))
        self._buses.setdefault(str(device.settings["bus"]), []).append(battery)

    def _cells_reader(self, device: DeviceConfig) -> CellsReader:
        settings = device.settings
        cells = PylontechCells(
            device.name, int(settings["group"]), int(settings["modules"]), float(settings["poll_s"])
        )
        return CellsReader(str(settings["port"]), cells, self._clock, self._take, self._core.on_event)

    def _take(self, reading: Reading) -> None:
        self._core.ticker.heard(reading.monotonic_s)
        self._core.on_reading(reading)

    def _feeder(self, batteries: list[CanBattery]) -> Callable[[Frame], None]:
        def feed(frame: Frame) -> None:
            self._core.ticker.heard(frame.monotonic_s)
            for battery in batteries:
                for reading in battery.feed(frame):
                    self._core.on_reading(reading)

        return feed

    async def _poll(self) -> None:
        """Ask each battery once a second what happened to it: found, lost, heard again."""
        batteries = [battery for shared in self._buses.values() for battery in shared]
        while True:
            await self._clock.sleep(_POLL_S)
            for battery in batteries:
                for kind, data in battery.poll(self._clock.monotonic_s()):
                    self._core.on_event(kind, data)

    async def _answer_pokes(self) -> None:
        while True:
            await self._poked.wait()
            self._poked.clear()
            self._core.poked()


def _lock(data_dir: Path) -> int:
    """An exclusive lock on the data folder, held while the returned descriptor is open."""
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(data_dir / _LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise OperatorError(
            f"another stallaini edge runs on {data_dir}: stop it, or use another --data"
        ) from None
    return handle
