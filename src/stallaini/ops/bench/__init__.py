"""`stallaini bench`: what it costs and how fast it is, beside a peer measured in the same run."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from pathlib import Path

from stallaini.clock import SystemClock
from stallaini.ops.bench import (
    alarm,
    budget,
    chart,
    chart_sites,
    codec,
    edge_load,
    ingest,
    lab,
    link,
    wire,
    year,
)
from stallaini.ops.bench.report import Figure, as_json, as_text
from stallaini.ops.progress import Progress

_MINUTES = 120
_SITES, _ROUNDS = 1000, 10


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `stallaini bench`."""
    benches = parser.add_subparsers(dest="bench", required=True, metavar="BENCH")
    quick = benches.add_parser("quick", help="wire bytes, ingest, year chart, edge load (about 1 min)")
    quick.add_argument("--json", action="store_true", help="print one JSON object")
    quick.set_defaults(run_bench=_run_quick)
    quick.add_argument(
        "--edge-s", type=float, default=20.0, metavar="S", help="how long the edge is watched (default 20)"
    )
    charts = benches.add_parser("chart", help="charts on a server of ten sites of three years (3 min)")
    chart_sites.configure(charts)
    charts.set_defaults(run_bench=chart_sites.run)
    in_lab = benches.add_parser("link", help="a minute's bytes in namespaces, beside others (root; 1 min)")
    link.configure(in_lab)
    in_lab.set_defaults(run_bench=link.run)
    coding = benches.add_parser("codec", help="a minute's bytes by many codings, on recordings (2 min)")
    codec.configure(coding)
    coding.set_defaults(run_bench=codec.run)
    fate = benches.add_parser("lab", help="edge and server through random schedules of misfortune (10 min)")
    lab.configure(fate)
    fate.set_defaults(run_bench=lab.run)
    plans = benches.add_parser("budget", help="a year on three data plans, governed (about 2 min)")
    budget.configure(plans)
    plans.set_defaults(run_bench=budget.run)
    told = benches.add_parser("alarm", help="alarm bit on the bus to message in Telegram (5 min)")
    alarm.configure(told)
    told.set_defaults(run_bench=alarm.run)
    lived = benches.add_parser("year", help="the whole system lives a year, store against twin (15 min)")
    year.configure(lived)
    lived.set_defaults(run_bench=year.run)


def run(args: argparse.Namespace) -> int:
    """Measure and print."""
    return int(args.run_bench(args))


def _run_quick(args: argparse.Namespace) -> int:
    figures = asyncio.run(_quick(args.edge_s))
    print(as_json(args.bench, figures) if args.json else as_text(args.bench, figures))
    return 0


async def _quick(edge_s: float) -> list[Figure]:
    progress = Progress("measuring", 4, SystemClock())
    with tempfile.TemporaryDirectory(prefix="stallaini-bench-") as name:
        folders = [Path(name) / part for part in ("wire", "ingest", "chart", "edge")]
        for folder in folders:
            folder.mkdir()
        figures: list[Figure] = []
        for step, part in enumerate(
            (
                wire.measure(folders[0], _MINUTES),
                ingest.measure(folders[1], _SITES, _ROUNDS),
                chart.measure(folders[2]),
                edge_load.measure(folders[3], edge_s),
            )
        ):
            progress.show(step)
            figures += await part
    progress.done()
    return figures
