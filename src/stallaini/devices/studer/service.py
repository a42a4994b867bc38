"""What a SCOM frame asks and answers (specification V1.6.32, 4): read a property, or write one in RAM.

What this program can ask is a `Read` or a `WriteUnsaved`, and nothing else can be encoded: a parameter's
flash endures 1000 writes, so there is no type that could express a write to it. A `Request` is what the other
end decodes; it cannot be sent.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from enum import IntEnum

from stallaini.devices.studer.errors import ScomError
from stallaini.devices.studer.messages import StoredMessage

GATEWAY = 501
"""The gateway's own address."""

_HEAD = struct.Struct("<BBHIH")
_ERROR = struct.Struct("<H")
_RESPONSE, _RESPONSE_WITH_ERROR = 0x02, 0x03
_READ, _WRITE = 0x01, 0x02


class ObjectType(IntEnum):
    """What an object id counts."""

    INFO = 0x01
    PARAMETER = 0x02
    MESSAGE = 0x03
    GUID = 0x04
    DATALOG_FIELD = 0x05
    MULTI_INFO = 0x0A
    SCREEN = 0x0100
    FILE = 0x0101


class Property(IntEnum):
    """Properties of infos (INFO) and parameters. VALUE is the one in flash: it can be read only."""

    NONE = 0x00
    INFO = 0x01
    VALUE = 0x05
    MIN = 0x06
    MAX = 0x07
    LEVEL = 0x08
    UNSAVED = 0x0D


@dataclass(frozen=True, slots=True)
class Read:
    """Ask for a property; some objects take an argument in `data`."""

    object_type: int
    object_id: int
    property_id: int
    data: bytes = b""

    service_id = _READ

    def encode(self) -> bytes:
        """The data of its frame."""
        return _HEAD.pack(0, _READ, self.object_type, self.object_id, self.property_id) + self.data


@dataclass(frozen=True, slots=True)
class WriteUnsaved:
    """Set a parameter in RAM."""

    object_id: int
    data: bytes

    service_id = _WRITE
    object_type = ObjectType.PARAMETER
    property_id = Property.UNSAVED

    def encode(self) -> bytes:
        """The data of its frame."""
        return _HEAD.pack(0, _WRITE, ObjectType.PARAMETER, self.object_id, Property.UNSAVED) + self.data


Question = Read | WriteUnsaved


@dataclass(frozen=True, slots=True)
class Request:
    """What somebody asked, as the other end sees it."""

    service_id: int
    object_type: int
    object_id: int
    property_id: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a request: `data`, or an `error` (then `data` holds its code)."""

    service_id: int
    object_type: int
    object_id: int
    property_id: int
    data: bytes
    error: ScomError | None = None

    def answers(self, question: Question) -> bool:
        """Whether it echoes all that an answer to `question` has to echo."""
        return (
            self.object_id == question.object_id
            and self.property_id == question.property_id
            and self.object_type == question.object_type
            and self.service_id == question.service_id
        )


def decode_request(data: bytes) -> Request:
    """Raises ValueError when the service data are no request."""
    if len(data) < _HEAD.size or data[0] != 0:
        raise ValueError("no request")
    _, service_id, object_type, object_id, property_id = _HEAD.unpack_from(data)
    return Request(service_id, object_type, object_id, property_id, data[_HEAD.size :])


def decode_answer(data: bytes) -> Answer:
    """Raises ValueError when the service data are no answer: response bit, service and length must hold."""
    if len(data) < _HEAD.size:
        raise ValueError(f"an answer takes at least {_HEAD.size} bytes, not {len(data)}")
    flags, service_id, object_type, object_id, property_id = _HEAD.unpack_from(data)
    rest = data[_HEAD.size :]
    if flags not in (_RESPONSE, _RESPONSE_WITH_ERROR):
        raise ValueError(f"service flags {flags:#04x} are no answer's")
    if service_id not in (_READ, _WRITE):
        raise ValueError(f"no such service {service_id}")
    error = None
    if flags == _RESPONSE_WITH_ERROR:
        if len(rest) != _ERROR.size:
            raise ValueError("an error answer carries a code of two bytes")
        error = ScomError(_ERROR.unpack(rest)[0])
    return Answer(service_id, object_type, object_id, property_id, rest, error)


def encode_answer(request: Request, data: bytes) -> bytes:
    """The answer to `request` with `data`."""
    return _echo(_RESPONSE, request) + data


def encode_refusal(request: Request, error: ScomError) -> bytes:
    """The answer that `request` is refused."""
    return _echo(_RESPONSE_WITH_ERROR, request) + _ERROR.pack(error)


def _echo(flags: int, to: Request) -> bytes:
    return _HEAD.pack(flags, to.service_id, to.object_type, to.object_id, to.property_id)


_MESSAGE = struct.Struct("<IHIII")


def encode_message(total: int, stored: StoredMessage) -> bytes:
    """The data of a message record; `total` is how many the gateway stores."""
    return _MESSAGE.pack(total, stored.nr, stored.address, stored.unix_s or 0, stored.value)


def decode_message(data: bytes) -> tuple[int, StoredMessage]:
    """How many messages are stored, and this one. Raises ValueError on a wrong length."""
    if len(data) != _MESSAGE.size:
        raise ValueError(f"a message takes {_MESSAGE.size} bytes, not {len(data)}")
    total, nr, address, unix_s, value = _MESSAGE.unpack(data)
    return total, StoredMessage(nr, address, unix_s, value)
