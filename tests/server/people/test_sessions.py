"""Signing in with a password and staying signed in."""

from __future__ import annotations

import logging
import time

import pytest
from tests.support.people_house import DAY_S, ELSEWHERE, HOME, PASSWORD, House

from stallaini.server.people.audit import OPERATOR, By
from stallaini.server.people.guesses import PER_ACCOUNT, Throttled
from stallaini.server.people.passwords import WeakPassword
from stallaini.server.people.roles import Actor, Grants
from stallaini.server.people.sessions import SESSION_S, Caller, WrongPassword


async def test_a_person_signs_in_and_is_known_by_the_session(anna: House) -> None:
    signed_in = await anna.sign_in(name="Anna")
    actor = signed_in.actor
    assert actor == Actor("anna", "session", Grants({"*": "viewer"}), "en", actor.key)
    assert await anna.sessions.actor(signed_in.session, HOME) == actor
    assert await anna.sessions.actor(signed_in.session + "x", HOME) is None
    anna.restart()
    assert await anna.sessions.actor(signed_in.session, HOME) == actor


async def test_a_session_lives_90_days_from_its_last_use(anna: House) -> None:
    token = (await anna.sign_in()).session
    for _ in range(3):
        anna.clock.advance(SESSION_S - DAY_S)
        assert await anna.sessions.actor(token, HOME) is not None
    anna.clock.advance(SESSION_S)
    assert await anna.sessions.actor(token, HOME) is None


async def test_sessions_are_listed_with_where_and_when_and_ended_one_by_one(anna: House) -> None:
    first = await anna.sign_in()
    anna.clock.advance(DAY_S)
    second = await anna.sessions.sign_in("anna", PASSWORD, Caller(ELSEWHERE, "Safari " + "x" * 300))
    anna.clock.advance(7200)
    await anna.sessions.actor(first.session, "198.51.100.1")
    listed = await anna.sessions.listed("Anna")
    now_s = int(anna.clock.wall_s())
    assert [(one.source, one.seen_s - now_s, one.agent[:7]) for one in listed] == [
        ("198.51.100.1", 0, "Firefox"),
        (ELSEWHERE, -7200, "Safari "),
    ]
    assert [one.id for one in listed] == [first.actor.key, second.actor.key]
    assert not await anna.sessions.end_one(second.actor.key, OPERATOR, "bruno")
    assert await anna.sessions.end_one(second.actor.key, OPERATOR, "ANNA")
    assert not await anna.sessions.end_one(second.actor.key, OPERATOR)
    assert await anna.sessions.actor(second.session, ELSEWHERE) is None
    assert await anna.sessions.actor(first.session, HOME) is not None


async def test_all_sessions_but_this_one_are_ended_at_once(anna: House) -> None:
    here, *others = [await anna.sign_in() for _ in range(4)]
    assert await anna.sessions.end_all("anna", OPERATOR, keep=here.actor.key) == 3
    assert await anna.sessions.actor(here.session, HOME) is not None
    for other in others:
        assert await anna.sessions.actor(other.session, HOME) is None


async def test_signing_out_ends_one_session_and_a_new_password_all(anna: House) -> None:
    first, second = await anna.sign_in(), await anna.sign_in()
    await anna.sessions.end(first.session, By("anna", "session", HOME))
    assert await anna.sessions.actor(first.session, HOME) is None
    assert await anna.sessions.actor(second.session, HOME) is not None
    await anna.people.set_password("anna", "another good one", OPERATOR)
    assert await anna.sessions.actor(second.session, HOME) is None
    await anna.sign_in(password="another good one")


async def test_changing_ones_password_keeps_this_session_and_ends_the_others(anna: House) -> None:
    here, other = await anna.sign_in(), await anna.sign_in(ELSEWHERE)
    with pytest.raises(WrongPassword):
        await anna.sessions.change_password(here.actor, "wrong password", "another good one", HOME)
    with pytest.raises(WeakPassword):
        await anna.sessions.change_password(here.actor, PASSWORD, "short", HOME)
    await anna.sessions.change_password(here.actor, PASSWORD, "another good one", HOME)
    assert await anna.sessions.actor(here.session, HOME) is not None
    assert await anna.sessions.actor(other.session, HOME) is None
    with pytest.raises(WrongPassword):
        await anna.sign_in()
    await anna.sign_in(password="another good one", device=here.device)


async def test_who_stole_a_session_cannot_try_passwords_for_long(anna: House) -> None:
    stolen = (await anna.sign_in()).actor
    for _ in range(5):
        with pytest.raises(WrongPassword):
            await anna.sessions.change_password(stolen, "wrong password", "another good one", ELSEWHERE)
    with pytest.raises(Throttled):
        await anna.sessions.change_password(stolen, PASSWORD, "another good one", ELSEWHERE)
    # The owner signs in meanwhile.
    await anna.sign_in()


async def test_an_unknown_name_takes_as_long_as_a_wrong_password(anna: House) -> None:
    async def took_s(name: str, number: int) -> float:
        anna.clock.advance(PER_ACCOUNT.longest_s)
        start = time.perf_counter()
        with pytest.raises(WrongPassword):
            await anna.sign_in(f"198.51.100.{number}", name, "wrong password")
        return time.perf_counter() - start

    await took_s("warm up", 0)
    known: list[float] = []
    unknown: list[float] = []
    for number in range(1, 20):  # a busy machine makes some of either slower and none quicker
        known.append(await took_s("anna", number))
        unknown.append(await took_s(f"nobody{number}", 100 + number))
        if number >= 4 and 0.5 < min(unknown) / min(known) < 2.0:
            return
    raise AssertionError(f"an unknown name: {min(unknown)} s, a wrong password: {min(known)} s")


async def test_sign_ins_are_logged_without_secrets(anna: House, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "stallaini"):
        signed_in = await anna.sign_in()
        await anna.guess(1)
        # Somebody types the password into the name's field.
        await anna.guess(1, name=PASSWORD)
    assert "'anna'" in caplog.text
    assert HOME in caplog.text
    assert "an unknown name" in caplog.text
    for secret in (PASSWORD, signed_in.session, signed_in.device):
        assert secret not in caplog.text
    told = str(await anna.audit())
    assert HOME in told
    assert PASSWORD not in told
