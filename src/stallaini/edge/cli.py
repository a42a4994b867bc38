"""`stallaini edge`: the program on the site."""

from __future__ import annotations

import argparse
import asyncio
import dataclasses
import logging
import signal
import sys
from collections.abc import Mapping
from contextlib import AsyncExitStack
from pathlib import Path

from stallaini.clock import Clock, open_clock
from stallaini.devices.can_bus.interfaces import bus_arguments
from stallaini.devices.catalogue import load_kinds
from stallaini.edge.exchange import CoapExchange, LinkDown
from stallaini.edge.exchange_https import HttpsExchange
from stallaini.edge.meter import open_meter
from stallaini.edge.paths import PathExchange
from stallaini.edge.program import run_edge
from stallaini.edge.timekeeper import keeping
from stallaini.errors import OperatorError
from stallaini.link.join import Join, parse_join, read_join, write_join
from stallaini.link.oscore import ContextStore
from stallaini.site.config import DeviceConfig, SiteConfig, SiteFileError, parse_site

logger = logging.getLogger(__name__)

JOIN_FILE, KEYS_FILE = "join", "keys.db"
_BUS_KEY = "bus"


def configure(parser: argparse.ArgumentParser) -> None:
    """Declare the verb's options."""
    parser.add_argument("site", nargs="?", type=Path, metavar="SITE.toml", help="the site file")
    parser.add_argument(
        "--data", type=Path, default=Path("edge-data"), metavar="DIR",
        help="the edge's data: journal, keys, join line (default ./edge-data)",
    )  # fmt: skip
    parser.add_argument(
        "--join", metavar="LINE",
        help="the line `stallaini enrol` printed, kept in the data folder; without SITE.toml only kept",
    )  # fmt: skip
    parser.add_argument(
        "--bus", metavar="SPEC", help="another CAN bus than the site file names, such as socketcan:can1"
    )
    parser.add_argument("--clock", type=Path, help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Run until SIGINT or SIGTERM: 0 when it ended in order, 1 for a faulty site file."""
    if args.site is None and args.join is None:
        raise OperatorError("name a site file, or keep a join line with --join LINE; --help has an example")
    logging.basicConfig(
        level=logging.INFO, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s: %(message)s"
    )
    logging.getLogger("coap").setLevel(logging.WARNING)
    join = None if args.join is None else _keep_join(args.data, args.join)
    if args.site is None:
        print(
            f"joined: kept in {args.data / JOIN_FILE}; now run: stallaini edge SITE.toml --data {args.data}"
        )
        return 0
    try:
        config = parse_site(_read(args.site), load_kinds())
    except SiteFileError as error:
        for fault in error.faults:
            print(f"{args.site}:{fault.line}: {fault.reason}; {fault.fix}")
        return 1
    if args.bus is not None:
        config = _on_bus(config, args.bus)
    clock = keeping(open_clock(args.clock), trusted=config.clock.trusted)
    asyncio.run(_run_until_signal(config, args.data, join or _kept_join(args.data), clock))
    return 0


async def _run_until_signal(config: SiteConfig, data_dir: Path, join: Join | None, clock: Clock) -> None:
    task = asyncio.current_task()
    assert task is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    try:
        await _run_joined(config, data_dir, join, clock)
    except asyncio.CancelledError:
        logger.info("stopped")


async def _run_joined(config: SiteConfig, data_dir: Path, join: Join | None, clock: Clock) -> None:
    meter = open_meter(config, data_dir, clock)
    if join is None:
        logger.warning("not joined to a server: everything is kept; stop, and start with --join LINE")
        await run_edge(config, data_dir, clock, _not_joined, meter=meter)
        return
    if join.site != config.site:
        raise OperatorError(
            f"the join line is for the site {join.site!r}, the site file says {config.site!r}: "
            "rename one, or enrol this site"
        )
    contexts = ContextStore(data_dir / KEYS_FILE)
    url = config.link.https_url or join.https_url
    poked = asyncio.Event()
    async with AsyncExitStack() as stack:
        udp = CoapExchange(contexts, join, config.link.ack_timeout_s, poked.set, meter)
        stack.push_async_callback(udp.close)
        if url is None:
            await run_edge(config, data_dir, clock, udp, poked, meter=meter)
            return
        https = HttpsExchange(contexts, join, url)
        stack.push_async_callback(https.close)
        paths = PathExchange(udp, https, clock)
        await run_edge(
            config, data_dir, clock, paths, poked, lambda core: paths.report_to(core.on_event), meter
        )


async def _not_joined(payload: bytes) -> bytes:
    raise LinkDown(f"not joined to a server, {len(payload)} bytes wait")


def _keep_join(data_dir: Path, line: str) -> Join:
    join = parse_join(line)
    data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_join(data_dir / JOIN_FILE, join)
    return join


def _kept_join(data_dir: Path) -> Join | None:
    file = data_dir / JOIN_FILE
    return read_join(file) if file.exists() else None


def _read(file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as error:
        raise OperatorError(f"cannot read {file}: {error.strerror}; name a site file") from error


def _on_bus(config: SiteConfig, bus: str) -> SiteConfig:
    """The same site with every device that has a bus on `bus`."""
    bus_arguments(bus)
    return dataclasses.replace(config, devices=tuple(_moved(device, bus) for device in config.devices))


def _moved(device: DeviceConfig, bus: str) -> DeviceConfig:
    if _BUS_KEY not in device.settings:
        return device
    settings: Mapping[str, str | int | float | bool] = {**device.settings, _BUS_KEY: bus}
    return dataclasses.replace(device, settings=settings)
