"""People and the bot: the real program between a stand-in of Telegram and a real server with a real store."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import pytest
from tests.support.bot_house import LIVE, NOW, PASSWORD, SITE, TITLE, BotHouse, BotProcess, admitted
from tests.support.png import size_of
from tests.support.telegram import Talk, TelegramStandIn

from stallaini.bot.handlers import COMMANDS
from stallaini.bot.texts import EN, IT
from stallaini.link.messages import Scalar

NEUTRAL = "This bot is private."
CHATS = itertools.count(1501)


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
    """A person whose chat is admitted; each test has one of its own, with a pace of its own."""
    return admitted(telegram, next(CHATS))


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


def test_chart_draws_and_its_buttons_redraw_the_same_message(anna: Talk) -> None:
    chart = anna.asks("/chart")
    assert list(chart.buttons)[:4] == ["3 h", "• 2 days", "30 days", "1 year"]
    pictures = {chart.photo}
    for edits, (label, title) in enumerate(
        (("3 h", "last 3 h"), ("30 days", "last 30 days"), ("1 year", "last year")), 1
    ):
        anna.presses(chart, label)
        anna.awaits_edit(chart, edits)
        assert title in chart.text
        assert "State of charge: 62.4 %" in chart.text
        assert "live, 1 s old" in chart.text
        assert f"• {label}" in chart.buttons
        pictures.add(chart.photo)
    assert len(pictures) == 4
    assert all(size_of(picture or b"") == (1080, 1350) for picture in pictures)
    assert anna.hears_nothing(0)


def test_the_series_of_a_chart_are_chosen_by_buttons(anna: Talk) -> None:
    chart = anna.asks("/chart 3h")
    assert list(chart.buttons)[4:] == [
        "✓ Current",
        "✓ State of charge",
        "✓ Temperature",
        "Battery power",
        "Voltage",
    ]
    anna.presses(chart, "✓ Current")
    anna.awaits_edit(chart, 1)
    anna.presses(chart, "Battery power")
    anna.awaits_edit(chart, 2)
    assert [line.split(":")[0] for line in chart.text.splitlines()[1:4]] == [
        "State of charge",
        "Temperature",
        "Battery power",
    ]
    assert "✓ Battery power" in chart.buttons


def test_a_chart_whose_message_was_deleted_comes_anew(anna: Talk) -> None:
    chart = anna.asks("/chart 3h")
    anna.deletes(chart)
    anna.presses(chart, "Voltage")
    anew = anna.hears()
    assert anew.photo is not None
    assert "Voltage: 50.12 V" in anew.text


def test_a_card_whose_message_was_deleted_comes_anew(anna: Talk) -> None:
    card = anna.asks("/status")
    anna.deletes(card)
    anna.presses(card, "🔄 Refresh")
    assert "62.4 %" in anna.hears().text


def test_asking_keeps_the_site_live_for_some_minutes(house: BotHouse, anna: Talk) -> None:
    anna.asks("/status")
    assert 60 < house.watching_s(SITE) <= 180


def test_data_tells_the_plan_its_use_and_where_it_leads(house: BotHouse, anna: Talk) -> None:
    assert "has not told of its data plan yet" in anna.asks("/data").text
    plan: dict[str, Scalar] = {
        "plan": 200_000_000,
        "billing_day": 1,
        "mode": "auto",
        "interval_s": 60,
        "live_price": 1400,
    }
    for day, used in ((21, 90_000_000), (22, 80_000_000), (23, 12_000)):
        at = NOW.replace(day=day, hour=9, minute=10)
        more: dict[str, Scalar] = {"telemetry": used, "events": 500, "live": day < 23}
        house.event(SITE, at, "link.usage", day=f"2026-11-{day}", **plan, **more)
    card = anna.asks("/data").text
    for shown in (
        "170 MB of 200 MB (85.0 %) this month",
        "today: 12 kB",
        "⚠️ if it goes on so:",
        "more than the plan",
        "new month in 8 d",
        "of it values 170 MB, events 2 kB",
        "a message every 60 s (automatic)",
        "live values: paused",
        "as the site told 7 min ago",
        "live, 1 s old",
    ):
        assert shown in card


def test_the_menu_is_for_those_who_are_let_in(telegram: TelegramStandIn) -> None:
    talk = telegram.talk(611, "it")
    assert set(talk.menu()) == {"start", "help"}
    assert talk.menu()["help"] == IT.help_help
    talk.asks(f"/start {PASSWORD}")
    assert talk.menu() == {verb: getattr(IT, command.help) for verb, command in COMMANDS.items()}
    talk.asks("/language en")
    assert talk.menu()["status"] == EN.help_status
    talk.presses(talk.asks("/leave"), EN.leave_yes)
    telegram.wait_for("the goodbye", lambda: telegram.calls_of("deleteMyCommands"))
    assert set(talk.menu()) == {"start", "help"}


def test_help_leads_on_by_buttons(anna: Talk) -> None:
    menu = anna.asks("/help")
    anna.presses(menu, "🔋 /status")
    assert "62.4 %" in anna.hears().text
    anna.presses(menu, "🔌 /loads")
    assert "no load that can be switched" in anna.hears().text


@pytest.mark.parametrize("words", ["/status", "/uptime", "/alarms", "/loads", "/data", "/chart 3h"])
def test_every_answer_says_how_old_the_data_are(anna: Talk, words: str) -> None:
    assert "live, 1 s old" in anna.asks(words).text


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
    assert all(f"/{command} – " in text for command in COMMANDS)


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
    deleted = "Bad Request: message to edit not found"
    assert set(telegram.refusals()) == {
        ("deleteMessage", "Bad Request: message can't be deleted"),
        ("editMessageText", deleted),
        ("editMessageMedia", deleted),
    }
