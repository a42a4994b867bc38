"""What the server forgets of alarms in its daily round, and what never."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.alarm_house import SITE, AlarmHouse
from tests.support.serving import START_MINUTE

from stallaini.server.alarms import patrol
from stallaini.server.alarms.settings import SiteSettings, Told
from stallaini.server.people.audit import OPERATOR

HOUR_S, DAY_S = 3600, 86_400


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[AlarmHouse]:
    house = AlarmHouse(tmp_path)
    await house.prepare(Told("anna", ways=("webhook",)))
    yield house
    house.kill()


async def _days_pass(house: AlarmHouse, days: int) -> None:
    """Time passes, and the server looks round once."""
    house.clock.advance(days * DAY_S)
    await house.patrol.walk()


async def _lives(house: AlarmHouse) -> dict[str, list[str]]:
    """What is kept of each alarm's life, by rule; not of what the server finds by itself."""
    return {
        alarm.rule.name: await house.changes(alarm)
        for alarm in await house.alarms()
        if "soc" in alarm.rule.name
    }


def _digests(house: AlarmHouse) -> list[str]:
    """The digests that were mailed, by their subjects."""
    return [subject for mail in house.mails.values() if (subject := str(mail["Subject"])).startswith("📋")]


async def test_the_life_of_an_alarm_is_kept_for_four_hundred_days_after_its_end(house: AlarmHouse) -> None:
    await house.happens("raised")
    await house.later(60)
    await house.happens("cleared")
    await house.later(10)
    await _days_pass(house, 399)
    assert await _lives(house) == {"soc_low": ["raised", "cleared"]}
    await _days_pass(house, 2)
    assert await _lives(house) == {"soc_low": []}


async def test_an_alarm_that_stands_is_never_forgotten(house: AlarmHouse) -> None:
    await house.happens("raised")
    await house.deliver()
    await _days_pass(house, 4000)
    assert await _lives(house) == {"soc_low": ["raised"]}


async def test_what_nobody_could_be_told_of_yet_stays_until_they_are(house: AlarmHouse) -> None:
    await house.happens("raised")
    await house.deliver()
    house.hook_is_down = True
    await house.happens("cleared")
    await house.later(10)
    await _days_pass(house, 401)
    assert await _lives(house) == {"soc_low": ["raised", "cleared"]}
    house.hook_is_down = False
    await house.deliver()
    (last,) = (post for post in house.posts.values() if post["alarm"]["state"] == "cleared")
    assert [change["change"] for change in last["changes"]] == ["cleared"]
    await _days_pass(house, 1)
    assert await _lives(house) == {"soc_low": []}


async def test_a_digest_that_nobody_could_be_sent_in_its_time_is_given_up(house: AlarmHouse) -> None:
    await house.site.minutes((START_MINUTE, {"battery.power.mean": 600.0}))
    await house.desk.change_settings(
        SITE, lambda _: SiteSettings(told=(Told("anna", ways=("email",), digest=("day",)),)), OPERATOR
    )
    house.clock.advance(19 * HOUR_S)  # eight in the morning
    await house.patrol.walk()
    await house.later(23 * HOUR_S)
    assert _digests(house) == ["📋 The lab, Mon 16/11"]
    house.clock.advance(HOUR_S)
    await house.patrol.walk()  # the next one, which no mail server takes
    await house.later(2 * DAY_S + HOUR_S)
    assert len(_digests(house)) == 1
    await _days_pass(house, 91)
    query = "SELECT alarm FROM delivery WHERE alarm LIKE 'digest:day:2026%'"
    assert await house.database.read(lambda c: c.execute(query).fetchall()) == []


async def test_what_the_outbox_was_not_filled_for_yet_stays(house: AlarmHouse) -> None:
    await house.happens("raised")
    await house.deliver()
    await house.happens("cleared")
    await _days_pass(house, 401)
    assert await _lives(house) == {"soc_low": ["raised", "cleared"]}


async def test_much_is_forgotten_in_pieces(house: AlarmHouse, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patrol, "_CHANGES_AT_ONCE", 2)
    for rule in ("soc_low", "soc_very_low", "soc_lowest"):
        await house.happens("raised", rule=rule)
        await house.later(60)
        await house.happens("cleared", rule=rule)
        await house.later(10)
    await _days_pass(house, 401)
    assert set(map(tuple, (await _lives(house)).values())) == {()}
