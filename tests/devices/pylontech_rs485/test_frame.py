"""Frames: what is one, what a battery answers to one that is not, and which requests there can be."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stallaini.devices.pylontech_rs485.frame import (
    Command,
    Frame,
    FrameError,
    FrameReader,
    ReturnCode,
    encode_answer,
    encode_request,
    parse_frame,
)

FIXTURES = Path(__file__).resolve().parents[2] / "fixtures" / "pylontech"


def vectors() -> list[str]:
    with (FIXTURES / "vectors_rs485.csv").open(encoding="utf-8") as file:
        return [row["frame_ascii_without_CR"] for row in csv.DictReader(file)]


@pytest.mark.parametrize("text", vectors())
def test_vectors_are_frames_and_encode_to_the_same_bytes(text: str) -> None:
    frame = parse_frame(text.encode())
    encoded = (
        encode_answer(frame.address, ReturnCode(frame.code), frame.info, frame.version)
        if frame.is_answer
        else encode_request(Command(frame.code), frame.address, frame.info)
    )
    assert encoded == text.encode() + b"\r"


def test_only_commands_that_read_can_be_encoded() -> None:
    able = set()
    for code in range(256):
        try:
            encode_request(code, 2, b"\x02")  # type: ignore[arg-type]
        except ValueError:
            continue
        able.add(code)
    assert able == {0x42, 0x44, 0x47, 0x4F, 0x51, 0x92, 0x93, 0x96}


def test_an_answer_cannot_pass_for_a_request_that_sets_something() -> None:
    able = set()
    for code in range(256):
        try:
            encode_answer(2, code)  # type: ignore[arg-type]
        except ValueError:
            continue
        able.add(code)
    assert not able & {*Command, 0x94, 0x95}


@given(st.sampled_from(Command), st.integers(0, 255), st.binary(max_size=2047))
def test_what_is_encoded_is_read_back(command: Command, address: int, info: bytes) -> None:
    text = encode_request(command, address, info)
    assert parse_frame(text[:-1]) == Frame(0x20, address, command, info)
    assert FrameReader().feed(text) == [Frame(0x20, address, command, info)]


def test_more_than_length_can_count_is_refused() -> None:
    with pytest.raises(ValueError, match="2047"):
        encode_request(Command.ANALOG, 2, bytes(2048))


@given(st.integers(0), st.integers(1, 255))
def test_one_damaged_character_is_noticed(at: int, change: int) -> None:
    text = bytearray(b"~20024642E002FFFD09")
    text[at % len(text)] ^= change
    with pytest.raises(FrameError):
        parse_frame(bytes(text))


def summed(text: str) -> bytes:
    """`text` with the CHKSUM that holds."""
    return f"~{text}{-sum(text.encode()) & 0xFFFF:04X}".encode()


@pytest.mark.parametrize(
    ("text", "reason", "code"),
    [
        (b"~20024642E002FFFD0A", "CHKSUM", ReturnCode.CHECKSUM),
        (summed("20024642D002FF"), "LCHKSUM", ReturnCode.LENGTH_CHECKSUM),
        (summed("20024642E002FF0F"), "says 2 characters of INFO, there are 4", None),
        (summed("20024642D003FF0"), "within a byte", ReturnCode.FORMAT),
        (summed("20024742E002FF"), "CID1 47", None),
        (b"20024642E002FFFD09", "a frame is", None),
        (b"~20024642e002fffd09", "a frame is", None),
        (b"~2002", "a frame is", None),
        (b"~" + 5000 * b"0", "at most", None),
    ],
)
def test_what_is_no_frame(text: bytes, reason: str, code: ReturnCode | None) -> None:
    with pytest.raises(FrameError, match=reason) as caught:
        parse_frame(text)
    assert caught.value.code == code


class TestStream:
    def test_frames_may_come_in_any_pieces(self) -> None:
        stream = b"".join(text.encode() + b"\r" for text in vectors())
        whole = FrameReader().feed(stream)
        assert len(whole) == len(vectors())
        reader = FrameReader()
        assert [frame for byte in stream for frame in reader.feed(bytes([byte]))] == whole

    def test_a_frame_is_found_behind_noise_and_behind_one_cut_short(self) -> None:
        request = encode_request(Command.ANALOG, 2, b"\xff")
        reader = FrameReader()
        assert reader.feed(b"\xff\x00noise" + request) == [parse_frame(request[:-1])]
        assert reader.damaged == 0
        assert reader.feed(request[:9] + request) == [parse_frame(request[:-1])]
        assert reader.feed(b"noise\r\n" + request) == [parse_frame(request[:-1])]
        assert reader.damaged == 1

    def test_endless_noise_is_not_kept(self) -> None:
        reader = FrameReader()
        for _ in range(100):
            assert reader.feed(b"~" + 1000 * b"0") == []
            assert reader.feed(1000 * b"\xaa") == []
        assert len(reader._buffer) <= 4116
        request = encode_request(Command.SERIAL, 3, b"\x03")
        assert reader.feed(request) == [parse_frame(request[:-1])]

    @given(st.lists(st.binary(max_size=40), max_size=10))
    def test_no_bytes_make_it_fail(self, pieces: list[bytes]) -> None:
        reader = FrameReader()
        for piece in pieces:
            reader.feed(piece)
