"""`stallaini bench year`: the whole system lives a year in minutes, and store and twin are held together."""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import os
import tempfile
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from stallaini.clock import Clock, SystemClock
from stallaini.errors import OperatorError
from stallaini.ops.progress import Progress
from stallaini.ops.year.fate import happenings
from stallaini.ops.year.life import Figures, Life
from stallaini.ops.year.verdict import Difference
from stallaini.site.config import Mode

FIRST_DAY = date(2026, 1, 1)
_DAY_MINUTES = 1440
_LONGEST_DAYS = 3660
_MODES: dict[int, Mode] = {15: "economy", 1: "minute"}
_SHOWN = 5
_RAM = Path("/dev/shm")

REAL = (
    "real: CAN frames and SCOM bytes, decoders, polling, sampler, the journal's file (each minute synced), "
    "courier, codec, CoAP and OSCORE over loopback, ingest, the store's file, sealing, HTTP API"
)
LEFT_OUT = (
    "left out: sockets and serial lines of the devices, the cells' RS485; in a minute in which nothing "
    "switches the house takes one step and the battery sends one burst (each 2 s where more than a fridge "
    "switches, else each 15 s); the gateway is asked once a minute; a link that is down refuses at once; "
    "nobody looks at the page"
)


def configure(parser: argparse.ArgumentParser) -> None:
    """The bench's options."""
    parser.add_argument(
        "--days", type=int, default=365, help="how long is lived, from 1 January on (default 365)"
    )
    parser.add_argument(
        "--seed", type=int, default=1, help="decides weather, people and misfortune (default 1)"
    )
    parser.add_argument(
        "--minutes-per-batch", type=int, default=15, choices=sorted(_MODES),
        help="15: as nobody watches (default); 1: each minute at once",
    )  # fmt: skip
    parser.add_argument(
        "--data", type=Path, metavar="DIR",
        help="where journal and store are made for the time being (default: a disk in RAM, if there is one)",
    )  # fmt: skip
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Live, compare, print; 1 when a minute is missing or a day's energy differs too much."""
    if not 1 <= args.days <= _LONGEST_DAYS:
        raise OperatorError(f"--days {args.days} is out of range; give 1 to {_LONGEST_DAYS}")
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)  # a year of lost links and restarts would be told line by line
    clock = SystemClock()
    begun_s = clock.monotonic_s()
    try:
        with tempfile.TemporaryDirectory(prefix="stallaini-year-", dir=args.data or _in_ram()) as folder:
            figures = asyncio.run(_live(args, Path(folder), clock))
    finally:
        logging.disable(before)
    told = told_of(figures, clock.monotonic_s() - begun_s, args)
    print(json.dumps(told, indent=2) if args.json else as_text(told))
    return 0 if figures.verdict.kept else 1


def _in_ram() -> str | None:
    """A folder in RAM, where a sync costs nothing; None where the system has none that may be used."""
    return str(_RAM) if os.access(_RAM, os.W_OK) else None


async def _live(args: argparse.Namespace, folder: Path, clock: Clock) -> Figures:
    life = Life(
        folder, args.seed, FIRST_DAY, happenings(args.seed, args.days), mode=_MODES[args.minutes_per_batch]
    )
    progress = Progress(f"living {args.days} days", args.days * _DAY_MINUTES, clock)
    figures = await life.live(args.days, progress.show)
    progress.done()
    return figures


def told_of(figures: Figures, wall_s: float, args: argparse.Namespace) -> dict[str, Any]:
    """What is printed, as plain data."""
    verdict = figures.verdict
    return {
        "bench": "year",
        "days": figures.days,
        "seed": args.seed,
        "minutes_per_batch": args.minutes_per_batch,
        "files": str(args.data or _in_ram() or tempfile.gettempdir()),
        "minutes": figures.minutes,
        "series": figures.series,
        "wall_s": round(wall_s, 1),
        "cpu_s": round(figures.cpu_s, 1),
        "cpu_ms_per_minute": round(1000 * figures.cpu_s / figures.minutes, 3),
        "times_real_time": round(figures.minutes * 60 / wall_s),
        "year_cpu_min": round(figures.cpu_s / figures.minutes * 525_600 / 60, 2),
        **asdict(figures.effort),
        "edge_starts": figures.starts,
        "messages": figures.messages,
        "payload_bytes_up": figures.up_bytes,
        "payload_bytes_down": figures.down_bytes,
        "ip_bytes": figures.ip_bytes,
        "store_mb": round(figures.store_bytes / 1e6, 2),
        "struck": dict(sorted(figures.struck.items())),
        "missing_minutes": verdict.missing_minutes,
        "gaps": [gap._asdict() for gap in verdict.gaps],
        "worst_days": {one.quantity: _plain(one) for one in verdict.worst.values()},
        "days_compared": len({one.day for one in verdict.differences}),
        "sensor_pct": {name: round(100 * share, 2) for name, share in figures.sensor_shares.items()},
        "broken": [_plain(one) for one in verdict.broken],
        "kept": verdict.kept,
        "real": REAL,
        "left_out": LEFT_OUT,
    }


def _plain(one: Difference) -> dict[str, Any]:
    return {
        "quantity": one.quantity,
        "day": one.day.isoformat(),
        "twin_kwh": round(one.twin_kwh, 4),
        "stored_kwh": one.stored_kwh,
        "off_pct": round(100 * one.share, 3),
    }


def as_text(told: dict[str, Any]) -> str:
    """The same for people."""
    rows = [*_effort_rows(told), *_verdict_rows(told)]
    width = max(len(name) for name, _ in rows)
    return "\n".join(["bench year", *(f"{name:<{width}}  {text}" for name, text in rows)])


def _effort_rows(told: dict[str, Any]) -> list[tuple[str, str]]:
    struck = ", ".join(f"{count} x {kind}" for kind, count in told["struck"].items())
    bytes_told = f"{told['payload_bytes_up']:,} B up, {told['payload_bytes_down']:,} B down"
    lived = f"{told['minutes']:,} minutes ({told['days']} days), {told['series']} series, seed {told['seed']}"
    return [
        ("lived", lived),
        ("took", f"{told['wall_s'] / 60:.1f} min, {told['times_real_time']:,} times real time"),
        (
            "processor",
            f"{told['cpu_s'] / 60:.1f} min of one core, {told['cpu_ms_per_minute']:.2f} ms a minute",
        ),
        ("a year so", f"{told['year_cpu_min']:.1f} min of one core (promised 20, wished 10)"),
        (
            "the house",
            f"{told['steps']:,} steps, {told['bursts']:,} bursts, {told['rounds']:,} rounds of questions",
        ),
        (
            "the link",
            f"{told['messages']:,} messages in batches of {told['minutes_per_batch']} min: {bytes_told}",
        ),
        ("", f"{told['ip_bytes']:,} B at the IP level; the edge started {told['edge_starts']} times"),
        ("the store", f"{told['store_mb']:.2f} MB; files in {told['files']}"),
        ("misfortune", struck or "none"),
    ]


def _verdict_rows(told: dict[str, Any]) -> list[tuple[str, str]]:
    rows = [("missing", f"{told['missing_minutes']} minutes")]
    for gap in told["gaps"]:
        rows.append(("", f"{gap['start']}: {gap['minutes']} min, {gap['reason'] or 'no reason known'}"))
    for one in told["worst_days"].values():
        both = f"twin {one['twin_kwh']:.3f} kWh, store {_kwh(one['stored_kwh'])}"
        rows.append((f"worst day, {one['quantity']}", f"{one['off_pct']:.3f} % off on {one['day']} ({both})"))
    sensor = ", ".join(f"{name} {pct:+.2f} %" for name, pct in told["sensor_pct"].items())
    rows.append(
        ("the sensor's own error", f"{sensor} of what passed the terminals; not the store's, not judged")
    )
    for one in told["broken"][:_SHOWN]:
        rows.append(("too far off", f"{one['quantity']} on {one['day']}: {one['off_pct']:.2f} %"))
    return [*rows, ("", told["real"]), ("", told["left_out"]), ("verdict", _sentence(told))]


def _kwh(kwh: float | None) -> str:
    return "nothing" if kwh is None else f"{kwh:.3f} kWh"


def _sentence(told: dict[str, Any]) -> str:
    if told["kept"]:
        return f"no minute missing, store and twin agree on all {told['days_compared']} days"
    return f"BROKEN: {told['missing_minutes']} minutes missing, {len(told['broken'])} daily energies differ"
