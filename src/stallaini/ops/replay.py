"""`stallaini replay`: a recorded Studer datalog as the CAN traffic of the battery it logged."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from stallaini.clock import SharedClock, SystemClock
from stallaini.devices.studer_rcc.datalog import Datalog, DatalogError, parse_datalog
from stallaini.errors import OperatorError
from stallaini.ops.replayer import Pace, Replay
from stallaini.twin.wires.wire import wire_of


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `stallaini replay`."""
    bus = f"simbus:{Path(tempfile.gettempdir()) / 'stallaini-can0'}"
    parser.add_argument("file", type=Path, metavar="FILE.CSV", help="a datalog such as LG160704.CSV")
    parser.add_argument("--speed", type=float, default=1.0, metavar="N", help="times real time; 0: unbounded")
    parser.add_argument("--bus", default=bus, help=f"simbus (served here) or another bus (default {bus})")
    parser.add_argument("--profile", default="sma", help="what the battery speaks (default sma: fine SOC)")
    parser.add_argument("--period-s", type=float, default=5.0, metavar="S", help="between bursts (default 5)")
    parser.add_argument("--timezone", default="UTC", help="zone of the logger's clock (default UTC)")
    parser.add_argument("--linger-s", type=float, default=5.0, metavar="S", help=argparse.SUPPRESS)
    parser.add_argument("--clock", type=Path, help=argparse.SUPPRESS)


def run(args: argparse.Namespace) -> int:
    """Play the file to its end, or until SIGINT or SIGTERM."""
    if args.speed < 0 or not 0.1 <= args.period_s <= 60:
        raise OperatorError("--speed must be 0 or more, and --period-s from 0.1 to 60")
    datalog = _read(args.file)
    start_s = start_wall_s(datalog, _zone(args.timezone))
    clock = None if args.clock is None else _clock(args.clock, start_s)
    replay = Replay(
        datalog,
        wire_of(args.bus),
        Pace(SystemClock(), args.speed, clock),
        profile=args.profile,
        period_s=args.period_s,
        on_minute=_teller(datalog),
    )
    print(
        f"replay: {len(datalog.rows)} minutes on {args.bus}, waiting for a reader",
        file=sys.stderr,
        flush=True,
    )
    asyncio.run(_play(replay, args.linger_s if clock else 0.0))
    return 0


def start_wall_s(datalog: Datalog, zone: ZoneInfo) -> float:
    """Unix time of the log's first minute, its clock read in `zone`."""
    naive = datetime.fromtimestamp(datalog.rows[0].local_minute * 60, UTC)
    return naive.replace(tzinfo=zone).timestamp()


async def _play(replay: Replay, linger_s: float) -> None:
    task = asyncio.create_task(replay.run(linger_s))
    loop = asyncio.get_running_loop()
    for stop_signal in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(stop_signal, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        print(f"replay: stopped after {replay.minute} minutes", file=sys.stderr)


def _read(file: Path) -> Datalog:
    try:
        return parse_datalog(file.read_bytes())
    except OSError as error:
        raise OperatorError(f"cannot read {file}: {error.strerror}; name a datalog") from error
    except DatalogError as error:
        raise OperatorError(f"{file}: {error}; give an LGyymmdd.CSV as the RCC wrote it") from error


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError) as error:
        raise OperatorError(f"no time zone {name!r}; name one such as Europe/Rome") from error


def _clock(file: Path, start_s: float) -> SharedClock:
    """The shared clock at the log's first minute: a new one, or one that others follow already."""
    if not file.exists():
        return SharedClock.create(file, start_s)
    clock = SharedClock(file)
    if clock.wall_s() > start_s:
        raise OperatorError(f"the clock {file} is past the log's first minute; delete it, or name another")
    clock.advance(start_s - clock.wall_s())
    return clock


def _teller(datalog: Datalog) -> Callable[[int], None]:
    def tell(minute: int) -> None:
        if minute % 60 == 0 or minute == len(datalog.rows):
            at = datetime.fromtimestamp(datalog.rows[minute - 1].local_minute * 60 + 60, UTC)
            print(f"replay: {at:%Y-%m-%d %H:%M}, {minute} of {len(datalog.rows)} minutes", file=sys.stderr)

    return tell
