"""The simulated gateway answers as a real one: what it refuses, and what it does not answer at all."""

from __future__ import annotations

import math
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.studer_port import INFOS, Bench

from stallaini.devices.studer import multi_info
from stallaini.devices.studer.asker import Part
from stallaini.devices.studer.errors import ScomError
from stallaini.devices.studer.frame import Flag, Frame, FrameReader, encode_frame
from stallaini.devices.studer.messages import StoredMessage
from stallaini.devices.studer.service import Answer, decode_answer
from stallaini.devices.studer.simulator import MemoryPlant, ScomGateway

HEAD = struct.Struct("<BBHIH")
READ, WRITE = 1, 2
INFO, PARAMETER, MESSAGE, GUID, MULTI = 1, 2, 3, 4, 10


def ask(gateway: ScomGateway, dst: int, service: int, *head: int, data: bytes = b"") -> tuple[Frame, Answer]:
    """One request, made of raw numbers as anybody could."""
    request = encode_frame(Frame(0, 1, dst, HEAD.pack(0, service, *head) + data))
    (frame,) = FrameReader().feed(gateway.feed(request))
    assert (frame.src, frame.dst) == (dst, 1)
    return frame, decode_answer(frame.data)


@pytest.fixture
def gateway() -> ScomGateway:
    return Bench().gateway


FLOAT_20 = struct.pack("<f", 20)


@pytest.mark.parametrize(
    ("error", "dst", "request_"),
    [
        (ScomError.DEVICE_NOT_FOUND, 102, (READ, INFO, 3000, 1)),
        (ScomError.DEVICE_NOT_FOUND, 42, (READ, INFO, 3000, 1)),
        (ScomError.TYPE_NOT_SUPPORTED, 501, (READ, 0x77, 1, 1)),
        (ScomError.OBJECT_ID_NOT_FOUND, 101, (READ, INFO, 9999, 1)),
        (ScomError.OBJECT_ID_NOT_FOUND, 101, (READ, PARAMETER, 9999, 5)),
        (ScomError.PROPERTY_NOT_SUPPORTED, 101, (READ, INFO, 3000, 5)),
        (ScomError.PROPERTY_NOT_SUPPORTED, 101, (READ, PARAMETER, 1107, 99)),
        (ScomError.PROPERTY_IS_READ_ONLY, 101, (WRITE, INFO, 3000, 1, FLOAT_20)),
        (ScomError.PROPERTY_IS_READ_ONLY, 101, (WRITE, PARAMETER, 1107, 7, FLOAT_20)),
        (ScomError.PROPERTY_NOT_SUPPORTED, 101, (WRITE, PARAMETER, 1107, 99, FLOAT_20)),
        (ScomError.INVALID_DATA_LENGTH, 101, (WRITE, PARAMETER, 1107, 13, b"\0\0")),
        (ScomError.INVALID_DATA_LENGTH, 101, (READ, INFO, 3000, 1, b"\0")),
        (ScomError.INVALID_DATA, 101, (WRITE, PARAMETER, 1107, 13, struct.pack("<f", math.nan))),
        (ScomError.INVALID_DATA, 101, (WRITE, PARAMETER, 1399, 13, struct.pack("<i", 2))),
        (ScomError.DATA_TOO_BIG, 101, (WRITE, PARAMETER, 1107, 13, struct.pack("<f", 51))),
        (ScomError.DATA_TOO_SMALL, 101, (WRITE, PARAMETER, 1107, 13, struct.pack("<f", 1))),
        (ScomError.MULTICAST_READ_NOT_SUPPORTED, 100, (READ, INFO, 3000, 1)),
        (ScomError.DEVICE_NOT_FOUND, 700, (WRITE, PARAMETER, 1107, 13, FLOAT_20)),
        (ScomError.OBJECT_NOT_SUPPORTED, 101, (READ, GUID, 0, 0)),
        (ScomError.PROPERTY_IS_READ_ONLY, 501, (WRITE, GUID, 0, 0, bytes(16))),
        (ScomError.OBJECT_ID_NOT_FOUND, 501, (READ, MESSAGE, 0, 0)),
        (ScomError.INVALID_DATA_LENGTH, 501, (READ, MULTI, 1, 1, b"\0\0")),
        (ScomError.OBJECT_ID_NOT_FOUND, 501, (READ, MULTI, 1, 1, struct.pack("<HB", 9999, 1))),
        (ScomError.READ_PROPERTY_FAILED, 101, (READ, PARAMETER, 1100, 5)),
    ],
)
def test_what_is_refused(gateway: ScomGateway, error: ScomError, dst: int, request_: tuple[Any, ...]) -> None:
    service, object_type, nr, property_id, *data = request_
    _, answer = ask(gateway, dst, service, object_type, nr, property_id, data=b"".join(data))
    assert answer.error is error


def test_a_service_nobody_knows_is_refused(gateway: ScomGateway) -> None:
    (frame,) = FrameReader().feed(
        gateway.feed(encode_frame(Frame(0, 1, 101, HEAD.pack(0, 3, INFO, 3000, 1))))
    )
    assert frame.data == HEAD.pack(3, 3, INFO, 3000, 1) + b"\x11\x00"
    with pytest.raises(ValueError, match="no such service"):
        decode_answer(frame.data)


def test_a_write_to_flash_is_seen_by_a_read_and_one_to_ram_is_not() -> None:
    bench = Bench()
    for value, property_id, in_flash in ((20, 13, 32), (24, 5, 24), (16, 13, 24)):
        data = struct.pack("<f", value)
        assert ask(bench.gateway, 101, WRITE, PARAMETER, 1107, property_id, data=data)[1].data == b""
        assert bench.plant.effective(101, 1107) == value
        for read in (5, 13):
            _, answer = ask(bench.gateway, 101, READ, PARAMETER, 1107, read)
            assert struct.unpack("<f", answer.data) == (in_flash,)
    assert bench.plant.parameter(101, 1107, Part.MAX) == 50


def test_a_damaged_request_gets_no_answer(gateway: ScomGateway) -> None:
    request = encode_frame(Frame(0, 1, 101, HEAD.pack(0, READ, INFO, 3000, 1)))
    for at in range(len(request)):
        damaged = bytearray(request)
        damaged[at] ^= 0x10
        assert Bench().gateway.feed(bytes(damaged)) == b""
    assert gateway.feed(request[:9]) == b""
    assert gateway.feed(request[9:])


def test_an_answer_is_no_request(gateway: ScomGateway) -> None:
    assert gateway.feed(encode_frame(Frame(0, 1, 101, HEAD.pack(2, READ, INFO, 3000, 1)))) == b""


def test_flags_tell_of_messages_until_the_newest_is_read() -> None:
    bench = Bench()

    def pending() -> bool:
        frame, _ = ask(bench.gateway, 101, READ, INFO, 3000, 1)
        assert frame.flags & 0xC0, "real units set the reserved bits"
        return bool(frame.flags & Flag.MESSAGE_PENDING)

    assert not pending()
    bench.plant.stored.append(StoredMessage(0, 101, 1000, 0))
    assert pending()
    frame, answer = ask(bench.gateway, 501, READ, MESSAGE, 0, 0)
    assert answer.data == struct.pack("<IHIII", 1, 0, 101, 1000, 0)
    assert not frame.flags & Flag.MESSAGE_PENDING
    assert not pending()


def test_the_guid(gateway: ScomGateway) -> None:
    assert ask(gateway, 501, READ, GUID, 0, 0)[1].data == bytes(range(16))


def test_many_infos_of_the_master_of_one_unit_their_mean_and_sum() -> None:
    plant = MemoryPlant({101: {3000: 50.0}, 102: {3000: 52.0}})
    gateway = ScomGateway(plant, lambda: 1234.0)
    units = (multi_info.MASTER, 1, 2, 3, multi_info.MEAN, multi_info.SUM)
    asked = [multi_info.Entry(3000, unit) for unit in units]
    _, answer = ask(gateway, 501, READ, MULTI, 1, 1, data=multi_info.ask(asked).data)
    present, unix_s, values = multi_info.decode_values(answer.data, asked)
    assert (present, unix_s) == (1 << 5, 1234)
    assert values[:3] == (50.0, 50.0, 52.0)
    assert math.isnan(values[3])
    assert values[4:] == (51.0, 102.0)


def test_answers_kept_back_come_before_the_next() -> None:
    bench = Bench()
    request = encode_frame(Frame(0, 1, 101, HEAD.pack(0, READ, INFO, 3000, 1)))
    at_once = bench.gateway.feed(request)
    bench.gateway.faults.late = 1
    assert bench.gateway.feed(request) == b""
    assert bench.gateway.feed(request) == at_once * 2
    assert bench.gateway.answered == 3


@given(st.lists(st.binary(max_size=40)), st.binary(min_size=10, max_size=60), st.integers(0, 1000))
def test_no_bytes_upset_it(pieces: list[bytes], data: bytes, dst: int) -> None:
    gateway = ScomGateway(MemoryPlant(INFOS))
    for piece in [*pieces, encode_frame(Frame(0, 1, dst, data))]:
        gateway.feed(piece)


@given(
    st.integers(1, 2), st.sampled_from([1, 2, 3, 4, 5, 10, 256]),
    st.sampled_from([0, 1, 1107, 1202, 1399, 3000, 7002, 11016]), st.sampled_from([0, 1, 5, 6, 7, 8, 13]),
    st.binary(max_size=9), st.sampled_from([0, 100, 101, 301, 501, 601, 999]),
)  # fmt: skip
def test_any_request_is_answered_once(
    service: int, object_type: int, nr: int, property_id: int, data: bytes, dst: int
) -> None:
    gateway = ScomGateway(MemoryPlant(INFOS))
    ask(gateway, dst, service, object_type, nr, property_id, data=data)
