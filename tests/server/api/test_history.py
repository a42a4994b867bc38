"""What a site was: buckets, gaps, events and energy, over real HTTP from a real store."""

from __future__ import annotations

import httpx
import pytest
from tests.support.serving import START_MINUTE, START_S, FakeSite, Running, ask, problem

from stallaini.link.messages import Event, TimeQuality

NOON = "2026-11-16T12:00:00Z"


@pytest.fixture
async def site(running: Running) -> FakeSite:
    return await running.site("lab")


@pytest.fixture
async def viewer(running: Running) -> httpx.AsyncClient:
    return await running.program("viewer")


async def test_a_channels_history_has_mean_band_and_visible_gaps(
    site: FakeSite, viewer: httpx.AsyncClient
) -> None:
    for minute, mean in ((-4, 1.0), (-3, 2.0), (-1, 4.0)):
        await site.minutes(
            (
                START_MINUTE + minute,
                {
                    "battery.current.mean": mean,
                    "battery.current.min": mean - 0.5,
                    "battery.current.max": mean + 0.5,
                },
            )
        )
    found = await ask(
        viewer, "/sites/lab/series", name="battery.current", start="2026-11-16T11:56:00Z", end=NOON
    )
    assert found == {
        "site": "lab",
        "name": "battery.current",
        "unit": "A",
        "start": "2026-11-16T11:56:00Z",
        "end": NOON,
        "bucket_s": 60,
        "t": [START_S - 240, START_S - 180, START_S - 120, START_S - 60],
        "mean": [1.0, 2.0, None, 4.0],
        "min": [0.5, 1.5, None, 3.5],
        "max": [1.5, 2.5, None, 4.5],
    }
    coarse = await ask(
        viewer, "/sites/lab/series", name="battery.current", start="2026-11-16T11:56:00Z", end=NOON, points=2
    )
    assert (coarse["bucket_s"], coarse["mean"]) == (120, [1.5, 4.0])
    assert (coarse["min"], coarse["max"]) == ([0.5, 3.5], [2.5, 4.5])


async def test_a_channel_without_a_mean_shows_its_last_value_and_a_series_shows_itself(
    site: FakeSite, viewer: httpx.AsyncClient
) -> None:
    values = {"battery.soc.min": 60.0, "battery.soc.max": 63.0, "battery.soc.last": 62.0}
    await site.minutes((START_MINUTE - 1, {**values, "battery.charge_enabled.max": 1}))
    stretch = {"start": "2026-11-16T11:59:00Z", "end": NOON}
    soc = await ask(viewer, "/sites/lab/series", name="battery.soc", **stretch)
    assert (soc["mean"], soc["min"], soc["max"]) == ([62.0], [60.0], [63.0])
    low = await ask(viewer, "/sites/lab/series", name="battery.soc.min", **stretch)
    assert (low["mean"], low["min"], low["max"]) == ([60.0], [60.0], [60.0])
    flag = await ask(viewer, "/sites/lab/series", name="battery.charge_enabled", **stretch)
    assert flag["mean"] == [1.0]


async def test_history_defaults_to_the_last_day_in_500_points(
    site: FakeSite, viewer: httpx.AsyncClient
) -> None:
    await site.minutes((START_MINUTE - 1, {"battery.soc.last": 62.0}))
    found = await ask(viewer, "/sites/lab/series", name="battery.soc")
    assert (found["start"], found["end"], found["bucket_s"]) == ("2026-11-15T12:00:00Z", NOON, 180)
    assert len(found["t"]) == 480


async def test_times_may_carry_any_zone_even_with_its_plus_lost_in_the_url(
    site: FakeSite, viewer: httpx.AsyncClient
) -> None:
    await site.minutes((START_MINUTE - 1, {"battery.soc.last": 62.0}))
    for start in ("2026-11-16T12:59:00+01:00", "2026-11-16T12:59:00 01:00"):
        found = await ask(viewer, "/sites/lab/series", name="battery.soc", start=start)
        assert (found["start"], found["mean"]) == ("2026-11-16T11:59:00Z", [62.0])


async def test_gaps_are_counted_between_the_first_minute_and_now(
    running: Running, site: FakeSite, viewer: httpx.AsyncClient
) -> None:
    for minute in (-10, -9, -5, -4, -3):
        await site.minutes((START_MINUTE + minute, {"battery.soc.last": 62.0}))
    found = await ask(viewer, "/sites/lab/gaps", start="2026-11-01T00:00:00Z", end="2027-01-01T00:00:00Z")
    assert found == {
        "site": "lab",
        "start": "2026-11-16T11:50:00Z",
        "end": NOON,
        "minutes_expected": 10,
        "minutes_present": 5,
        "uptime_pct": 50.0,
        "gaps": [
            {
                "start": "2026-11-16T11:52:00Z",
                "end": "2026-11-16T11:55:00Z",
                "minutes": 3,
                "reason": None,
            },
            {"start": "2026-11-16T11:58:00Z", "end": NOON, "minutes": 2, "reason": "not received yet"},
        ],
    }


async def test_a_gap_names_the_reason_the_sites_events_tell(
    site: FakeSite, viewer: httpx.AsyncClient
) -> None:
    for minute in (-10, -5, -1):
        await site.minutes((START_MINUTE + minute, {"battery.soc.last": 62.0}))
    await site.events(Event(START_S - 300, "edge.started"), Event(START_S - 240, "can.silent"))
    gaps = (await ask(viewer, "/sites/lab/gaps"))["gaps"]
    assert [gap["reason"] for gap in gaps] == ["edge not running", None]


async def test_events_come_newest_first_and_limited(site: FakeSite, viewer: httpx.AsyncClient) -> None:
    await site.events(
        Event(START_S - 3600, "can.silent", {"silent_s": 10, "bus": "can0"}),
        Event(START_S - 60, "can.heard"),
    )
    found = (await ask(viewer, "/sites/lab/events"))["events"]
    assert found == [
        {"at": "2026-11-16T11:59:00Z", "kind": "can.heard", "data": {}},
        {"at": "2026-11-16T11:00:00Z", "kind": "can.silent", "data": {"silent_s": 10, "bus": "can0"}},
    ]
    assert (await ask(viewer, "/sites/lab/events", limit=1))["events"] == found[:1]
    assert (await ask(viewer, "/sites/lab/events", end="2026-11-16T11:30:00Z"))["events"] == found[1:]


async def test_energy_of_a_day_splits_charging_from_discharging(
    site: FakeSite, viewer: httpx.AsyncClient
) -> None:
    await site.minutes((START_MINUTE - 3, {"battery.power.mean": 1200}))
    await site.minutes((START_MINUTE - 2, {"battery.power.mean": -600}))
    await site.minutes((START_MINUTE - 1, {"battery.soc.last": 50}))
    found = await ask(viewer, "/sites/lab/energy", start="2026-11-15", end="2026-11-17")
    assert found == {
        "site": "lab",
        "by": "day",
        "timezone": "Europe/Rome",
        "days": [
            {
                "day": "2026-11-15",
                "minutes_present": 0,
                "minutes": 1440,
                "channels": {"battery.power": {"in_kwh": None, "out_kwh": None}},
            },
            {
                "day": "2026-11-16",
                "minutes_present": 3,
                "minutes": 1440,
                "channels": {"battery.power": {"in_kwh": 0.02, "out_kwh": 0.01}},
            },
        ],
    }
    week = await ask(viewer, "/sites/lab/energy", by="day")
    assert [day["day"] for day in week["days"]] == [f"2026-11-{day}" for day in range(10, 17)]


@pytest.mark.parametrize(
    ("day", "first_at_s", "hours"),
    [
        # Europe/Rome, 2026: clocks go forward on 29 March, back on 25 October.
        ("2026-03-29", 1_774_738_800, 23),
        ("2026-10-25", 1_792_879_200, 25),
    ],
)
async def test_days_of_23_and_25_hours_have_their_whole_energy(
    site: FakeSite, viewer: httpx.AsyncClient, day: str, first_at_s: int, hours: int
) -> None:
    first = first_at_s // 60
    minutes = range(first - 60, first + hours * 60 + 60)
    await site.minutes(*((minute, {"battery.power.mean": 1000.0}) for minute in minutes))
    (found,) = (await ask(viewer, "/sites/lab/energy", start=day, end=_day_after(day)))["days"]
    assert (found["minutes"], found["minutes_present"]) == (hours * 60, hours * 60)
    assert found["channels"]["battery.power"] == {"in_kwh": float(hours), "out_kwh": 0.0}


def _day_after(day: str) -> str:
    return f"{day[:8]}{int(day[8:]) + 1:02}"


async def test_minutes_that_are_not_dated_exactly_are_told_with_their_bounds(
    site: FakeSite, viewer: httpx.AsyncClient
) -> None:
    values = {"battery.soc.last": 62.0}
    before, repaired = (
        [(START_MINUTE + at, values) for at in range(*part)] for part in ((-60, -50), (-20, -8))
    )
    await site.minutes(*before, quality=TimeQuality.BOUNDED)
    await site.minutes(*repaired, quality=TimeQuality.REPAIRED)
    await site.minutes((START_MINUTE - 5, values))
    told = {"from": START_S - 3600, "to": START_S - 3000, "minutes": 10}
    bounds = {"earliest": START_S - 7200, "latest": START_S - 1500}
    await site.events(Event(START_S - 480, "clock.bounded", {**told, **bounds}))
    assert (await ask(viewer, "/sites/lab/clock"))["inexact"] == [
        {
            "start": "2026-11-16T11:00:00Z",
            "end": "2026-11-16T11:10:00Z",
            "minutes": 10,
            "quality": "bounded",
            "earliest": "2026-11-16T10:00:00Z",
            "latest": "2026-11-16T11:35:00Z",
        },
        {
            "start": "2026-11-16T11:40:00Z",
            "end": "2026-11-16T11:52:00Z",
            "minutes": 12,
            "quality": "repaired",
            "earliest": None,
            "latest": None,
        },
    ]


async def test_columns_pack_what_series_tells(site: FakeSite, viewer: httpx.AsyncClient) -> None:
    for minute, mean in ((-4, 1.0), (-3, 2.0), (-1, 4.0)):
        extremes = {"battery.current.min": mean - 0.5, "battery.current.max": mean + 0.2}
        await site.minutes((START_MINUTE + minute, {"battery.current.mean": mean, **extremes}))
    found = await ask(
        viewer,
        "/sites/lab/columns",
        name=["battery.current", "battery.power"],
        start="2026-11-16T11:56:00Z",
        end=NOON,
    )
    assert (found["bucket_s"], found["first"], found["count"]) == (60, START_S - 240, 4)
    nothing = {"name": "battery.power", "unit": "W", "step": 1.0, "mean": [None] * 4}
    assert found["columns"] == [
        {
            "name": "battery.current",
            "unit": "A",
            "step": 0.1,
            "mean": [10, 10, None, 20],
            "below": [5, 5, 5],
            "above": [2, 2, 2],
        },
        nothing,
    ]


async def test_columns_of_whole_days_are_those_of_their_minutes(
    running: Running, site: FakeSite, viewer: httpx.AsyncClient
) -> None:
    today = START_MINUTE // 1440 * 1440
    for day in range(-6, 0):
        await site.minutes(*((today + day * 1440 + at, {"battery.power.mean": at * day}) for at in (0, 9)))
    stretch = {"start": "2026-11-10T00:00:00Z", "end": NOON[:11] + "00:00:00Z", "points": 6}
    before = await ask(viewer, "/sites/lab/columns", name="battery.power", **stretch)
    await running.server.store.seal(START_MINUTE)
    assert await ask(viewer, "/sites/lab/columns", name="battery.power", **stretch) == before
    assert (before["bucket_s"], before["columns"][0]["mean"]) == (86_400, [-27, 5, 4, 4, 5, 5])


async def test_what_has_not_changed_is_not_sent_again(site: FakeSite, viewer: httpx.AsyncClient) -> None:
    await site.minutes((START_MINUTE - 1, {"battery.soc.last": 62.0}))
    for path in ("", "/columns?name=battery.soc", "/series?name=battery.soc", "/energy", "/events", "/gaps"):
        first = await viewer.get(f"/api/v1/sites/lab{path}")
        assert first.headers["cache-control"] == "private, no-cache"
        tag = {"If-None-Match": f'"other", {first.headers["etag"]}'}
        again = await viewer.get(f"/api/v1/sites/lab{path}", headers=tag)
        assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    await site.minutes((START_MINUTE - 2, {"battery.soc.last": 63.0}))
    changed = await viewer.get("/api/v1/sites/lab/series?name=battery.soc", headers=tag)
    assert changed.status_code == 200
    assert "etag" not in (await viewer.get("/api/v1/sites/lab/now")).headers
    assert "etag" not in (await viewer.get("/api/v1/sites/lab/series?name=moon")).headers


async def test_energy_by_month_is_that_of_its_days(site: FakeSite, viewer: httpx.AsyncClient) -> None:
    await site.minutes((START_MINUTE - 20 * 1440, {"battery.power.mean": 600}))
    await site.minutes((START_MINUTE - 2, {"battery.power.mean": 1200}))
    found = await ask(
        viewer, "/sites/lab/energy", by="month", start="2026-10-01", end="2026-12-01", name="battery.power"
    )
    assert [(one["day"], one["minutes"]) for one in found["days"]] == [
        ("2026-10-01", 31 * 1440 + 60),
        ("2026-11-01", 30 * 1440),
    ]
    assert [one["channels"]["battery.power"]["in_kwh"] for one in found["days"]] == [0.01, 0.02]
    await problem(viewer, "/sites/lab/energy", 422, start="2020-10-01", end="2026-12-01")
    assert "battery.power" in await problem(viewer, "/sites/lab/energy", 404, name="battery.powr")
