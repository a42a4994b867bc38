"""Alarms over the HTTP API: looked at, acknowledged, snoozed; settings, contact, digest, outbox."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from tests.support.mail_server import MailServer
from tests.support.serving import START_MINUTE, START_S, FakeSite, Running, ask, problem, serving

from stallaini.link.messages import Event

RAISED = Event(START_S, "alarm.raised", {"rule": "soc_low", "severity": "warning", "value": 19.5})
CLEARED = Event(START_S + 60, "alarm.cleared", {"rule": "soc_low", "value": 25.0, "lasted_s": 60})


@pytest.fixture
async def running(tmp_path: Path) -> AsyncIterator[Running]:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    file = data / "notify.toml"
    file.touch(mode=0o600)
    file.write_text('[webhook]\nhosts = ["hooks.example"]\n')
    async with serving(tmp_path) as running:
        yield running


@pytest.fixture
async def site(running: Running) -> FakeSite:
    site = await running.site("lab")
    await site.events(RAISED)
    return site


async def _only(client: httpx.AsyncClient, **params: str) -> dict[str, object]:
    (alarm,) = (await ask(client, "/sites/lab/alarms", **params))["alarms"]
    return dict(alarm)


async def test_an_alarm_is_listed_while_it_stands(running: Running, site: FakeSite) -> None:
    client = await running.program("viewer")
    alarm = await _only(client)
    assert (alarm["rule"], alarm["state"], alarm["value"]) == ("soc_low", "raised", 19.5)
    assert alarm["raised_at"] == "2026-11-16T12:00:00Z"
    assert (await ask(client, "/alarms"))["alarms"] == [alarm]
    running.clock.advance(60)
    await site.events(CLEARED)
    assert (await ask(client, "/sites/lab/alarms"))["alarms"] == []
    assert (await _only(client, state="all"))["cleared_at"] == "2026-11-16T12:01:00Z"
    assert (await ask(client, "/alarms", state="all", before="2026-11-16T12:00:00Z"))["alarms"] == []


async def test_somebody_takes_care_of_it_and_all_can_see_who(running: Running, site: FakeSite) -> None:
    anna = await running.person("operator")
    alarm = await _only(anna)
    acked = (await anna.post(f"/api/v1/alarms/{alarm['id']}/ack")).json()
    assert (acked["state"], acked["acknowledged_by"]) == ("acknowledged", "anna")
    again = (await anna.post(f"/api/v1/alarms/{alarm['id']}/ack")).json()
    assert again == acked
    detail = await ask(anna, f"/alarms/{alarm['id']}")
    assert [(one["change"], one["by"]) for one in detail["changes"]] == [
        ("raised", None),
        ("acknowledged", "anna"),
    ]


async def test_an_alarm_is_silenced_while_it_stands(running: Running, site: FakeSite) -> None:
    anna = await running.person("operator")
    path = f"/api/v1/alarms/{(await _only(anna))['id']}/snooze"
    snoozed = (await anna.post(path, json={"minutes": 30})).json()
    assert (snoozed["state"], snoozed["snoozed_until"]) == ("snoozed", "2026-11-16T12:30:00Z")
    too_far = await anna.post(path, json={"until": "2026-12-16T12:00:00Z"})
    assert too_far.status_code == 422
    running.clock.advance(60)
    await site.events(CLEARED)
    assert (await anna.post(path, json={})).status_code == 409


async def test_nobody_learns_of_alarms_of_other_sites(running: Running, site: FakeSite) -> None:
    stranger = await running.person("admin", "carla", "hut")
    id_ = (await _only(await running.program("viewer")))["id"]
    detail = await problem(stranger, f"/alarms/{id_}", 404)
    assert detail == f"there is no alarm '{id_}'; GET /api/v1/alarms lists them"
    assert (await ask(stranger, "/alarms"))["alarms"] == []


async def test_settings_are_kept_and_checked(running: Running, site: FakeSite) -> None:
    anna = await running.person("admin")
    path = "/api/v1/sites/lab/alarm-settings"
    assert (await anna.get(path)).json() == {
        "mute_until": None,
        "quiet": None,
        "escalate_after_min": 15,
        "told": None,
    }
    wanted = {
        "quiet": {"start": "22:30", "end": "07:00"},
        "escalate_after_min": 5,
        "told": [{"person": "anna", "ways": ["email"], "severity": "info", "turn": 0, "digest": ["week"]}],
    }
    assert (await anna.put(path, json=wanted)).json() == {"mute_until": None, **wanted}
    muted = (await anna.put("/api/v1/sites/lab/mute", json={"minutes": 60})).json()
    assert muted == {**wanted, "mute_until": "2026-11-16T13:00:00Z"}
    assert (await anna.get(path)).json() == muted
    for wrong in (
        {"quiet": {"start": "25:00", "end": "07:00"}},
        {"told": [{"person": "a"}, {"person": "A"}]},
    ):
        assert (await anna.put(path, json=wrong)).status_code == 422, wrong


async def test_people_say_where_they_are_told(running: Running) -> None:
    anna = await running.person("viewer")
    path = "/api/v1/account/contact"
    assert (await anna.get(path)).json() == {"email": "", "webhook": "", "ntfy": ""}
    wanted = {"email": "anna@example.org", "webhook": "https://hooks.example/1", "ntfy": "casa"}
    assert (await anna.put(path, json=wanted)).json() == wanted
    assert (await anna.get(path)).json() == wanted
    for wrong in ({"email": "anna"}, {"webhook": "http://127.0.0.1:8086/"}, {"ntfy": "a/b"}):
        assert (await anna.put(path, json=wrong)).status_code == 422, wrong


async def test_the_running_server_mails_an_alarm_to_who_wants_it(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o700)
    file = data / "notify.toml"
    file.touch(mode=0o600)
    with MailServer() as post_office:
        lines = [
            'host = "127.0.0.1"',
            f"port = {post_office.port}",
            'tls = "none"',
            'sender = "h@casa.example"',
        ]
        file.write_text("\n".join(["[smtp]", *lines]))
        async with serving(tmp_path) as running:
            anna = await running.person("admin")
            await anna.put("/api/v1/account/contact", json={"email": "anna@example.org"})
            site = await running.site("lab")
            told = {"told": [{"person": "anna", "ways": ["email"]}]}
            assert (await anna.put("/api/v1/sites/lab/alarm-settings", json=told)).status_code == 200
            await site.events(RAISED)
            assert await asyncio.to_thread(post_office.came.wait, 10)
    (mail,) = post_office.mails
    assert (mail["To"], mail["Subject"]) == ("anna@example.org", "🟠 soc low · The lab")


async def test_a_digest_in_figures_and_words(running: Running, site: FakeSite) -> None:
    await site.minutes(
        *((START_MINUTE + n, {"battery.power.mean": 600.0, "battery.soc.min": 50.0 - n}) for n in range(10))
    )
    client = await running.program("viewer")
    digest = await ask(client, "/sites/lab/digest", period="day", end="2026-11-17")
    assert digest["energy"] == [{"channel": "battery.power", "in_kwh": 0.1, "out_kwh": 0.0}]
    assert digest["lowest_soc"] == {"soc_pct": 41.0, "at": "2026-11-16T12:09:00Z"}
    assert digest["text"].startswith("📋 The lab, Mon 16/11\nbattery: 0.1 kWh")
    assert (await ask(client, "/sites/lab/digest", period="week"))["first"] == "2026-11-09"


async def test_the_bot_waits_for_news_and_tells_what_became_of_it(running: Running) -> None:
    bot = await running.chat(500, "operator")
    del bot.headers["X-Stallaini-Chat"]
    waiting = asyncio.create_task(bot.get("/api/v1/outbox", params={"wait_s": 30}))
    await asyncio.sleep(0.05)
    await (await running.site("lab")).events(RAISED)
    (item,) = (await waiting).json()["items"]
    assert (item["chat_id"], item["version"], item["message_id"]) == (500, 1, None)
    assert [button["action"] for button in item["buttons"]] == ["ack", "snooze", "alarm"]
    path = f"/api/v1/outbox/{item['id']}"
    begun = {"state": "sending", "version": 1, "attempt": "note"}
    assert (await bot.post(path, json=begun)).status_code == 204
    (again,) = (await bot.get("/api/v1/outbox")).json()["items"]
    assert again["attempt"] == "note"
    shown = {"state": "shown", "version": 1, "message_id": 4712}
    assert (await bot.post(path, json=shown)).status_code == 204
    assert (await bot.get("/api/v1/outbox")).json() == {"items": []}
    (told,) = (await ask(await running.program("viewer"), f"/alarms/{item['alarm']}"))["told"]
    assert (told["person"], told["shown_version"]) == ("chat 500", 1)
    assert (await bot.post("/api/v1/outbox/none", json=shown)).status_code == 404
