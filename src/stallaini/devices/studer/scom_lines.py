"""What a recorded SCOM frame says: one whole frame in hexadecimal a line, judged strictly.

Good checksums are not enough: a read that brings a value, a write that brings none, and an answer that its
object's format cannot hold are malformed too.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from stallaini.devices.studer import multi_info
from stallaini.devices.studer.errors import ScomError
from stallaini.devices.studer.formats import Format, Value, decode_value
from stallaini.devices.studer.frame import MAX_DATA, MIN_DATA, START, Frame, FrameReader, checksum
from stallaini.devices.studer.messages import message
from stallaini.devices.studer.objects import StuderObject, UnknownObject, info_at, parameter_at
from stallaini.devices.studer.service import (
    Answer,
    ObjectType,
    Property,
    Request,
    decode_answer,
    decode_message,
    decode_request,
)

_HEADER, _CHECKSUM = 14, 2
_RESPONSE = 0x02
_READ, _WRITE = 0x01, 0x02
_HOLDING_A_VALUE = (Property.VALUE, Property.MIN, Property.MAX, Property.UNSAVED)
_READ_WITHOUT_ARGUMENT = (ObjectType.INFO, ObjectType.PARAMETER, ObjectType.MESSAGE, ObjectType.GUID)


def line_decoder() -> Callable[[str], dict[str, Any]]:
    """A decoder of single lines."""
    return decode_line


def decode_line(line: str) -> dict[str, Any]:
    """What the frame in `line` says. Raises ValueError with the reason when it is malformed."""
    try:
        data = bytes.fromhex(line)
    except ValueError:
        raise ValueError("not hexadecimal") from None
    frame = _whole_frame(data)
    if frame.data[0] & _RESPONSE:
        answer = decode_answer(frame.data)
        _check_answer(answer)
        return _said(frame, answer, frame.src, answer.error)
    if frame.data[0]:
        raise ValueError(f"service flags {frame.data[0]:#04x} are neither a request's nor an answer's")
    if frame.flags:
        raise ValueError(f"frame flags {frame.flags:#04x}: a request has none, and this is no answer")
    request = decode_request(frame.data)
    _check_request(request)
    return _said(frame, request, frame.dst, None)


def _whole_frame(data: bytes) -> Frame:
    """The frame that fills `data`; the bytes that some gateways put between frames may surround it."""
    reader = FrameReader()
    frames = reader.feed(data) + reader.flush()
    if len(frames) == 1 and not reader.damaged:
        return frames[0]
    raise ValueError(_what_is_wrong(data))


def _what_is_wrong(data: bytes) -> str:
    if not data or data[0] != START:
        return f"the start byte is not {START:02X}"
    if len(data) < _HEADER:
        return f"{len(data)} bytes: a header takes {_HEADER}"
    if data[12:_HEADER] != checksum(data[1:12]):
        return "the header's checksum does not hold"
    length = int.from_bytes(data[10:12], "little")
    if not MIN_DATA <= length <= MAX_DATA:
        return f"a data length of {length}: there are {MIN_DATA} to {MAX_DATA} bytes"
    if len(data) < _HEADER + length + _CHECKSUM:
        return f"the data end early: {length} bytes and a checksum are told"
    if data[_HEADER + length :][:_CHECKSUM] != checksum(data[_HEADER : _HEADER + length]):
        return "the data's checksum does not hold"
    return f"{len(data) - _HEADER - length - _CHECKSUM} bytes behind the frame"


def _check_request(request: Request) -> None:
    if request.service_id not in (_READ, _WRITE):
        raise ValueError(f"no such service {request.service_id}")
    if request.service_id == _WRITE and not request.data:
        raise ValueError("a write without a value")
    if request.service_id == _READ and request.object_type in _READ_WITHOUT_ARGUMENT and request.data:
        raise ValueError("a read that brings a value")


def _check_answer(answer: Answer) -> None:
    if answer.error is not None:
        return
    if answer.service_id == _WRITE and answer.data:
        raise ValueError("the answer to a write brings a value")
    if answer.service_id == _READ and not answer.data:
        raise ValueError("the answer to a read brings no value")


def _said(frame: Frame, what: Request | Answer, device: int, error: ScomError | None) -> dict[str, Any]:
    known = _known(what, device)
    format, value = _value(what, known, error)
    said = {
        "src": frame.src,
        "dst": frame.dst,
        "service": what.service_id,
        "object_type": what.object_type,
        "object_id": what.object_id,
        "property_id": what.property_id,
        "format": format and format.printed,
        "value": value,
        "error": None if error is None else int(error),
        "is_answer": isinstance(what, Answer),
        "flags": frame.flags,
        "data": what.data.hex(),
    }
    if known is not None:
        said |= {"name": known.name, "unit": known.unit}
    if error is not None:
        return said | {"error_text": error.text}
    if known is not None and value is not None:
        said |= _in_words(known, value)
    return said | _more(what)


def _known(what: Request | Answer, device: int) -> StuderObject | None:
    """The info or parameter of the maker's table, None for anything else."""
    try:
        if what.object_type == ObjectType.INFO:
            return info_at(device, what.object_id)
        if what.object_type == ObjectType.PARAMETER:
            return parameter_at(device, what.object_id)
    except UnknownObject:
        pass
    return None


def _value(
    what: Request | Answer, known: StuderObject | None, error: ScomError | None
) -> tuple[Format | None, Value | None]:
    """The format of what was asked or told, None where none is known, and the value if there is one."""
    if error is not None:
        return Format.ERROR, int(error)
    holds = what.object_type == ObjectType.INFO or what.property_id in _HOLDING_A_VALUE
    if known is None or not holds or known.format in (Format.MENU, Format.UNSUPPORTED):
        return None, None
    format = Format.INT32 if known.is_signal else known.format
    return format, decode_value(format, what.data) if what.data else None


def _in_words(known: StuderObject, value: Value) -> dict[str, str]:
    if isinstance(value, float) and not math.isfinite(value):
        return {"text": "not a number"}
    if known.options and not isinstance(value, str):
        return {"text": known.meaning(value)}
    return {}


def _more(what: Request | Answer) -> dict[str, Any]:
    """What other objects than infos and parameters tell."""
    if what.object_type == ObjectType.MESSAGE and isinstance(what, Answer):
        total, stored = decode_message(what.data)
        known = message(stored.nr)
        return {
            "text": known.text,
            "message": {
                "total": total,
                "nr": stored.nr,
                "severity": known.severity.value,
                "address": stored.address,
                "unix_s": stored.unix_s,
                "value": stored.value,
            },
        }
    if what.object_type == ObjectType.MULTI_INFO and what.data:
        return {"infos": _infos(what)}
    return {}


def _infos(what: Request | Answer) -> list[dict[str, Any]]:
    if isinstance(what, Request):
        return [entry._asdict() for entry in multi_info.decode_entries(what.data)]
    entries = multi_info.answered_entries(what.data)
    values = multi_info.decode_values(what.data, entries).values
    return [{**entry._asdict(), "value": value} for entry, value in zip(entries, values, strict=True)]
