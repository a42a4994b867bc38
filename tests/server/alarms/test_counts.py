"""What the server's metrics say of alarms and of the messages that tell of them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest
from tests.support.alarm_house import SITE, AlarmHouse
from tests.support.serving import START_MINUTE

from stallaini.server.alarms.settings import Quiet, Told
from stallaini.server.people.audit import OPERATOR

HOUR_S = 3600
NONE = {"telegram": 0, "email": 0, "webhook": 0, "ntfy": 0}


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[AlarmHouse]:
    house = AlarmHouse(tmp_path)
    await house.prepare(Told("anna", ways=("telegram", "webhook")))
    yield house
    house.kill()


async def test_open_alarms_are_counted_by_severity(house: AlarmHouse) -> None:
    assert (await house.desk.count()).open == {"info": 0, "warning": 0, "critical": 0}
    await house.happens("raised")
    await house.happens("raised", rule="soc_very_low", severity="critical")
    await house.happens("raised", rule="overload", severity="critical")
    await house.later(10)
    await house.happens("cleared", rule="overload")
    assert (await house.desk.count()).open == {"info": 0, "warning": 1, "critical": 1}


async def test_what_waits_is_counted_with_its_age_until_it_was_shown(house: AlarmHouse) -> None:
    await house.happens("raised")
    await house.desk.fill()
    house.clock.advance(40)
    counts = await house.desk.count()
    assert counts.waiting == {**NONE, "telegram": 1, "webhook": 1}
    assert counts.oldest_s == {**NONE, "telegram": 40, "webhook": 40}
    await house.deliver()
    counts = await house.desk.count()
    assert (counts.waiting, counts.oldest_s) == (NONE, NONE)
    assert house.desk.delivered == {**NONE, "telegram": 1, "webhook": 1}


async def test_a_webhook_that_is_down_is_seen_to_fail_and_to_fall_behind(house: AlarmHouse) -> None:
    await house.happens("raised")
    await house.deliver()
    house.hook_is_down = True
    house.clock.advance(60)
    await house.happens("cleared")
    await house.deliver()
    house.clock.advance(60)
    await house.happens("raised", rule="overload")
    await house.later(40)
    counts = await house.desk.count()
    assert (counts.waiting, counts.oldest_s) == ({**NONE, "webhook": 2}, {**NONE, "webhook": 100})
    assert house.desk.failed == {**NONE, "webhook": 3}
    assert house.desk.delivered == {**NONE, "telegram": 3, "webhook": 1}


async def test_what_is_held_until_the_quiet_hours_end_does_not_wait(house: AlarmHouse) -> None:
    quiet = Quiet("12:30", "14:00")
    await house.desk.change_settings(SITE, lambda old: msgspec.structs.replace(old, quiet=quiet), OPERATOR)
    await house.happens("raised")
    await house.desk.fill()
    assert (await house.desk.count()).waiting == NONE
    house.clock.advance(HOUR_S)
    assert (await house.desk.count()).waiting == {**NONE, "telegram": 1, "webhook": 1}


async def test_a_digest_waits_from_eight_in_the_morning_on(house: AlarmHouse) -> None:
    told = (Told("anna", ways=("email",), severity="critical", digest=("day",)),)
    await house.desk.change_settings(SITE, lambda old: msgspec.structs.replace(old, told=told), OPERATOR)
    await house.site.minutes((START_MINUTE, {"battery.power.mean": 600.0}))
    house.clock.advance(19 * HOUR_S + 300)
    await house.patrol.walk()
    assert (await house.desk.count()).oldest_s == {**NONE, "email": 300}
