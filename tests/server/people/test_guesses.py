"""Guesses: counted, slowed down, remembered, and never in the way of the owner."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest
from argon2 import PasswordHasher
from tests.support.people_house import (
    ANNAS_CHAT,
    BOT_PASSWORD,
    DAY_S,
    ELSEWHERE,
    HOME,
    PASSWORD,
    House,
)

from stallaini.server.people.audit import OPERATOR
from stallaini.server.people.chats import Chat
from stallaini.server.people.guesses import Throttled, source_of
from stallaini.server.people.sessions import WrongPassword

GUESSES = 10_000
HOUR_S = 3600
RAMP = 5
"""Tries heard while the wait still grows to half a minute: after 2, 4, 8, 16 and 30 seconds."""


async def test_guesses_are_free_five_times_then_wait_longer_and_longer(anna: House) -> None:
    assert await anna.guess(5) == 0
    waits = []
    for _ in range(6):
        waits.append(await anna.guess(2))
        anna.clock.advance(waits[-1])
    assert waits == [2, 4, 8, 16, 32, 64]


async def test_a_restart_forgives_nothing(anna: House) -> None:
    await anna.guess(7)
    anna.restart()
    with pytest.raises(Throttled):
        await anna.sign_in(ELSEWHERE)


async def test_many_guesses_at_once_do_not_slip_past(anna: House) -> None:
    async def one() -> bool:
        try:
            await anna.sign_in(ELSEWHERE, password="wrong password")
        except Throttled:
            return False
        except WrongPassword:
            return True
        return True

    heard = await asyncio.gather(*(one() for _ in range(40)))
    assert sum(heard) == 5


async def test_a_right_password_within_the_free_tries_starts_the_count_anew(anna: House) -> None:
    for _ in range(4):
        await anna.guess(1, source=HOME)
        await anna.sign_in()
    assert await anna.guess(1, source=HOME) == 0


async def test_signing_in_to_ones_own_account_between_guesses_buys_no_guess(anna: House) -> None:
    await anna.person("mallory")
    heard = 0
    for second in range(600):
        try:
            await anna.sign_in(ELSEWHERE, password="wrong password")
        except (WrongPassword, Throttled) as answer:
            heard += isinstance(answer, WrongPassword)
        try:
            await anna.sign_in(ELSEWHERE, "mallory")
        except Throttled:
            assert second
        anna.clock.advance(1)
    assert heard <= 5 + 600 / 30 + 5


async def test_one_place_trying_many_names_is_slowed(anna: House) -> None:
    for number in range(5):
        await anna.guess(1, name=f"name{number}")
    with pytest.raises(Throttled):
        await anna.sign_in(ELSEWHERE, "yet another")


async def test_a_clock_that_stepped_back_locks_nobody_out_for_long(anna: House) -> None:
    await anna.guess(6)
    anna.clock.step_wall(-10 * DAY_S)
    with pytest.raises(Throttled) as throttled:
        await anna.sign_in(ELSEWHERE)
    assert throttled.value.retry_after_s <= 3600


async def test_guesses_are_forgotten_after_a_day(anna: House) -> None:
    await anna.guess(6)
    anna.clock.advance(DAY_S + 1)
    assert await anna.guess(5) == 0


@pytest.fixture
def quick_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Argon2 that costs next to nothing: thousands of passwords are looked at here."""
    quick = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr("stallaini.server.people.passwords._HASHER", quick)


def _at_one_account(number: int) -> str:
    return "anna"


def _at_many_accounts(number: int) -> str:
    return f"name{number}"


@pytest.mark.usefixtures("quick_checks")
@pytest.mark.parametrize(
    ("name", "lasting_s", "most"),
    [(_at_one_account, HOUR_S, 5 + RAMP + HOUR_S / 30), (_at_many_accounts, 600, 50 + 600)],
)
async def test_ten_thousand_guesses_from_as_many_places(
    anna: House, name: Callable[[int], str], lasting_s: int, most: float
) -> None:
    """Few are heard; sessions stand, known browsers and known places sign in as ever."""
    signed_in = await anna.sign_in(HOME)
    heard = 0
    for number in range(GUESSES):
        source = f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}"
        try:
            await anna.sign_in(source, name(number), "wrong password")
        except WrongPassword:
            heard += 1
        except Throttled:
            pass
        anna.clock.advance(lasting_s / GUESSES)
        if number % 1000 == 500:
            assert await anna.sessions.actor(signed_in.session, "198.18.0.1") is not None
            await anna.sign_in(HOME)
            await anna.sign_in(f"198.18.0.{number // 1000}", device=signed_in.device)
        if number == GUESSES // 2:
            anna.restart()
    assert heard <= most
    refused = [line for line in await anna.audit() if line.action == "sign-in.refused"]
    assert len(refused) == heard


async def test_from_a_new_place_and_browser_the_owner_waits_half_a_minute_at_most(anna: House) -> None:
    for number in range(200):
        await anna.guess(1, source=f"198.51.100.{number}")
    with pytest.raises(Throttled) as throttled:
        await anna.sign_in("198.51.100.250")
    assert throttled.value.retry_after_s <= 30
    anna.clock.advance(30)
    await anna.sign_in("198.51.100.250")


async def test_who_shares_the_owners_address_is_slowed_and_the_owners_browser_is_not(anna: House) -> None:
    """As behind a mobile operator's translator: one address, many customers."""
    device = (await anna.sign_in(HOME)).device
    assert await anna.guess(20, source=HOME) > 0
    with pytest.raises(Throttled):
        await anna.sign_in(HOME)
    await anna.sign_in(HOME, device=device)


async def test_strangers_in_line_keep_no_known_browser_waiting(
    anna: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    device, go_on = (await anna.sign_in(HOME)).device, threading.Event()

    def held_up(stored_hash: str, password: str) -> bool:
        return password == PASSWORD or not go_on.wait(20)

    monkeypatch.setattr("stallaini.server.people.passwords.password_matches", held_up)
    strangers = [asyncio.create_task(anna.guess(1, source=f"198.51.100.{n}")) for n in range(5)]
    await anna.sign_in("198.18.0.1", device=device)
    assert not any(stranger.done() for stranger in strangers)
    go_on.set()
    assert await asyncio.gather(*strangers) == [0] * 5


async def test_a_stolen_browser_guesses_no_faster_than_others(anna: House) -> None:
    device = (await anna.sign_in(HOME)).device
    heard = 0
    for number in range(100):
        try:
            await anna.sign_in(f"198.51.100.{number}", password="wrong password", device=device)
        except WrongPassword:
            heard += 1
        except Throttled:
            pass
    assert heard == 5
    # It has used up its own tries, nobody else's.
    await anna.sign_in(HOME)


async def test_a_browser_is_known_for_its_own_people_alone(anna: House) -> None:
    await anna.person("bruno")
    device = (await anna.sign_in(HOME)).device
    for number in range(6):
        await anna.guess(1, name="bruno", source=f"198.51.100.{number}")
    with pytest.raises(Throttled):
        await anna.sign_in("198.51.100.99", "bruno", device=device)


@pytest.mark.parametrize("made_up", ["x", "x" * 42, "x" * 44])
async def test_a_device_cookie_somebody_made_up_is_not_kept(anna: House, made_up: str) -> None:
    assert (await anna.sign_in(device=made_up)).device != made_up


async def test_a_new_password_makes_every_browser_a_strangers(anna: House) -> None:
    device = (await anna.sign_in(HOME)).device
    await anna.people.set_password("anna", "another good one", OPERATOR)
    for number in range(6):
        await anna.guess(1, source=f"198.51.100.{number}")
    with pytest.raises(Throttled):
        await anna.sign_in(HOME, password="another good one", device=device)


async def test_guesses_at_the_bot_password_slow_their_chat_across_restarts(house: House) -> None:
    await house.chats.set_password(BOT_PASSWORD, OPERATOR)
    for _ in range(5):
        with pytest.raises(WrongPassword):
            await house.chats.join(ANNAS_CHAT, "wrong password")
    house.restart()
    with pytest.raises(Throttled):
        await house.chats.join(ANNAS_CHAT, BOT_PASSWORD)
    await house.chats.join(Chat(2, "Bruno", "en"), BOT_PASSWORD)


@pytest.mark.usefixtures("quick_checks")
async def test_ten_thousand_chats_guessing_the_bot_password_in_an_hour(house: House) -> None:
    """Few are heard; who is in stays in, and an invitation lets in meanwhile."""
    await house.chats.set_password(BOT_PASSWORD, OPERATOR)
    await house.chats.join(ANNAS_CHAT, BOT_PASSWORD)
    heard = 0
    for number in range(GUESSES):
        try:
            await house.chats.join(Chat(1_000_000 + number, "x", "en"), f"melograno-{number}")
        except WrongPassword:
            heard += 1
        except Throttled:
            pass
        house.clock.advance(HOUR_S / GUESSES)
        if number % 2000 == 1000:
            assert await house.chats.actor(ANNAS_CHAT.telegram_id) is not None
            invited = Chat(500 + number, "Bruno", "en")
            assert (await house.chats.join(invited, await house.code())).grants.at("noto") == "viewer"
        if number == GUESSES // 2:
            house.restart()
    assert heard <= 20 + RAMP + HOUR_S / 30


@pytest.mark.parametrize(
    ("address", "source"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("unknown", "unknown"),
    ],
)
def test_one_customers_addresses_are_one_source(address: str, source: str) -> None:
    assert source_of(address) == source
