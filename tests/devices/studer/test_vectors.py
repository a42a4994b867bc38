"""Frames printed by the maker, captured, or made by the maker's own C library, against our codec."""

from __future__ import annotations

import math
from typing import Any

import pytest
from tests.support.studer_vectors import vectors

from stallaini.devices.studer.errors import ScomError
from stallaini.devices.studer.formats import Format, decode_value, encode_value
from stallaini.devices.studer.frame import Frame, FrameReader, encode_frame
from stallaini.devices.studer.objects import Kind, all_objects
from stallaini.devices.studer.service import (
    Property,
    Read,
    WriteUnsaved,
    decode_answer,
    decode_request,
)

READ, WRITE = 1, 2
PRINTED = [*vectors("scom", "spec"), *vectors("scom", "captured")]
REQUESTS = vectors("scom", "reflib_requests")
RESPONSES = vectors("scom", "reflib_responses")
REJECTS = vectors("scom", "reflib_rejects")


def _only_frame(vector: dict[str, Any]) -> Frame:
    reader = FrameReader()
    frames = reader.feed(bytes.fromhex(vector["hex"]))
    assert len(frames) == 1
    assert reader.damaged == 0
    return frames[0]


def _format(vector: dict[str, Any]) -> Format:
    return Format(vector["format"].replace(" ", "_"))


def _same(one: object, other: object) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return (math.isnan(one) and math.isnan(other)) or (
            one == other and math.copysign(1, one) == math.copysign(1, other)
        )
    return one == other


@pytest.mark.parametrize("vector", PRINTED, ids=lambda vector: vector["name"])
def test_printed_and_captured_frames_hold(vector: dict[str, Any]) -> None:
    frame = _only_frame(vector)
    assert (frame.flags, frame.src, frame.dst) == (vector["flags"], vector["src"], vector["dst"])
    assert len(frame.data) == vector["length"]
    assert encode_frame(frame) == bytes.fromhex(vector["hex"])
    decode = decode_answer if vector["service_flags"] else decode_request
    service = decode(frame.data)
    assert service.service_id == vector["service_id"]
    assert service.object_type == vector["object_type"]
    assert service.object_id == vector["object_id"]
    assert service.property_id == vector["property_id"]
    assert service.data == bytes.fromhex(vector["data"])
    if "format" in vector:
        assert _same(decode_value(_format(vector), service.data), vector["value"])


def test_requests_are_encoded_as_the_makers_library_does() -> None:
    encoded = 0
    for vector in REQUESTS:
        data = b"" if vector["value"] is None else encode_value(_format(vector), vector["value"])
        assert data == bytes.fromhex(vector["data"])
        if vector["service_id"] == READ:
            question: Read | WriteUnsaved = Read(
                vector["object_type"], vector["object_id"], vector["property_id"]
            )
        elif vector["property_id"] == Property.UNSAVED:
            question = WriteUnsaved(vector["object_id"], data)
        else:
            continue  # a write to flash: see the next test
        frame = Frame(0, vector["src"], vector["dst"], question.encode())
        assert encode_frame(frame) == bytes.fromhex(vector["hex"]), vector
        encoded += 1
    assert encoded > 100


def test_a_write_to_flash_is_understood_but_only_its_unsaved_twin_can_be_made() -> None:
    to_flash = [v for v in REQUESTS if v["service_id"] == WRITE and v["property_id"] == Property.VALUE]
    assert to_flash
    for vector in to_flash:
        frame = _only_frame(vector)
        assert encode_frame(frame) == bytes.fromhex(vector["hex"])
        request = decode_request(frame.data)
        assert (request.service_id, request.property_id) == (WRITE, Property.VALUE)
        twin = WriteUnsaved(request.object_id, request.data).encode()
        assert twin == frame.data[:8] + b"\x0d\x00" + frame.data[10:]


def test_answers_are_decoded_as_the_makers_library_does() -> None:
    for vector in RESPONSES:
        frame = _only_frame(vector)
        assert (frame.flags, frame.src, frame.dst) == (vector["flags"], vector["src"], vector["dst"])
        answer = decode_answer(frame.data)
        assert answer.service_id == vector["service_id"]
        assert (answer.object_type, answer.object_id, answer.property_id) == (
            vector["object_type"], vector["object_id"], vector["property_id"],
        )  # fmt: skip
        assert answer.data == bytes.fromhex(vector["data"])
        assert answer.error == (None if vector["error"] is None else ScomError(vector["error"]))
        if vector["value"] is not None:
            assert _same(decode_value(_format(vector), answer.data), vector["value"])


def test_answers_have_the_format_of_the_table() -> None:
    formats: dict[tuple[int, int], set[Format]] = {}
    for known in all_objects():
        object_type = 1 if known.kind is Kind.INFO else 2
        formats.setdefault((object_type, known.nr), set()).add(known.format)
    for vector in RESPONSES:
        if vector["service_id"] == READ and vector["error"] is None:
            (format,) = formats[vector["object_type"], vector["object_id"]]
            assert _same(decode_value(format, bytes.fromhex(vector["data"])), vector["value"])


@pytest.mark.parametrize("pieces", [None, 1, 7])
def test_damaged_answers_are_never_delivered(pieces: int | None) -> None:
    for vector in REJECTS:
        raw = bytes.fromhex(vector["hex"])
        reader = FrameReader()
        size = pieces or len(raw)
        frames = [f for at in range(0, len(raw), size) for f in reader.feed(raw[at : at + size])]
        frames += reader.flush()
        if "is_response clear" not in vector["why"]:
            assert not frames, vector
            continue
        for frame in frames:
            with pytest.raises(ValueError, match="no answer"):
                decode_answer(frame.data)


def test_a_damaged_answer_hides_no_frame_behind_it() -> None:
    good = bytes.fromhex(vectors("scom", "spec")[1]["hex"])
    for vector in REJECTS:
        if "is_response clear" in vector["why"]:
            continue
        reader = FrameReader()
        frames = reader.feed(bytes.fromhex(vector["hex"]) + good)
        frames += reader.flush()
        assert [encode_frame(frame) for frame in frames] == [good], vector
