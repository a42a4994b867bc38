"""Months on each data plan, with outages, loss and people: the plan holds, and alarms come in time.

`stallaini bench budget` lives a whole year.
"""

from __future__ import annotations

import pytest

from stallaini.ops.bench.budget import START_S, keeps_promises, live
from stallaini.ops.bench.budget_world import Report, Weather, World
from stallaini.site.config import LinkConfig


@pytest.mark.parametrize(("plan_mb", "days"), [(200.0, 34), (20.0, 34), (3.0, 59)])
def test_a_month_and_its_end_keep_the_plan_and_the_promise(plan_mb: float, days: int) -> None:
    report = live(plan_mb, days, seed=3)
    assert keeps_promises(plan_mb, report), report
    assert (report.alarms, report.commands) > (50, 50)
    assert report.minutes == days * 1440
    assert report.waiting_minutes <= 2 or report.waiting_minutes * 60 <= report.down_s


def test_a_plan_that_others_use_up_still_lets_alarms_out_and_is_not_exceeded_by_us() -> None:
    others = Weather(others_bytes_per_day=150_000, long_outages_per_year=0, outages_per_day=0)
    world = World(LinkConfig(monthly_mb=3), others, 1, START_S)
    report = world.run(31)
    assert report.slowest_alarm_s < 60
    assert report.used_bytes[0] > 3e6
    others_bytes = sum(day.down.get("other", 0) for day in world.usage.days(world.months()[0]))
    assert report.used_bytes[0] - others_bytes < 1e6


def test_a_broken_promise_is_noticed() -> None:
    kept = Report(slowest_alarm_s=30, slowest_command_s=119, used_bytes=[2_999_999])
    assert keeps_promises(3, kept)
    assert not keeps_promises(3, Report(slowest_command_s=121, used_bytes=[1]))
    assert not keeps_promises(3, Report(used_bytes=[3_000_001]))
