"""Buttons that do something: who may press them, what they ask of the site, and what is told of its end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.support.bot_house import LIVE, NOW, SITE, TITLE, BotHouse, BotProcess, until
from tests.support.telegram import Heard, Talk, TelegramStandIn

from stallaini.bot.texts import EN
from stallaini.server.store.base import CommandRow

LOADS = """
[loads.well_pump]
title = "Well <pump>"
power = "2.2 kW"
"""
ANNA, BRUNO, CARLA = 501, 502, 503
RUN, STOP = "▶ Run Well <pump>", "⏹ Stop"


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BotHouse]:
    """A server with a site that has a load."""
    house = BotHouse(tmp_path_factory.mktemp("server"))
    house.add_site(SITE, TITLE, LOADS)
    house.live(SITE, LIVE)
    yield house
    house.close()


@pytest.fixture(scope="module")
def telegram(house: BotHouse, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TelegramStandIn]:
    """Telegram with the bot listening."""
    with TelegramStandIn() as telegram:
        bot = BotProcess(tmp_path_factory.mktemp("bot"), house.url, telegram.url, house.token)
        yield telegram
        bot.kill_if_running()


@pytest.fixture(scope="module")
def people(house: BotHouse, telegram: TelegramStandIn) -> dict[str, Talk]:
    """Anna is operator, Bruno looks on, and there is a group; Carla is known to nobody."""
    talks = {"anna": telegram.talk(ANNA), "bruno": telegram.talk(BRUNO, title="Bruno")}
    talks["anna"].asks(f"/start {house.invite('operator')}")
    talks["bruno"].asks(f"/start {house.invite('viewer')}")
    talks["group"] = telegram.talk(-700, kind="supergroup", title="Family")
    talks["group"].asks(f"/start@stallaini_test_bot {house.invite('viewer')}")
    return talks


@pytest.fixture
def anna(people: dict[str, Talk]) -> Talk:
    return people["anna"]


def commands(house: BotHouse) -> list[CommandRow]:
    """What was asked of the site, the newest first."""
    return house.run(house.commands.listed(SITE, 50))


def asked(house: BotHouse, talk: Talk, label: str, member: int | None = None) -> Heard:
    """The list of loads after a press that only asks whether it is meant."""
    card = talk.asks("/loads")
    before = len(commands(house))
    talk.presses(card, label, member)
    talk.awaits_edit(card)
    assert len(commands(house)) == before
    return card


def test_a_load_runs_after_a_second_word_and_its_end_is_told(house: BotHouse, anna: Talk) -> None:
    card = anna.asks("/loads")
    assert "Well <pump>: rated 2,200 W; not known whether it runs" in card.text
    question = asked(house, anna, RUN)
    assert question.text == "Run Well <pump>? For how long?"
    anna.presses(question, "15 min")
    anna.awaits_edit(question, 2)
    assert question.text == "▶ Well <pump>, run for 15 min:\n⏳ waits for the site to call"
    command = commands(house)[0].command
    assert (command.kind, command.data) == ("load.run", {"load": "well_pump", "minutes": 15})
    assert command.issuer == "Anna"
    house.event(SITE, NOW, "command.refused", id=command.id, kind="load.run", reason="the tank is <full>")
    anna.awaits_edit(question, 3)
    assert question.text.endswith("⛔ the site refused (the tank is <full>)")


def test_yes_pressed_twice_asks_once(house: BotHouse, anna: Talk) -> None:
    question = asked(house, anna, STOP)
    before = len(commands(house))
    pressed = dict(question.buttons)
    anna.presses(question, EN.load_stop_yes)
    question.buttons = pressed
    anna.presses(question, EN.load_stop_yes)
    until("the command", lambda: len(commands(house)) > before)
    anna.asks("/help")
    newest = commands(house)
    assert len(newest) == before + 1
    assert (newest[0].command.kind, newest[0].command.data) == ("load.stop", {"load": "well_pump"})


def test_no_does_nothing(house: BotHouse, anna: Talk) -> None:
    question, before = asked(house, anna, RUN), len(commands(house))
    anna.presses(question, EN.cancel)
    anna.awaits_edit(question, 2)
    assert "Loads" in question.text
    assert len(commands(house)) == before


def test_an_old_question_is_not_answered_any_more(house: BotHouse, anna: Talk) -> None:
    question, before = asked(house, anna, RUN), len(commands(house))
    data = question.buttons["1 h"]
    question.buttons["1 h"] = data[: data.rindex(",")] + ",1000000000"
    assert anna.is_told(question, "1 h") == EN.question_old
    assert len(commands(house)) == before


def test_who_only_looks_sees_no_buttons_and_may_not_press_any(
    house: BotHouse, anna: Talk, people: dict[str, Talk]
) -> None:
    bruno = people["bruno"]
    assert list(bruno.asks("/loads").buttons) == ["🔄 Refresh"]
    question, before = asked(house, anna, RUN), len(commands(house))
    # As if the message had been made for him: what counts is the role.
    assert bruno.is_told(question, "15 min") == EN.not_permitted
    assert len(commands(house)) == before


def test_in_a_group_a_member_acts_as_what_they_are_themselves(
    house: BotHouse, people: dict[str, Talk]
) -> None:
    group = people["group"]
    question, before = asked(house, group, RUN, ANNA), len(commands(house))
    assert group.is_told(question, "1 h", CARLA) == EN.only_known
    assert group.is_told(question, "1 h", BRUNO) == EN.not_permitted
    assert len(commands(house)) == before
    group.presses(question, "1 h", ANNA)
    until("Anna's command", lambda: len(commands(house)) > before)
    assert commands(house)[0].command.issuer == "Anna"


def test_in_a_group_strangers_change_neither_language_nor_membership(people: dict[str, Talk]) -> None:
    group = people["group"]
    group.says("/language@stallaini_test_bot it", CARLA)
    assert group.hears().text == EN.only_known
    assert group.is_told(group.asks("/leave@stallaini_test_bot"), EN.leave_yes, CARLA) == EN.only_known
    assert TITLE in group.asks("/status@stallaini_test_bot").text
