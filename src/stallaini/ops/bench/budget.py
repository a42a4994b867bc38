"""`stallaini bench budget`: a year on data plans, and whether each held and every alarm came in time."""

from __future__ import annotations

import argparse
from concurrent.futures import ProcessPoolExecutor

from stallaini.ops.bench.budget_world import DAY_S, Report, Weather, World
from stallaini.ops.bench.report import Figure, as_json, as_text
from stallaini.site.config import LinkConfig

PLANS_MB = (200.0, 20.0, 3.0)
PROMISE_S = 120.0
START_S = 1_767_222_000.0
"""2026-01-01T00:00 in Rome."""
# What others on the same modem take: a phone's and a laptop's, a router's own, next to nothing.
_OTHERS_SHARE_PER_DAY = {200.0: 0.015, 20.0: 0.01, 3.0: 0.0007}
_LIVE_INTERVAL_S = LinkConfig().live_interval_s


def configure(parser: argparse.ArgumentParser) -> None:
    """The bench's options."""
    parser.add_argument("--days", type=int, default=365, help="how long it is lived (default 365)")
    parser.add_argument("--seed", type=int, default=1, help="decides outages, alarms, people (default 1)")
    parser.add_argument("--json", action="store_true", help="print one JSON object")


def run(args: argparse.Namespace) -> int:
    """Live the plans side by side and print what came of them; 1 when a promise was broken."""
    with ProcessPoolExecutor() as pool:
        lives = [pool.submit(live, plan_mb, args.days, args.seed) for plan_mb in PLANS_MB]
        reports = [one.result() for one in lives]
    figures = [
        figure for plan_mb, one in zip(PLANS_MB, reports, strict=True) for figure in _told(plan_mb, one)
    ]
    print(as_json("budget", figures) if args.json else as_text("budget", figures))
    kept = all(keeps_promises(plan_mb, one) for plan_mb, one in zip(PLANS_MB, reports, strict=True))
    return 0 if kept else 1


def live(plan_mb: float, days: float, seed: int, weather: Weather | None = None) -> Report:
    """So many days from the first of January on under one plan."""
    others = _OTHERS_SHARE_PER_DAY[plan_mb] * plan_mb * 1e6
    weather = weather or Weather(others_bytes_per_day=others)
    return World(LinkConfig(monthly_mb=plan_mb), weather, seed, START_S).run(days)


def keeps_promises(plan_mb: float, report: Report) -> bool:
    """Whether no month exceeded the plan, and alarms and commands came within 2 min of the link being up."""
    in_time = max(report.slowest_alarm_s, report.slowest_command_s) <= PROMISE_S
    return in_time and max(report.used_bytes) <= plan_mb * 1e6


def _told(plan_mb: float, report: Report) -> list[Figure]:
    name = f"{plan_mb:g} MB a month"
    down_days = report.down_s / DAY_S
    up_s = report.minutes * 60 - report.down_s
    wanted = report.watched_s / _LIVE_INTERVAL_S
    return [
        Figure(
            f"{name}, most used in a month",
            max(report.used_bytes) / 1e6,
            "MB",
            note=f"of {report.minutes / 1440:.0f} days {down_days:.0f} without a link",
        ),
        Figure(f"{name}, slowest alarm", report.slowest_alarm_s, "s", note=f"of {report.alarms}"),
        Figure(f"{name}, slowest command", report.slowest_command_s, "s", note=f"of {report.commands}"),
        Figure(
            f"{name}, between two messages",
            up_s / max(1, report.exchanges - report.live_sent),
            "s",
            note=f"{report.waiting_minutes} of {report.minutes:,} minutes wait at the end",
        ),
        Figure(
            f"{name}, live values sent",
            100 * report.live_sent / wanted if wanted else 0.0,
            "% of those wanted",
            note=f"watched for {report.watched_s / 3600:.0f} h",
        ),
    ]
