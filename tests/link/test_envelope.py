"""Whatever an edge says, the server reads exactly that; whatever else arrives is refused as malformed."""

from __future__ import annotations

import contextlib
import random
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stallaini.link.codec import DEFAULT_CODEC, MinuteCodec
from stallaini.link.codec_range import Codecs, UnknownModel
from stallaini.link.codec_state import MAX_RUN_MINUTES, run_minutes
from stallaini.link.envelope import (
    HeadForm,
    Malformed,
    UnknownBase,
    UnknownHead,
    decode_uplink,
    encode_uplink,
    pack_uplink,
    peek_uplink,
)
from stallaini.link.messages import Entry, Event, Head, Live, Minute, Scalar, TimeQuality, Uplink
from stallaini.site.description import ChannelSpec, Description, SeriesSpec, description_hash


def codecs(width: int) -> Codecs:
    """Those of a site with as many voltages."""
    channels = [ChannelSpec(f"pack{n}.voltage", "voltage", "V", 0.01, 5.0) for n in range(width)]
    series = [SeriesSpec(f"{channel.name}.mean", channel.name, "mean", "V", 0.01) for channel in channels]
    return Codecs(
        Description("lab", "Lab", "UTC", None, None, (), tuple(channels), tuple(series), ()), models=()
    )


WIDTH = 4
CODECS, TEN = codecs(WIDTH), codecs(10)
WAYS = [DEFAULT_CODEC, CODECS.shipped]
FIXED = st.integers(-(2**63), 2**63 - 1)
VALUES = st.tuples(*[st.none() | st.integers(-300, 6000) | FIXED] * WIDTH)
MINUTES = st.builds(
    Minute,
    st.integers(0, 2**32 - 1),
    VALUES,
    st.sampled_from([1, 1, 1, 15]),
    st.sampled_from([TimeQuality.EXACT, *TimeQuality]),
)
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
        ahead=draw(st.booleans()),
        description=draw(st.sampled_from([None, b"the site"])),
        live=draw(st.none() | LIVES),
        time_wanted=draw(st.booleans()),
        commands_seen=draw(st.none() | st.integers(0, 2**62)),
    )


@given(uplinks(), st.none() | MINUTES, st.sampled_from(HeadForm), st.sampled_from(WAYS))
def test_what_is_encoded_is_what_is_decoded(
    uplink: Uplink, minute: Minute | None, form: HeadForm, codec: MinuteCodec
) -> None:
    base = Entry(uplink.after_seq, minute) if minute and uplink.after_seq else None
    data = encode_uplink(uplink, base, form=form, codec=codec)
    peek = peek_uplink(data, HEAD)
    assert (peek.head, peek.description) == (HEAD, uplink.description)
    bases = [base] if base else []
    read = decode_uplink(data, CODECS, known=HEAD, acked_seq=uplink.after_seq, bases=bases)
    assert read == uplink


@given(st.binary(max_size=300))
@settings(max_examples=2000)
def test_random_bytes_are_refused_and_nothing_else(data: bytes) -> None:
    read_all_ways(data)


@given(uplinks(), st.sampled_from(HeadForm), st.sampled_from(WAYS), st.data())
@settings(max_examples=500)
def test_mutated_messages_are_refused_or_read_as_something_else(
    uplink: Uplink, form: HeadForm, codec: MinuteCodec, data: st.DataObject
) -> None:
    good = encode_uplink(uplink, form=form, codec=codec)
    mutated = bytearray(good)
    for _ in range(data.draw(st.integers(1, 4))):
        mutated[data.draw(st.integers(0, len(mutated) - 1))] = data.draw(st.integers(0, 255))
    read_all_ways(bytes(mutated[: data.draw(st.integers(0, len(mutated)))]))


def read_all_ways(data: bytes) -> None:
    for bases in ([], [Entry(4, Minute(5, (1, None, 3, 4)))]):
        with contextlib.suppress(Malformed, UnknownBase, UnknownHead, UnknownModel):
            decode_uplink(data, CODECS, known=HEAD, acked_seq=4, bases=bases)


@pytest.mark.parametrize(
    "bomb",
    [
        pytest.param("29" + "00" + "ffffffffffffffff7f" * 3, id="live: channels without end"),
        pytest.param("21" + "00" + "01" + "fcffffffffffffff7f" + "01" + "90", id="layout: a run without end"),
        pytest.param("21" + "00" + "ffffffffff7f" + "00", id="layout: runs without end"),
        pytest.param("21" + "00" + "00" + "05" + "ddffffffff", id="events: an array without end"),
        pytest.param("8104" + "00" + "ffffffffff7f" + "04", id="time qualities: runs without end"),
        pytest.param("8104" + "00" + "01" + "fcffffffffffffff7f", id="time qualities: a run without end"),
        pytest.param("03" + "00" + "ffffffffff7f", id="description without end"),
    ],
)
def test_a_small_message_that_claims_much_costs_little(bomb: str) -> None:
    flags = bytes.fromhex(bomb[:4] if bomb.startswith("81") else bomb[:2])
    data = b"\x21" + flags + b"".join(HEAD) + bytes.fromhex(bomb)[len(flags) :]
    tracemalloc.start()
    with pytest.raises(Malformed):
        decode_uplink(data, CODECS)
    peak_bytes = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak_bytes < 200_000


def steady(seq: int) -> Uplink:
    values = (5231, 5229, 5234, -131, -140, -122, 6240, 98, 231, 0)
    return Uplink(*HEAD, after_seq=seq, entries=(Entry(seq + 1, Minute(29_733_121, values)),))


BEFORE = Minute(29_733_120, (5230, 5229, 5233, -128, -139, -122, 6240, 98, 231, 0))


def brief(seq: int, base_seq: int) -> bytes:
    return encode_uplink(steady(seq), Entry(base_seq, BEFORE), form=HeadForm.BRIEF, codec=TEN.shipped)


def test_the_head_of_a_steady_uplink_takes_five_bytes_however_old_its_journal_is() -> None:
    data = brief(525_600, 525_600)
    encoder = TEN.shipped.encoder(BEFORE)
    assert len(data) == 5 + encoder.add(Minute(29_733_121, steady(0).entries[0].body.values))  # type: ignore[union-attr]
    read = decode_uplink(data, TEN, known=HEAD, acked_seq=525_600, bases=[Entry(525_600, BEFORE)])
    assert read == steady(525_600)


def test_a_brief_uplink_is_understood_by_a_server_whose_answer_got_lost() -> None:
    """It has what is sent again, and a newer base; the older one is still there."""
    bases = [Entry(99, BEFORE), Entry(100, Minute(29_733_121, (None,) * 10))]
    read = decode_uplink(brief(99, 99), TEN, known=HEAD, acked_seq=100, bases=bases)
    assert read == steady(99)


@pytest.mark.parametrize(
    ("known", "acked_seq", "bases"),
    [
        pytest.param(None, 99, [Entry(99, BEFORE)], id="nothing known"),
        pytest.param(HEAD._replace(boot_id=b"boot-id2"), 99, [Entry(99, BEFORE)], id="another head"),
        pytest.param(HEAD, 99, [], id="no base"),
        pytest.param(HEAD, 99, [Entry(98, BEFORE)], id="another base number"),
        pytest.param(HEAD, 99, [Entry(99, Minute(29_733_120, (1,) * 10))], id="another base minute"),
        pytest.param(HEAD, 99 + 256, [Entry(99, BEFORE)], id="far ahead"),
    ],
)
def test_a_brief_uplink_that_means_something_else_here_asks_for_the_head(
    known: Head | None, acked_seq: int, bases: list[Entry]
) -> None:
    with pytest.raises(UnknownHead):
        decode_uplink(brief(99, 99), TEN, known=known, acked_seq=acked_seq, bases=bases)


def test_a_tag_nobody_knows_asks_for_the_full_head() -> None:
    data = encode_uplink(steady(7), form=HeadForm.TAG)
    for known in (None, HEAD._replace(boot_id=b"boot-id2")):
        with pytest.raises(UnknownHead):
            peek_uplink(data, known)


def test_a_base_the_server_lacks_or_holds_differently_asks_for_a_self_contained_message() -> None:
    before = Minute(29_733_120, (5230, None, 5233, -128, -139, -122, 6240, 98, 231, 0))
    data = encode_uplink(steady(9), Entry(9, before))
    other = Minute(29_733_120, (5230, 1, 5233, -128, -139, -122, 6240, 98, 231, 0))
    narrower = Minute(29_733_120, (5230, None, 5233))
    for bases in ([], [Entry(9, other)], [Entry(9, narrower)], [Entry(8, before)]):
        with pytest.raises(UnknownBase):
            decode_uplink(data, TEN, bases=bases)
    assert decode_uplink(data, TEN, bases=[Entry(9, before)]) == steady(9)


def test_a_description_that_does_not_fit_its_hash_is_malformed() -> None:
    uplink = Uplink(*HEAD, after_seq=0, description=b"another site")
    with pytest.raises(Malformed, match="description"):
        peek_uplink(encode_uplink(uplink))


@given(st.lists(MINUTES | EVENTS, min_size=1, max_size=120), st.booleans(), st.sampled_from(WAYS))
@settings(max_examples=60)
def test_packing_fills_messages_up_to_the_limit_and_loses_nothing(
    bodies: list[Minute | Event], watched: bool, codec: MinuteCodec
) -> None:
    entries = [Entry(seq, body) for seq, body in enumerate(bodies, 1)]
    live = Live(0, ((1, 1), None)) if watched else None
    received: list[Entry] = []
    while len(received) < len(entries):
        waiting = entries[len(received) :]
        uplink = Uplink(*HEAD, after_seq=len(received), live=live)
        packed = pack_uplink(uplink, waiting, limit_bytes=200, codec=codec)
        assert packed.taken == 1 or len(packed.payload) <= 200
        received += decode_uplink(packed.payload, CODECS).entries
    assert received == entries


def test_a_backlog_of_minutes_fills_its_messages() -> None:
    chance = random.Random(1)
    entries = [
        Entry(n, Minute(1000 + n, tuple(chance.randrange(5000) for _ in range(WIDTH))))
        for n in range(1, 2000)
    ]
    packed = pack_uplink(Uplink(*HEAD, after_seq=0), entries, codec=CODECS.shipped)
    assert 950 < len(packed.payload) <= 1024
    assert packed.taken > 50


def test_a_still_day_goes_in_runs_of_a_day_at_most() -> None:
    entries = [Entry(n, Minute(1000 + n, (5000,) * WIDTH)) for n in range(1, 2000)]
    packed = pack_uplink(Uplink(*HEAD, after_seq=0), entries, codec=CODECS.shipped)
    assert packed.taken == MAX_RUN_MINUTES
    assert len(packed.payload) < 300


def test_a_wide_still_site_goes_in_shorter_runs() -> None:
    wide = codecs(200)
    entries = [Entry(n, Minute(1000 + n, (5000,) * 200)) for n in range(1, 1000)]
    packed = pack_uplink(Uplink(*HEAD, after_seq=0), entries, codec=wide.shipped, limit_bytes=4096)
    assert packed.taken == run_minutes(200) < MAX_RUN_MINUTES


def test_an_entry_larger_than_a_message_goes_alone() -> None:
    huge = Entry(1, Event(0, "note", {"text": "x" * 3000}))
    packed = pack_uplink(Uplink(*HEAD, after_seq=0), [huge, Entry(2, Event(0, "boot"))])
    assert packed.taken == 1
    assert decode_uplink(packed.payload, CODECS).entries == (huge,)


def test_what_cannot_be_sent_is_refused_at_the_sender() -> None:
    with pytest.raises(ValueError, match="64 bits"):
        encode_uplink(Uplink(*HEAD, after_seq=0, entries=(Entry(1, Minute(0, (2**63,))),)))
    with pytest.raises(ValueError, match="comes after"):
        encode_uplink(Uplink(*HEAD, after_seq=5, entries=(Entry(5, Minute(0, ())),)))
    with pytest.raises(ValueError, match="8 bytes"):
        encode_uplink(Uplink(b"short", b"b" * 8, b"d" * 8, after_seq=0))
