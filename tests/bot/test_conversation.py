"""People and the bot: the real program between a stand-in of Telegram and a real server with a real store."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.support.bot_house import LIVE, PASSWORD, SITE, TITLE, BotHouse, BotProcess, admitted
from tests.support.png import size_of
from tests.support.telegram import Talk, TelegramStandIn

NEUTRAL = "This bot is private."


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[BotHouse]:
    """A server with a site that has 30 days behind it."""
    house = BotHouse(tmp_path_factory.mktemp("server"))
    house.add_site(SITE, TITLE)
    house.month_of_history(SITE)
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


@pytest.fixture
def anna(telegram: TelegramStandIn) -> Talk:
    """A person whose chat is admitted."""
    return admitted(telegram, 501)


def test_the_password_admits_and_is_deleted_from_the_chat(telegram: TelegramStandIn) -> None:
    talk = telegram.talk(601)
    message = talk.says(f"/start {PASSWORD}")
    welcome = talk.hears().text
    assert TITLE in welcome
    assert "/status" in welcome
    assert PASSWORD not in welcome
    assert talk.is_deleted(message)
    assert "%" in talk.asks("/status").text


def test_a_wrong_password_admits_nobody_and_tells_nothing(telegram: TelegramStandIn) -> None:
    talk = telegram.talk(602)
    message = talk.says("/start melograno-2025")
    assert talk.hears().text.startswith(NEUTRAL)
    assert talk.is_deleted(message)
    assert talk.asks("/status").text.startswith(NEUTRAL)


@pytest.mark.parametrize("words", ["/status", "/chart 2d", "/uptime", "/help", "/start", "/other", "hello"])
def test_strangers_get_the_same_sentence_whatever_they_ask(telegram: TelegramStandIn, words: str) -> None:
    stranger = telegram.talk(700 + len(words))
    heard = stranger.asks(words)
    assert heard.text.startswith(NEUTRAL)
    assert TITLE not in heard.text
    assert not heard.buttons


def test_a_stranger_who_insists_is_not_answered_for_ever(telegram: TelegramStandIn) -> None:
    stranger = telegram.talk(603)
    for _ in range(3):
        stranger.asks("/status")
    stranger.says("/status")
    assert stranger.hears_nothing()


def test_a_button_helps_no_stranger(telegram: TelegramStandIn, anna: Talk) -> None:
    card = anna.asks("/status")
    stranger = telegram.talk(604)
    stranger.presses(card, "🔄 Refresh")
    assert stranger.hears().text.startswith(NEUTRAL)


def test_status_shows_the_battery_now_with_its_age(anna: Talk) -> None:
    card = anna.asks("/status").text
    for shown in (
        TITLE,
        "62.4 %",
        "Discharging with 1,173 W",
        "−23.4 A",
        "50.12 V",
        "21.4 °C",
        "live, 1 s old",
    ):
        assert shown in card
    assert "• charge up to 148 A and 53.2 V" in card
    assert "discharge up to 160 A, down to 45.0 V" in card
    assert "No alarm raised" in card
    assert "STALE" not in card


def test_status_speaks_the_language_of_the_person(telegram: TelegramStandIn) -> None:
    card = admitted(telegram, 605, "it").asks("/status").text
    assert "In scarica con 1.173 W" in card
    assert "62,4 %" in card


def test_refresh_renews_the_same_message(house: BotHouse, anna: Talk) -> None:
    card = anna.asks("/status")
    house.live(SITE, {**LIVE, "battery.soc": 61.9})
    anna.presses(card, "🔄 Refresh")
    anna.awaits_edit(card)
    assert "61.9 %" in card.text
    assert anna.hears_nothing(0.2)
    house.live(SITE, LIVE)


def test_chart_offers_three_spans_and_draws_each(anna: Talk) -> None:
    offer = anna.asks("/chart")
    assert list(offer.buttons) == ["3 h", "2 days", "30 days"]
    pictures = set()
    for label in offer.buttons:
        anna.presses(offer, label)
        heard = anna.hears()
        assert heard.photo is not None
        assert size_of(heard.photo) == (1080, 1350)
        assert "State of charge: 62.4 %" in heard.text
        pictures.add(heard.photo)
    assert len(pictures) == 3


@pytest.mark.parametrize(
    "words", ["/chart 2d", "/chart 2 days", "/chart noto 2d", "/chart@stallaini_test_bot 2d"]
)
def test_chart_takes_its_span_as_a_word(anna: Talk, words: str) -> None:
    heard = anna.asks(words)
    assert heard.photo is not None
    assert "last 2 days" in heard.text


def test_chart_says_what_it_does_not_understand(anna: Talk) -> None:
    heard = anna.asks("/chart 5 <weeks>")
    assert "5 <weeks>" in heard.text
    assert "2 days" in heard.buttons


def test_uptime_names_the_gap(anna: Talk) -> None:
    card = anna.asks("/uptime").text
    assert "Last 7 days: 99.05 % (9,985 of 10,080 minutes)" in card
    assert "Last 30 days: 99.78 %" in card
    assert "Sun 22 Nov 10:17 – 11:52 (1 h 35 min): reason not known" in card


def test_help_names_every_command(anna: Talk) -> None:
    text = anna.asks("/help").text
    for command in ("/status", "/chart", "/uptime", "/start", "/help"):
        assert command in text


def test_a_group_is_one_chat(telegram: TelegramStandIn) -> None:
    group = telegram.talk(-1001234567890, kind="supergroup", title="Family")
    group.forbids_deleting()
    message = group.says(f"/start@stallaini_test_bot {PASSWORD}")
    assert "delete it yourself" in group.hears().text
    assert not group.is_deleted(message)
    assert "62.4 %" in group.asks("/status@stallaini_test_bot").text
    group.says("see you at the house")
    group.says("/status@another_bot")
    group.says("/unknown")
    assert group.hears_nothing()


def test_an_update_that_comes_twice_is_answered_once(telegram: TelegramStandIn, anna: Talk) -> None:
    telegram.redeliver = True
    try:
        anna.asks("/help")
        assert anna.hears_nothing()
    finally:
        telegram.redeliver = False


def test_questions_of_one_chat_are_answered_in_their_order(anna: Talk) -> None:
    for words in ("/chart 3h", "/status", "/help"):
        anna.says(words)
    assert anna.hears().photo is not None
    assert "62.4 %" in anna.hears().text
    assert "What you can ask" in anna.hears().text


def test_a_slow_picture_in_one_chat_keeps_no_other_waiting(telegram: TelegramStandIn, anna: Talk) -> None:
    other = admitted(telegram, 607)
    anna.says("/chart 30d")
    telegram.wait_for("the chart's beginning", lambda: telegram.calls_of("sendChatAction"))
    assert "62.4 %" in other.asks("/status").text
    assert anna.hears_nothing(0)
    assert anna.hears().photo is not None


def test_no_call_was_refused_by_telegram(telegram: TelegramStandIn) -> None:
    assert set(telegram.refusals()) == {("deleteMessage", "Bad Request: message can't be deleted")}
