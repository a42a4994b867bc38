"""One-time codes: used once, by one, in time, and worth no more than whoever made them."""

from __future__ import annotations

import asyncio

import pytest
from tests.support.people_house import (
    ANNA_BY,
    ANNAS_CHAT,
    DAY_S,
    ELSEWHERE,
    FAMILY_CHAT,
    HOME,
    PASSWORD,
    House,
)

from stallaini.server.people.accounts import Taken
from stallaini.server.people.audit import OPERATOR, By
from stallaini.server.people.chats import Chat
from stallaini.server.people.invitations import MOST_OPEN, Newcomer, NoInvitation, Offer, TooManyInvitations
from stallaini.server.people.passwords import WeakPassword
from stallaini.server.people.sessions import Caller, SignedIn, WrongPassword

BRUNO = Newcomer("bruno", PASSWORD, None)
PHONE = Caller(ELSEWHERE, "Safari")


async def enter(house: House, code: str, newcomer: Newcomer = BRUNO) -> SignedIn:
    return await house.invitations.enter(code, newcomer, PHONE)


async def test_a_code_makes_an_account_once_and_signs_it_in(house: House) -> None:
    code = await house.code("operator", "noto")
    offer = (await house.invitations.look(code)).offer
    assert (offer.role, offer.site, offer.person) == ("operator", "noto", None)
    signed_in = await enter(house, code)
    assert signed_in.actor.grants.by_site == {"noto": "operator"}
    assert signed_in.actor.language == "it"
    assert await house.sessions.actor(signed_in.session, HOME) == signed_in.actor
    await house.sign_in(name="bruno")
    with pytest.raises(NoInvitation):
        await enter(house, code, Newcomer("carla", PASSWORD, None))
    with pytest.raises(NoInvitation):
        await house.invitations.look(code)
    (listed,) = await house.invitations.listed()
    assert (listed.state(0), listed.used_by) == ("used", "bruno")


async def test_of_many_who_use_a_code_at_once_one_gets_in(house: House) -> None:
    code = await house.code()

    async def come(number: int) -> bool:
        try:
            if number % 2:
                await house.chats.join(Chat(number, f"chat {number}", "en"), code)
            else:
                await enter(house, code, Newcomer(f"person {number}", PASSWORD, None))
        except (NoInvitation, WrongPassword):
            return False
        return True

    assert sum(await asyncio.gather(*(come(number) for number in range(1, 13)))) == 1
    assert len(await house.names()) == 1


async def test_what_went_wrong_uses_no_code_up(anna: House) -> None:
    code = await anna.code()
    for newcomer, error in (
        (Newcomer("bruno", "short", None), WeakPassword),
        (Newcomer("Anna", PASSWORD, None), Taken),
        (Newcomer(None, PASSWORD, None), ValueError),
        (Newcomer("br/uno", PASSWORD, None), ValueError),
    ):
        with pytest.raises(error):
            await enter(anna, code, newcomer)
    await enter(anna, code)


async def test_a_code_holds_until_it_expires_or_is_taken_back(house: House) -> None:
    late, back = await house.code(lasts_s=DAY_S), await house.code(lasts_s=3 * DAY_S)
    house.clock.advance(DAY_S)
    with pytest.raises(NoInvitation):
        await enter(house, late)
    taken_back, expired = sorted(await house.invitations.listed(), key=lambda one: -one.expires_s)
    assert expired.state(int(house.clock.wall_s())) == "expired"
    assert await house.invitations.revoke(taken_back, OPERATOR)
    assert not await house.invitations.revoke(taken_back, OPERATOR)
    with pytest.raises(NoInvitation):
        await enter(house, back)
    with pytest.raises(NoInvitation):
        await enter(house, "made-up")


@pytest.mark.parametrize("site", ["noto", "hut"])
async def test_a_code_is_worth_no_more_than_who_made_it_is_now(house: House, site: str) -> None:
    await house.person("owner", "admin")
    await house.person("anna", "admin", site)
    code = await house.code("admin", site, by=ANNA_BY)
    await house.people.set_role("anna", site, "operator", OPERATOR)
    with pytest.raises(NoInvitation):
        await enter(house, code)
    await house.people.set_role("anna", site, "admin", OPERATOR)
    await enter(house, code)


async def test_a_code_for_an_account_sets_its_password_and_ends_its_sessions(anna: House) -> None:
    stolen = await anna.sign_in()
    code, made = await anna.invitations.make(Offer("it", person="anna"), DAY_S, OPERATOR)
    assert made.offer.role is None
    signed_in = await enter(anna, code, Newcomer("ignored", "another good one", None))
    assert signed_in.actor.name == "anna"
    assert await anna.sessions.actor(stolen.session, HOME) is None
    assert await anna.sessions.actor(signed_in.session, HOME) is not None
    await anna.sign_in(password="another good one")
    assert await anna.names() == ["anna"]


async def test_a_link_to_telegram_opens_no_browser(anna: House) -> None:
    """Else who stole a session could set a password without knowing the one there is."""
    offer = Offer("it", person="anna", way="telegram")
    code, _ = await anna.invitations.make(offer, DAY_S, ANNA_BY)
    with pytest.raises(NoInvitation):
        await enter(anna, code)
    assert (await anna.chats.join(ANNAS_CHAT, code)).name == "anna"


async def test_somebody_who_is_in_adds_a_site_by_a_code(anna: House) -> None:
    actor = (await anna.sign_in()).actor
    await anna.invitations.accept(await anna.code("operator", "hut"), actor, ANNA_BY)
    assert await anna.roles("anna") == {"*": "viewer", "hut": "operator"}
    # A lesser role takes nothing away.
    await anna.invitations.accept(await anna.code("viewer", "hut"), actor, ANNA_BY)
    assert await anna.roles("anna") == {"*": "viewer", "hut": "operator"}
    for_bruno, _ = await anna.invitations.make(Offer("it", person="anna"), DAY_S, OPERATOR)
    with pytest.raises(NoInvitation):
        await anna.invitations.accept(for_bruno, actor, ANNA_BY)


async def test_codes_survive_a_restart_and_so_does_their_use(house: House) -> None:
    first, second = await house.code(), await house.code()
    await enter(house, first)
    house.restart()
    with pytest.raises(NoInvitation):
        await enter(house, first, Newcomer("carla", PASSWORD, None))
    await house.chats.join(FAMILY_CHAT, second)


async def test_nobody_has_open_codes_without_end(anna: House) -> None:
    await anna.people.set_role("anna", "*", "admin", OPERATOR)
    for _ in range(MOST_OPEN):
        await anna.code(by=ANNA_BY)
    with pytest.raises(TooManyInvitations):
        await anna.code(by=By("anna", "session", ELSEWHERE))
    anna.clock.advance(DAY_S)
    await anna.code(by=ANNA_BY)
