"""What the edge sends arrives, through every weather of the link, and costs what it must and no more."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.coap_pair import HASTE_S, PATIENT_S, CoapPair, RawClient, coap_pair, exchanged
from tests.support.udp_relay import UdpRelay

from stallaini.edge.exchange import CoapExchange, LinkDown, Refused
from stallaini.link.downlink import encode_downlink
from stallaini.link.enrolment import admit
from stallaini.link.envelope import HeadForm, encode_uplink
from stallaini.link.messages import Answer, Downlink, Entry, Minute, Uplink
from stallaini.link.oscore import ContextStore
from stallaini.server.coap import CoapEndpoint
from stallaini.server.coap_gate import Handle


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[CoapPair]:
    async with coap_pair(tmp_path) as opened:
        yield opened


def answering(answer: bytes, after_s: float = 0.0) -> Handle:
    async def handle(_site: str, _payload: bytes) -> bytes:
        await asyncio.sleep(after_s)
        return answer

    return handle


async def test_a_payload_goes_up_and_the_answer_comes_down(pair: CoapPair) -> None:
    assert await pair.exchange(b"hello") == b"down:hello"
    assert pair.handled == [("noto", b"hello")]


async def test_a_restart_of_server_or_edge_or_both_costs_one_round_trip(pair: CoapPair) -> None:
    async def datagrams_up() -> int:
        before = len(pair.relay.up.sizes)
        assert await pair.exchange(b"x") == b"down:x"
        return len(pair.relay.up.sizes) - before

    assert await datagrams_up() == 2, "the server did not know which numbers were used"
    assert await datagrams_up() == 1
    await pair.restart_server()
    assert await datagrams_up() == 2
    await pair.restart_edge()
    assert await datagrams_up() == 1
    await pair.restart_edge()
    await pair.restart_server()
    assert await datagrams_up() == 2
    assert await datagrams_up() == 1
    assert len(pair.handled) == 6


async def test_a_closed_port_is_noticed_at_once_and_the_link_comes_back(pair: CoapPair) -> None:
    await pair.exchange(b"1")
    relay_port = pair.relay.port
    await pair.relay.close()
    with pytest.raises(LinkDown, match=r"127\.0\.0\.1"):
        await asyncio.wait_for(pair.exchange(b"2"), 5 * PATIENT_S)
    pair.relay = UdpRelay(pair.port)
    await pair.relay.start(relay_port)
    assert await pair.exchange(b"3") == b"down:3"


async def test_silence_is_given_up_on_and_the_link_comes_back(pair: CoapPair) -> None:
    await pair.restart_edge(HASTE_S)
    await pair.exchange(b"1")
    sent = len(pair.relay.up.sizes)
    pair.relay.faults.cut = True
    with pytest.raises(LinkDown):
        await pair.exchange(b"2")
    assert len(pair.relay.up.sizes) == sent + 5, "one message and four repetitions"
    pair.relay.faults.cut = False
    await exchanged(pair.exchange, b"3")


async def test_an_exchange_that_is_cancelled_sends_nothing_more(
    pair: CoapPair, caplog: pytest.LogCaptureFixture
) -> None:
    await pair.restart_edge(HASTE_S)
    await pair.exchange(b"1")
    pair.relay.faults.cut = True
    cancelled = asyncio.create_task(pair.exchange(b"2"))
    await asyncio.sleep(HASTE_S / 2)
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    sent = len(pair.relay.up.sizes)
    await asyncio.sleep(5 * HASTE_S)
    assert len(pair.relay.up.sizes) == sent
    pair.relay.faults.cut = False
    assert await pair.exchange(b"3") == b"down:3"
    assert caplog.messages == []


async def test_loss_doubling_and_reordering_lose_nothing_and_double_nothing(pair: CoapPair) -> None:
    await pair.restart_edge(HASTE_S)
    await pair.exchange(b"warm")
    faults = pair.relay.faults
    faults.drop, faults.double, faults.delay = 0.2, 0.2, 0.3
    payloads = [b"minute %d" % n for n in range(60)]
    attempts = {payload: await exchanged(pair.exchange, payload) for payload in payloads}
    arrived = [body for _, body in pair.handled[1:]]
    assert list(dict.fromkeys(arrived)) == payloads, "all of them, in order"
    assert all(arrived.count(payload) <= attempts[payload] for payload in payloads)
    assert len(pair.relay.up.sizes) > 60 + 2


async def test_the_edge_may_change_its_address_at_any_time(pair: CoapPair) -> None:
    await pair.exchange(b"1")
    for n in range(3):
        await pair.relay.change_address()
        assert await pair.exchange(b"%d" % n) == b"down:%d" % n
    assert len(pair.relay.up.sizes) == 2 + 3


async def test_bodies_larger_than_a_message_go_in_blocks_both_ways(pair: CoapPair) -> None:
    body = os.urandom(20_000)
    assert await pair.exchange(body) == b"down:" + body
    assert await pair.exchange(b"x" * 1024) == b"down:" + b"x" * 1024
    assert max(pair.relay.up.sizes) + 28 <= 1280, "no fragments at the smallest IPv6 MTU"


async def test_a_full_message_is_one_datagram(pair: CoapPair) -> None:
    await pair.exchange(b"warm")
    pair.handle = answering(b"ok")
    before = len(pair.relay.up.sizes)
    await pair.exchange(b"x" * 1024)
    assert len(pair.relay.up.sizes) == before + 1


async def test_a_slow_handler_is_waited_for_and_answers_within_the_acknowledgement(pair: CoapPair) -> None:
    await pair.exchange(b"warm")
    pair.handle = answering(b"at last", after_s=0.4)
    before = len(pair.relay.down.sizes)
    assert await pair.exchange(b"x") == b"at last"
    assert len(pair.relay.down.sizes) == before + 1


async def test_a_handler_slower_than_that_answers_separately(pair: CoapPair) -> None:
    pair.handle = answering(b"at last", after_s=1.7)
    assert await pair.exchange(b"x") == b"at last"


async def test_ipv6_works_as_ipv4_does(tmp_path: Path, pair: CoapPair) -> None:
    async def handle(_site: str, payload: bytes) -> bytes:
        return payload

    contexts = ContextStore(tmp_path / "six.sqlite")
    endpoint = CoapEndpoint(contexts, handle, pair.clock, bind=("::1", 0))
    await endpoint.start()
    exchange = CoapExchange(
        ContextStore(tmp_path / "edge6.sqlite"), admit(contexts, "six", "::1", endpoint.port), HASTE_S
    )
    assert await exchange(b"over six") == b"over six"
    await exchange.close()
    await endpoint.close()


async def test_a_name_is_looked_up_once_and_again_after_a_failure(
    tmp_path: Path, pair: CoapPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    real, asked = loop.getaddrinfo, []

    async def counting(host: str, *args: object, **more: object) -> object:
        asked.append(host)
        return await real("127.0.0.1", *args, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(loop, "getaddrinfo", counting)
    join = admit(pair.server_contexts, "named", "server.example", pair.relay.port)
    exchange = CoapExchange(ContextStore(tmp_path / "named.sqlite"), join, HASTE_S)
    for _ in range(3):
        await exchange(b"x")
    assert asked == ["server.example"]
    pair.relay.faults.cut = True
    with pytest.raises(LinkDown):
        await exchange(b"x")
    pair.relay.faults.cut = False
    attempts = await exchanged(exchange, b"x")
    assert asked == ["server.example"] * (1 + attempts)
    await exchange.close()


async def test_a_name_that_cannot_be_found_is_a_link_that_is_down(tmp_path: Path, pair: CoapPair) -> None:
    join = admit(pair.server_contexts, "lost", "no-such-host.invalid", 5683)
    exchange = CoapExchange(ContextStore(tmp_path / "lost.sqlite"), join, HASTE_S)
    with pytest.raises(LinkDown, match="no-such-host"):
        await exchange(b"x")
    await exchange.close()


async def test_the_edge_answers_no_stranger(pair: CoapPair) -> None:
    await pair.exchange(b"x")
    stranger = RawClient(pair.relay.client_port)
    ping, plain, junk = b"\x40\x00\x12\x34", b"\x40\x02\x00\x01\xb1s\xffhello", os.urandom(40)
    for datagram in (ping, plain, junk):
        assert await stranger.ask(datagram, wait_s=0.05) is None
    stranger.close()
    await pair.check_alive()


async def test_an_idle_link_is_silent(pair: CoapPair) -> None:
    await pair.exchange(b"x")
    passed = len(pair.relay.up.sizes), len(pair.relay.down.sizes)
    await asyncio.sleep(0.3)
    assert (len(pair.relay.up.sizes), len(pair.relay.down.sizes)) == passed


async def test_a_minute_of_ten_series_costs_at_most_104_bytes_headers_and_answer_included(
    pair: CoapPair,
) -> None:
    pair.handle = answering(encode_downlink(Downlink(Answer.OK, 525_601), settled_seq=525_601))
    base = Minute(29_733_120, (5230, 5229, 5233, -128, -139, -122, 6240, 98, 231, 0))
    now = Minute(29_733_121, (5231, 5229, 5234, -131, -140, -122, 6240, 98, 231, 0))
    uplink = Uplink(b"j" * 8, b"b" * 8, b"d" * 8, after_seq=525_600, entries=(Entry(525_601, now),))
    payload = encode_uplink(uplink, Entry(525_600, base), form=HeadForm.BRIEF)
    for _ in range(300):
        await pair.exchange(payload)
    up, down = pair.relay.up, pair.relay.down
    assert up.sizes[-1] + down.sizes[-1] + 2 * 28 <= 104


async def test_a_killed_server_and_its_successor_lose_nothing(tmp_path: Path) -> None:
    contexts = ContextStore(tmp_path / "server.sqlite")
    relay = UdpRelay(0)
    await relay.start()
    join = admit(contexts, "noto", "127.0.0.1", relay.port)
    exchange = CoapExchange(ContextStore(tmp_path / "edge.sqlite"), join)
    log = tmp_path / "handled"
    sent = []
    for life in range(3):
        server = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "tests.support.coap_server",
            str(tmp_path / "server.sqlite"),
            str(log),
            stdout=asyncio.subprocess.PIPE,
            cwd=Path(__file__).parents[2],
        )
        assert server.stdout is not None
        relay.retarget(int(await server.stdout.readline()))
        for n in range(5):
            sent.append(f"{life}.{n}")
            assert await exchange(sent[-1].encode()) == b"ok"
        server.send_signal(signal.SIGKILL)
        await server.wait()
        await relay.close()
        with pytest.raises(LinkDown):
            await exchange(b"to a dead server")
        await relay.start(relay.port)
    assert log.read_text().split() == sent
    await exchange.close()
    await relay.close()


async def test_a_refusal_by_the_handler_is_told_apart_from_silence(
    pair: CoapPair, caplog: pytest.LogCaptureFixture
) -> None:
    async def fail(_site: str, _payload: bytes) -> bytes:
        raise RuntimeError("disk full")

    real, pair.handle = pair.handle, fail
    for _ in range(3):
        with pytest.raises(Refused, match=r"5\.00"):
            await pair.exchange(b"x")
    assert pair.endpoint.refused["failed"] == 3
    assert [record.exc_info is not None for record in caplog.records] == [False, True], (
        "one traceback a minute"
    )
    pair.handle = real
    await pair.check_alive()
