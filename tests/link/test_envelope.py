"""Whatever an edge says, the server reads exactly that; whatever else arrives is refused as malformed."""

from __future__ import annotations

import contextlib
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stallaini.link.envelope import (
    Malformed,
    UnknownBase,
    UnknownHead,
    decode_downlink,
    decode_uplink,
    encode_downlink,
    encode_uplink,
    pack_uplink,
    peek_uplink,
)
from stallaini.link.messages import Answer, Downlink, Entry, Event, Head, Live, Minute, Scalar, Uplink
from stallaini.site.description import description_hash

WIDTH = 4
FIXED = st.integers(-(2**63), 2**63 - 1)
VALUES = st.tuples(*[st.none() | st.integers(-300, 6000) | FIXED] * WIDTH)
MINUTES = st.builds(Minute, st.integers(0, 2**32 - 1), VALUES)
SCALARS: st.SearchStrategy[Scalar] = (
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63)
    | st.floats(allow_nan=False)
    | st.text(max_size=9)
)
EVENTS = st.builds(
    Event,
    st.integers(0, 2**33),
    st.text(max_size=12),
    st.dictionaries(st.text(max_size=5), SCALARS, max_size=3),
)
LIVES = st.builds(
    Live,
    st.integers(0, 2**33),
    st.lists(st.none() | st.tuples(FIXED, st.integers(0, 10_000)), max_size=8).map(tuple),
)
HEAD = Head(b"journal1", b"boot-id1", description_hash(b"the site"))


@st.composite
def entry_runs(draw: st.DrawFn, after_seq: int) -> tuple[Entry, ...]:
    bodies = draw(st.lists(MINUTES | EVENTS, max_size=8))
    skips = draw(st.lists(st.sampled_from([0, 0, 0, 1, 500]), min_size=len(bodies), max_size=len(bodies)))
    entries, seq = [], after_seq
    for body, skipped in zip(bodies, skips, strict=True):
        seq += 1 + skipped
        entries.append(Entry(seq, body))
    return tuple(entries)


@st.composite
def uplinks(draw: st.DrawFn) -> Uplink:
    after_seq = draw(st.integers(0, 2**40))
    return Uplink(
        *HEAD,
        after_seq=after_seq,
        entries=draw(entry_runs(after_seq)),
        lost_before=draw(st.booleans()),
        description=draw(st.sampled_from([None, b"the site"])),
        live=draw(st.none() | LIVES),
    )


@given(uplinks(), st.none() | MINUTES, st.booleans())
def test_what_is_encoded_is_what_is_decoded(uplink: Uplink, minute: Minute | None, full: bool) -> None:
    base = Entry(uplink.after_seq, minute) if minute and uplink.after_seq else None
    data = encode_uplink(uplink, base, full_head=full)
    peek = peek_uplink(data, HEAD)
    assert peek.head == HEAD
    assert peek.after_seq == uplink.after_seq
    assert peek.description == uplink.description
    assert peek.base_seq == (base.seq if base and uplink.entries else None)
    assert decode_uplink(data, minute, WIDTH, HEAD) == uplink


@given(st.binary(max_size=300))
@settings(max_examples=2000)
def test_random_bytes_are_refused_and_nothing_else(data: bytes) -> None:
    read_all_ways(data)


@given(uplinks(), st.data())
@settings(max_examples=500)
def test_mutated_messages_are_refused_or_read_as_something_else(uplink: Uplink, data: st.DataObject) -> None:
    good = encode_uplink(uplink, full_head=data.draw(st.booleans()))
    mutated = bytearray(good)
    for _ in range(data.draw(st.integers(1, 4))):
        mutated[data.draw(st.integers(0, len(mutated) - 1))] = data.draw(st.integers(0, 255))
    read_all_ways(bytes(mutated[: data.draw(st.integers(0, len(mutated)))]))


def read_all_ways(data: bytes) -> None:
    for base in (None, Minute(5, (1, None, 3, 4))):
        with contextlib.suppress(Malformed, UnknownBase, UnknownHead):
            decode_uplink(data, base, WIDTH, HEAD)
    with contextlib.suppress(Malformed):
        decode_downlink(data)


@pytest.mark.parametrize(
    "bomb",
    [
        pytest.param("28" + "00" + "ffffffffffffffff7f" * 3, id="live: channels without end"),
        pytest.param("20" + "00" + "01" + "fcffffffffffffff7f" + "01" + "90", id="layout: a run without end"),
        pytest.param("20" + "00" + "ffffffffff7f" + "00", id="layout: runs without end"),
        pytest.param("20" + "00" + "00" + "05" + "ddffffffff", id="events: an array without end"),
        pytest.param("02" + "00" + "ffffffffff7f", id="description without end"),
    ],
)
def test_a_small_message_that_claims_much_costs_little(bomb: str) -> None:
    flags, tail = bytes.fromhex(bomb)[:1], bytes.fromhex(bomb)[1:]
    data = b"\x11" + bytes([flags[0] | 1]) + b"".join(HEAD) + tail
    tracemalloc.start()
    with pytest.raises(Malformed):
        decode_uplink(data, None, WIDTH)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 200_000


def steady(seq: int) -> Uplink:
    values = (5231, 5229, 5234, -131, -140, -122, 6240, 98, 231, 0)
    return Uplink(*HEAD, after_seq=seq, entries=(Entry(seq + 1, Minute(29_733_121, values)),))


def test_a_steady_minute_of_ten_series_takes_at_most_twenty_bytes() -> None:
    before = Minute(29_733_120, (5230, 5229, 5233, -128, -139, -122, 6240, 98, 231, 0))
    data = encode_uplink(steady(525_600), Entry(525_600, before), full_head=False)
    assert len(data) <= 20
    assert decode_uplink(data, before, 10, HEAD) == steady(525_600)


def test_a_plain_acknowledgement_takes_four_bytes_and_six_while_watched() -> None:
    assert len(encode_downlink(Downlink(Answer.OK, 525_601))) == 4
    assert len(encode_downlink(Downlink(Answer.OK, 525_601, 300))) == 6


@given(st.sampled_from(Answer), st.integers(0, 2**62), st.integers(0, 2**30))
def test_a_downlink_survives_the_journey(answer: Answer, acked_seq: int, watching_s: int) -> None:
    downlink = Downlink(answer, acked_seq, watching_s)
    assert decode_downlink(encode_downlink(downlink)) == downlink


def test_a_tag_nobody_knows_asks_for_the_full_head() -> None:
    data = encode_uplink(steady(7), full_head=False)
    for known in (None, HEAD._replace(boot_id=b"boot-id2")):
        with pytest.raises(UnknownHead):
            peek_uplink(data, known)


def test_a_base_the_server_lacks_or_holds_differently_asks_for_a_self_contained_message() -> None:
    before = Minute(29_733_120, (5230, None, 5233, -128, -139, -122, 6240, 98, 231, 0))
    data = encode_uplink(steady(9), Entry(9, before))
    other = Minute(29_733_120, (5230, 1, 5233, -128, -139, -122, 6240, 98, 231, 0))
    narrower = Minute(29_733_120, (5230, None, 5233))
    for base in (None, other, narrower):
        with pytest.raises(UnknownBase):
            decode_uplink(data, base, 10)
    assert decode_uplink(data, before, 10) == steady(9)


def test_a_description_that_does_not_fit_its_hash_is_malformed() -> None:
    uplink = Uplink(*HEAD, after_seq=0, description=b"another site")
    with pytest.raises(Malformed, match="description"):
        peek_uplink(encode_uplink(uplink))


@given(st.lists(MINUTES | EVENTS, min_size=1, max_size=120), st.booleans())
@settings(max_examples=60)
def test_packing_fills_messages_up_to_the_limit_and_loses_nothing(
    bodies: list[Minute | Event], watched: bool
) -> None:
    entries = [Entry(seq, body) for seq, body in enumerate(bodies, 1)]
    live = Live(0, ((1, 1), None)) if watched else None
    received: list[Entry] = []
    while len(received) < len(entries):
        waiting = entries[len(received) :]
        uplink = Uplink(*HEAD, after_seq=len(received), live=live)
        packed = pack_uplink(uplink, waiting, limit_bytes=200)
        assert packed.taken == 1 or len(packed.payload) <= 200
        received += decode_uplink(packed.payload, None, WIDTH).entries
    assert received == entries


def test_a_backlog_of_minutes_fills_its_messages() -> None:
    entries = [Entry(n, Minute(1000 + n, (5000 + n % 3, n % 7, None, 4))) for n in range(1, 2000)]
    packed = pack_uplink(Uplink(*HEAD, after_seq=0), entries)
    assert 950 < len(packed.payload) <= 1024
    assert packed.taken > 200


def test_an_entry_larger_than_a_message_goes_alone() -> None:
    huge = Entry(1, Event(0, "note", {"text": "x" * 3000}))
    packed = pack_uplink(Uplink(*HEAD, after_seq=0), [huge, Entry(2, Event(0, "boot"))])
    assert packed.taken == 1
    assert decode_uplink(packed.payload, None, WIDTH).entries == (huge,)


def test_what_cannot_be_sent_is_refused_at_the_sender() -> None:
    with pytest.raises(ValueError, match="64 bits"):
        encode_uplink(Uplink(*HEAD, after_seq=0, entries=(Entry(1, Minute(0, (2**63,))),)))
    with pytest.raises(ValueError, match="comes after"):
        encode_uplink(Uplink(*HEAD, after_seq=5, entries=(Entry(5, Minute(0, ())),)))
    with pytest.raises(ValueError, match="8 bytes"):
        encode_uplink(Uplink(b"short", b"b" * 8, b"d" * 8, after_seq=0))
