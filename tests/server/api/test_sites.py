"""What people and programs read of a site, over real HTTP from a real store."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest
from tests.support.serving import START_MINUTE, FakeSite, Running, ask, problem, serving

from stallaini.server.api import history_models as history_shapes
from stallaini.server.api import models as shapes

NOON = "2026-11-16T12:00:00Z"


@pytest.fixture
async def site(running: Running) -> FakeSite:
    return await running.site("lab")


@pytest.fixture
async def viewer(running: Running) -> httpx.AsyncClient:
    return await running.program("viewer")


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
    running.clock.advance(13)
    assert await state() == "late"
    running.clock.advance(288)
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
    running.clock.advance(12)
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
    await ask(viewer, "/sites/lab/now", watch_s=0)
    assert running.server.hub.watching_s(site.name) == 0
    await ask(viewer, "/sites/lab/now")
    assert running.server.hub.watching_s(site.name) == 60
    await ask(viewer, "/sites/lab/now", watch_s=180)
    assert running.server.hub.watching_s(site.name) == 180


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
    assert "query by" in await problem(viewer, "/sites/lab/energy", 422, by="week")


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


@pytest.mark.parametrize(
    "part", ["", "/now", "/series", "/gaps", "/clock", "/events", "/energy", "/columns", "/live"]
)
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
        (shapes.Clock, "/sites/lab/clock"),
        (shapes.Events, "/sites/lab/events"),
        (history_shapes.Columns, "/sites/lab/columns"),
        (history_shapes.Energy, "/sites/lab/energy"),
    ):
        name = "battery.power" if path.endswith("energy") else "battery.soc"
        answer = await ask(viewer, path, name=name)
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
