"""Alarms in the chat: listed, taken care of, silenced, and who may do that."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.support.bot_house import LIVE, NOW, SITE, TITLE, BotHouse, BotProcess
from tests.support.telegram import Talk, TelegramStandIn

from stallaini.bot.texts import EN

LOW, FULL = "soc_low", "soc_very_low"
TAKE = f"1 ✔ {EN.acknowledge}"


@pytest.fixture
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BotHouse]:
    """A server with a site."""
    house = BotHouse(tmp_path_factory.mktemp("server"))
    house.add_site(SITE, TITLE)
    house.live(SITE, LIVE)
    yield house
    house.close()


@pytest.fixture
def telegram(house: BotHouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TelegramStandIn]:
    """Telegram with the bot listening."""
    with TelegramStandIn() as telegram:
        bot = BotProcess(tmp_path_factory.mktemp("bot"), house.url, telegram.url, house.token)
        yield telegram
        bot.kill_if_running()


@pytest.fixture
def anna(house: BotHouse, telegram: TelegramStandIn) -> Talk:
    """The operator, who is told of alarms."""
    talk = telegram.talk(501)
    talk.asks(f"/start {house.invite('operator')}")
    return talk


@pytest.fixture
def bruno(house: BotHouse, telegram: TelegramStandIn) -> Talk:
    """He only looks."""
    talk = telegram.talk(502, "it", title="Bruno")
    talk.asks(f"/start {house.invite('viewer')}")
    return talk


def raised(house: BotHouse, rule: str, severity: str, value: float) -> None:
    """The site tells of an alarm."""
    house.event(SITE, NOW, "alarm.raised", rule=rule, severity=severity, channel="battery.soc", value=value)


def later(house: BotHouse) -> None:
    """The moment passes in which the server waits for more to tell by the same edit."""
    house.advance(5)
    house.run(house.desk.fill())


def test_without_an_alarm_that_is_said_with_the_age_of_the_data(house: BotHouse, anna: Talk) -> None:
    assert anna.asks("/alarms").text == f"{TITLE} · Alarms\n\n✅ No alarm is open.\n\n🟢 live, 1 s old"


def test_alarms_are_listed_worst_first_and_taken_care_of(house: BotHouse, anna: Talk) -> None:
    raised(house, LOW, "warning", 18.0)
    raised(house, FULL, "critical", 9.5)
    told = [anna.hears(), anna.hears()]
    card = anna.asks("/alarms")
    lines = card.text.splitlines()
    assert lines[2].startswith("1. 🔴 ")
    assert lines[2].endswith(": 9.5 %")
    assert lines[5].startswith("2. 🟠 ")
    assert anna.is_told(card, TAKE) == EN.acknowledged_done
    anna.awaits_edit(card)
    assert "✔ Anna takes care of it" in card.text
    assert TAKE not in card.buttons
    # The message that told of it is renewed by the server, with one button less.
    (first,) = [one for one in told if "🔴" in one.text]
    later(house)
    anna.awaits_edit(first)
    assert "Anna" in first.text


def test_the_status_names_open_alarms(house: BotHouse, anna: Talk) -> None:
    assert anna.asks("/status").text.endswith("✅ No alarm raised")
    raised(house, LOW, "warning", 18.0)
    anna.hears()
    card = anna.asks("/status").text
    assert card.endswith(": 18.0 %")
    assert "No alarm raised" not in card


def test_an_alarm_is_silenced_from_the_message_that_tells_of_it(house: BotHouse, anna: Talk) -> None:
    raised(house, LOW, "warning", 18.0)
    told = anna.hears()
    assert anna.is_told(told, "💤 1 h") == EN.snoozed_done.format(time="1 h")
    later(house)
    anna.awaits_edit(told)
    assert "💤 silent until Mon 23 Nov 11:17 (Anna)" in anna.asks("/alarms").text
    anna.presses(told, "ℹ️")
    story = anna.hears().text
    assert "• Mon 23 Nov 10:17: silenced (Anna)" in story
    assert "Told: Anna" in story


def test_an_alarm_that_is_over_cannot_be_silenced(house: BotHouse, anna: Talk) -> None:
    raised(house, LOW, "warning", 18.0)
    anna.hears()
    card = anna.asks("/alarms")
    house.event(SITE, NOW, "alarm.cleared", rule=LOW, value=25.0, lasted_s=60)
    assert anna.is_told(card, "1 💤 8 h") == EN.alarm_over
    anna.awaits_edit(card)
    assert "No alarm is open" in card.text


def test_who_only_looks_sees_alarms_and_changes_none(house: BotHouse, anna: Talk, bruno: Talk) -> None:
    raised(house, LOW, "warning", 18.0)
    anna.hears()
    bruno.says("/language it")
    bruno.hears()
    assert list(bruno.asks("/alarms").buttons) == ["🔄 Aggiorna"]
    card = anna.asks("/alarms")
    assert bruno.is_told(card, TAKE).startswith("Puoi guardare, non agire")
    assert "takes care" not in anna.asks("/alarms").text


def test_in_a_group_only_members_who_may_take_care(
    house: BotHouse, telegram: TelegramStandIn, anna: Talk, bruno: Talk
) -> None:
    group = telegram.talk(-700, kind="supergroup", title="Family")
    group.asks(f"/start@stallaini_test_bot {house.invite('viewer')}")
    raised(house, LOW, "warning", 18.0)
    card = group.asks("/alarms@stallaini_test_bot")
    assert group.is_told(card, TAKE, 503) == EN.only_known
    assert group.is_told(card, TAKE, 502) == EN.not_permitted
    assert group.is_told(card, TAKE, 501) == EN.acknowledged_done
    group.awaits_edit(card)
    assert "✔ Anna takes care of it" in card.text


def test_the_report_is_yesterdays_or_by_button_the_weeks(house: BotHouse, anna: Talk) -> None:
    report = anna.asks("/report")
    assert report.text.startswith(f"📋 {TITLE}, ")
    assert list(report.buttons) == ["• Day", "Week"]
    day = report.text
    anna.presses(report, "Week")
    anna.awaits_edit(report)
    assert report.text != day
    assert "live, 1 s old" in report.text
