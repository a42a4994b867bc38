"""`stallaini bench lab`: random schedules of misfortune, until a promise breaks or none does."""

from __future__ import annotations

import argparse
import json
import os

from stallaini.clock import SystemClock
from stallaini.errors import OperatorError
from stallaini.ops.lab.schedule import KINDS, draw_schedule, parse_schedule
from stallaini.ops.lab.trials import Summary, run_trials, shrunk, work_folder
from stallaini.ops.lab.world import Report, run_world
from stallaini.ops.progress import Progress

_SCHEDULES = 10_000
_SHRUNK_AT_MOST = 3


def configure(parser: argparse.ArgumentParser) -> None:
    """The options of `stallaini bench lab`."""
    parser.add_argument(
        "--schedules",
        type=int,
        default=_SCHEDULES,
        metavar="N",
        help=f"how many (default {_SCHEDULES})",
    )
    parser.add_argument("--seed", type=int, default=1, metavar="S", help="the first one's seed (default 1)")
    parser.add_argument(
        "--jobs",
        type=int,
        default=os.cpu_count() or 1,
        metavar="J",
        help="how many processes (default: one per core)",
    )
    parser.add_argument(
        "--only",
        nargs="+",
        choices=sorted(KINDS),
        default=[],
        metavar="KIND",
        help="misfortunes of these kinds alone: " + ", ".join(sorted(KINDS)),
    )
    parser.add_argument(
        "--replay", metavar="LINE", help="live through one schedule, as it was printed, and tell what happens"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Run and print; 1 when a promise was broken."""
    if args.replay is not None:
        return _replay(args.replay, as_json=args.json)
    if args.schedules < 1 or args.jobs < 1:
        raise OperatorError("--schedules and --jobs must be at least 1")
    clock = SystemClock()
    progress = Progress("schedules", args.schedules, clock)
    start_s = clock.monotonic_s()
    schedules = (draw_schedule(args.seed + number, args.only) for number in range(args.schedules))
    summary = run_trials(schedules, args.jobs, progress.show)
    spent_s = clock.monotonic_s() - start_s
    progress.done()
    smallest = [shrunk(failure.schedule) for failure in summary.failures[:_SHRUNK_AT_MOST]]
    print(_as_json(summary, smallest, spent_s) if args.json else _as_text(summary, smallest, spent_s))
    return 1 if summary.failures else 0


def _replay(line: str, *, as_json: bool) -> int:
    with work_folder() as folder:
        report = run_world(parse_schedule(line), folder, traced=True)
    if as_json:
        print(json.dumps(_failure(report) | {"trace": report.trace, "digest": report.digest}, indent=2))
    else:
        print("\n".join(report.trace))
        print("\n".join(report.problems) or "every promise was kept")
    return 1 if report.problems else 0


def _as_json(summary: Summary, smallest: list[Report], spent_s: float) -> str:
    return json.dumps(
        {
            "bench": "lab",
            "schedules": summary.schedules,
            "schedules_per_s": round(summary.schedules / spent_s, 2),
            "minutes": summary.minutes,
            "struck": dict(sorted(summary.struck.items())),
            "datagrams": dict(sorted(summary.datagrams.items())),
            "events": dict(sorted(summary.events.items())),
            "failures": [_failure(report) for report in summary.failures],
            "shrunk": [_failure(report) for report in smallest],
        },
        indent=2,
    )


def _failure(report: Report) -> dict[str, object]:
    return {"schedule": str(report.schedule), "problems": report.problems}


def _as_text(summary: Summary, smallest: list[Report], spent_s: float) -> str:
    lines = [
        "bench lab",
        f"{summary.schedules:,} schedules in {spent_s:.0f} s ({summary.schedules / spent_s:.1f} a second), "
        f"{summary.minutes:,} minutes journaled",
        "misfortunes that struck: " + _counted(summary.struck),
        "datagrams: " + _counted(summary.datagrams),
        "events stored: " + _counted(summary.events),
        f"schedules in which a promise was broken: {len(summary.failures)}",
    ]
    for report in summary.failures:
        lines += [f"  {report.schedule}", *(f"    {problem}" for problem in report.problems[:3])]
    for report in smallest:
        lines += [
            "shrunk, for --replay:",
            f"  '{report.schedule}'",
            *(f"    {p}" for p in report.problems[:3]),
        ]
    return "\n".join(lines)


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {count:,}" for name, count in sorted(counts.items()))
