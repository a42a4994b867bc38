"""Every sign-in and every change leaves a line: who, from where, what, to whom."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import get_args

import pytest
from tests.support.people_house import (
    ANNA_BY,
    ANNAS_CHAT,
    BOT_PASSWORD,
    DAY_S,
    ELSEWHERE,
    FAMILY_CHAT,
    HOME,
    PASSWORD,
    House,
)

from stallaini.server.alarms.desk import AlarmDesk
from stallaini.server.alarms.patrol import Patrol
from stallaini.server.alarms.settings import SiteSettings
from stallaini.server.live import LiveHub
from stallaini.server.people import audit
from stallaini.server.people.audit import OPERATOR, Action, By, Wanted
from stallaini.server.people.guesses import Throttled
from stallaini.server.people.invitations import Newcomer, Offer
from stallaini.server.people.sessions import Caller, WrongPassword
from stallaini.server.store.sqlite import SqliteStore

Deed = Callable[[House], Awaitable[object]]


async def _change_password(house: House, current: str) -> None:
    actor = (await house.sign_in()).actor
    await house.sessions.change_password(actor, current, "another good one", HOME)


async def _enter(house: House) -> None:
    await house.invitations.enter(
        await house.code(), Newcomer("bruno", PASSWORD, None), Caller(ELSEWHERE, "Safari")
    )


async def _revoke_token(house: House) -> None:
    await house.token("grafana", "viewer")
    await house.tokens.revoke((await house.tokens.listed())[0].id, ANNA_BY)


async def _revoke_invitation(house: House) -> None:
    await house.code()
    await house.invitations.revoke((await house.invitations.listed())[0], ANNA_BY)


async def _end_session(house: House) -> None:
    await house.sessions.end_one((await house.sign_in(ELSEWHERE)).actor.key, ANNA_BY)


async def _end_sessions(house: House) -> None:
    await house.sign_in(ELSEWHERE)
    await house.sessions.end_all("anna", ANNA_BY)


async def _sign_out(house: House) -> None:
    await house.sessions.end((await house.sign_in()).session, ANNA_BY)


async def _give_role(house: House) -> None:
    await house.people.set_role("anna", "noto", "operator", ANNA_BY)


async def _take_role(house: House) -> None:
    await house.people.set_role("anna", "*", None, ANNA_BY)


async def _join(house: House) -> None:
    await house.chats.set_password(BOT_PASSWORD, OPERATOR)
    await house.chats.join(ANNAS_CHAT, BOT_PASSWORD)


async def _join_wrongly(house: House) -> None:
    await house.chats.join(ANNAS_CHAT, "wrong password")


async def _leave(house: House) -> None:
    await house.chats.join(FAMILY_CHAT, await house.code())
    await house.chats.leave(FAMILY_CHAT.telegram_id, By(None, "chat", "telegram -1001234567890"))


async def _clear_bot_password(house: House) -> None:
    await house.chats.set_password(BOT_PASSWORD, OPERATOR)
    await house.chats.clear_password(OPERATOR)


async def _set_telling(house: House, *changes: SiteSettings) -> None:
    store, hub = SqliteStore(house.database), LiveHub(house.clock)
    desk = AlarmDesk(house.database, store, house.clock, Patrol(house.database, store, house.clock, hub), {})
    for wanted in changes:
        await desk.change_settings("noto", _to(wanted), ANNA_BY)


def _to(wanted: SiteSettings) -> Callable[[SiteSettings], SiteSettings]:
    return lambda _: wanted


def _muted(house: House) -> SiteSettings:
    return SiteSettings(mute_until_s=int(house.clock.wall_s()) + 60)


# What is done, and the lines it leaves, each with its actor, subject and site.
DEEDS: list[tuple[Deed, list[str]]] = [
    (lambda h: h.sign_in(), ["sign-in anna anna None"]),
    (lambda h: h.guess(1), ["sign-in.refused None anna None"]),
    (lambda h: h.guess(1, name="nobody"), ["sign-in.refused None None None"]),
    (_sign_out, ["sign-in anna anna None", "sign-out anna anna None"]),
    (_end_session, ["sign-in anna anna None", "session.ended anna anna None"]),
    (_end_sessions, ["sign-in anna anna None", "session.ended anna anna None"]),
    (lambda h: _change_password(h, PASSWORD), ["sign-in anna anna None", "password.changed anna anna None"]),
    (
        lambda h: _change_password(h, "wrong one"),
        ["sign-in anna anna None", "password.refused anna anna None"],
    ),
    (lambda h: h.people.set_password("anna", "a good one", OPERATOR), ["password.changed None anna None"]),
    (lambda h: h.person("bruno"), ["person.added None bruno None", "role.given None bruno *"]),
    (lambda h: h.people.remove("ANNA", OPERATOR), ["person.removed None anna None"]),
    (_give_role, ["role.given anna anna noto"]),
    (_take_role, ["role.taken anna anna *"]),
    (lambda h: h.people.set_language("anna", "it", ANNA_BY), ["language.changed anna anna None"]),
    (lambda h: h.token("grafana", "viewer"), ["token.made anna grafana *"]),
    (_revoke_token, ["token.made anna grafana *", "token.revoked anna grafana *"]),
    (lambda h: h.code(), ["invitation.made None None noto"]),
    (_revoke_invitation, ["invitation.made None None noto", "invitation.revoked anna None noto"]),
    (
        _enter,
        [
            "invitation.made None None noto",
            "person.added bruno bruno None",
            "invitation.used bruno bruno noto",
            "role.given bruno bruno noto",
            "sign-in bruno bruno None",
        ],
    ),
    (
        _join,
        [
            "bot-password.set None None *",
            "person.added Anna Anna None",
            "chat.joined Anna Anna None",
            "role.given Anna Anna *",
        ],
    ),
    (_join_wrongly, ["chat.refused None None None"]),
    (
        _leave,
        [
            "invitation.made None None noto",
            "person.added Family Family None",
            "chat.joined Family Family None",
            "invitation.used Family Family noto",
            "role.given Family Family noto",
            "chat.left None Family None",
            "person.removed None Family None",
        ],
    ),
    (lambda h: _set_telling(h, SiteSettings(told=())), ["telling.changed anna None noto"]),
    (
        lambda h: _set_telling(h, _muted(h), _muted(h), SiteSettings()),
        ["mute.changed anna None noto", "mute.changed anna None noto"],
    ),
    (_clear_bot_password, ["bot-password.set None None *", "bot-password.set None None None"]),
]


@pytest.mark.parametrize(("deed", "lines"), DEEDS, ids=[lines[-1] for _, lines in DEEDS])
async def test_each_deed_leaves_its_lines(anna: House, deed: Deed, lines: list[str]) -> None:
    before = len(await anna.audit())
    try:
        # "Anna" of Telegram is another person here.
        if deed is _join:
            await anna.people.remove("anna", OPERATOR)
            before += 1
        await deed(anna)
    except WrongPassword:
        pass
    told = (await anna.audit())[before:]
    assert [f"{line.action} {line.actor} {line.subject} {line.site}" for line in told] == lines
    assert all(line.at_s == int(anna.clock.wall_s()) and line.source for line in told)


def test_every_kind_of_line_is_left_by_a_deed() -> None:
    assert {line.split(" ")[0] for _, lines in DEEDS for line in lines} == set(get_args(Action))


async def test_what_is_undone_leaves_no_line(anna: House) -> None:
    before = await anna.audit()
    with pytest.raises(Exception, match="anna"):
        await anna.person("anna")
    assert not await anna.tokens.revoke("none", ANNA_BY)
    await anna.people.set_role("anna", "*", "viewer", ANNA_BY)
    await anna.people.set_language("anna", "en", ANNA_BY)
    await anna.sessions.end("no session", ANNA_BY)
    assert await anna.audit() == before


async def test_tries_that_came_too_early_are_told_of_by_their_number(anna: House) -> None:
    await anna.guess(5)
    for _ in range(7):
        with pytest.raises(Throttled):
            await anna.sign_in(ELSEWHERE, password="wrong password")
    anna.clock.advance(2)
    await anna.guess(1)
    refused = [line.detail["unheard"] for line in await anna.audit() if line.action == "sign-in.refused"]
    assert refused == [0] * 5 + [7]


async def test_refusals_push_nothing_out_but_older_refusals(
    anna: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit, "REFUSALS_KEPT", 10)
    before = await anna.audit()
    for number in range(40):
        await anna.guess(1, name=f"name{number}", source=f"198.51.100.{number}")
    told = await anna.audit()
    assert told[: len(before)] == before
    assert len(told) == len(before) + 10


async def test_lines_are_picked_by_page_person_action_and_site(anna: House) -> None:
    await _give_role(anna)
    await anna.person("bruno", site="hut")
    await anna.code(site="hut", by=ANNA_BY)
    offer = Offer("it", person="bruno")
    await anna.invitations.make(offer, DAY_S, ANNA_BY)

    async def picked(wanted: Wanted) -> list[str]:
        return [line.action for line in await anna.people.audit(wanted)]

    everything = await picked(Wanted())
    newest = await anna.people.audit(Wanted(limit=2))
    assert everything[2:] == await picked(Wanted(before=newest[-1].id))
    assert await picked(Wanted(person="BRUNO")) == ["invitation.made", "role.given", "person.added"]
    assert await picked(Wanted(action="role.given", sites=["hut", "noto"])) == ["role.given"] * 2
    assert await picked(Wanted(sites=[])) == []
