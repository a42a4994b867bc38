"""What a recorded frame of an Xcom-CAN in public mode says: one `candump -l` line a frame."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from stallaini.devices.can_bus.logs import candump_frame
from stallaini.devices.studer.can_public import (
    CanAnswer,
    CanMessage,
    CanRequest,
    CanService,
    decode_answer,
    decode_message,
    decode_request,
    identifier,
)
from stallaini.devices.studer.errors import ScomError
from stallaini.devices.studer.formats import Format
from stallaini.devices.studer.messages import message
from stallaini.devices.studer.objects import (
    StuderObject,
    UnknownObject,
    families_at,
    info_at,
    parameter_at,
)

_ERROR_FLAG = 0x01


class _Told(NamedTuple):
    """What a frame tells, whether it asks or answers; `device` is the address asked."""

    device: int
    object_id: int
    part: int | None
    value: float | int | None
    error: ScomError | None
    is_answer: bool


def line_decoder() -> Callable[[str], dict[str, Any]]:
    """A decoder of single lines."""
    return decode_line


def decode_line(line: str) -> dict[str, Any]:
    """What the frame in `line` says. Raises ValueError with the reason when it is malformed."""
    frame = candump_frame(line)
    if frame is None:
        raise ValueError("no candump line such as (1700000000.5) can1 0008CA00#0BB842550000")
    if frame.error or frame.remote:
        raise ValueError("an error frame" if frame.error else "a remote frame")
    if not frame.extended:
        raise ValueError("an 11-bit identifier: the public protocol has 29 bits")
    fields = identifier(frame.id)
    told = _tell(frame.id, frame.data)
    said: dict[str, Any] = {
        "src": fields.src,
        "dst": fields.dst,
        "service": fields.service,
        "object_type": None,
        "object_id": told.object_id,
        "property_id": None,
        "part": told.part,
        "format": Format.FLOAT.name if isinstance(told.value, float) else None,
        "value": told.value,
        "error": None if told.error is None else int(told.error),
        "is_answer": told.is_answer,
        "flags": fields.flags,
        "data": frame.data.hex(),
        "t": frame.monotonic_s,
    }
    return said | _in_words(fields.service, told)


def _tell(can_id: int, data: bytes) -> _Told:
    sent = decode_message(can_id, data)
    if isinstance(sent, CanMessage):
        return _Told(sent.device, sent.nr, None, sent.value, None, is_answer=False)
    if _is_answer(can_id, data):
        answer: CanAnswer = decode_answer(can_id, data)
        return _Told(answer.device, answer.object_id, answer.part, answer.value, answer.error, is_answer=True)
    asked: CanRequest = decode_request(can_id, data)
    return _Told(asked.device, asked.object_id, asked.part, asked.value, None, is_answer=False)


def _is_answer(can_id: int, data: bytes) -> bool:
    """Errors are answers; a read's answer is longer than the request; a write's is told by who sends it."""
    dst, src, service, flags = identifier(can_id)
    if flags & _ERROR_FLAG:
        return True
    if service == CanService.WRITE_PARAMETER:
        return _is_device(src) and not _is_device(dst)
    return len(data) > (2 if service == CanService.READ_INFO else 3)


def _is_device(address: int) -> bool:
    try:
        return bool(families_at(address))
    except UnknownObject:
        return False


def _in_words(service: int, told: _Told) -> dict[str, str]:
    if service == CanService.MESSAGE:
        known_message = message(told.object_id)
        return {"text": known_message.text, "severity": known_message.severity.value}
    said: dict[str, str] = {}
    known = _known(service, told)
    if known is not None:
        said |= {"name": known.name, "unit": known.unit}
    if told.error is not None:
        said["error_text"] = told.error.text
    elif told.value is not None and not math.isfinite(told.value):
        said["text"] = "not a number"
    elif known is not None and known.options and told.value is not None:
        said["text"] = known.meaning(told.value)
    return said


def _known(service: int, told: _Told) -> StuderObject | None:
    """The info or parameter of the maker's table."""
    try:
        find = info_at if service == CanService.READ_INFO else parameter_at
        return find(told.device, told.object_id)
    except UnknownObject:
        return None
