"""Whatever strangers post to the link's door: refused as on UDP, counted, bounded, told in few bytes."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from tests.support.coap_pair import RawClient
from tests.support.serving import START_MINUTE
from tests.support.two_paths import TwoPaths, two_paths
from tests.support.waiting import until

from stallaini.link.posted import MAX_BYTES
from stallaini.server import link_door
from stallaini.server.ingest import Ingest

UNAUTHORIZED, BAD_REQUEST = 129, 128
SOC = {"battery.soc.last": 62.0}


@pytest.fixture
async def lab(tmp_path: Path) -> AsyncIterator[TwoPaths]:
    """After each abuse a good exchange works, and nothing of the abuse has reached the store."""
    async with two_paths(tmp_path) as opened:
        opened.site.deliver = opened.https
        await opened.site.minutes((START_MINUTE, SOC))
        yield opened
        await opened.site.minutes((START_MINUTE + 1, SOC))
        assert await opened.minutes() == [START_MINUTE, START_MINUTE + 1]


def recorded(lab: TwoPaths) -> bytes:
    """The last message the edge posted."""
    return lab.tcp_relay.up.chunks[-1].partition(b"\r\n\r\n")[2]


async def post(lab: TwoPaths, body: bytes, **headers: str) -> httpx.Response:
    return await lab.running.client(**headers).post("/link", content=body)


async def test_a_recorded_message_posted_again_is_refused(lab: TwoPaths) -> None:
    for _ in range(3):
        answer = await post(lab, recorded(lab))
        assert (answer.status_code, answer.content[1]) == (200, UNAUTHORIZED)
        assert answer.content.endswith(b"\xffreplay")
    assert lab.refused("replayed") == 3


async def test_a_message_recorded_on_one_path_is_a_replay_on_the_other(lab: TwoPaths) -> None:
    stranger = RawClient(lab.running.server.coap.port)
    answer = await stranger.ask(recorded(lab))
    stranger.close()
    assert answer is not None
    assert answer[1] == UNAUTHORIZED
    assert lab.refused("replayed") == 1


async def test_recorded_messages_do_not_open_a_restarted_server(lab: TwoPaths) -> None:
    old = recorded(lab)
    await lab.restart_server()
    for _ in range(3):
        assert b"replay" not in (await post(lab, old)).content
    assert lab.refused("challenged") == 3


async def test_a_forged_message_is_refused(lab: TwoPaths) -> None:
    forged = bytearray(recorded(lab))
    forged[-1] ^= 1
    assert (await post(lab, bytes(forged))).content[1] in (UNAUTHORIZED, BAD_REQUEST)
    assert lab.refused("wrong_key") + lab.refused("replayed") == 1


async def test_plain_coap_is_refused(lab: TwoPaths) -> None:
    answer = await post(lab, b"\x40\x02\x00\x01\xb1s\xffhello")
    assert answer.content[1] == UNAUTHORIZED
    assert lab.refused("unprotected") == 1


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"<html>", id="a page"),
        pytest.param(b"\x40\x00\x00\x00", id="a ping"),
        pytest.param(b"\x60\x44\x00\x00", id="an answer"),
        pytest.param(b"\x48\x02\x00\x00<script>", id="a token"),
    ],
)
async def test_what_is_no_coap_request_is_a_problem(lab: TwoPaths, body: bytes) -> None:
    answer = await post(lab, body)
    assert answer.status_code == 400
    assert answer.headers["content-type"] == "application/problem+json"
    assert lab.refused("malformed") == 1


async def test_hundreds_of_random_messages(lab: TwoPaths, caplog: pytest.LogCaptureFixture) -> None:
    rng = random.Random(5)
    good = recorded(lab)
    client = lab.running.client()
    for number in range(300):
        body = bytearray(rng.randbytes(rng.randrange(80)) if number % 2 else good)
        for _ in range(rng.randrange(1, 5)):
            if body:
                body[rng.randrange(len(body))] = rng.randrange(256)
        assert (await client.post("/link", content=bytes(body))).status_code in (200, 400)
    assert sum(lab.running.server.coap.refused.values()) >= 300
    warned = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert [record.getMessage().split(":")[0] for record in warned] == ["refused from 127.0.0.1"], (
        "one line a minute"
    )


async def test_a_body_larger_than_any_message_is_not_read(lab: TwoPaths) -> None:
    answer = await post(lab, bytes(MAX_BYTES + 1))
    assert answer.status_code == 413
    assert lab.refused("oversize") == 1
    assert (await post(lab, b"\x40\x02\0\0\xff".ljust(MAX_BYTES, b"x"))).status_code == 200


async def test_a_body_without_a_length_is_refused(lab: TwoPaths) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b"\x40"

    answer = await lab.running.client().post("/link", content=endless())
    assert answer.status_code == 411


async def test_a_source_has_only_so_many_requests_under_way(
    lab: TwoPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link_door, "MAX_AT_ONCE", 2)
    go, real, begun = asyncio.Event(), Ingest.handle, []

    async def slow(self: Ingest, site: str, payload: bytes) -> bytes:
        begun.append(site)
        await go.wait()
        return await real(self, site, payload)

    slow_ones = [lab.stranger(lab.enrol(name), name) for name in ("one", "two")]
    with monkeypatch.context() as patch:
        patch.setattr(Ingest, "handle", slow)
        waiting = [asyncio.create_task(exchange(b"x")) for exchange in slow_ones]
        await until(lambda: len(begun) == 2)
        try:
            assert (await post(lab, b"junk")).status_code == 429
            proxied = await post(lab, b"junk", **{"X-Forwarded-For": "198.51.100.7"})
            assert proxied.status_code == 400, "another source, told by the proxy on this machine"
        finally:
            go.set()
            await asyncio.gather(*waiting, return_exceptions=True)
    assert lab.refused("overload") == 1
    assert (await post(lab, b"junk")).status_code == 400
    for exchange in slow_ones:
        await exchange.close()


async def test_the_answer_has_no_header_that_need_not_be(lab: TwoPaths) -> None:
    answer = await post(lab, recorded(lab))
    assert sorted(answer.headers) == ["content-length", "date"]


async def test_it_is_documented_as_binary(lab: TwoPaths) -> None:
    document = (await lab.running.client().get("/api/openapi.json")).json()
    operation = document["paths"]["/link"]["post"]
    binary = {"application/octet-stream": {"schema": {"type": "string", "format": "binary"}}}
    assert operation["requestBody"]["content"] == binary
    assert operation["responses"]["200"]["content"] == binary
    assert "security" not in operation
