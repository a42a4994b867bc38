"""The edge as it runs on the site: wires in, journal, link out."""

from __future__ import annotations

import asyncio
import dataclasses
import fcntl
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec

from stallaini.clock import Clock
from stallaini.edge.boot import read_boot_id
from stallaini.edge.command_kinds import Handler
from stallaini.edge.core import EdgeCore
from stallaini.edge.exchange import Exchange
from stallaini.edge.inbox import Inbox
from stallaini.edge.journal import Origin
from stallaini.edge.keeper import JournalKeeper
from stallaini.edge.meter import Meter
from stallaini.edge.timekeeper import keeping
from stallaini.edge.wires import Wires
from stallaini.errors import OperatorError
from stallaini.link.model_files import read_site_model
from stallaini.site.config import SiteConfig

JOURNAL_FILE, INBOX_FILE = "journal.db", "commands.db"
_LOCK_FILE = "edge.lock"


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
            await _run(core, Wires(config, data_dir, clock, core), poked or asyncio.Event())
        finally:
            core.stopped()
    finally:
        os.close(lock)


async def _run(core: EdgeCore, wires: Wires, poked: asyncio.Event) -> None:
    """Read, sample and deliver until cancelled."""
    core.started()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(wires.run())
        tasks.create_task(core.keep_time())
        tasks.create_task(core.courier.run())
        tasks.create_task(core.commands.run())
        tasks.create_task(_answer_pokes(core, poked))


async def _answer_pokes(core: EdgeCore, poked: asyncio.Event) -> None:
    while True:
        await poked.wait()
        poked.clear()
        core.poked()


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
