"""The Xcom-CAN "public" protocol: one 29-bit frame asks, one answers. Big-endian; every value is a float32.

Bits of the identifier: destination 10, source 10, service 3, flags 6 (bit 0 of these: error). Source: the
maker's package `xcomcan` 0.9.1. As with SCOM, a read or a write to RAM can be encoded, and nothing else.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import ClassVar, NamedTuple

from stallaini.devices.studer.errors import ScomError

MESSAGES_TO = 500
"""The address that messages are sent to, unasked."""

MAX_ADDRESS = 0x3FF

_ERROR_FLAG = 0x01
_INFO = struct.Struct(">H")
_INFO_VALUE = struct.Struct(">Hf")
_READ = struct.Struct(">HB")
_PART_VALUE = struct.Struct(">HBf")
_ERROR = struct.Struct(">HI")
_MESSAGE = struct.Struct(">HI")


class CanService(IntEnum):
    """What a frame is about."""

    READ_INFO = 0
    READ_PARAMETER = 1
    WRITE_PARAMETER = 2
    MESSAGE = 3


class CanPart(IntEnum):
    """Which number of a parameter. Flash is read with FLASH; RAM can be written and never read."""

    FLASH = 0x00
    MIN = 0x01
    MAX = 0x02
    RAM = 0x04


class Identifier(NamedTuple):
    """The fields of a 29-bit identifier."""

    dst: int
    src: int
    service: int
    flags: int = 0

    def encode(self) -> int:
        """The identifier. Raises ValueError when a field is too big."""
        if not (
            0 <= self.dst <= MAX_ADDRESS
            and 0 <= self.src <= MAX_ADDRESS
            and 0 <= self.service <= 7
            and 0 <= self.flags <= 63
        ):
            raise ValueError(f"{self} does not fit 29 bits")
        return self.dst << 19 | self.src << 9 | self.service << 6 | self.flags


def identifier(can_id: int) -> Identifier:
    """The fields of `can_id`."""
    return Identifier(can_id >> 19 & 0x3FF, can_id >> 9 & 0x3FF, can_id >> 6 & 7, can_id & 0x3F)


@dataclass(frozen=True, slots=True)
class ReadInfo:
    """Ask for an info."""

    object_id: int

    service: ClassVar[CanService] = CanService.READ_INFO
    part: ClassVar[int | None] = None

    def encode(self) -> bytes:
        """The frame's data."""
        return _INFO.pack(self.object_id)


@dataclass(frozen=True, slots=True)
class ReadParameter:
    """Ask for a parameter's value in flash, or for a limit."""

    object_id: int
    part: CanPart

    service: ClassVar[CanService] = CanService.READ_PARAMETER

    def encode(self) -> bytes:
        """The frame's data."""
        return _READ.pack(self.object_id, self.part)


@dataclass(frozen=True, slots=True)
class WriteRam:
    """Set a parameter in RAM."""

    object_id: int
    value: float

    service: ClassVar[CanService] = CanService.WRITE_PARAMETER
    part: ClassVar[int | None] = CanPart.RAM

    def encode(self) -> bytes:
        """The frame's data."""
        return _PART_VALUE.pack(self.object_id, CanPart.RAM, self.value)


CanQuestion = ReadInfo | ReadParameter | WriteRam


def encode_question(device: int, source: int, question: CanQuestion) -> tuple[int, bytes]:
    """The frame that asks. Raises ValueError when an address, number or value does not fit."""
    try:
        return Identifier(device, source, question.service).encode(), question.encode()
    except (struct.error, OverflowError) as error:
        raise ValueError(f"{question} does not fit a frame: {error}") from error


@dataclass(frozen=True, slots=True)
class CanRequest:
    """What somebody asked, as the other end sees it; `value` is that of a write."""

    device: int
    source: int
    service: CanService
    object_id: int
    part: int | None
    value: float | None


def decode_request(can_id: int, data: bytes) -> CanRequest:
    """Raises ValueError when an extended frame is no request."""
    dst, src, service, flags = identifier(can_id)
    if flags:
        raise ValueError(f"flags {flags:#04x} are no request's")
    part, value = None, None
    try:
        if service == CanService.READ_INFO:
            (nr,) = _INFO.unpack(data)
        elif service == CanService.READ_PARAMETER:
            nr, part = _READ.unpack(data)
        elif service == CanService.WRITE_PARAMETER:
            nr, part, value = _PART_VALUE.unpack(data)
        else:
            raise ValueError(f"service {service} is no request's")
    except struct.error as error:
        raise ValueError(f"{len(data)} bytes are no request of service {service}") from error
    return CanRequest(dst, src, CanService(service), nr, part, value)


@dataclass(frozen=True, slots=True)
class CanAnswer:
    """What a device answered: `value`, or an `error`, which does not tell the part."""

    device: int
    destination: int
    service: CanService
    object_id: int
    part: int | None
    value: float | None
    error: ScomError | None = None

    def answers(self, device: int, question: CanQuestion) -> bool:
        """Whether it echoes all that an answer to `question` has to echo."""
        return (
            self.device == device
            and self.service == question.service
            and self.object_id == question.object_id
            and (self.error is not None or self.part == question.part)
        )


def decode_answer(can_id: int, data: bytes) -> CanAnswer:
    """Raises ValueError when an extended frame is no answer: service, flag and length must hold."""
    dst, src, service, flags = identifier(can_id)
    if service > CanService.WRITE_PARAMETER:
        raise ValueError(f"service {service} is no answer's")
    part, value, error = None, None, None
    try:
        if flags & _ERROR_FLAG:
            nr, code = _ERROR.unpack(data)
            error = ScomError(code)
        elif service == CanService.READ_INFO:
            nr, value = _INFO_VALUE.unpack(data)
        else:
            nr, part, value = _PART_VALUE.unpack(data)
    except struct.error as wrong:
        raise ValueError(f"{len(data)} bytes are no answer of service {service}") from wrong
    return CanAnswer(src, dst, CanService(service), nr, part, value, error)


def encode_answer(request: CanRequest, value: float) -> tuple[int, bytes]:
    """The frame that answers `request` with `value`."""
    can_id = Identifier(request.source, request.device, request.service).encode()
    if request.part is None:
        return can_id, _INFO_VALUE.pack(request.object_id, value)
    return can_id, _PART_VALUE.pack(request.object_id, request.part, value)


def encode_refusal(request: CanRequest, error: ScomError) -> tuple[int, bytes]:
    """The frame that refuses `request`."""
    can_id = Identifier(request.source, request.device, request.service, _ERROR_FLAG).encode()
    return can_id, _ERROR.pack(request.object_id, error)


class CanMessage(NamedTuple):
    """A message a device sent, unasked."""

    device: int
    nr: int
    value: int


def encode_message(message: CanMessage) -> tuple[int, bytes]:
    """The frame of a message."""
    can_id = Identifier(MESSAGES_TO, message.device, CanService.MESSAGE).encode()
    return can_id, _MESSAGE.pack(message.nr, message.value)


def decode_message(can_id: int, data: bytes) -> CanMessage | None:
    """The message in an extended frame; None when it is none."""
    dst, src, service, flags = identifier(can_id)
    if (
        (dst, service) != (MESSAGES_TO, CanService.MESSAGE)
        or flags & _ERROR_FLAG
        or len(data) != _MESSAGE.size
    ):
        return None
    return CanMessage(src, *_MESSAGE.unpack(data))
