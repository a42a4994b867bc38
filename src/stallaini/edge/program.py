"""The edge as it runs on the site: wires in, journal, link out."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
from collections.abc import Callable
from pathlib import Path

from stallaini.clock import Clock
from stallaini.devices.can_battery.battery import CanBattery
from stallaini.devices.can_bus.frame import Frame
from stallaini.devices.can_bus.reader import CanReader
from stallaini.edge.boot import read_boot_id
from stallaini.edge.core import EdgeCore
from stallaini.edge.exchange import Exchange
from stallaini.edge.journal import Origin
from stallaini.edge.keeper import JournalKeeper
from stallaini.edge.minutes import MinuteTicker
from stallaini.errors import OperatorError
from stallaini.site.config import DeviceConfig, SiteConfig

logger = logging.getLogger(__name__)

JOURNAL_FILE = "journal.db"
_LOCK_FILE = "edge.lock"
_CAN_BATTERY = "can_battery"


def open_core(
    config: SiteConfig,
    data_dir: Path | None,
    clock: Clock,
    exchange: Exchange,
    boot_id: bytes | None = None,
) -> EdgeCore:
    """The core of a site over the journal in `data_dir` (None: one in RAM, for simulated history)."""
    origin = Origin(boot_id or read_boot_id(), config.description.encode())
    path = None if data_dir is None else data_dir / JOURNAL_FILE
    keeper = JournalKeeper(path, int(config.journal.max_mb * 1e6), clock, origin)
    return EdgeCore(config, keeper, origin, clock, exchange)


async def run_edge(config: SiteConfig, data_dir: Path, clock: Clock, exchange: Exchange) -> None:
    """Run the site's edge until cancelled. Raises OperatorError when another edge uses `data_dir`."""
    lock = _lock(data_dir)
    try:
        core = open_core(config, data_dir, clock, exchange)
        core.started()
        try:
            await _run(config, clock, core)
        finally:
            core.stopped()
    finally:
        os.close(lock)


async def _run(config: SiteConfig, clock: Clock, core: EdgeCore) -> None:
    ticker = MinuteTicker(
        clock, core.minute_ended, lambda seconds: core.on_event("clock.stepped", {"seconds": round(seconds)})
    )
    async with asyncio.TaskGroup() as tasks:
        for reader in _readers(config, clock, core, ticker):
            tasks.create_task(reader.run())
        tasks.create_task(ticker.run())
        tasks.create_task(core.courier.run())


def _readers(config: SiteConfig, clock: Clock, core: EdgeCore, ticker: MinuteTicker) -> list[CanReader]:
    """One reader for each bus; batteries on the same bus share it."""
    buses: dict[str, list[CanBattery]] = {}
    for device in config.devices:
        if device.kind != _CAN_BATTERY:
            logger.warning("device %s: the edge cannot read a %s", device.name, device.kind)
            continue
        buses.setdefault(str(device.settings["bus"]), []).append(_battery(device))
    return [
        CanReader(bus, clock, _feeder(batteries, core, ticker), core.on_event)
        for bus, batteries in buses.items()
    ]


def _battery(device: DeviceConfig) -> CanBattery:
    return CanBattery(device.name, str(device.settings.get("profile", "auto")))


def _feeder(batteries: list[CanBattery], core: EdgeCore, ticker: MinuteTicker) -> Callable[[Frame], None]:
    def feed(frame: Frame) -> None:
        ticker.heard(frame.monotonic_s)
        for battery in batteries:
            for reading in battery.feed(frame):
                core.on_reading(reading)

    return feed


def _lock(data_dir: Path) -> int:
    """An exclusive lock on the data folder, held while the returned descriptor is open."""
    data_dir.mkdir(parents=True, exist_ok=True)
    handle = os.open(data_dir / _LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise OperatorError(
            f"another stallaini edge runs on {data_dir}: stop it, or use another --data"
        ) from None
    return handle
