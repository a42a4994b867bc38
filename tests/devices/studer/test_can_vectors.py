"""Exchanges of the maker's own CAN client against our codec."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from tests.support.studer_vectors import vectors

from stallaini.devices.studer.can_public import (
    CanMessage,
    CanPart,
    CanQuestion,
    CanService,
    ReadInfo,
    ReadParameter,
    WriteRam,
    decode_answer,
    decode_message,
    decode_request,
    encode_answer,
    encode_message,
    encode_question,
    encode_refusal,
)
from stallaini.devices.studer.errors import ScomError

EXCHANGES = vectors("xcomcan", "exchanges")
ERRORS = vectors("xcomcan", "errors")
MESSAGES = vectors("xcomcan", "messages")


def _question(vector: dict[str, Any]) -> CanQuestion | None:
    """What we would ask; None for a write to flash, which we cannot."""
    nr = vector["object_id"]
    if vector["kind"] == "info":
        return ReadInfo(nr)
    if vector["kind"] == "read":
        return ReadParameter(nr, CanPart(vector["part"]))
    value = struct.unpack(">f", bytes.fromhex(vector["request_data"])[3:])[0]
    return WriteRam(nr, value) if vector["part"] == CanPart.RAM else None


def test_we_ask_as_the_makers_client_does() -> None:
    asked = 0
    for vector in [*EXCHANGES, *ERRORS]:
        question = _question(vector)
        if question is not None:
            frame = encode_question(vector["device"], vector["client"], question)
            assert frame == (vector["request_id"], bytes.fromhex(vector["request_data"]))
            asked += 1
    assert asked > 50


def test_requests_are_understood() -> None:
    for vector in [*EXCHANGES, *ERRORS]:
        request = decode_request(vector["request_id"], bytes.fromhex(vector["request_data"]))
        assert (request.device, request.source) == (vector["device"], vector["client"])
        assert (request.object_id, request.part) == (vector["object_id"], vector["part"])
        assert request.service == {"info": 0, "read": 1, "write": 2}[vector["kind"]]


def test_answers_are_understood_and_made() -> None:
    for vector in EXCHANGES:
        data = bytes.fromhex(vector["response_data"])
        answer = decode_answer(vector["response_id"], data)
        assert (answer.device, answer.destination) == (vector["device"], vector["client"])
        assert (answer.object_id, answer.part, answer.error) == (vector["object_id"], vector["part"], None)
        if vector["value"] is not None:
            assert answer.value == vector["value"]
        request = decode_request(vector["request_id"], bytes.fromhex(vector["request_data"]))
        assert answer.value is not None
        assert encode_answer(request, answer.value) == (vector["response_id"], data)
        question = _question(vector)
        assert question is None or answer.answers(vector["device"], question)


def test_refusals_are_understood_and_made() -> None:
    for vector in ERRORS:
        data = bytes.fromhex(vector["response_data"])
        answer = decode_answer(vector["response_id"], data)
        assert answer.error == ScomError(vector["error"])
        assert answer.error.name == vector["error_name"]
        request = decode_request(vector["request_id"], bytes.fromhex(vector["request_data"]))
        assert encode_refusal(request, answer.error) == (vector["response_id"], data)


def test_messages_are_understood_and_made() -> None:
    for vector in MESSAGES:
        data = bytes.fromhex(vector["data"])
        told = CanMessage(vector["device"], vector["message"], vector["value"])
        assert decode_message(vector["id"], data) == told
        assert encode_message(told) == (vector["id"], data)


def test_an_answer_of_another_length_is_none() -> None:
    for vector in [*EXCHANGES, *ERRORS]:
        data = bytes.fromhex(vector["response_data"])
        for wrong in (data[:-1], data + b"\0", b""):
            with pytest.raises(ValueError, match="no answer"):
                decode_answer(vector["response_id"], wrong)


def test_what_does_not_fit_is_refused() -> None:
    for device, source, question in (
        (1024, 1, ReadInfo(3000)),
        (101, 1024, ReadInfo(3000)),
        (101, 1, ReadInfo(70000)),
        (101, 1, WriteRam(1202, 1e300)),
    ):
        with pytest.raises(ValueError, match="fit"):
            encode_question(device, source, question)


def test_a_battery_frame_is_no_answer() -> None:
    """0x351 and its like, read as an extended identifier by mistake, are of no device."""
    for can_id in (0x305, 0x351, 0x355, 0x356, 0x359, 0x35C, 0x35E):
        assert decode_message(can_id, bytes(6)) is None
        with pytest.raises(ValueError, match="no answer"):
            decode_answer(can_id, bytes(8))


def test_the_example_of_the_documentation() -> None:
    assert encode_question(101, 1, WriteRam(1202, 4)) == (0x03280280, bytes.fromhex("04b20440800000"))
    assert decode_answer(0x0008CA81, bytes.fromhex("04b20000002b")).error is ScomError.ACCESS_DENIED
    assert decode_answer(0x0008CA00, bytes.fromhex("0bb842550000")).value == 53.25
    assert CanService(decode_request(0x09680200, b"\x2a\xf8").service) is CanService.READ_INFO
