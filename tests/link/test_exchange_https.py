"""The same messages by HTTPS: they arrive, are refused as on UDP, and are chosen when UDP is blocked."""

from __future__ import annotations

import asyncio
import dataclasses
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from tests.edge.test_program import SITE
from tests.support.serving import START_MINUTE, START_S, ask
from tests.support.two_paths import TwoPaths, two_paths
from tests.support.waiting import until

from stallaini.edge import post_connection
from stallaini.edge.exchange import LinkDown, Refused
from stallaini.edge.paths import FIRST_PAUSE_S
from stallaini.link.enrolment import SERVER_PEER
from stallaini.link.oscore import ContextStore
from stallaini.server.ingest import Ingest

SOC = {"battery.soc.last": 62.0}


@pytest.fixture
async def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TwoPaths]:
    monkeypatch.setattr(post_connection, "_NEW_S", 5.0)
    monkeypatch.setattr(post_connection, "_KEPT_S", 2.0)
    async with two_paths(tmp_path) as opened:
        yield opened


def echoing(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """Let the server answer `down:` and what it was given; the list of that."""
    handled: list[bytes] = []

    async def handle(_self: Ingest, _site: str, payload: bytes) -> bytes:
        handled.append(payload)
        return b"down:" + payload

    monkeypatch.setattr(Ingest, "handle", handle)
    return handled


async def test_minutes_arrive_by_either_path_in_turn(lab: TwoPaths) -> None:
    for number in range(6):
        lab.site.deliver = (lab.udp, lab.https)[number % 2]
        await lab.site.minutes((START_MINUTE + number, SOC))
    assert await lab.minutes() == [START_MINUTE + number for number in range(6)]
    assert lab.refused("challenged") == 1, "once, whichever path came first"
    assert lab.refused("replayed") == 0, "both take their numbers from one place"


async def test_one_connection_serves_all_messages(lab: TwoPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    echoing(monkeypatch)
    for number in range(10):
        assert await lab.https(b"%d" % number) == b"down:%d" % number
    assert lab.tcp_relay.connections == 1


async def test_a_message_and_its_answer_cost_the_headers_that_must_be(
    lab: TwoPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    echoing(monkeypatch)
    await lab.https(b"warm")
    lab.tcp_relay.up.sizes.clear()
    lab.tcp_relay.down.sizes.clear()
    await lab.https(b"x" * 12)
    assert len(lab.tcp_relay.up.sizes) == 1, "one packet"
    assert sum(lab.tcp_relay.up.sizes) <= 130
    assert sum(lab.tcp_relay.down.sizes) <= 130


async def test_what_goes_in_blocks_by_udp_goes_whole(lab: TwoPaths, monkeypatch: pytest.MonkeyPatch) -> None:
    handled = echoing(monkeypatch)
    body = os.urandom(60_000)
    assert await lab.https(body) == b"down:" + body
    assert handled == [body]


async def test_a_restarted_server_asks_for_an_echo_and_is_given_it(lab: TwoPaths) -> None:
    lab.site.deliver = lab.https
    await lab.site.minutes((START_MINUTE, SOC))
    await lab.restart_server()
    await lab.site.minutes((START_MINUTE + 1, SOC))
    assert lab.refused("challenged") == 1
    assert await lab.minutes() == [START_MINUTE, START_MINUTE + 1]


async def test_a_connection_that_died_while_idle_is_replaced_unseen(lab: TwoPaths) -> None:
    lab.site.deliver = lab.https
    await lab.site.minutes((START_MINUTE, SOC))
    lab.tcp_relay.drop()
    await lab.site.minutes((START_MINUTE + 1, SOC))
    assert lab.tcp_relay.connections == 2


async def test_an_answer_lost_with_its_connection_is_asked_for_again_under_a_new_number(
    lab: TwoPaths,
) -> None:
    lab.site.deliver = lab.https
    await lab.site.minutes((START_MINUTE, SOC))
    lab.tcp_relay.lose_answers()
    await lab.site.minutes((START_MINUTE + 1, SOC))
    assert lab.tcp_relay.connections == 2
    assert lab.refused("replayed") == 0
    assert await lab.minutes() == [START_MINUTE, START_MINUTE + 1]


async def test_another_key_is_refused_and_counted(lab: TwoPaths) -> None:
    forged = lab.stranger(dataclasses.replace(lab.join, secret=b"?" * 16), "thief")
    with pytest.raises(Refused, match="another key"):
        await forged(b"let me in")
    unknown = lab.stranger(dataclasses.replace(lab.join, client_id=b"nobody"), "unknown")
    with pytest.raises(Refused, match="does not know this edge"):
        await unknown(b"let me in")
    assert lab.refused("wrong_key") == 2
    for exchange in (forged, unknown):
        await exchange.close()


async def test_an_edge_restored_from_a_copy_is_told_so(lab: TwoPaths, tmp_path: Path) -> None:
    await lab.site.minutes((START_MINUTE, SOC))
    contexts = ContextStore(tmp_path / "edge.sqlite")
    contexts.remove(SERVER_PEER)
    copy = lab.stranger(lab.join, "edge")
    with pytest.raises(Refused, match="restored"):
        await copy(b"numbers from the start")
    assert lab.refused("replayed") == 1
    await copy.close()


async def test_a_web_server_that_is_not_ours_is_a_link_that_is_down(lab: TwoPaths) -> None:
    elsewhere = lab.stranger(lab.join, "elsewhere")
    lab.tcp_relay.retarget(9)
    with pytest.raises(LinkDown, match=r"127\.0\.0\.1"):
        await elsewhere(b"x")
    await elsewhere.close()


async def test_silence_is_given_up_on_and_the_link_comes_back(
    lab: TwoPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(post_connection, "_NEW_S", 1.5)
    monkeypatch.setattr(post_connection, "_KEPT_S", 0.5)
    lab.site.deliver = lab.https
    await lab.site.minutes((START_MINUTE, SOC))
    lab.tcp_relay.cut = True
    with pytest.raises(LinkDown, match="TimeoutError"):
        await lab.https(b"x")
    lab.tcp_relay.cut = False
    await lab.site.minutes((START_MINUTE + 1, SOC))


async def test_an_exchange_that_is_cancelled_leaves_nothing_behind(lab: TwoPaths) -> None:
    await lab.site.minutes((START_MINUTE, SOC))
    lab.tcp_relay.cut = True
    cancelled = asyncio.create_task(lab.https(b"x"))
    await asyncio.sleep(0.05)
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    await until(lambda: lab.tcp_relay.idle)
    lab.tcp_relay.cut = False
    lab.site.deliver = lab.https
    await lab.site.minutes((START_MINUTE + 1, SOC))


async def test_udp_that_falls_silent_gives_way_to_https_and_is_tried_back(lab: TwoPaths) -> None:
    await lab.site.minutes((START_MINUTE, SOC))
    assert lab.tcp_relay.connections == 0, "while UDP gets through, HTTPS costs nothing"

    lab.udp_relay.faults.cut = True
    await lab.site.minutes((START_MINUTE + 1, SOC))
    assert lab.events == ["https"]
    sent_by_udp = len(lab.udp_relay.up.sizes)
    await lab.site.minutes((START_MINUTE + 2, SOC))
    assert len(lab.udp_relay.up.sizes) == sent_by_udp, "UDP is left alone meanwhile"

    lab.clock.advance(FIRST_PAUSE_S)
    await lab.site.minutes((START_MINUTE + 3, SOC))
    assert len(lab.udp_relay.up.sizes) > sent_by_udp, "tried back, in vain"
    assert lab.events == ["https"]

    lab.udp_relay.faults.cut = False
    lab.clock.advance(2 * FIRST_PAUSE_S)
    await lab.site.minutes((START_MINUTE + 4, SOC))
    assert lab.events == ["https", "udp"]
    assert await lab.minutes() == [START_MINUTE + number for number in range(5)]


async def test_when_both_are_down_it_is_an_outage_and_both_come_back(lab: TwoPaths) -> None:
    await lab.site.minutes((START_MINUTE, SOC))
    lab.udp_relay.faults.cut = True
    await lab.tcp_relay.close()
    with pytest.raises(LinkDown, match=r"port \d+: .*; http://127\.0\.0\.1"):
        await lab.paths(b"x")
    lab.udp_relay.faults.cut = False
    await lab.tcp_relay.start(int(lab.running.url.rsplit(":", 1)[1]))
    await lab.site.minutes((START_MINUTE + 1, SOC))
    assert lab.events == [], "UDP was not to blame"


@asynccontextmanager
async def edge_program(lab: TwoPaths, line: str, link: str = "") -> AsyncIterator[asyncio.StreamReader]:
    """The program of the edge, with this join line and table `[link]`; what it says."""
    site_file = lab.folder / "site.toml"
    site_file.write_text(SITE.format(bus=lab.folder / "no-bus") + link)
    words = ["edge", str(site_file), "--data", str(lab.folder / "program"), "--join", line]
    program = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "stallaini.cli", *words, stderr=asyncio.subprocess.PIPE
    )
    assert program.stderr is not None
    try:
        yield program.stderr
    finally:
        program.terminate()
        said = (await program.communicate())[1].decode()
    assert (program.returncode, "Traceback" in said) == (0, False), said


async def until_said(words: str, said: asyncio.StreamReader) -> None:
    heard = b""
    while words.encode() not in heard:
        line = await asyncio.wait_for(said.readline(), 20)
        assert line, heard.decode()
        heard += line


@pytest.mark.parametrize("told", ["by the join line", "by the site file"])
async def test_the_running_edge_goes_round_a_closed_udp_port(lab: TwoPaths, told: str) -> None:
    await lab.udp_relay.close()
    await lab.running.server.store.add_site("lab", START_S)
    url = lab.url if told == "by the join line" else "http://127.0.0.1:9"
    link = "" if told == "by the join line" else f'[link]\nhttps_url = "{lab.url}"\n'
    line = dataclasses.replace(lab.join, https_url=url).line()
    async with edge_program(lab, line, link) as said:
        await until_said("link.path {'path': 'https'}", said)
        viewer = await lab.running.program("viewer")
        for _ in range(200):
            if "link.path" in (kinds := await event_kinds(viewer)):
                break
            await asyncio.sleep(0.05)
    assert {"edge.started", "link.path"} <= kinds
    assert "link.lost" not in kinds


async def event_kinds(viewer: httpx.AsyncClient) -> set[str]:
    found = await ask(viewer, "/sites/lab/events", start="2020-01-01T00:00Z", end="2050-01-01T00:00Z")
    return {event["kind"] for event in found["events"]}
