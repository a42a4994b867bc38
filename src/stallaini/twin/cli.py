"""`stallaini twin`: a simulated site on a CAN bus, until it is told to stop."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from stallaini.clock import Clock, open_clock
from stallaini.devices.catalogue import load_kinds
from stallaini.errors import OperatorError
from stallaini.site.config import SiteFileError, parse_site
from stallaini.twin.battery_bus import BatteryBus
from stallaini.twin.house import House, house_of
from stallaini.twin.wire import wire_of


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `stallaini twin`."""
    parser.add_argument("--bus", required=True, help="simbus:/path.sock (served here), socketcan:vcan0, ...")
    parser.add_argument("--profile", default="pylontech-1.2", help="what the battery speaks")
    parser.add_argument("--seed", type=int, default=1, help="decides the weather and the people (default 1)")
    parser.add_argument(
        "--soc", type=float, default=72.0, metavar="PCT", help="charge at the start (default 72)"
    )
    parser.add_argument(
        "--temperature", type=float, default=20.0, metavar="DEGC", help="of its cells then (default 20)"
    )
    parser.add_argument(
        "--site", type=Path, metavar="FILE", help="site file to take place, array and loads from"
    )
    parser.add_argument("--clock", type=Path, help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Run until SIGINT or SIGTERM."""
    house = _house(args.site, args.seed)
    if not 0 <= args.soc <= 100:
        raise OperatorError(f"--soc {args.soc:g} is no state of charge; give 0 to 100")
    if not -20 <= args.temperature <= 60:
        raise OperatorError(f"--temperature {args.temperature:g} is no battery's; give -20 to 60")
    house.pack.soc_pct = args.soc
    house.pack.temperature_c = args.temperature
    asyncio.run(_serve(house, args.bus, args.profile, open_clock(args.clock)))
    return 0


def _house(site_file: Path | None, seed: int) -> House:
    if site_file is None:
        return House(seed=seed)
    try:
        return house_of(parse_site(site_file.read_bytes(), load_kinds()), seed)
    except OSError as error:
        raise OperatorError(f"cannot read {site_file}: {error.strerror}; name a site file") from error
    except SiteFileError as error:
        raise OperatorError(f"{site_file} has faults; `stallaini check {site_file}` lists them") from error


async def _serve(house: House, bus_spec: str, profile: str, clock: Clock) -> None:
    wire = wire_of(bus_spec)
    bus = BatteryBus(house, wire, clock, profile)
    await wire.start()
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for stop_signal in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(stop_signal, stopped.set)
    print(f"twin: battery ({profile}) on {bus_spec}; Ctrl-C stops it", file=sys.stderr, flush=True)
    sending = asyncio.create_task(bus.run())
    waiting = asyncio.create_task(stopped.wait())
    try:
        await asyncio.wait({sending, waiting}, return_when=asyncio.FIRST_COMPLETED)
        if sending.done():
            sending.result()
    finally:
        for task in (sending, waiting):
            task.cancel()
        await asyncio.gather(sending, waiting, return_exceptions=True)
        await wire.close()
