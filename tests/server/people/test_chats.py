"""Telegram chats: let in by the bot password or a code, each acting for an account."""

from __future__ import annotations

import pytest
from tests.support.people_house import ANNA_BY, ANNAS_CHAT, BOT_PASSWORD, DAY_S, FAMILY_CHAT, House

from stallaini.server.people.audit import OPERATOR, By
from stallaini.server.people.chats import Chat
from stallaini.server.people.invitations import Offer
from stallaini.server.people.roles import Actor, Grants
from stallaini.server.people.sessions import WrongPassword

BOT = By(None, "chat", "telegram")


async def test_the_bot_password_makes_viewers_who_stay(house: House) -> None:
    with pytest.raises(WrongPassword):
        await house.chats.join(ANNAS_CHAT, "no password is set")
    await house.chats.set_password(BOT_PASSWORD, OPERATOR)
    actor = await house.chats.join(ANNAS_CHAT, BOT_PASSWORD)
    assert actor == Actor("Anna", "chat", Grants({"*": "viewer"}), "it")
    await house.chats.set_password("another-2026", OPERATOR)
    house.restart()
    assert await house.chats.actor(ANNAS_CHAT.telegram_id) == actor
    assert await house.chats.actor(1) is None
    with pytest.raises(WrongPassword):
        await house.chats.join(Chat(2, "Bruno", "en"), BOT_PASSWORD)


async def test_the_bot_password_may_be_for_one_site_or_none(house: House) -> None:
    await house.chats.set_password(BOT_PASSWORD, OPERATOR, "noto")
    assert (await house.chats.join(ANNAS_CHAT, BOT_PASSWORD)).grants.by_site == {"noto": "viewer"}
    assert await house.chats.clear_password(OPERATOR)
    assert not await house.chats.clear_password(OPERATOR)
    with pytest.raises(WrongPassword):
        await house.chats.join(FAMILY_CHAT, BOT_PASSWORD)


async def test_giving_the_bot_password_again_lowers_nothing(house: House) -> None:
    await house.chats.set_password(BOT_PASSWORD, OPERATOR)
    await house.chats.join(ANNAS_CHAT, await house.code("operator", "noto"))
    await house.chats.join(ANNAS_CHAT, BOT_PASSWORD)
    await house.chats.join(ANNAS_CHAT, BOT_PASSWORD)
    assert await house.roles("Anna") == {"noto": "operator", "*": "viewer"}


async def test_people_of_one_name_get_numbers(house: House) -> None:
    for number, name in enumerate(["Anna", "anna", " An/na\n", "...", "\u200b"], 1):
        await house.chats.join(Chat(number, name, "en"), await house.code())
    assert await house.names() == ["An-na", "Anna", "anna 2", "chat", "chat 2"]


async def test_a_code_of_ones_own_links_telegram_to_the_account(anna: House) -> None:
    await anna.chats.set_password(BOT_PASSWORD, OPERATOR)
    # She was in by the bot password before: that makeshift account goes.
    await anna.chats.join(ANNAS_CHAT, BOT_PASSWORD)
    assert await anna.names() == ["anna", "Anna 2"]
    await anna.people.set_role("anna", "noto", "operator", OPERATOR)
    code, _ = await anna.invitations.make(Offer("en", person="anna", way="telegram"), DAY_S, ANNA_BY)
    actor = await anna.chats.join(ANNAS_CHAT, code)
    assert (actor.name, actor.way, actor.grants.at("noto")) == ("anna", "chat", "operator")
    assert await anna.names() == ["anna"]
    found = await anna.people.find("anna")
    assert found is not None
    assert [chat.telegram_id for chat in found.chats] == [ANNAS_CHAT.telegram_id]


async def test_a_group_looks_and_does_no_more(anna: House) -> None:
    actor = await anna.chats.join(FAMILY_CHAT, await anna.code("admin", "noto"))
    assert actor.grants.by_site == {"noto": "viewer"}
    # Nor does it become a person: everybody in it would be.
    code, _ = await anna.invitations.make(Offer("en", person="anna"), DAY_S, OPERATOR)
    with pytest.raises(WrongPassword):
        await anna.chats.join(FAMILY_CHAT, code)
    assert (await anna.chats.join(ANNAS_CHAT, code)).name == "anna"


async def test_who_leaves_is_a_stranger_and_a_shut_account_goes(anna: House) -> None:
    await anna.chats.join(FAMILY_CHAT, await anna.code())
    code, _ = await anna.invitations.make(Offer("en", person="anna"), DAY_S, OPERATOR)
    await anna.chats.join(ANNAS_CHAT, code)
    assert not await anna.chats.leave(FAMILY_CHAT.telegram_id, BOT, "anna")
    assert await anna.chats.leave(FAMILY_CHAT.telegram_id, BOT)
    assert await anna.chats.leave(ANNAS_CHAT.telegram_id, BOT, "ANNA")
    assert not await anna.chats.leave(ANNAS_CHAT.telegram_id, BOT)
    for chat in (FAMILY_CHAT, ANNAS_CHAT):
        assert await anna.chats.actor(chat.telegram_id) is None
    assert await anna.names() == ["anna"]


async def test_a_chat_changes_its_accounts_language(house: House) -> None:
    await house.chats.join(ANNAS_CHAT, await house.code())
    changed = await house.chats.set_language(ANNAS_CHAT.telegram_id, "en", BOT)
    assert changed is not None
    assert changed.language == "en"
    assert await house.chats.set_language(1, "en", BOT) is None


async def test_a_chat_remembers_the_site_it_looks_at(house: House) -> None:
    await house.chats.join(ANNAS_CHAT, await house.code("viewer", "noto"))
    assert await house.chats.chosen_site(ANNAS_CHAT.telegram_id) is None
    for site in ("noto", "hut"):
        await house.chats.choose_site(ANNAS_CHAT.telegram_id, site)
    house.restart()
    assert await house.chats.chosen_site(ANNAS_CHAT.telegram_id) == "noto"
    await house.chats.choose_site(1, "noto")
    assert await house.chats.chosen_site(1) is None


async def test_a_role_taken_from_the_account_is_taken_from_its_chat(house: House) -> None:
    await house.chats.join(ANNAS_CHAT, await house.code())
    await house.people.set_role("Anna", "noto", None, OPERATOR)
    actor = await house.chats.actor(ANNAS_CHAT.telegram_id)
    assert actor is not None
    assert actor.grants.anywhere() is None
    await house.people.remove("Anna", OPERATOR)
    assert await house.chats.actor(ANNAS_CHAT.telegram_id) is None
