"""Who is told what and when: stories of a house, its people and their telephones."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from tests.support.alarm_house import ANNA, BRUNO, SITE, AlarmHouse
from tests.support.serving import START_S

from stallaini.link.messages import Event
from stallaini.server.alarms.settings import Quiet, SiteSettings, Told
from stallaini.server.people.audit import OPERATOR

MINUTE_S, HOUR_S = 60, 3600


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[AlarmHouse]:
    house = AlarmHouse(tmp_path)
    await house.prepare()
    yield house
    house.kill()


async def _change(house: AlarmHouse, **fields: object) -> None:
    await house.desk.change_settings(SITE, lambda old: msgspec.structs.replace(old, **fields), OPERATOR)


async def test_one_message_tells_the_whole_life(house: AlarmHouse) -> None:
    await house.happens("raised", value=19.5)
    await house.deliver()
    (text,) = house.telegram.sees(ANNA)
    assert text == "<b>🟠 soc low · The lab</b>\nsince Mon 16/11 13:00"
    (alarm,) = await house.alarms()
    await house.desk.acknowledge(alarm.id, "anna")
    await house.later(5)
    house.clock.advance(55)
    await house.happens("cleared", value=25.0, lasted_s=60)
    await house.deliver()
    (text,) = house.telegram.sees(ANNA)
    assert text == (
        "<b>✅ soc low · The lab</b>\nover: Mon 16/11 13:00 to Mon 16/11 13:01 (1 min)\n"
        "✔ anna takes care of it, Mon 16/11 13:00"
    )
    assert house.telegram.sees(BRUNO) == []


async def test_a_signal_that_flaps_a_thousand_times_is_one_message_and_a_count(house: AlarmHouse) -> None:
    for number in range(1000):
        await house.happens("cleared" if number % 2 else "raised")
        if number % 10 == 0:
            await house.deliver()
        house.clock.advance(3.6)
    await house.later(2 * MINUTE_S)
    assert len(await house.alarms()) == 1
    (text,) = house.telegram.sees(ANNA)
    assert "raised 500 times" in text
    assert house.telegram.edits <= 70


async def test_what_an_edge_limits_by_itself_has_its_count_too(house: AlarmHouse) -> None:
    await house.happens("raised")
    for minute in range(1, 60):
        house.clock.advance(MINUTE_S)
        await house.happens("flapping", count=min(1000, 17 * minute))
        await house.deliver()
    await house.later(MINUTE_S)
    (text,) = house.telegram.sees(ANNA)
    assert "raised 1000 times" in text


async def test_what_the_device_says_and_that_it_fell_silent_stand_in_the_message(house: AlarmHouse) -> None:
    await house.happens("raised", rule="studer_fault", text="(003): AUX relay overload")
    await house.deliver()
    house.clock.advance(600)
    await house.happens("stale", rule="studer_fault", silent_s=300)
    await house.deliver()
    (text,) = house.telegram.sees(ANNA)
    assert text.splitlines()[2:] == [
        "(003): AUX relay overload",
        "⚠ nothing heard of it since Mon 16/11 13:05: it may be over",
    ]


async def test_nobody_attends_to_it_so_the_next_person_is_told(house: AlarmHouse) -> None:
    await house.happens("raised")
    await house.later(14 * MINUTE_S)
    assert house.telegram.sees(BRUNO) == []
    await house.later(MINUTE_S)
    assert len(house.telegram.sees(BRUNO)) == 1
    assert "nobody attended to it" in house.telegram.sees(ANNA)[0]


async def test_somebody_attends_to_it_so_nobody_else_is_told(house: AlarmHouse) -> None:
    await house.happens("raised")
    await house.deliver()
    (alarm,) = await house.alarms()
    await house.desk.acknowledge(alarm.id, "anna")
    await house.later(HOUR_S)
    assert house.telegram.sees(BRUNO) == []


async def test_lesser_alarms_wait_for_the_end_of_quiet_hours(house: AlarmHouse) -> None:
    await _change(house, quiet=Quiet("12:30", "14:00"))
    await house.happens("raised")
    await house.happens("raised", rule="soc_very_low", severity="critical")
    await house.deliver()
    assert ["very low" in text for text in house.telegram.sees(ANNA)] == [True]
    await house.later(HOUR_S)
    assert len(house.telegram.sees(ANNA)) == 2


async def test_what_comes_and_goes_while_the_site_is_muted_is_never_told(house: AlarmHouse) -> None:
    await _change(house, mute_until_s=START_S + HOUR_S)
    await house.happens("raised")
    await house.happens("raised", rule="stays")
    await house.later(10 * MINUTE_S)
    await house.happens("cleared", lasted_s=600)
    await house.later(HOUR_S)
    assert ["stays" in text for text in house.telegram.sees(ANNA)] == [True]


async def test_a_spell_that_was_over_when_it_was_heard_of_is_told_once(house: AlarmHouse) -> None:
    raised = Event(START_S - 2 * HOUR_S, "alarm.raised", {"rule": "soc_low", "severity": "warning"})
    cleared = Event(START_S - HOUR_S, "alarm.cleared", {"rule": "soc_low", "lasted_s": HOUR_S})
    await house.site.events(raised, cleared)
    await house.deliver()
    (text,) = house.telegram.sees(ANNA)
    assert "over: Mon 16/11 11:00 to Mon 16/11 12:00 (1 h 0 min)" in text


async def test_history_from_weeks_without_a_link_is_kept_and_not_told(house: AlarmHouse) -> None:
    before_s = START_S - 20 * 86_400
    raised = Event(before_s, "alarm.raised", {"rule": "soc_low", "severity": "warning"})
    cleared = Event(before_s + 600, "alarm.cleared", {"rule": "soc_low", "lasted_s": 600})
    await house.site.events(raised, cleared)
    await house.deliver()
    assert len(await house.alarms()) == 1
    assert house.telegram.sees(ANNA) == []


async def test_who_may_not_see_the_site_any_more_is_told_no_more(house: AlarmHouse) -> None:
    await house.happens("raised")
    await house.people.set_role("anna", "*", None, OPERATOR)
    await house.deliver()
    assert house.telegram.sees(ANNA) == []


async def test_without_settings_all_who_may_steer_are_told_by_telegram(house: AlarmHouse) -> None:
    await house.desk.change_settings(SITE, lambda _: SiteSettings(), OPERATOR)
    await house.happens("raised")
    await house.deliver()
    assert (len(house.telegram.sees(ANNA)), len(house.telegram.sees(BRUNO))) == (1, 1)


async def test_mail_tells_of_the_beginning_and_of_an_end_that_holds(house: AlarmHouse) -> None:
    await _change(house, told=(Told("anna", ("email",)),))
    for number in range(100):
        await house.happens("cleared" if number % 2 else "raised")
        await house.later(20)
    assert [mail["Subject"] for mail in house.mails.values()] == ["🟠 soc low · The lab"]
    await house.later(HOUR_S)
    subjects = [mail["Subject"] for mail in house.mails.values()]
    assert subjects == ["🟠 soc low · The lab", "✅ soc low · The lab"]


async def test_a_webhook_is_told_every_change(house: AlarmHouse) -> None:
    await _change(house, told=(Told("anna", ("webhook",)),))
    await house.happens("raised", value=19.5)
    await house.deliver()
    house.clock.advance(10)
    await house.happens("cleared", value=25.0, lasted_s=10)
    await house.deliver()
    bodies = list(house.posts.values())
    assert [body["alarm"]["state"] for body in bodies] == ["raised", "cleared"]
    assert [[one["change"] for one in body["changes"]] for body in bodies] == [["raised"], ["cleared"]]


async def test_a_webhook_that_is_down_gets_all_that_happened_once_it_is_back(house: AlarmHouse) -> None:
    await _change(house, told=(Told("anna", ("webhook",)),))
    house.hook_is_down = True
    await house.happens("raised", value=19.5)
    for _ in range(8):
        await house.later(60)
    await house.happens("cleared", value=25.0, lasted_s=480)
    await house.deliver()
    house.hook_is_down = False
    await house.later(15 * MINUTE_S)
    (body,) = house.posts.values()
    assert [one["change"] for one in body["changes"]] == ["raised", "cleared"]


async def test_a_message_that_was_deleted_stays_deleted(house: AlarmHouse) -> None:
    await house.happens("raised")
    await house.deliver()
    house.telegram.chats[ANNA].clear()
    await house.happens("cleared", lasted_s=1)
    await house.later(10)
    assert house.telegram.sees(ANNA) == []
    await house.later(HOUR_S)
    assert house.telegram.sees(ANNA) == []
