"""Minutes come out as they went in: missing values, jumps and gaps are as good as any other."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stallaini.link.codec import MAX_MINUTE, DeltaCodec
from stallaini.link.messages import Minute
from stallaini.link.varint import Malformed, append_varint, unzigzag, varint_bytes, zigzag

CODEC = DeltaCodec()
FIXED = st.integers(-(2**63), 2**63 - 1)


@st.composite
def runs(draw: st.DrawFn) -> tuple[list[Minute], int]:
    """Minutes as a site makes them: mostly one after the other with small changes, sometimes not."""
    width = draw(st.integers(0, 40))
    number, values = draw(st.integers(0, MAX_MINUTE)), [draw(st.none() | FIXED) for _ in range(width)]
    minutes = []
    for _ in range(draw(st.integers(0, 12))):
        minutes.append(Minute(number, tuple(values)))
        number = draw(
            st.sampled_from([number + 1, number + 1, number + 61, number - 5]) | st.integers(0, MAX_MINUTE)
        )
        number = max(0, min(MAX_MINUTE, number))
        for position in range(width):
            if draw(st.integers(0, 3)) == 0:
                value = (values[position] or 0) + draw(st.integers(-70, 70))
                value = max(-(2**63), min(2**63 - 1, value))
                values[position] = draw(st.sampled_from([value, value, None]) | FIXED)
    return minutes, width


def encode(minutes: list[Minute], base: Minute | None = None) -> bytes:
    encoder = CODEC.encoder(base)
    sizes = [encoder.add(minute) for minute in minutes]
    data = encoder.finish()
    assert len(data) == (sizes[-1] if sizes else 0)
    return data


@given(runs())
def test_a_run_comes_out_as_it_went_in_self_contained_and_chained(run: tuple[list[Minute], int]) -> None:
    minutes, width = run
    assert CODEC.decode(encode(minutes), None, width) == minutes
    if minutes:
        base, rest = minutes[0], minutes[1:]
        assert CODEC.decode(encode(rest, base), base, width) == rest


@given(st.binary(max_size=200), st.integers(0, 20))
@settings(max_examples=1000)
def test_any_bytes_are_malformed_or_minutes_they_pay_for(data: bytes, width: int) -> None:
    for base in (None, Minute(5, (None,) * width)):
        with contextlib.suppress(Malformed):
            minutes = CODEC.decode(data, base, width)
            assert len(minutes) <= len(data)
            assert encode(minutes, base) or not data


def test_a_minute_like_the_one_before_is_its_mask_and_nothing_else() -> None:
    before = Minute(100, (5, None, -3, 7, 0, 0, 0, 0, 0, 0))
    same = Minute(101, before.values)
    assert encode([same], before) == b"\0\0"


def test_a_value_lost_and_found_again_costs_the_difference_to_what_was_known() -> None:
    run = [Minute(7, (523_000,)), Minute(8, (None,)), Minute(9, (523_001,)), Minute(10, (523_001,))]
    data = encode(run)
    assert CODEC.decode(data, None, 1) == run
    assert len(data) == 5 + 2 + 2 + 1


def test_a_gap_in_the_minutes_costs_its_length_once() -> None:
    base = Minute(1000, (1, 2))
    assert len(encode([Minute(1000 + 361, (1, 2)), Minute(1000 + 362, (1, 2))], base)) == 3 + 1


@pytest.mark.parametrize(
    ("minutes", "says"),
    [
        ([Minute(1, (1, 2)), Minute(2, (1,))], "1 series after one of 2"),
        ([Minute(1, (2**63,))], "64 bits"),
        ([Minute(-1, ())], "out of range"),
        ([Minute(1, (), 0)], "spans 0"),
        ([Minute(MAX_MINUTE + 1, ())], "out of range"),
    ],
)
def test_what_has_no_code_is_refused_at_the_sender(minutes: list[Minute], says: str) -> None:
    with pytest.raises(ValueError, match=says):
        encode(minutes)


def test_a_base_of_another_width_is_a_mistake_of_the_caller() -> None:
    with pytest.raises(ValueError, match="a base of 1 series"):
        CODEC.decode(b"\0", Minute(1, (1,)), 2)


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\xf0", "beyond the 2 series"),
        (b"\x02", "does not end"),
        (b"\x02" + b"\xff" * 10, "does not end"),
        (b"\x01\x02", "out of range"),
        (b"\x01\x01\x00", "spans 0"),
        (b"\x02" + b"\xff" * 9 + b"\x03", "64 bits"),
    ],
)
def test_malformed_minutes_say_where(data: bytes, says: str) -> None:
    with pytest.raises(Malformed, match=says):
        CODEC.decode(data, None, 2)


@given(st.integers(-(2**64), 2**64))
def test_zigzag_and_its_length(number: int) -> None:
    assert unzigzag(zigzag(number)) == number
    out = bytearray()
    append_varint(out, zigzag(number))
    assert len(out) == varint_bytes(zigzag(number))
