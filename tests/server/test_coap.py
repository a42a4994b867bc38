"""Whatever strangers, replays and mistakes send: refused, counted, one line a minute, the server alive."""

from __future__ import annotations

import asyncio
import os
import random
import sqlite3
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.coap_pair import PATIENT_S, CoapPair, RawClient, coap_pair
from tests.support.waiting import until

from stallaini.edge.exchange import CoapExchange, Refused
from stallaini.errors import OperatorError
from stallaini.link.enrolment import admit
from stallaini.link.oscore import ContextStore
from stallaini.link.varint import Malformed
from stallaini.server.coap import CoapEndpoint

UNAUTHORIZED, BAD_REQUEST, BAD_OPTION, TOO_LARGE = 129, 128, 130, 141


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[CoapPair]:
    """After each abuse, a good exchange works and nothing of the abuse has reached the handler."""
    async with coap_pair(tmp_path) as opened:
        await opened.exchange(b"first")
        opened.handled.clear()
        yield opened
        assert opened.handled == []
        await opened.check_alive()


@pytest.fixture
async def stranger(pair: CoapPair) -> AsyncIterator[RawClient]:
    client = RawClient(pair.port)
    yield client
    client.close()


def recorded(pair: CoapPair) -> bytes:
    """The last protected request the edge sent."""
    return pair.relay.up.datagrams[-1]


def code(answer: bytes | None) -> int:
    assert answer is not None
    return answer[1]


def oscore_request(key_id: bytes, number: bytes, ciphertext: bytes, mid: int = 7) -> bytes:
    """A confirmable POST with an OSCORE option (RFC 8613, 6.1) and whatever ciphertext."""
    option = bytes([0x08 | len(number)]) + number + key_id
    return struct.pack("!BBH", 0x40, 2, mid) + bytes([0x90 | len(option)]) + option + b"\xff" + ciphertext


async def settle(pair: CoapPair, reason: str, count: int) -> None:
    for _ in range(200):
        if pair.endpoint.refused.get(reason, 0) >= count:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"{reason}: {pair.endpoint.refused}")


async def test_thousands_of_random_datagrams(
    pair: CoapPair, stranger: RawClient, caplog: pytest.LogCaptureFixture
) -> None:
    rng = random.Random(5)
    good = recorded(pair)
    for n in range(4000):
        datagram = bytearray(rng.randbytes(rng.randrange(80)) if n % 2 else good)
        for _ in range(rng.randrange(1, 5)):
            if datagram:
                datagram[rng.randrange(len(datagram))] = rng.randrange(256)
        stranger.send(bytes(datagram))
        if n % 20 == 0:
            await asyncio.sleep(0.005)
    await until(lambda: sum(pair.endpoint.refused.values()) > 2000)
    assert len([r for r in caplog.records if r.levelname in ("WARNING", "ERROR")]) == 1
    assert caplog.messages[-1].startswith("refused from 127.0.0.1: ")


async def test_a_source_is_logged_again_the_next_minute(
    pair: CoapPair, stranger: RawClient, caplog: pytest.LogCaptureFixture
) -> None:
    for minute in range(1, 4):
        for _ in range(20):
            stranger.send(b"junk")
        await settle(pair, "malformed", 20 * minute)
        assert len(caplog.messages) == minute
        pair.clock.advance(60)
    assert caplog.messages[-1] == "refused from 127.0.0.1: malformed; 20 in the minute before"


async def test_plain_coap_is_refused(pair: CoapPair, stranger: RawClient) -> None:
    plain_post_to_s = b"\x40\x02\x00\x01\xb1s\xffhello"
    assert code(await stranger.ask(plain_post_to_s)) == UNAUTHORIZED
    assert pair.endpoint.refused["unprotected"] == 1


async def test_a_recorded_packet_played_again_is_refused(pair: CoapPair, stranger: RawClient) -> None:
    await pair.exchange(b"the original")
    pair.handled.clear()
    for n in range(5):
        packet = bytearray(recorded(pair))
        packet[2:4] = struct.pack("!H", 1000 + n)  # a new message id, as a careful attacker chooses
        assert code(await stranger.ask(bytes(packet))) == UNAUTHORIZED
    assert pair.endpoint.refused["replayed"] == 5


async def test_an_edge_on_a_copy_of_the_keys_is_refused_and_noted_once(
    pair: CoapPair, tmp_path: Path
) -> None:
    """The card was copied before the last messages, and both run."""
    copy = tmp_path / "copy.sqlite"
    with sqlite3.connect(tmp_path / "edge.sqlite") as file:
        file.execute("VACUUM INTO ?", (str(copy),))
    with sqlite3.connect(copy) as file:
        file.execute("UPDATE context SET next_seq = 0")
    for _ in range(8):
        await pair.exchange(b"from the real one")
    pair.handled.clear()
    second = CoapExchange(ContextStore(copy), pair.join)
    for _ in range(6):
        with pytest.raises(Refused, match="enrol the site again"):
            await second(b"from the copy")
    await second.close()
    assert pair.copied == ["noto"]


async def test_one_recorded_packet_is_no_second_edge(pair: CoapPair, stranger: RawClient) -> None:
    for n in range(5):
        packet = bytearray(recorded(pair))
        packet[2:4] = struct.pack("!H", 1000 + n)
        await stranger.ask(bytes(packet))
    assert pair.copied == []


async def test_a_doubled_packet_is_answered_from_memory(pair: CoapPair, stranger: RawClient) -> None:
    await pair.exchange(b"the original")
    pair.handled.clear()
    first = await stranger.ask(recorded(pair))
    assert await stranger.ask(recorded(pair)) == first
    assert pair.endpoint.refused["replayed"] == 1


async def test_recorded_packets_do_not_open_a_restarted_server(pair: CoapPair, stranger: RawClient) -> None:
    await pair.exchange(b"the original")
    pair.handled.clear()
    await pair.restart_server()
    for n in range(5):
        packet = bytearray(recorded(pair))
        packet[2:4] = struct.pack("!H", 1000 + n)
        await stranger.ask(bytes(packet))
    assert pair.endpoint.refused["challenged"] == 5


async def test_another_key_under_a_known_id_is_refused(pair: CoapPair, tmp_path: Path) -> None:
    thief = ContextStore(tmp_path / "thief.sqlite")
    join = pair.join
    forged = CoapExchange(thief, type(join)(**{**vars(join), "secret": b"?" * 16}), PATIENT_S)
    with pytest.raises(Refused, match="another key"):
        await forged(b"let me in")
    assert pair.endpoint.refused["wrong_key"] == 1
    await forged.close()


async def test_an_unknown_id_is_refused(pair: CoapPair, tmp_path: Path) -> None:
    elsewhere = admit(ContextStore(tmp_path / "other.sqlite"), "x", "127.0.0.1", pair.relay.port)
    unknown = type(elsewhere)(**{**vars(elsewhere), "client_id": b"nobody"})
    foreign = CoapExchange(ContextStore(tmp_path / "foreign.sqlite"), unknown, PATIENT_S)
    with pytest.raises(Refused, match="does not know this edge"):
        await foreign(b"let me in")
    assert pair.endpoint.refused["wrong_key"] == 1
    await foreign.close()


async def test_a_removed_site_is_refused_at_once(pair: CoapPair, tmp_path: Path) -> None:
    join = admit(pair.server_contexts, "cabin", "127.0.0.1", pair.relay.port)
    cabin = CoapExchange(ContextStore(tmp_path / "cabin.sqlite"), join, PATIENT_S)
    await cabin(b"x")
    assert pair.handled.pop() == ("cabin", b"x")
    ContextStore(tmp_path / "server.sqlite").remove("cabin")
    with pytest.raises(Refused, match="does not know this edge"):
        await cabin(b"y")
    await cabin.close()


@pytest.mark.parametrize(
    ("forgery", "answered", "reason"),
    [
        pytest.param(b"\0" * 40, BAD_REQUEST, "wrong_key", id="ciphertext that does not open"),
        pytest.param(b"", BAD_REQUEST, "wrong_key", id="no ciphertext"),
    ],
)
async def test_forged_ciphertext(
    pair: CoapPair, stranger: RawClient, forgery: bytes, answered: int, reason: str
) -> None:
    request = oscore_request(pair.join.client_id, b"\xff\xff", forgery)
    assert code(await stranger.ask(request)) == answered
    assert pair.endpoint.refused[reason] == 1


@pytest.mark.parametrize(
    "option",
    [
        pytest.param(b"\x0f" + b"\xff" * 7, id="a number longer than any nonce"),
        pytest.param(b"\x0d\1", id="a number cut short"),
        pytest.param(b"\x18", id="a key id context cut short"),
        pytest.param(b"\x80", id="reserved bits"),
        pytest.param(b"\x01\1", id="no key id"),
        pytest.param(b"", id="nothing"),
    ],
)
async def test_a_forged_oscore_option(pair: CoapPair, stranger: RawClient, option: bytes) -> None:
    option += pair.join.client_id if option[:1] == b"\x0f" else b""
    request = b"\x40\x02\0\7" + bytes([0x90 | len(option)]) + option + b"\xff" + b"\0" * 20
    assert code(await stranger.ask(request)) in (BAD_OPTION, BAD_REQUEST, UNAUTHORIZED)
    assert pair.endpoint.refused["malformed"] == 1


async def test_a_datagram_larger_than_any_of_ours_is_dropped(pair: CoapPair, stranger: RawClient) -> None:
    stranger.send(oscore_request(pair.join.client_id, b"\x7f", os.urandom(20_000)))
    await settle(pair, "oversize", 1)


async def test_a_body_of_100_kb_is_refused_at_its_first_block(pair: CoapPair) -> None:
    before = len(pair.relay.up.sizes)
    with pytest.raises(Refused, match=r"4\.13"):
        await pair.exchange(os.urandom(100_000))
    assert len(pair.relay.up.sizes) == before + 1
    assert pair.endpoint.refused["oversize"] == 1


async def test_a_body_that_lies_about_its_size_is_refused_when_it_grows(
    pair: CoapPair, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stallaini.server.coap_bodies.MAX_BODY_BYTES", 3000)
    monkeypatch.setattr("aiocoap.options.Options.size1", property(lambda _: 0, lambda _, __: None))
    before = len(pair.relay.up.sizes)
    with pytest.raises(Refused, match=r"4\.13"):
        await pair.exchange(os.urandom(5000))
    assert len(pair.relay.up.sizes) == before + 3
    assert pair.endpoint.refused["oversize"] == 1


async def test_what_the_handler_finds_malformed_is_counted(
    pair: CoapPair, caplog: pytest.LogCaptureFixture
) -> None:
    async def read(_site: str, _payload: bytes) -> bytes:
        raise Malformed("version 9")

    pair.handle = read
    for _ in range(3):
        with pytest.raises(Refused, match=r"4\.00"):
            await pair.exchange(b"\x99")
    assert pair.endpoint.refused["malformed"] == 3
    assert caplog.messages == ["refused from noto: malformed (version 9)"]
    pair.handle = pair.record


async def test_a_network_error_at_the_peer_does_not_cancel_the_handler(pair: CoapPair) -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def commit(_site: str, payload: bytes) -> bytes:
        begun.set()
        await asyncio.sleep(0.3)
        ended.set()
        return payload

    pair.relay.faults.cut = True
    sent = len(pair.relay.up.datagrams)
    lost = asyncio.create_task(pair.exchange(b"committed slowly"))
    await until(lambda: len(pair.relay.up.datagrams) > sent)
    lost.cancel()
    pair.handle = commit
    vanishing = RawClient(pair.port)
    vanishing.send(recorded(pair))
    await asyncio.wait_for(begun.wait(), 10)
    vanishing.send(b"\x40\x02\x00\x01\xb1s")  # its answer meets a closed port: ICMP comes back
    vanishing.close()
    await asyncio.wait_for(ended.wait(), 10)
    pair.handle, pair.relay.faults.cut = pair.record, False


async def test_a_server_without_storage_refuses_and_recovers(pair: CoapPair) -> None:
    pair.server_contexts.close()
    with pytest.raises(Refused, match=r"5\.03"):
        await pair.exchange(b"x")
    assert pair.endpoint.refused["unavailable"] == 1
    await pair.restart_server()


async def test_a_port_in_use_is_told_to_the_operator(pair: CoapPair) -> None:
    second = CoapEndpoint(pair.server_contexts, pair.record, pair.clock, bind=("127.0.0.1", pair.port))
    with pytest.raises(OperatorError, match="cannot listen"):
        await second.start()
