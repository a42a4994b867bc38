"""`stallaini bench link`: what a minute costs on the metered link, beside what others would pay for it.

Everything runs in network namespaces made for it. Our minutes pass in virtual time; the twin makes them,
and the peers send the same ones.
"""

from __future__ import annotations

import argparse
import signal
import tempfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import NamedTuple

from stallaini.clock import SystemClock
from stallaini.errors import OperatorError
from stallaini.ops.bench.link_cpu import cpu_ms_per_minute
from stallaini.ops.bench.link_day import Day
from stallaini.ops.bench.link_loss import Loss, measure_loss
from stallaini.ops.bench.link_ours import SITE_FILES, Cost, Way, measure_ways
from stallaini.ops.bench.link_report import Backlog, Report, Row, as_json, as_text, row
from stallaini.ops.netlab.pair import open_pair
from stallaini.ops.netlab.tools import CABLE_TOOLS, TUNNEL_TOOLS, require
from stallaini.ops.netlab.tunnel import open_tunnel
from stallaini.ops.progress import Progress

_MINUTES = 1440
_PEER_MESSAGES = 20
_BATCHES_MIN = (1, 5, 15)
_LOSS_SHARE, _LOSS_SITES, _LOSS_MINUTES = 0.2, 40, 15


class _Peer(NamedTuple):
    name: str
    series: int
    first_bytes: int
    payload_bytes: float
    ip_bytes: float


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `stallaini bench link`."""
    parser.add_argument(
        "--minutes",
        type=int,
        default=_MINUTES,
        metavar="N",
        help=f"how many (virtual) minutes each of our ways sends (default {_MINUTES})",
    )
    parser.add_argument("--loss", action="store_true", help="also delivery at 20 %% loss (2 min more)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Measure and print."""
    report = measure(args.minutes, with_loss=args.loss)
    print(as_json(report) if args.json else as_text(report))
    return 0


def measure(minutes: int = _MINUTES, *, with_loss: bool = False) -> Report:
    """Measure everything. Raises OperatorError without root, without the tools, or if a minute is lost."""
    if minutes < _BATCHES_MIN[-1]:
        raise OperatorError(f"--minutes {minutes}: at least {_BATCHES_MIN[-1]}, the longest batch")
    require(*CABLE_TOOLS, *TUNNEL_TOOLS, "mosquitto")
    progress = Progress("measuring", 3, SystemClock())
    with _terminable():
        costs, days = _measure_ours(minutes)
        progress.show(1)
        peers = _measure_peers(days)
        progress.show(2)
        loss = [_measure_loss()] if with_loss else []
    progress.done()
    entropy = {series: day.entropy_bytes_per_min() for series, day in days.items()}
    rows = [line for series in entropy for line in _rows(series, costs, peers, entropy[series])]
    with _folder() as folder:
        spent_ms = {series: cpu_ms_per_minute(day, folder / str(series)) for series, day in days.items()}
    return Report(minutes, entropy, rows, _backlogs(costs), spent_ms, loss)


def _measure_ours(minutes: int) -> tuple[dict[Way, Cost], dict[int, Day]]:
    ways = [
        Way(series, batch_min, tunnel)
        for tunnel in (False, True)
        for series in SITE_FILES
        for batch_min in (*_BATCHES_MIN, 0)
    ]
    with _folder() as folder, open_pair() as pair, open_tunnel(pair):
        return measure_ways(pair, ways, minutes, folder)


def _measure_peers(days: dict[int, Day]) -> list[_Peer]:
    """Each peer with each number of series, all at once: they wait more than they work."""
    try:
        from stallaini.ops.bench.link_peers import PEERS, Peer, PeerCost, measure_peer
    except ModuleNotFoundError as error:
        raise OperatorError(
            f"needs the package {error.name!r} for a peer: install stallaini with the extra dev"
        ) from error

    def cost_of(case: tuple[Peer, int]) -> PeerCost:
        return measure_peer(case[0], days[case[1]], _PEER_MESSAGES)

    cases = [(peer, series) for peer in PEERS for series in days]
    with ThreadPoolExecutor(len(cases)) as pool:
        return [
            _Peer(peer.name, series, cost.setup_bytes, cost.payload_bytes, cost.bytes_per_message)
            for (peer, series), cost in zip(cases, pool.map(cost_of, cases), strict=True)
        ]


def _measure_loss() -> Loss:
    with _folder() as folder, open_pair() as pair:
        return measure_loss(pair, _LOSS_SHARE, _LOSS_SITES, _LOSS_MINUTES, folder)


def _rows(series: int, costs: dict[Way, Cost], peers: list[_Peer], entropy: float) -> list[Row]:
    plain = costs[Way(series, 1, tunnel=False)]
    to = (entropy, plain.ip_bytes / plain.minutes)
    return [
        row(
            _name(way), series, cost.setup_bytes, cost.payload_bytes / cost.minutes,
            cost.ip_bytes / cost.minutes, to,
        )
        for way, cost in costs.items()
        if way.series == series and way.batch_min
    ] + [
        row(peer.name, series, peer.first_bytes, peer.payload_bytes, peer.ip_bytes, to)
        for peer in peers
        if peer.series == series
    ]  # fmt: skip


def _name(way: Way) -> str:
    batch = "each minute" if way.batch_min == 1 else f"every {way.batch_min} min"
    return f"ours, {batch}{', in WireGuard' if way.tunnel else ''}"


def _backlogs(costs: dict[Way, Cost]) -> list[Backlog]:
    return [
        Backlog(
            way.series, way.tunnel, cost.minutes, cost.exchanges, cost.payload_bytes, round(cost.ip_bytes)
        )
        for way, cost in costs.items()
        if way.batch_min == 0
    ]


@contextmanager
def _folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="stallaini-link-") as name:
        yield Path(name)


@contextmanager
def _terminable() -> Iterator[None]:
    """Let SIGTERM end the block as Ctrl-C does, so that it cleans up."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
