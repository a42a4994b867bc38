"""Accounts and their roles, in a real database."""

from __future__ import annotations

import pytest
from tests.support.people_house import ANNA_BY, BOT_PASSWORD, HOME, PASSWORD, House

from stallaini.server.people.accounts import LastAdmin, Taken
from stallaini.server.people.audit import OPERATOR
from stallaini.server.people.chats import Chat
from stallaini.server.people.passwords import WeakPassword, hash_password
from stallaini.server.people.people import NewPerson, Unknown
from stallaini.server.people.roles import SiteRole


async def test_neither_password_nor_token_nor_code_is_stored(anna: House) -> None:
    signed_in = await anna.sign_in()
    secrets = [await anna.token("grafana", "viewer"), await anna.code(), signed_in.session, signed_in.device]
    await anna.chats.set_password(BOT_PASSWORD, OPERATOR)
    anna.database.close()
    kept = b"".join(path.read_bytes() for path in anna.path.parent.iterdir())
    for secret in (PASSWORD, BOT_PASSWORD, *secrets):
        assert secret.encode() not in kept
    assert b"$argon2id$" in kept
    anna.restart()


async def test_names_are_taken_once_whatever_their_case(anna: House) -> None:
    with pytest.raises(Taken):
        await anna.person("ANNA", "admin")
    assert await anna.roles("anna") == {"*": "viewer"}


@pytest.mark.parametrize("name", ["", " anna", "an\nna", "x" * 65, "an/na", "..", "."])
async def test_names_nobody_could_type_are_refused(house: House, name: str) -> None:
    with pytest.raises(ValueError, match="cannot be a name"):
        await house.people.add(NewPerson(name, PASSWORD), OPERATOR)


@pytest.mark.parametrize("password", ["", "short", "x" * 257])
def test_passwords_too_short_or_long_are_refused(password: str) -> None:
    with pytest.raises(WeakPassword, match="8 to 256"):
        hash_password(password)


async def test_a_role_holds_at_its_site_and_one_at_every_site_everywhere(house: House) -> None:
    await house.person("bruno", "viewer")
    await house.people.set_role("Bruno", "noto", "operator", OPERATOR)
    found = await house.people.find("bruno")
    assert found is not None
    assert (found.grants.at("noto"), found.grants.at("hut")) == ("operator", "viewer")
    assert found.grants.sites() is None
    assert found.grants.sites("operator") == frozenset({"noto"})
    assert found.grants.allow("operator", "noto")
    assert not found.grants.allow("operator", "hut")
    await house.people.set_role("bruno", "noto", None, OPERATOR)
    assert await house.roles("bruno") == {"*": "viewer"}


async def test_a_changed_role_holds_at_once_for_a_session_that_stands(anna: House) -> None:
    signed_in = await anna.sign_in()
    await anna.people.set_role("anna", "noto", "operator", OPERATOR)
    actor = await anna.sessions.actor(signed_in.session, HOME)
    assert actor is not None
    assert actor.grants.by_site == {"*": "viewer", "noto": "operator"}


async def test_removing_takes_sessions_tokens_chats_and_open_invitations_along(anna: House) -> None:
    signed_in, token = await anna.sign_in(), await anna.token("grafana", "viewer")
    await anna.people.set_role("anna", "*", "admin", OPERATOR)
    await anna.code()
    await anna.code(by=ANNA_BY)
    await anna.people.remove("ANNA", OPERATOR, keep_an_admin=False)
    assert await anna.sessions.actor(signed_in.session, HOME) is None
    assert await anna.tokens.actor(token) is None
    assert [one.made_by for one in await anna.invitations.listed()] == [None]
    with pytest.raises(Unknown):
        await anna.people.remove("anna", OPERATOR)
    # Whoever comes by that name later gets nothing of it.
    await anna.person("anna", site="hut")
    assert await anna.roles("anna") == {"hut": "viewer"}
    assert await anna.sessions.listed("anna") == []


async def test_the_last_who_administers_the_server_cannot_be_removed_or_demoted(house: House) -> None:
    await house.person("owner", "admin")
    await house.person("bruno", "admin", site="noto")
    with pytest.raises(LastAdmin):
        await house.people.remove("owner", OPERATOR)
    demotions: list[SiteRole | None] = ["viewer", None]
    for lower in demotions:
        with pytest.raises(LastAdmin):
            await house.people.set_role("owner", "*", lower, OPERATOR)
    assert await house.roles("owner") == {"*": "admin"}
    await house.people.set_role("bruno", "*", "admin", OPERATOR)
    await house.people.remove("owner", OPERATOR)
    assert await house.names() == ["bruno"]


async def test_people_are_listed_by_name_a_page_at_a_time(house: House) -> None:
    for number in range(5):
        await house.chats.join(
            Chat(number + 1, f"P{number}", "en"), await house.code(site="noto" if number % 2 else "hut")
        )
    first = await house.people.listed(limit=2)
    rest = await house.people.listed(after=first[-1].name)
    assert [one.name for one in [*first, *rest]] == [f"P{number}" for number in range(5)]
    assert [one.name for one in await house.people.listed(sites=["noto"])] == ["P1", "P3"]
