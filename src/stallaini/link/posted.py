"""A whole CoAP message as the body of an HTTP request or of its answer: the link where UDP is blocked."""

from __future__ import annotations

from aiocoap.message import Message
from aiocoap.numbers.types import Type

from stallaini.link.varint import Malformed

ROUTE = "/link"
"""Where the server takes them, below the address of its page."""
MAX_BYTES = 64 * 1024
"""The longest body, up and down. Nothing is cut into blocks here."""
_VERSION = 1
_MESSAGE_ID = 0


def pack(message: Message, kind: Type) -> bytes:
    """The bytes of a message: as on UDP, without a token, and with message id 0 since HTTP pairs the two."""
    message.mtype, message.mid, message.token = kind, _MESSAGE_ID, b""
    return bytes(message.encode())


def unpack(data: bytes, kind: Type, remote: object) -> Message:
    """The message in a body from `remote`. Raises Malformed when it is none of this kind, or has a token."""
    if data[:1] != bytes([_VERSION << 6 | kind << 4]):
        raise Malformed("no CoAP message of the kind that belongs here")
    try:
        message: Message = Message.decode(data, remote)
    except Exception as error:  # aiocoap promises one type of error, and raises others
        raise Malformed(f"no CoAP message: {error}") from error
    return message
