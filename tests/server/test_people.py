"""Accounts, sessions, tokens and chats in a real database, and guesses that are remembered."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from stallaini.clock import VirtualClock
from stallaini.server.database import FILE_NAME, Database
from stallaini.server.guesses import Throttled, source_of
from stallaini.server.passwords import WeakPassword, hash_password
from stallaini.server.people import SESSION_S, Chat, People, Person, Taken, WrongPassword

DAY_S = 86_400
PASSWORD = "correct horse battery"
HOME, ELSEWHERE = "192.0.2.7", "203.0.113.9"
ANNA = Chat(104_857_600, "Anna", "it")


class House:
    """People in a database that can be closed and opened again."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / FILE_NAME
        self.clock = VirtualClock(wall_s=1_794_830_400)
        self.database = Database(self.path)
        self.people = People(self.database, self.clock)

    def restart(self) -> None:
        self.database.close()
        self.database = Database(self.path)
        self.people = People(self.database, self.clock)

    async def guess(self, times: int, name: str = "anna", source: str = ELSEWHERE) -> int:
        """Wrong sign-ins until throttled; the seconds to wait then, or 0."""
        for _ in range(times):
            try:
                await self.people.sign_in(name, "wrong password", source)
            except WrongPassword:
                continue
            except Throttled as throttled:
                return throttled.retry_after_s
        return 0


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    house = House(tmp_path)
    yield house
    house.database.close()


@pytest.fixture
async def anna(house: House) -> House:
    await house.people.add_person("anna", PASSWORD, "viewer")
    return house


async def test_a_person_signs_in_and_is_known_by_the_session(anna: House) -> None:
    token, person = await anna.people.sign_in("Anna", PASSWORD, HOME)
    assert person == Person("anna", "viewer")
    assert await anna.people.session(token) == person
    assert await anna.people.session(token + "x") is None
    anna.restart()
    assert await anna.people.session(token) == person


async def test_neither_password_nor_token_is_stored(anna: House) -> None:
    token, _ = await anna.people.sign_in("anna", PASSWORD, HOME)
    bearer, _ = await anna.people.make_token("bot", "bot")
    await anna.people.set_bot_password("melograno-2026")
    anna.database.close()
    kept = b"".join(path.read_bytes() for path in anna.path.parent.iterdir())
    for secret in (PASSWORD, token, bearer, "melograno-2026"):
        assert secret.encode() not in kept
    assert b"$argon2id$" in kept
    anna.restart()


async def test_a_session_lives_90_days_from_its_last_use(anna: House) -> None:
    token, _ = await anna.people.sign_in("anna", PASSWORD, HOME)
    for _ in range(3):
        anna.clock.advance(SESSION_S - DAY_S)
        assert await anna.people.session(token) is not None
    anna.clock.advance(SESSION_S)
    assert await anna.people.session(token) is None


async def test_signing_out_removing_and_a_new_password_end_sessions(anna: House) -> None:
    first, _ = await anna.people.sign_in("anna", PASSWORD, HOME)
    second, _ = await anna.people.sign_in("anna", PASSWORD, HOME)
    await anna.people.end_session(first)
    assert await anna.people.session(first) is None
    assert await anna.people.session(second) is not None
    assert await anna.people.set_password("anna", "another good one")
    assert await anna.people.session(second) is None
    third, _ = await anna.people.sign_in("anna", "another good one", HOME)
    assert await anna.people.remove("anna")
    assert await anna.people.session(third) is None
    assert not await anna.people.remove("anna")


async def test_names_are_taken_once_whatever_their_case(anna: House) -> None:
    with pytest.raises(Taken):
        await anna.people.add_person("ANNA", PASSWORD, "admin")


@pytest.mark.parametrize("name", ["", " anna", "an\nna", "x" * 65])
async def test_names_nobody_could_type_are_refused(house: House, name: str) -> None:
    with pytest.raises(ValueError, match="cannot be a name"):
        await house.people.add_person(name, PASSWORD, "viewer")


@pytest.mark.parametrize("password", ["", "short", "x" * 257])
def test_passwords_too_short_or_long_are_refused(password: str) -> None:
    with pytest.raises(WeakPassword, match="8 to 256"):
        hash_password(password)


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
        await anna.people.sign_in("anna", PASSWORD, ELSEWHERE)


async def test_many_guesses_at_once_do_not_slip_past(anna: House) -> None:
    async def one() -> bool:
        try:
            await anna.people.sign_in("anna", "wrong password", ELSEWHERE)
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
        await anna.people.sign_in("anna", PASSWORD, HOME)
    assert await anna.guess(1, source=HOME) == 0


async def test_guesses_from_many_places_slow_the_account_but_not_its_owner_at_home(anna: House) -> None:
    await anna.people.sign_in("anna", PASSWORD, HOME)
    heard = 0
    for number in range(200):
        try:
            await anna.people.sign_in("anna", "wrong password", f"198.51.100.{number}")
        except WrongPassword:
            heard += 1
        except Throttled:
            pass
    assert heard == 5
    await anna.people.sign_in("anna", PASSWORD, HOME)
    # From a new place the owner waits half a minute at most.
    anna.clock.advance(30)
    await anna.people.sign_in("anna", PASSWORD, "198.51.100.250")


async def test_one_place_trying_many_names_is_slowed(anna: House) -> None:
    for number in range(5):
        await anna.guess(1, name=f"name{number}")
    with pytest.raises(Throttled):
        await anna.people.sign_in("yet another", PASSWORD, ELSEWHERE)


async def test_a_clock_that_stepped_back_locks_nobody_out_for_long(anna: House) -> None:
    await anna.guess(6)
    anna.clock.step_wall(-10 * DAY_S)
    with pytest.raises(Throttled) as throttled:
        await anna.people.sign_in("anna", PASSWORD, ELSEWHERE)
    assert throttled.value.retry_after_s <= 3600


async def test_guesses_are_forgotten_after_a_day(anna: House) -> None:
    await anna.guess(6)
    anna.clock.advance(DAY_S + 1)
    assert await anna.guess(5) == 0


async def test_an_unknown_name_takes_as_long_as_a_wrong_password(anna: House) -> None:
    async def took_s(name: str, number: int) -> float:
        start = time.perf_counter()
        with pytest.raises(WrongPassword):
            await anna.people.sign_in(name, "wrong password", f"198.51.100.{number}")
        return time.perf_counter() - start

    await took_s("warm up", 0)
    known = min([await took_s("anna", number) for number in range(1, 5)])
    unknown = min([await took_s(f"nobody{number}", number + 10) for number in range(4)])
    assert 0.5 < unknown / known < 2.0


async def test_sign_ins_are_logged_without_secrets(anna: House, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "stallaini"):
        token, _ = await anna.people.sign_in("anna", PASSWORD, HOME)
        await anna.guess(1)
        # Somebody types the password into the name's field.
        await anna.guess(1, name=PASSWORD)
    assert "'anna'" in caplog.text
    assert HOME in caplog.text
    assert "an unknown name" in caplog.text
    assert PASSWORD not in caplog.text
    assert token not in caplog.text


async def test_a_token_is_shown_once_and_replaced_by_the_next(house: House) -> None:
    first, replaced = await house.people.make_token("telegram", "bot")
    assert not replaced
    assert await house.people.bearer(first) == Person("telegram", "bot")
    second, replaced = await house.people.make_token("telegram", "viewer")
    assert replaced
    assert await house.people.bearer(first) is None
    assert await house.people.bearer(second) == Person("telegram", "viewer")
    assert await house.people.remove("telegram")
    assert await house.people.bearer(second) is None


async def test_everybody_is_listed_by_name(anna: House) -> None:
    await anna.people.make_token("Bot", "bot")
    listed = await anna.people.everybody()
    assert [(one.name, one.kind, one.role) for one in listed] == [
        ("anna", "person", "viewer"),
        ("Bot", "token", "bot"),
    ]


async def test_a_chat_gets_in_with_the_bot_password_and_stays(house: House) -> None:
    with pytest.raises(WrongPassword):
        await house.people.join_chat(ANNA, "no password is set")
    await house.people.set_bot_password("melograno-2026")
    await house.people.join_chat(ANNA, "melograno-2026")
    await house.people.set_bot_password("another-2026")
    house.restart()
    assert await house.people.chat(ANNA.telegram_id) == ANNA
    assert await house.people.chat(1) is None


async def test_guesses_at_the_bot_password_slow_their_chat_across_restarts(house: House) -> None:
    await house.people.set_bot_password("melograno-2026")
    for _ in range(5):
        with pytest.raises(WrongPassword):
            await house.people.join_chat(ANNA, "wrong password")
    house.restart()
    with pytest.raises(Throttled):
        await house.people.join_chat(ANNA, "melograno-2026")
    await house.people.join_chat(Chat(2, "Bruno", "en"), "melograno-2026")


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
