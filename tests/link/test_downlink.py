"""What the server answers is what the edge reads, in as few bytes as the answer allows."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stallaini.link.downlink import decode_downlink, encode_downlink, fitting_commands
from stallaini.link.messages import Answer, Command, Downlink
from stallaini.link.varint import Malformed

COMMANDS = st.builds(
    Command,
    st.integers(0, 2**62),
    st.text(max_size=9),
    st.text(max_size=9),
    st.integers(0, 2**40),
    st.integers(0, 2**40),
    st.dictionaries(st.text(max_size=5), st.none() | st.booleans() | st.integers(-9, 9), max_size=3),
)
DOWNLINKS = st.builds(
    Downlink,
    st.sampled_from(Answer),
    st.integers(0, 2**62),
    st.integers(0, 2**30),
    st.none() | st.integers(0, 2**50),
    st.lists(COMMANDS, max_size=3).map(tuple),
)


@given(DOWNLINKS, st.none() | st.integers(0, 2**62), st.booleans())
def test_a_downlink_survives_the_journey(downlink: Downlink, settled_seq: int | None, plain: bool) -> None:
    settled_seq = downlink.acked_seq if plain else settled_seq
    data = encode_downlink(downlink, settled_seq)
    assert decode_downlink(data, downlink.acked_seq if settled_seq is None else settled_seq) == downlink


def test_a_plain_ok_takes_no_bytes_and_four_while_watched() -> None:
    assert encode_downlink(Downlink(Answer.OK, 525_601), settled_seq=525_601) == b""
    assert len(encode_downlink(Downlink(Answer.OK, 525_601, 300), settled_seq=525_601)) == 4


def test_an_ok_to_less_than_all_says_to_what() -> None:
    data = encode_downlink(Downlink(Answer.OK, 525_600), settled_seq=525_601)
    assert decode_downlink(data, settled_seq=525_601).acked_seq == 525_600


@given(st.binary(max_size=80))
@settings(max_examples=1000)
def test_random_bytes_are_refused_and_nothing_else(data: bytes) -> None:
    for start in (b"", b"\x20\x08", b"\x20\x0f"):
        with contextlib.suppress(Malformed):
            decode_downlink(start + data, 7)


@pytest.mark.parametrize("data", ["10", "2000ff", "2010", "27000000", "2008c0", "200891960161616102ff80"])
def test_what_is_not_of_this_version_is_malformed(data: str) -> None:
    with pytest.raises(Malformed):
        decode_downlink(bytes.fromhex(data), 7)


def test_more_commands_than_fit_wait_for_the_next_answer() -> None:
    commands = [Command(number, "anna", "ping", 0, 60, {"note": "x" * 100}) for number in range(20)]
    fitting = fitting_commands(commands, limit_bytes=800)
    assert list(fitting) == commands[:6]
    assert len(encode_downlink(Downlink(Answer.OK, 1, commands=tuple(fitting)), 1)) < 820
