"""Values and bytes: what goes in comes out, and what does not fit is said."""

from __future__ import annotations

import math
import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stallaini.devices.studer.errors import RETRYABLE, ScomError
from stallaini.devices.studer.formats import (
    Format,
    Value,
    decode_number,
    decode_value,
    encode_value,
    joined_words,
    software_version,
)

_WORD = st.integers(0, 0xFFFF)
_INT = st.integers(-(2**31), 2**31 - 1)
_FITTING = {
    Format.BOOL: st.booleans(),
    Format.FORMAT: _WORD,
    Format.SHORT_ENUM: _WORD,
    Format.ERROR: _WORD,
    Format.INT32: _INT,
    Format.SIGNAL: _INT,
    Format.LONG_ENUM: st.integers(0, 2**32 - 1),
    Format.FLOAT: st.floats(width=32),
    Format.STRING: st.text("abcXYZ äöüß€0123 ", max_size=40),
}


@given(
    st.sampled_from(sorted(_FITTING, key=lambda f: f.name)).flatmap(
        lambda f: st.tuples(st.just(f), _FITTING[f])
    )
)
def test_what_is_encoded_is_decoded(pair: tuple[Format, Value]) -> None:
    format, value = pair
    back = decode_value(format, encode_value(format, value))
    assert back == value or (back != back and value != value)


@given(st.binary(max_size=8))
def test_a_wrong_length_is_refused(data: bytes) -> None:
    for format, size in ((Format.FLOAT, 4), (Format.INT32, 4), (Format.SHORT_ENUM, 2), (Format.BOOL, 1)):
        if len(data) != size:
            with pytest.raises(ValueError, match=r"takes|BOOL"):
                decode_value(format, data)


@pytest.mark.parametrize(
    ("format", "value"),
    [
        (Format.BOOL, 2),
        (Format.SHORT_ENUM, 70000),
        (Format.SHORT_ENUM, -1),
        (Format.LONG_ENUM, 1.5),
        (Format.INT32, math.nan),
        (Format.INT32, 1e30),
        (Format.FLOAT, 1e300),
        (Format.FLOAT, "1"),
        (Format.MENU, 1),
        (Format.STRING, 1),
    ],
)
def test_what_does_not_fit_is_refused(format: Format, value: Value) -> None:
    with pytest.raises(ValueError, match="format"):
        encode_value(format, value)


def test_whole_floats_fit_integer_formats() -> None:
    assert encode_value(Format.LONG_ENUM, 4.0) == b"\4\0\0\0"
    assert encode_value(Format.BOOL, 1.0) == b"\1"


def test_a_bool_is_0_or_1() -> None:
    with pytest.raises(ValueError, match="BOOL"):
        decode_value(Format.BOOL, b"\2")


def test_numbers_are_asked_for_as_floats() -> None:
    assert decode_number(Format.BOOL, b"\1") == 1.0
    assert math.isnan(decode_number(Format.FLOAT, struct.pack("<f", math.nan)))
    with pytest.raises(ValueError, match="text"):
        decode_number(Format.STRING, b"a")


def test_a_version_comes_from_two_infos() -> None:
    assert software_version(0x0100, 0x061C) == (1, 6, 28)
    assert joined_words(0x1234, 0xABCD) == 0x1234ABCD
    with pytest.raises(ValueError, match="word"):
        joined_words(math.nan, 0)


def test_an_unknown_error_is_named_and_is_not_tried_again() -> None:
    unknown = ScomError(0x4711)
    assert unknown.name == "UNKNOWN_4711"
    assert "0x4711" in unknown.text
    assert unknown not in RETRYABLE
    assert all(error.text for error in ScomError)
