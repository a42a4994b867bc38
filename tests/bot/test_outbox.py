"""Alarms from the server's outbox into Telegram, over real HTTP on both sides, and Telegram's troubles."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from tests.support.bot_house import NOW, SITE, TITLE, BotHouse, BotProcess, until
from tests.support.telegram import TOKEN, too_many_requests
from tests.support.telegram_lossy import LossyTelegram

from stallaini.bot.outbox import OutboxCourier
from stallaini.bot.outbox_api import HttpOutbox
from stallaini.bot.post import TelegramPost
from stallaini.server.people.audit import OPERATOR
from stallaini.server.people.chats import Chat
from stallaini.server.people.invitations import Offer

pytestmark = pytest.mark.filterwarnings("error::telegram.warnings.PTBDeprecationWarning")

ANNA = 500


@pytest.fixture
def house(tmp_path: Path) -> Iterator[BotHouse]:
    """A server with a site and Anna, who may steer it."""
    house = BotHouse(tmp_path)
    house.add_site(SITE, TITLE)
    code, _ = house.run(house.people.invitations.make(Offer("it", "operator", "*"), 3600, OPERATOR))
    house.run(house.people.chats.join(Chat(ANNA, "Anna", "it"), code))
    yield house
    house.close()


@pytest.fixture
def telegram() -> Iterator[LossyTelegram]:
    telegram = LossyTelegram()
    with telegram:
        telegram.talk(ANNA, "it")
        yield telegram


@asynccontextmanager
async def courier(house: BotHouse, telegram: LossyTelegram) -> AsyncIterator[OutboxCourier]:
    """The bot's sender, as a program that has just started."""
    api, post = HttpOutbox(house.url, house.token), TelegramPost(TOKEN, telegram.url)
    try:
        yield OutboxCourier(api, post, house.clock)
    finally:
        await api.close()
        await post.close()


def _raise(house: BotHouse, at: timedelta = timedelta()) -> None:
    house.event(SITE, NOW + at, "alarm.raised", rule="soc_low", severity="warning")
    house.run(house.desk.fill())


def _texts(telegram: LossyTelegram) -> list[str]:
    return [one.text for one in telegram.talk(ANNA)._chat.messages]


async def test_an_alarm_comes_with_buttons_and_is_edited(house: BotHouse, telegram: LossyTelegram) -> None:
    async with courier(house, telegram) as bringing:
        talk = telegram.talk(ANNA)
        _raise(house)
        assert await bringing.deliver() == 1
        heard = talk.hears()
        assert heard.text == f"🟠 Batteria bassa · {TITLE}\nda lun 23/11 10:17"
        alarm = house.run(house.desk.read(lambda c: c.execute("SELECT id FROM alarm").fetchone()))[0]
        assert list(heard.buttons.values()) == [f"ack|{alarm}|", f"snooze|{alarm}|60", f"alarm|{alarm}|"]
        house.run(house.desk.acknowledge(alarm, "Anna"))
        house.advance(5)
        house.run(house.desk.fill())
        assert await bringing.deliver() == 1
        assert (heard.edits, "se ne occupa Anna" in heard.text) == (1, True)
        assert await bringing.deliver() == 0
    assert telegram.refusals() == []


async def test_a_message_whose_answer_was_lost_is_found_again(
    house: BotHouse, telegram: LossyTelegram
) -> None:
    async with courier(house, telegram) as bringing:
        bringing.seen.note(ANNA, telegram.say(telegram.talk(ANNA)._chat, "/start"))
        _raise(house)
        telegram.lose = ["sendMessage"]
        await bringing.deliver()
    # Meanwhile others write, and the program is started anew.
    telegram.say(telegram.talk(ANNA)._chat, "hello")
    house.advance(60)
    async with courier(house, telegram) as bringing:
        await bringing.deliver()
    assert len(_texts(telegram)) == 1
    assert len(telegram.calls_of("sendMessage")) == 1


async def test_a_message_that_never_arrived_is_sent_again(house: BotHouse, telegram: LossyTelegram) -> None:
    async with courier(house, telegram) as bringing:
        bringing.seen.note(ANNA, 1)
        _raise(house)
        telegram.fail("sendMessage", too_many_requests(30))
        await bringing.deliver()
        house.advance(29)
        assert await bringing.deliver() == 0
        house.advance(2)
        assert await bringing.deliver() == 1
    assert len(_texts(telegram)) == 1


async def test_who_blocked_the_bot_is_not_written_to_again(house: BotHouse, telegram: LossyTelegram) -> None:
    telegram.talk(ANNA).blocks_the_bot()
    async with courier(house, telegram) as bringing:
        _raise(house)
        await bringing.deliver()
        # Short of the half hour after which the site's silence would be an alarm of its own.
        house.advance(1500)
        assert await bringing.deliver() == 0
    assert len(telegram.calls_of("sendMessage")) == 1


def test_the_bot_program_brings_an_alarm_at_once(
    house: BotHouse, telegram: LossyTelegram, tmp_path: Path
) -> None:
    bot = BotProcess(tmp_path, house.url, telegram.url, house.token)
    try:
        until("the bot", lambda: "is listening" in bot.log)
        house.event(SITE, NOW, "alarm.raised", rule="soc_low", severity="warning")
        assert "Batteria bassa" in telegram.talk(ANNA).hears().text
    finally:
        bot.kill_if_running()
