"""What the server makes of a site's words about its data plan."""

from __future__ import annotations

from datetime import UTC, date
from typing import Any

import httpx
import pytest
from tests.support.serving import START_S, FakeSite, Running, ask, problem

from stallaini.link.messages import Event, Scalar
from stallaini.server.budget import budget

DAY_S = 86_400
SETTINGS: dict[str, Scalar] = {
    "plan": 20_000_000,
    "billing_day": 10,
    "mode": "auto",
    "interval_s": 60,
    "live": True,
    "live_price": 1400,
    "interface": "wwan0",
}


def told(at_s: int, day: str, **figures: Scalar) -> Event:
    return Event(at_s, "link.usage", {"day": day, **SETTINGS, **figures})


NOON = START_S  # 2026-11-16T12:00Z
YESTERDAY = told(NOON - 13 * 3600, "2026-11-15", telemetry=90_000, up=50_000, down=40_000)
TODAY = told(NOON - 60, "2026-11-16", telemetry=40_000, other=5_000, up=30_000, down=15_000, live_saved=7)


def test_of_one_day_the_newest_word_counts() -> None:
    found = budget([TODAY, told(NOON - 3600, "2026-11-16", telemetry=1), YESTERDAY], NOON, UTC)
    assert found is not None
    assert found.today is not None
    assert found.today.used_bytes == 45_000
    assert (found.used.used_bytes, found.used.up_bytes, found.used.down_bytes) == (135_000, 80_000, 55_000)
    assert found.used.live_saved_bytes == 7


def test_the_month_is_the_plans_and_other_months_days_are_left_out() -> None:
    october = told(NOON - 7 * DAY_S, "2026-11-09", telemetry=10**6)
    found = budget([TODAY, YESTERDAY, october], NOON, UTC)
    assert found is not None
    assert found.month == (date(2026, 11, 10), date(2026, 12, 10))
    assert found.used.used_bytes == 135_000


def test_the_forecast_goes_on_as_in_the_last_week() -> None:
    days = [
        told(NOON - back * DAY_S + 12 * 3600, f"2026-11-{15 - back + 1}", telemetry=100_000)
        for back in range(1, 6)
    ]
    found = budget(days, NOON, UTC)
    assert found is not None
    # five days of 100 kB from the 11th on, told at midnight; then 24 more days
    assert found.forecast_bytes == 500_000 + 24 * 100_000


def test_in_the_first_hour_nothing_is_forecast_and_without_words_there_is_no_budget() -> None:
    first = told(NOON - 12 * 3600 + 60, "2026-11-16", telemetry=500)
    found = budget([first], NOON, UTC)
    assert found is not None
    assert found.forecast_bytes is None
    assert budget([], NOON, UTC) is None


@pytest.mark.parametrize(
    "damage", [{"day": "yesterday"}, {"plan": "much"}, {"billing_day": 0}, {"telemetry": "x"}, {"up": None}]
)
def test_words_of_another_version_do_no_harm(damage: dict[str, Any]) -> None:
    found = budget([YESTERDAY, Event(TODAY.at_s, TODAY.kind, {**TODAY.data, **damage})], NOON, UTC)
    assert found is not None


@pytest.fixture
async def site(running: Running) -> FakeSite:
    return await running.site("lab")


@pytest.fixture
async def viewer(running: Running) -> httpx.AsyncClient:
    return await running.program("viewer")


async def test_the_route_answers_what_the_site_told(site: FakeSite, viewer: httpx.AsyncClient) -> None:
    await site.events(Event(NOON - 90, "flag.raised", {"channel": "x"}), YESTERDAY, TODAY)
    found = (await ask(viewer, "/sites/lab/budget"))["told"]
    assert found["at"] == "2026-11-16T11:59:00Z"
    assert (found["plan_bytes"], found["billing_day"], found["mode"]) == (20_000_000, 10, "auto")
    assert found["live"] == {"allowed": True, "bytes_per_min": 1400}
    assert found["today"]["used_bytes"] == 45_000
    assert found["today"]["by_purpose"]["other"] == 5_000
    assert (found["month"]["start"], found["month"]["used_bytes"]) == ("2026-11-10", 135_000)
    assert found["saved"] == {"batching_bytes": 0, "declined_live_bytes": 7}


async def test_before_the_site_told_anything_the_route_says_so(
    site: FakeSite, viewer: httpx.AsyncClient
) -> None:
    await site.events(Event(NOON - 90, "flag.raised", {"channel": "x"}))
    assert (await ask(viewer, "/sites/lab/budget"))["told"] is None
    assert "no site" in await problem(viewer, "/sites/leb/budget", 404)
