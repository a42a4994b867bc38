"""The seam of the meter: every datagram that leaves and comes, and none that did not."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.support.coap_pair import HASTE_S, PATIENT_S, CoapPair, coap_pair, exchanged

from stallaini.edge.exchange import CoapExchange, LinkDown
from stallaini.link.accounting import Purpose
from stallaini.link.join import Join
from stallaini.link.oscore import ContextStore


class Tally:
    """A meter that only remembers."""

    def __init__(self) -> None:
        self.up: list[int] = []
        self.repeated: list[int] = []
        self.down: list[int] = []
        self.unawaited: list[int] = []

    def sent(self, size_bytes: int, *, repeated: bool) -> None:
        (self.repeated if repeated else self.up).append(size_bytes)

    def received(self, size_bytes: int, purpose: Purpose) -> None:
        (self.down if purpose == "acknowledgements" else self.unawaited).append(size_bytes)


@pytest.fixture
async def pair(tmp_path: Path) -> AsyncIterator[CoapPair]:
    async with coap_pair(tmp_path) as opened:
        yield opened


def metered(pair: CoapPair, tally: Tally, ack_timeout_s: float) -> CoapExchange:
    return CoapExchange(ContextStore(pair.folder / "edge.sqlite"), pair.join, ack_timeout_s, meter=tally)


async def test_what_is_metered_is_what_passes(pair: CoapPair) -> None:
    tally = Tally()
    exchange = metered(pair, tally, PATIENT_S)
    for size in (1, 100, 3000):
        await exchange(bytes(size))
    assert sum(tally.up) == pair.relay.up.ip_bytes
    assert sum(tally.down) == pair.relay.down.ip_bytes
    assert (tally.repeated, tally.unawaited) == ([], [])
    await exchange.close()


async def test_repetitions_and_doubled_answers_are_told_apart(pair: CoapPair) -> None:
    tally = Tally()
    exchange = metered(pair, tally, HASTE_S)
    await exchange(b"warm")
    pair.relay.faults.double = 1.0
    await exchange(b"x")
    assert tally.unawaited
    repeated = len(tally.repeated)
    pair.relay.faults.double, pair.relay.faults.cut = 0.0, True
    with pytest.raises(LinkDown):
        await exchange(b"x")
    assert len(tally.repeated) == repeated + 4
    await exchange.close()


async def test_after_silence_a_message_is_sent_once_until_one_is_answered(pair: CoapPair) -> None:
    tally = Tally()
    exchange = metered(pair, tally, HASTE_S)
    await exchange(b"warm")
    repeated = len(tally.repeated)
    pair.relay.faults.cut = True
    for tries in range(3):
        with pytest.raises(LinkDown):
            await exchange(b"x")
        assert len(tally.repeated) == repeated + 4, tries
    pair.relay.faults.cut = False
    await exchanged(exchange, b"y")
    pair.relay.faults.cut = True
    with pytest.raises(LinkDown):
        await exchange(b"x")
    assert len(tally.repeated) == repeated + 8
    await exchange.close()


async def test_what_the_network_does_not_take_costs_nothing(pair: CoapPair) -> None:
    tally = Tally()
    nowhere = Join(**{**vars(pair.join), "host": "255.255.255.255"})  # broadcasting is not allowed
    exchange = CoapExchange(ContextStore(pair.folder / "nowhere.sqlite"), nowhere, HASTE_S, meter=tally)
    with pytest.raises(LinkDown):
        await exchange(b"x")
    assert tally.up == []
    await exchange.close()
