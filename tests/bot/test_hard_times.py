"""The bot while things go wrong: the server away, the data old, Telegram in trouble, tokens refused."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.support.bot_house import (
    LIVE,
    MINUTE,
    NOW,
    SITE,
    TITLE,
    BotHouse,
    BotProcess,
    admitted,
    battery,
    until,
)
from tests.support.telegram import (
    TOKEN,
    Hang,
    Talk,
    TelegramStandIn,
    bad_gateway,
    too_many_requests,
)

from stallaini.link.messages import Scalar

pytestmark = pytest.mark.filterwarnings("error::telegram.warnings.PTBDeprecationWarning")

Start = Callable[[], BotProcess]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[BotHouse]:
    """A server with a site that is live and has three hours behind it."""
    house = BotHouse(tmp_path)
    house.add_site(SITE, TITLE)
    house.minutes(SITE, {m: battery(m) for m in range(MINUTE - 180, MINUTE)})
    house.live(SITE, LIVE)
    yield house
    house.close()


@pytest.fixture
def telegram() -> Iterator[TelegramStandIn]:
    with TelegramStandIn() as telegram:
        yield telegram


@pytest.fixture
def start(house: BotHouse, telegram: TelegramStandIn, tmp_path: Path) -> Iterator[Start]:
    """Starts the bot program; whatever still runs is ended."""
    started: list[BotProcess] = []

    def start_one() -> BotProcess:
        started.append(BotProcess(tmp_path, house.url, telegram.url, house.token))
        return started[-1]

    yield start_one
    for bot in started:
        bot.kill_if_running()


@pytest.fixture
def anna(telegram: TelegramStandIn, start: Start) -> Talk:
    """A person whose chat is admitted, and the bot running."""
    start()
    return admitted(telegram, 501)


def test_data_grown_old_are_called_stale_and_not_live(house: BotHouse, anna: Talk) -> None:
    house.advance(7 * 3600 + 600)
    card = anna.asks("/status").text
    assert "STALE: these data are 7 h 10 min old (from Mon 23 Nov 10:17)" in card
    assert "live" not in card
    chart = anna.asks("/chart 3h")
    assert "STALE" in chart.text
    assert "State of charge: no data" in chart.text
    assert "not received yet" in anna.asks("/uptime").text


def test_values_of_the_last_minute_are_neither_live_nor_stale(house: BotHouse, anna: Talk) -> None:
    house.advance(75)
    card = anna.asks("/status").text
    assert "🟡 1 min" not in card
    assert "🟡 76 s old" in card
    assert "STALE" not in card
    assert "live" not in card


def test_alarms_come_worst_first_and_from_events_too(house: BotHouse, anna: Talk) -> None:
    two_hours_ago = NOW - timedelta(hours=2)
    house.event(SITE, two_hours_ago, "flag.raised", channel="battery.warning.high_temperature")
    house.event(SITE, two_hours_ago, "flag.raised", channel="battery.warning.contactor")
    house.event(SITE, NOW - timedelta(hours=1), "flag.cleared", channel="battery.warning.contactor")
    house.live(SITE, {**LIVE, "battery.protection.under_voltage": True, "battery.charge_enabled": False})
    lines = anna.asks("/status").text.splitlines()
    assert lines[-2].startswith("🔴 PROTECTION: under voltage")
    assert lines[-1] == "🟠 Warning: high temperature, since Mon 23 Nov 08:17"
    assert "⛔ The battery does not allow charging" in lines


def test_a_battery_that_reports_no_alarms_is_not_called_free_of_them(house: BotHouse, anna: Talk) -> None:
    house.live(SITE, {**LIVE, "battery.alarm.low_voltage": None})
    card = anna.asks("/status").text
    assert "Alarms: none reported" in card
    assert "No alarm raised" not in card


def test_several_sites_are_picked_from(house: BotHouse, anna: Talk) -> None:
    house.add_site("garden", "The <hut> & garden")
    house.live("garden", {**LIVE, "battery.soc": 31.5})
    house.add_site("hut", "unheard")
    offer = anna.asks("/status")
    assert list(offer.buttons) == ["🟢 The <hut> & garden", "⚪ hut", f"🟢 {TITLE}"]
    anna.presses(offer, "🟢 The <hut> & garden")
    assert "31.5 %" in anna.hears().text
    assert "62.4 %" in anna.asks("/status NOTO").text
    assert "31.5 %" in anna.asks("/status the <hut> & garden").text
    assert "never sent anything" in anna.asks("/status hut").text
    assert "nothing to draw" in anna.asks("/chart hut 3h").text
    assert "nothing was expected yet" in anna.asks("/uptime hut").text
    wrong = anna.asks("/status cellar")
    assert "no site “cellar”" in wrong.text
    assert len(wrong.buttons) == 3


def test_the_span_is_kept_while_the_site_is_picked(house: BotHouse, anna: Talk) -> None:
    house.add_site("hut", "unheard")
    offer = anna.asks("/chart 3h")
    anna.presses(offer, f"🟢 {TITLE}")
    assert "last 3 h" in anna.hears().text


def test_a_server_that_is_down_is_said_and_survived(house: BotHouse, anna: Talk) -> None:
    house.shut()
    assert "cannot reach the server" in anna.asks("/status").text
    assert "cannot reach the server" in anna.asks("/chart 3h").text
    house.open()
    assert "62.4 %" in anna.asks("/status").text


def test_the_bot_starts_while_the_server_is_down(
    house: BotHouse, telegram: TelegramStandIn, start: Start
) -> None:
    house.shut()
    bot = start()
    talk = telegram.talk(502, "it")
    assert "raggiungere il server" in talk.asks("/status").text
    assert "does not answer yet" in bot.log
    house.open()
    assert talk.asks("/status").text.startswith("Questo bot è privato")


def test_a_card_becomes_live_by_itself_once_the_site_answers(house: BotHouse, anna: Talk) -> None:
    house.advance(75)
    card = anna.asks("/status")
    assert "🟡 76 s old" in card.text
    house.live(SITE, {**LIVE, "battery.soc": 61.5})
    anna.awaits_edit(card)
    assert "live, 1 s old" in card.text
    assert "61.5 %" in card.text
    assert anna.hears_nothing(0.2)


def test_a_card_deleted_meanwhile_does_not_come_back(
    house: BotHouse, telegram: TelegramStandIn, anna: Talk
) -> None:
    house.advance(75)
    anna.deletes(anna.asks("/status"))
    house.live(SITE, LIVE)
    telegram.wait_for("the edit", lambda: telegram.calls_of("editMessageText"))
    assert anna.hears_nothing(0.3)


def test_trouble_is_told_in_the_language_of_the_account(house: BotHouse, anna: Talk) -> None:
    anna.asks("/language it")
    anna.asks("/status")
    house.shut()
    assert "raggiungere il server" in anna.asks("/status").text


def test_a_plan_that_forbids_live_values_is_said(house: BotHouse, anna: Talk) -> None:
    plan: dict[str, Scalar] = {"plan": 10**6, "billing_day": 1, "mode": "auto", "interval_s": 900}
    house.event(SITE, NOW, "link.usage", day="2026-11-23", telemetry=10**6, live=False, live_price=1, **plan)
    assert "paused" not in anna.asks("/status").text
    house.advance(75)
    assert "Live values are paused to stay within the data plan" in anna.asks("/status").text


def test_the_site_of_a_chat_is_remembered_when_the_bot_starts_again(
    house: BotHouse, telegram: TelegramStandIn, start: Start
) -> None:
    house.add_site("garden", "Garden")
    house.live("garden", {**LIVE, "battery.soc": 31.5})
    bot = start()
    talk = admitted(telegram, 507)
    chosen = talk.asks("/sites")
    talk.presses(chosen, "🟢 Garden")
    talk.awaits_edit(chosen)
    assert "looks at Garden from now on" in chosen.text
    assert bot.stop() == 0
    start()
    card = talk.asks("/status")
    assert "31.5 %" in card.text
    talk.presses(card, "🏠 Other site")
    assert f"🟢 {TITLE}" in talk.hears().buttons
    assert "62.4 %" in talk.asks(f"/status {TITLE}").text
    assert "62.4 %" in talk.asks("/status").text


def test_a_chat_that_telegram_slows_down_slows_down_no_other(telegram: TelegramStandIn, anna: Talk) -> None:
    bruno = admitted(telegram, 508)
    telegram.fail("sendMessage", too_many_requests(3))
    anna.says("/help")
    telegram.wait_for("the refusal", lambda: len(telegram.calls_of("sendMessage")) >= 3)
    assert "62.4 %" in bruno.asks("/status").text
    assert anna.hears_nothing(0)
    assert "What you can ask" in anna.hears().text


def test_edits_survive_what_telegram_can_do(telegram: TelegramStandIn, anna: Talk, house: BotHouse) -> None:
    card = anna.asks("/status")
    house.live(SITE, {**LIVE, "battery.soc": 60.1})
    telegram.fail("editMessageText", bad_gateway(), too_many_requests(1))
    anna.presses(card, "🔄 Refresh")
    anna.awaits_edit(card)
    assert "60.1 %" in card.text
    # A timeout: whether the edit arrived is not known, and nobody is told twice. The next press does it.
    house.live(SITE, {**LIVE, "battery.soc": 60.2})
    telegram.fail("editMessageText", Hang(0.1))
    anna.presses(card, "🔄 Refresh")
    anna.presses(card, "🔄 Refresh")
    anna.awaits_edit(card, 2)
    assert "60.2 %" in card.text
    assert anna.hears_nothing(0.2)


def test_retry_after_is_obeyed(telegram: TelegramStandIn, anna: Talk) -> None:
    telegram.fail("sendMessage", too_many_requests(2))
    anna.asks("/help")
    refused, sent = telegram.calls_of("sendMessage")[-2:]
    assert 2.0 <= sent.at_s - refused.at_s < 4.0


def test_answers_survive_a_bad_gateway(telegram: TelegramStandIn, anna: Talk) -> None:
    telegram.fail("sendMessage", bad_gateway(), bad_gateway())
    telegram.fail("sendPhoto", bad_gateway())
    assert "62.4 %" in anna.asks("/status").text
    assert anna.asks("/chart 3h").photo is not None


def test_polling_survives_what_telegram_can_do(telegram: TelegramStandIn, anna: Talk) -> None:
    telegram.fail("getUpdates", bad_gateway(), Hang(0.3), too_many_requests(1))
    anna.asks("/help")
    telegram.wait_for("the faults to be used up", lambda: len(telegram.calls_of("getUpdates")) > 5)
    assert "62.4 %" in anna.asks("/status").text


def test_an_update_that_comes_twice_is_answered_once(telegram: TelegramStandIn, anna: Talk) -> None:
    telegram.redeliver = True
    anna.asks("/help")
    assert anna.hears_nothing()


def test_a_bot_that_starts_before_the_network_waits_for_it(telegram: TelegramStandIn, start: Start) -> None:
    telegram.fail("getMe", *[bad_gateway()] * 4, Hang(0.1))
    start()
    assert admitted(telegram, 503).asks("/status").buttons


def test_a_person_who_blocked_the_bot_does_not_stop_it(telegram: TelegramStandIn, anna: Talk) -> None:
    bruno = admitted(telegram, 504)
    bruno.blocks_the_bot()
    bruno.says("/status")
    assert "62.4 %" in anna.asks("/status").text


def test_a_stopped_bot_answers_nothing_twice_when_it_comes_back(
    telegram: TelegramStandIn, start: Start
) -> None:
    bot = start()
    talk = admitted(telegram, 505)
    talk.asks("/help")
    assert bot.stop(signal.SIGINT) == 0
    assert start().log
    assert "62.4 %" in talk.asks("/status").text
    assert talk.hears_nothing(0.3)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_the_program_ends_cleanly(telegram: TelegramStandIn, start: Start, number: signal.Signals) -> None:
    bot = start()
    telegram.wait_for("polling", lambda: telegram.calls_of("getUpdates"))
    assert bot.stop(number) == 0
    assert "Traceback" not in bot.log


def test_a_token_telegram_refuses_is_told_in_one_line(
    house: BotHouse, telegram: TelegramStandIn, tmp_path: Path
) -> None:
    bot = BotProcess(tmp_path, house.url, telegram.url, house.token, token="987654321:AAwrong")
    assert bot.wait() == 1
    last = bot.log.splitlines()[-1]
    assert last.startswith("stallaini bot: Telegram refuses the bot's token")
    assert "Traceback" not in bot.log
    assert "AAwrong" not in bot.log


@pytest.mark.parametrize("token", ["not a token it knows", "viewer"])
def test_an_api_token_the_server_refuses_is_told_in_one_line(
    house: BotHouse, telegram: TelegramStandIn, tmp_path: Path, token: str
) -> None:
    token = house.viewer_token if token == "viewer" else "st_unknown"
    bot = BotProcess(tmp_path, house.url, telegram.url, token)
    assert bot.wait() == 1
    assert "stallaini user token NAME --role bot" in bot.log
    assert "Traceback" not in bot.log
    assert token not in bot.log


def test_no_secret_reaches_the_log(house: BotHouse, telegram: TelegramStandIn, start: Start) -> None:
    bot = start()
    talk = admitted(telegram, 506)
    telegram.fail("sendMessage", bad_gateway())
    telegram.fail("getUpdates", Hang(0.1))
    talk.asks("/start a-wrong-password")
    talk.asks("/status")
    house.shut()
    talk.asks("/status")
    until("the server's absence in the log", lambda: "no answer for chat" in bot.log)
    for secret in (TOKEN, TOKEN.split(":")[1], house.token, "melograno-2026", "a-wrong-password"):
        assert secret not in bot.log
