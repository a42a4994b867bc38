"""What people and programs read of a site, over real HTTP from a real store."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.serving import START_MINUTE, START_S, FakeSite, Running, serving

from stallaini.link.messages import Event
from stallaini.server import api_models as shapes

NOON = "2026-11-16T12:00:00Z"


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    async with serving(tmp_path) as running:
        yield running


@pytest.fixture
async def site(running: Running) -> FakeSite:
    return await running.site("lab")


@pytest.fixture
async def viewer(running: Running) -> httpx.AsyncClient:
    return await running.program("viewer")


async def ask(client: httpx.AsyncClient, path: str, **params: Any) -> Any:
    answer = await client.get(f"/api/v1{path}", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def problem(client: httpx.AsyncClient, path: str, status: int, **params: Any) -> str:
    answer = await client.get(f"/api/v1{path}", params=params)
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status
    assert body["type"].startswith("urn:stallaini:problem:")
    return str(body["detail"])


async def a_day(site: FakeSite, minutes: Iterable[int], power_w: float = 600.0) -> None:
    for minute in minutes:
        await site.minutes((minute, {"battery.power.mean": power_w}))


async def test_an_admitted_site_that_never_spoke_is_listed_and_empty(
    site: FakeSite, viewer: httpx.AsyncClient
) -> None:
    assert await ask(viewer, "/sites") == {
        "sites": [
            {
                "site": "lab",
                "title": "lab",
                "timezone": "UTC",
                "state": "never",
                "last_minute_at": None,
                "heard_at": None,
            }
        ]
    }
    assert (await ask(viewer, "/sites/lab"))["channels"] == []
    now = await ask(viewer, "/sites/lab/now")
    assert (now["state"], now["age_s"], now["channels"]) == ("never", None, {})
    assert (await ask(viewer, "/sites/lab/gaps"))["uptime_pct"] is None
    assert (await ask(viewer, "/sites/lab/events"))["events"] == []
    assert (await ask(viewer, "/sites/lab/energy"))["days"][0]["channels"] == {}
    assert "no series" in await problem(viewer, "/sites/lab/series", 404, name="battery.soc")


async def test_a_site_describes_itself(site: FakeSite, viewer: httpx.AsyncClient) -> None:
    await site.minutes((START_MINUTE - 1, {"battery.soc.last": 62.4}))
    detail = await ask(viewer, "/sites/lab")
    assert (detail["title"], detail["timezone"], detail["latitude"]) == ("The lab", "Europe/Rome", 36.89)
    assert detail["devices"] == [{"name": "battery", "kind": "can_battery", "title": "2 x US5000"}]
    assert detail["channels"][0] == {
        "name": "battery.current",
        "quantity": "current",
        "unit": "A",
        "stale_after_s": 5.0,
    }
    assert {"name": "battery.soc.last", "channel": "battery.soc", "aggregate": "last", "unit": "%"} in detail[
        "series"
    ]
    assert detail["loads"] == [{"name": "well_pump", "title": "Well pump", "power_w": 2200.0}]


async def test_the_state_of_a_site_goes_from_live_to_late_to_silent(
    running: Running, site: FakeSite, viewer: httpx.AsyncClient
) -> None:
    async def state() -> str:
        (listed,) = (await ask(viewer, "/sites"))["sites"]
        now = await ask(viewer, "/sites/lab/now")
        assert now["state"] == listed["state"]
        return str(listed["state"])

    await site.live({"battery.soc": 62.4})
    assert await state() == "live"
    running.clock.advance(6)
    assert await state() == "late"
    running.clock.advance(295)
    assert await state() == "silent"
    await site.minutes((START_MINUTE + 4, {"battery.soc.last": 62.0}))
    assert await state() == "late"
    (listed,) = (await ask(viewer, "/sites"))["sites"]
    assert (listed["last_minute_at"], listed["heard_at"]) == ("2026-11-16T12:04:00Z", "2026-11-16T12:05:01Z")


async def test_now_tells_fresh_stale_and_absent_apart(
    running: Running, site: FakeSite, viewer: httpx.AsyncClient
) -> None:
    await site.minutes((START_MINUTE - 1, {"battery.current.mean": -12.3}))
    await site.live({"battery.soc": 62.4, "battery.charge_enabled": 1}, age_s=1)
    await site.minutes((START_MINUTE, {"battery.current.mean": -10.0}))
    running.clock.advance(61.5)
    await site.live({"battery.soc": 62.5, "battery.charge_enabled": 0, "battery.power": 230}, age_s=2)
    running.clock.advance(0.5)
    now = await ask(viewer, "/sites/lab/now")
    assert (now["site"], now["at"], now["state"], now["age_s"]) == (
        "lab",
        "2026-11-16T12:01:02Z",
        "live",
        2.5,
    )
    channels = now["channels"]
    assert channels["battery.soc"] == {"value": 62.5, "unit": "%", "age_s": 2.5, "quality": "fresh"}
    assert channels["battery.charge_enabled"]["value"] is False
    # The newest live message no longer reports the current: the minute before it does not stand in.
    assert channels["battery.current"] == {"value": None, "unit": "A", "age_s": None, "quality": "absent"}
    running.clock.advance(3)
    assert (await ask(viewer, "/sites/lab/now"))["channels"]["battery.soc"]["quality"] == "stale"


async def test_a_newer_minute_is_seen_at_once(site: FakeSite, viewer: httpx.AsyncClient) -> None:
    for minute, soc in ((-3, 60.0), (-2, 61.0)):
        await site.minutes((START_MINUTE + minute, {"battery.soc.last": soc}))
        now = await ask(viewer, "/sites/lab/now")
        assert now["channels"]["battery.soc"]["value"] == soc


async def test_after_a_restart_the_last_minutes_are_shown_as_stale(tmp_path: Path) -> None:
    async with serving(tmp_path) as first:
        site = await first.site("lab")
        await site.minutes((START_MINUTE - 1, {"battery.soc.last": 62.4}))
    async with serving(tmp_path) as second:
        second.clock.advance(30)
        now = await ask(await second.program("viewer"), "/sites/lab/now")
    assert now["channels"]["battery.soc"] == {"value": 62.4, "unit": "%", "age_s": 30.0, "quality": "stale"}
    assert now["state"] == "late"


async def test_asking_makes_the_site_watched_for_a_minute(
    running: Running, site: FakeSite, viewer: httpx.AsyncClient
) -> None:
    await ask(viewer, "/sites")
    assert running.server.hub.watching_s(site.name) == 0
    await ask(viewer, "/sites/lab/now")
    assert running.server.hub.watching_s(site.name) == 60


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


async def test_wrong_questions_are_told_what_is_wrong(site: FakeSite, viewer: httpx.AsyncClient) -> None:
    await site.minutes((START_MINUTE - 1, {"battery.soc.last": 62.0}))
    path = "/sites/lab/series"
    assert "did you mean 'battery.soc'" in await problem(viewer, path, 404, name="batery.soc")
    assert "query name" in await problem(viewer, path, 422)
    assert "write it as 2026-11-16T08:30:00Z" in await problem(
        viewer, path, 422, name="battery.soc", start="yesterday"
    )
    assert "has no zone" in await problem(viewer, path, 422, name="battery.soc", start="2026-11-16T08:00:00")
    assert "not before end" in await problem(
        viewer, path, 422, name="battery.soc", start=NOON, end="2026-11-16T08:00:00Z"
    )
    assert "40 years" in await problem(viewer, path, 422, name="battery.soc", start="1970-01-01T00:00:00Z")
    assert "query points" in await problem(viewer, path, 422, name="battery.soc", points=0)
    assert "query limit" in await problem(viewer, "/sites/lab/events", 422, limit=100_000)
    assert "before end" in await problem(
        viewer, "/sites/lab/energy", 422, start="2026-11-16", end="2026-11-16"
    )
    assert "query by" in await problem(viewer, "/sites/lab/energy", 422, by="month")


@pytest.mark.parametrize("moment", ["0001-01-01", "1969-12-31", "9000-01-01", "9999-12-31", "10000-01-01"])
async def test_times_no_site_ever_saw_are_refused(
    site: FakeSite, viewer: httpx.AsyncClient, moment: str
) -> None:
    await site.minutes((START_MINUTE - 1, {"battery.soc.last": 62.0}))
    for path, suffix in (("series", "T00:00:00Z"), ("gaps", "T00:00:00Z"), ("events", "Z"), ("energy", "")):
        for side in ("start", "end"):
            question = {"name": "battery.soc", side: moment + suffix}
            await problem(viewer, f"/sites/lab/{path}", 422, **question)


@pytest.mark.parametrize("moment", ["1970-01-01", "8999-12-31"])
async def test_any_other_time_may_be_asked_for(
    site: FakeSite, viewer: httpx.AsyncClient, moment: str
) -> None:
    await site.minutes((START_MINUTE - 1, {"battery.soc.last": 62.0}))
    for path, suffix in (("series", "T23:00:00-12:00"), ("gaps", "T00:00:00+14:00"), ("events", "T00:00Z")):
        await ask(viewer, f"/sites/lab/{path}", name="battery.soc", end=moment + suffix)
    await ask(viewer, "/sites/lab/energy", end=moment)


@pytest.mark.parametrize("part", ["", "/now", "/series", "/gaps", "/events", "/energy", "/live"])
async def test_an_unknown_site_is_not_found_and_the_nearest_is_named(
    running: Running, viewer: httpx.AsyncClient, part: str
) -> None:
    await running.site("noto")
    assert "did you mean 'noto'" in await problem(viewer, f"/sites/notto{part}", 404, name="x")


async def test_a_site_admitted_while_the_server_runs_is_found(
    running: Running, viewer: httpx.AsyncClient
) -> None:
    await problem(viewer, "/sites/lab/now", 404)
    await running.site("lab")
    assert (await ask(viewer, "/sites/lab/now"))["state"] == "never"


async def test_answers_have_the_documented_shapes(site: FakeSite, viewer: httpx.AsyncClient) -> None:
    await site.minutes((START_MINUTE - 1, {"battery.soc.last": 62.0, "battery.power.mean": 10}))
    for shape, path in (
        (shapes.SiteList, "/sites"),
        (shapes.SiteDetail, "/sites/lab"),
        (shapes.Now, "/sites/lab/now"),
        (shapes.Series, "/sites/lab/series"),
        (shapes.Gaps, "/sites/lab/gaps"),
        (shapes.Events, "/sites/lab/events"),
        (shapes.Energy, "/sites/lab/energy"),
    ):
        answer = await ask(viewer, path, name="battery.soc")
        assert shape.model_validate(answer).model_dump(mode="json") == answer


async def test_large_answers_are_gzipped_and_small_ones_are_not(
    site: FakeSite, viewer: httpx.AsyncClient
) -> None:
    await site.minutes((START_MINUTE - 1, {"battery.soc.last": 62.0}))
    large = await viewer.get("/api/v1/sites/lab/series?name=battery.soc")
    small = await viewer.get("/api/v1/sites")
    assert large.headers.get("content-encoding") == "gzip"
    assert int(large.headers["content-length"]) < len(large.content) / 3
    assert "content-encoding" not in small.headers
