"""`stallaini demo`: a simulated site, its edge, the server and the page, live here until Ctrl-C."""

from __future__ import annotations

import argparse
import asyncio
import shutil
import signal
import socket
import threading
import urllib.request
from pathlib import Path

from stallaini.clock import Clock, SystemClock, VirtualClock
from stallaini.devices.catalogue import load_kinds
from stallaini.edge.exchange import Exchange
from stallaini.errors import OperatorError
from stallaini.link.enrolment import admit
from stallaini.link.join import read_join, write_join
from stallaini.link.oscore import ContextStore
from stallaini.ops.children import Children
from stallaini.ops.history import History
from stallaini.ops.progress import Progress
from stallaini.ops.unwatched import Unwatched
from stallaini.server.database import Database
from stallaini.server.ingest import Ingest
from stallaini.server.options import CONTEXTS_FILE, DATABASE_FILE
from stallaini.server.store.sqlite import SqliteStore
from stallaini.site.config import SiteConfig, parse_site
from stallaini.twin.physics.house import House, house_of
from stallaini.twin.physics.keeping import keep_house

SITE_FILE = Path(__file__).with_name("demo_site.toml")
PROFILE = "pylontech-1.2"
_WAIT_S = 30.0
_LOOK_S = 0.2


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `stallaini demo`."""
    parser.add_argument("--http", default="127.0.0.1:8080", metavar="HOST:PORT", help="where the page is")
    parser.add_argument(
        "--data", type=Path, default=Path(".demo"), metavar="DIR", help="made anew (default .demo)"
    )
    parser.add_argument(
        "--days", type=int, default=7, help="days of history before the demo starts (default 7)"
    )
    parser.add_argument("--seed", type=int, default=7, help="decides the weather and the people (default 7)")


def run(args: argparse.Namespace) -> int:
    """Make the history, start the programs, wait for Ctrl-C."""
    if not 0 <= args.days <= 366:
        raise OperatorError(f"--days {args.days} is out of range; give 0 to 366")
    _check_free(args.http)
    data = _fresh_folder(args.data)
    clock = SystemClock()
    asyncio.run(_prepare(data, args.days, args.seed, clock))
    children = Children(data)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    try:
        _start_server_and_twin(children, data, args)
        _wait_for(children, f"http://{args.http}/healthz", '"ok"', clock, stop)
        _start_edge(children, data)
        _wait_for(children, f"http://{args.http}/api/v1/sites", '"live"', clock, stop)
        if not stop.is_set():
            print(f"\n  http://{args.http}  - the house is live; Ctrl-C stops it", flush=True)
            print(
                f"  stallaini twin fault --control {_control(data)} NAME  - let something go wrong\n",
                flush=True,
            )
        while not stop.wait(_LOOK_S):
            children.check()
    finally:
        children.stop()
    print("stopped", flush=True)
    return 0


async def _prepare(data: Path, days: int, seed: int, clock: Clock) -> None:
    """Write the site file, enrol the site, fill the store, and keep the house as it is at the end of it."""
    text = SITE_FILE.read_text().replace("{data}", str(data))
    _site_file(data).write_text(text)
    config = parse_site(text, load_kinds())
    house = house_of(config, seed)
    contexts = ContextStore(data / "server" / CONTEXTS_FILE)
    join = admit(contexts, config.site, "127.0.0.1", _free_udp_port())
    contexts.close()
    write_join(data / "join", join)
    database = Database(data / "server" / DATABASE_FILE)
    try:
        store = SqliteStore(database)
        await store.add_site(config.site, int(clock.wall_s()))
        ingest = Ingest(store, clock, Unwatched())
        await _fill(config, house, days, clock, lambda payload: ingest.handle(config.site, payload))
    finally:
        database.close()
    keep_house(house, _house_file(data))


async def _fill(config: SiteConfig, house: House, days: int, clock: Clock, exchange: Exchange) -> None:
    """Live through `days` up to now, and through the minutes that took."""
    start = int(clock.wall_s()) // 60 - days * 1440
    history = History(config, house, PROFILE, exchange, VirtualClock(start * 60.0))
    progress = Progress(f"living through {days} days", days * 1440, clock)
    while history.next_minute < (end := int(clock.wall_s()) // 60):
        await history.live_until(end, lambda minute: progress.show(minute - start))
    progress.done()


def _start_server_and_twin(children: Children, data: Path, args: argparse.Namespace) -> None:
    join = read_join(data / "join")
    children.start(
        "twin", "twin", "--bus", f"simbus:{data / 'can.sock'}", "--profile", PROFILE,
        "--scom", f"pty:{data / 'xcom'}", "--rs485", f"pty:{data / 'cells'}",
        "--control", str(_control(data)), "--site", str(_site_file(data)), "--house", str(_house_file(data)),
    )  # fmt: skip
    children.start(
        "server", "server", "--demo", "--data", str(data / "server"), "--http", args.http,
        "--coap", f"127.0.0.1:{join.port}",
    )  # fmt: skip


def _start_edge(children: Children, data: Path) -> None:
    children.start(
        "edge", "edge", str(_site_file(data)), "--data", str(data / "edge"),
        "--join", read_join(data / "join").line(),
    )  # fmt: skip


def _site_file(data: Path) -> Path:
    return data / "site.toml"


def _house_file(data: Path) -> Path:
    return data / "house"


def _control(data: Path) -> Path:
    return data / "twin.sock"


def _wait_for(children: Children, url: str, words: str, clock: Clock, stop: threading.Event) -> None:
    """Return when the answer at `url` has `words` in it. Raises OperatorError when it takes too long."""
    end_s = clock.monotonic_s() + _WAIT_S
    while not stop.wait(_LOOK_S):
        children.check()
        try:
            with urllib.request.urlopen(url, timeout=2) as answer:
                if words in answer.read().decode():
                    return
        except OSError:
            pass  # not up yet; `check` and the time limit say when it will never be
        if clock.monotonic_s() > end_s:
            raise OperatorError(f"the demo does not come up; the logs are in {children.log_path('*')}")


def _fresh_folder(data: Path) -> Path:
    """The demo's folder, emptied. Raises OperatorError rather than delete what no demo made."""
    mark = data / "made-by-stallaini-demo"
    if data.exists() and any(data.iterdir()) and not mark.exists():
        raise OperatorError(f"{data} holds something that is not a demo's; name another folder with --data")
    shutil.rmtree(data, ignore_errors=True)
    (data / "server").mkdir(parents=True, mode=0o700)
    mark.touch()
    return data


def _check_free(http: str) -> None:
    host, _, port = http.rpartition(":")
    try:
        with socket.create_server((host, int(port))):
            pass
    except (OSError, ValueError) as error:
        raise OperatorError(
            f"cannot serve at {http} ({error}); try `stallaini demo --http 127.0.0.1:8081`"
        ) from None


def _free_udp_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
