"""The poke: it wakes the right edge once, and nobody else can make one. Real sockets."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.coap_pair import CoapPair, RawClient
from tests.support.waiting import until

from stallaini.edge.exchange import CoapExchange
from stallaini.link.enrolment import admit
from stallaini.link.oscore import ContextStore


class PokedPair(CoapPair):
    """A pair whose edge counts how often it was woken."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.woken = 0

    def wake(self) -> None:
        self.woken += 1

    def new_exchange(self, ack_timeout_s: float = 2.0) -> CoapExchange:
        contexts = ContextStore(self.folder / "edge.sqlite")
        return CoapExchange(contexts, self.join, ack_timeout_s, poked=self.wake)


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[PokedPair]:
    opened = PokedPair(tmp_path)
    await opened.open()
    try:
        yield opened
    finally:
        await opened.close()


async def settled(pair: PokedPair, taken: int, ignored: int) -> None:
    """So many pokes were taken and ignored, and nothing was sent because of the latter."""
    await until(lambda: (pair.exchange.pokes["taken"], pair.exchange.pokes["ignored"]) == (taken, ignored))
    assert pair.woken == taken


def last_down(pair: PokedPair) -> bytes:
    return pair.relay.down.datagrams[-1]


async def test_a_poke_wakes_the_edge_and_costs_13_bytes_and_no_answer(pair: PokedPair) -> None:
    await pair.exchange(b"x")
    sent = len(pair.relay.up.sizes)
    assert pair.endpoint.poke("noto")
    await settled(pair, taken=1, ignored=0)
    assert pair.relay.down.sizes[-1] == 13
    await pair.exchange(b"y")
    assert len(pair.relay.up.sizes) == sent + 1


async def test_one_poke_for_each_call_of_the_site(pair: PokedPair) -> None:
    assert not pair.endpoint.poke("noto"), "it never called"
    assert not pair.endpoint.poke("elsewhere")
    for taken in (1, 2, 3):
        await pair.exchange(b"x")
        assert pair.endpoint.poke("noto")
        assert not pair.endpoint.poke("noto")
        await settled(pair, taken=taken, ignored=0)


async def test_a_copy_of_a_poke_is_ignored_now_and_later(pair: PokedPair) -> None:
    await pair.exchange(b"x")
    pair.endpoint.poke("noto")
    await settled(pair, taken=1, ignored=0)
    copy = last_down(pair)
    stranger = RawClient(pair.relay.client_port)
    stranger.send(copy)
    await settled(pair, taken=1, ignored=1)
    await pair.exchange(b"y")
    stranger.send(copy)
    await settled(pair, taken=1, ignored=2)
    stranger.close()
    pair.endpoint.poke("noto")
    await settled(pair, taken=2, ignored=2)


async def test_a_poke_held_back_until_the_next_call_is_ignored(pair: PokedPair) -> None:
    await pair.exchange(b"x")
    pair.relay.faults.cut = True
    pair.endpoint.poke("noto")
    await asyncio.sleep(0.05)
    pair.relay.faults.cut = False
    assert pair.woken == 0
    number = last_number(pair)
    await pair.exchange(b"y")
    stranger = RawClient(pair.relay.client_port)
    stranger.send(poke_datagram(pair.server_contexts.context("noto").poke(number)))
    await settled(pair, taken=0, ignored=1)
    stranger.close()


@pytest.mark.parametrize("proof", [bytes(8), b"\xff" * 8])
async def test_a_forged_poke_is_ignored_and_does_not_spoil_the_real_one(
    pair: PokedPair, proof: bytes
) -> None:
    await pair.exchange(b"x")
    stranger = RawClient(pair.relay.client_port)
    for _ in range(3):
        stranger.send(poke_datagram(proof))
    await settled(pair, taken=0, ignored=3)
    stranger.close()
    pair.endpoint.poke("noto")
    await settled(pair, taken=1, ignored=3)


async def test_a_poke_for_another_site_is_ignored(pair: PokedPair) -> None:
    admit(pair.server_contexts, "cabin", "127.0.0.1", pair.relay.port)
    await pair.exchange(b"x")
    cabin = pair.server_contexts.context("cabin")
    stranger = RawClient(pair.relay.client_port)
    number = last_number(pair)
    stranger.send(poke_datagram(cabin.poke(number)))
    await settled(pair, taken=0, ignored=1)
    stranger.close()


async def test_after_a_restart_of_the_server_the_next_call_makes_pokes_possible(pair: PokedPair) -> None:
    await pair.exchange(b"x")
    await pair.restart_server()
    assert not pair.endpoint.poke("noto")
    await pair.exchange(b"y")
    assert pair.endpoint.poke("noto")
    await settled(pair, taken=1, ignored=0)


async def test_pokes_follow_the_edge_to_its_new_address(pair: PokedPair) -> None:
    await pair.exchange(b"x")
    await pair.relay.change_address()
    await pair.exchange(b"y")
    pair.endpoint.poke("noto")
    await settled(pair, taken=1, ignored=0)


async def test_a_poke_while_an_exchange_is_under_way_wakes_too(pair: PokedPair) -> None:
    await pair.exchange(b"warm")
    begun, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_site: str, _payload: bytes) -> bytes:
        begun.set()
        await go_on.wait()
        return b"ok"

    pair.handle = slow
    under_way = asyncio.create_task(pair.exchange(b"x"))
    await begun.wait()
    pair.endpoint.poke("noto")
    await settled(pair, taken=1, ignored=0)
    go_on.set()
    assert await under_way == b"ok"


async def test_a_replayed_request_from_elsewhere_does_not_divert_pokes(pair: PokedPair) -> None:
    await pair.exchange(b"x")
    packet = bytearray(pair.relay.up.datagrams[-1])
    packet[2:4] = struct.pack("!H", 7)
    thief = RawClient(pair.port)
    await thief.ask(bytes(packet))
    pair.endpoint.poke("noto")
    await settled(pair, taken=1, ignored=0)
    thief.close()


def last_number(pair: PokedPair) -> int:
    """The sequence number of the edge's last request."""
    return int(pair.exchange._security.sender_sequence_number) - 1


def poke_datagram(proof: bytes) -> bytes:
    """A non-confirmable POST without token and options, with this payload."""
    return struct.pack("!BBH", 0x50, 2, 0) + b"\xff" + proof
