"""What only the server sees: silence, wrong clocks, plans used up."""

from __future__ import annotations

from pathlib import Path

from tests.support.alarm_house import ANNA, AlarmHouse

from stallaini.link.messages import Event
from stallaini.server.alarms.silence import Known, Verdict, silent_after_s, verdicts


def _verdict(rule: str, known: Known, *standing: str) -> Verdict:
    return next(each for each in verdicts(known, standing) if each.rule == rule)


def _known(heard_s: float | None, now_s: float = 100_000, server_s: float = 0) -> Known:
    return Known(now_s, server_s, heard_s, 60, (), None)


def test_a_site_is_silent_after_half_an_hour() -> None:
    assert _verdict("no_data", _known(100_000 - 1799)).holds is False
    assert _verdict("no_data", _known(100_000 - 1800)).holds is True
    assert _verdict("no_data", _known(None)).holds is None


def test_a_site_that_calls_seldom_may_be_silent_for_longer() -> None:
    assert silent_after_s(3600) == 3 * 3600 + 300


def test_a_server_that_was_away_itself_does_not_blame_the_sites() -> None:
    assert _verdict("no_data", _known(50_000, server_s=99_000)).holds is None
    assert _verdict("no_data", _known(50_000, server_s=98_000)).holds is True


async def test_a_silent_site_is_an_alarm_that_ends_with_its_next_word(tmp_path: Path) -> None:
    house = AlarmHouse(tmp_path)
    await house.prepare()
    await house.site.minutes((int(house.clock.wall_s()) // 60 - 1, {"battery.soc.last": 62.0}))
    for _ in range(31):
        house.clock.advance(60)
        await house.patrol.walk()
    await house.deliver()
    (text,) = house.telegram.sees(ANNA)
    assert text.startswith("<b>🟠 No data from the site · The lab</b>\n30 min, since ")
    house.clock.advance(60)
    await house.site.minutes((int(house.clock.wall_s()) // 60 - 1, {"battery.soc.last": 62.0}))
    await house.patrol.walk()
    await house.deliver()
    (text,) = house.telegram.sees(ANNA)
    assert "✅ No data from the site" in text
    events = await house.store.events("lab", 0, 2**40, 10, "alarm.raised")
    assert [event.data["rule"] for event in events] == ["no_data"]
    house.kill()


async def test_a_site_whose_times_cannot_be_believed_has_a_wrong_clock(tmp_path: Path) -> None:
    house = AlarmHouse(tmp_path)
    await house.prepare()
    await house.site.events(Event(int(house.clock.wall_s()) + 86_400, "link.restored", {}))
    await house.patrol.walk()
    assert [alarm.rule.name for alarm in await house.alarms()] == ["clock_wrong"]
    house.clock.advance(3700)
    await house.site.events(Event(int(house.clock.wall_s()), "link.restored", {}))
    await house.patrol.walk()
    assert [alarm.state for alarm in await house.alarms()] == ["cleared"]
    house.kill()
