"""How much one caller may ask: generously much, and never at the cost of another."""

from __future__ import annotations

import httpx
import pytest
from tests.support.serving import Running

from stallaini.clock import VirtualClock
from stallaini.server.api.pace import BOT, CALLER, Pace, Pacer
from stallaini.server.people.roles import Actor, Grants, Way

PATH = "/api/v1/session"


def caller(name: str, way: Way = "session", key: str = "") -> Actor:
    return Actor(name, way, Grants({}), key=key)


def spend(pacer: Pacer, actor: Actor, count: int) -> list[int]:
    return [pacer.wait_s(actor) for _ in range(count)]


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(wall_s=1_794_830_400)


def test_a_burst_is_heard_and_then_a_steady_pace(clock: VirtualClock) -> None:
    pacer, anna = Pacer(clock), caller("anna")
    assert not any(spend(pacer, anna, CALLER.burst))
    assert spend(pacer, anna, 2) == [1, 1]
    clock.advance(1)
    assert spend(pacer, anna, int(CALLER.per_s) + 1) == [0] * int(CALLER.per_s) + [1]
    clock.advance(3600)
    assert not any(spend(pacer, anna, CALLER.burst))
    assert pacer.wait_s(anna) == 1


def test_each_caller_is_counted_alone(clock: VirtualClock) -> None:
    pacer = Pacer(clock)
    spend(pacer, caller("anna", key="one browser"), CALLER.burst)
    assert pacer.wait_s(caller("Anna", key="another browser")) == 1
    for other in (caller("bruno"), caller("anna", "chat"), caller("anna/grafana", "token", "0a1b")):
        assert pacer.wait_s(other) == 0
    spend(pacer, caller("anna/grafana", "token", "0a1b"), CALLER.burst)
    assert pacer.wait_s(caller("anna/grafana", "token", "0a1b")) == 1
    assert pacer.wait_s(caller("anna/grafana", "token", "0a1c")) == 0


def test_the_busiest_page_and_the_busiest_bot_never_wait(clock: VirtualClock) -> None:
    pacer, person, bot = Pacer(clock), caller("anna"), caller("telegram", "bot", "0a1b")
    for _second in range(600):
        # Three open pages, each polling because its stream is broken, each with a chart dragged along.
        assert not any(spend(pacer, person, 3 * 5))
        # Telegram takes 30 messages a second: a report before and one after each, and commands meanwhile.
        assert not any(spend(pacer, bot, 30 * 2 + 60))
        clock.advance(1)
    assert not any(spend(pacer, bot, BOT.burst // 2))


def test_a_demo_is_not_counted(clock: VirtualClock) -> None:
    assert not any(spend(Pacer(clock), caller("demo", "demo"), 2 * CALLER.burst))


def test_who_has_been_quiet_is_forgotten_and_who_has_not_is_not(clock: VirtualClock) -> None:
    pacer = Pacer(clock)
    for number in range(3000):
        pacer.wait_s(caller(f"guest {number}"))
    clock.advance(60)
    spend(pacer, caller("anna"), CALLER.burst)
    clock.advance(0.01)
    pacer.wait_s(caller("newcomer"))
    assert pacer.wait_s(caller("anna")) == 1


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Callers may ask five times at once here, so that the test need not ask 1,200 times."""
    monkeypatch.setattr("stallaini.server.api.pace.CALLER", Pace(burst=5, per_s=0.5))


async def _until_refused(client: httpx.AsyncClient) -> httpx.Response:
    for _ in range(6):
        answer = await client.get(PATH)
        if answer.status_code != 200:
            return answer
    return answer


async def test_who_asks_too_much_is_told_when_to_ask_again(running: Running, few: None) -> None:
    token, anna = await running.program("viewer"), await running.person("viewer")
    refused = await _until_refused(token)
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "2")
    assert refused.headers["content-type"] == "application/problem+json"
    body = refused.json()
    assert (body["type"], body["retry_after_s"]) == ("urn:stallaini:problem:too-many-requests", 2)
    assert body["detail"] == "'program' asks too much at once; ask again in 2 s, and less often"
    assert (await anna.get(PATH)).status_code == 200
    running.clock.advance(2)
    assert (await token.get(PATH)).status_code == 200


async def test_a_chat_that_asks_too_much_leaves_the_bot_its_own_way(running: Running, few: None) -> None:
    chat = await running.chat(500, "viewer")
    assert (await _until_refused(chat)).status_code == 429
    del chat.headers["X-Stallaini-Chat"]
    assert (await chat.get("/api/v1/outbox")).status_code == 200
