"""Programs' tokens: scoped, shown once, revocable, and never above their owner."""

from __future__ import annotations

import pytest
from tests.support.people_house import ANNA_BY, DAY_S, House

from stallaini.server.people.audit import OPERATOR
from stallaini.server.people.roles import Actor, Grants
from stallaini.server.people.tokens import MOST_TOKENS, Scope, TooManyTokens


async def test_a_token_is_listed_by_label_and_prefix_with_its_last_use(anna: House) -> None:
    secret = await anna.token("grafana", "viewer", "noto")
    (listed,) = await anna.tokens.listed("ANNA")
    assert (listed.label, listed.role, listed.site, listed.used_s) == ("grafana", "viewer", "noto", None)
    assert secret.startswith(listed.prefix)
    assert len(secret) - len(listed.prefix) > 30
    anna.clock.advance(DAY_S)
    actor = await anna.tokens.actor(secret)
    assert actor == Actor("anna/grafana", "token", Grants({"noto": "viewer"}), key=listed.id)
    anna.restart()
    assert (await anna.tokens.listed())[0].used_s == int(anna.clock.wall_s())


async def test_a_revoked_token_is_nobodys(anna: House) -> None:
    secret = await anna.token("grafana", "viewer")
    (listed,) = await anna.tokens.listed()
    assert not await anna.tokens.revoke(listed.id, OPERATOR, "bruno")
    assert await anna.tokens.revoke(listed.id, ANNA_BY, "Anna")
    assert not await anna.tokens.revoke(listed.id, ANNA_BY)
    assert await anna.tokens.actor(secret) is None


async def test_a_token_may_never_more_than_its_owner_now(house: House) -> None:
    await house.person("anna", "admin")
    secret = await house.token("script", "operator", "noto")

    async def allowed() -> dict[str, str]:
        actor = await house.tokens.actor(secret)
        assert actor is not None
        return dict(actor.grants.by_site)

    assert await allowed() == {"noto": "operator"}
    await house.people.set_role("anna", "*", "viewer", OPERATOR, keep_an_admin=False)
    assert await allowed() == {"noto": "viewer"}
    await house.people.set_role("anna", "*", None, OPERATOR)
    assert await allowed() == {}
    await house.people.set_role("anna", "noto", "admin", OPERATOR)
    assert await allowed() == {"noto": "operator"}


async def test_a_token_of_the_servers_own_is_replaced_by_the_next_of_its_label(house: House) -> None:
    first, replaced = await house.tokens.make_for_server(Scope("telegram", "bot", "*"), OPERATOR)
    assert not replaced
    bot = await house.tokens.actor(first)
    assert bot is not None
    assert (bot.name, bot.way, bot.grants.anywhere()) == ("telegram", "bot", None)
    second, replaced = await house.tokens.make_for_server(Scope("Telegram", "viewer", "*"), OPERATOR)
    assert replaced
    assert await house.tokens.actor(first) is None
    assert await house.tokens.revoke_label("telegram", OPERATOR)
    assert await house.tokens.actor(second) is None
    assert not await house.tokens.revoke_label("telegram", OPERATOR)


async def test_nobody_has_tokens_without_end(anna: House) -> None:
    for number in range(MOST_TOKENS):
        await anna.token(f"token {number}", "viewer")
    with pytest.raises(TooManyTokens):
        await anna.token("one more", "viewer")


async def test_a_label_nobody_could_read_is_refused(anna: House) -> None:
    with pytest.raises(ValueError, match="cannot be a name"):
        await anna.token("", "viewer")
