"""Finding frames in whatever a line delivers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stallaini.devices.studer.frame import MAX_DATA, MIN_DATA, Frame, FrameReader, checksum, encode_frame

_ADDRESS = st.integers(0, 2**32 - 1)
_DATA = st.one_of(st.binary(min_size=MIN_DATA, max_size=60), st.lists(st.just(0xAA), min_size=10).map(bytes))
_FRAMES = st.lists(st.builds(Frame, st.integers(0, 255), _ADDRESS, _ADDRESS, _DATA), max_size=5)
_STRAY = st.sampled_from([b"", b"\xff", b"\r\n", b"\xff\r\n"])


@given(_FRAMES, st.data())
def test_frames_come_out_as_they_went_in_however_split(frames: list[Frame], data: st.DataObject) -> None:
    stream = b"".join(data.draw(_STRAY) + encode_frame(frame) for frame in frames)
    reader = FrameReader()
    found: list[Frame] = []
    while stream:
        size = data.draw(st.integers(1, len(stream)))
        found += reader.feed(stream[:size])
        stream = stream[size:]
    assert found == frames
    assert reader.damaged == 0


@given(st.binary(max_size=300), _FRAMES)
def test_nothing_before_a_frame_can_hide_it(noise: bytes, frames: list[Frame]) -> None:
    reader = FrameReader()
    found = reader.feed(noise + b"".join(encode_frame(frame) for frame in frames)) + reader.flush()
    assert found[len(found) - len(frames) :] == frames


def test_a_false_start_with_a_good_header_hides_no_frame() -> None:
    true = Frame(0, 101, 1, bytes(range(14)))
    long = encode_frame(Frame(0, 101, 1, bytes(200)))
    reader = FrameReader()
    assert reader.feed(long[:20] + encode_frame(true)) == []  # may still be the long one
    assert reader.flush() == [true]
    assert reader.damaged == 20


def test_a_cut_frame_hides_not_the_next() -> None:
    true = Frame(0, 101, 1, bytes(range(14)))
    reader = FrameReader()
    assert reader.feed(encode_frame(true)[:-3] + encode_frame(true)) == [true]


def test_lengths_no_service_has_are_refused() -> None:
    for length in (0, 1, 2, MIN_DATA - 1, MAX_DATA + 1):
        with pytest.raises(ValueError, match="carries"):
            encode_frame(Frame(0, 1, 101, bytes(length)))


def test_the_longest_answer_passes() -> None:
    longest = Frame(0, 501, 1, bytes(MAX_DATA))
    assert len(encode_frame(longest)) == 566
    assert FrameReader().feed(encode_frame(longest)) == [longest]


def test_the_checksum_is_the_specifications() -> None:
    assert checksum(bytes.fromhex("0001000000650000000a00")) == bytes.fromhex("6f71")
