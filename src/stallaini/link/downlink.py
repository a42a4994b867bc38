"""Downlinks as bytes, and back. Pure, no I/O; docs/reference/wire.md has the byte tables.

The answer given most is OK to all of an uplink, with nothing else to say: it takes no bytes at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from stallaini.link.messages import Answer, Command, Downlink, Scalar
from stallaini.link.varint import HIGHEST, Cursor, Malformed, append_varint

VERSION = 2
COMMAND_BYTES = 800
"""Room for commands in one answer, which is to stay below 1,024 bytes."""
_ACKED, _WATCHED, _TIME, _COMMANDS = (1 << bit for bit in range(4))
_KNOWN_FLAGS = (1 << 4) - 1
_ROWS = msgspec.msgpack.Decoder(list[tuple[int, str, str, int, int, dict[str, Scalar]]])


def encode_downlink(downlink: Downlink, settled_seq: int | None = None) -> bytes:
    """The bytes of a downlink; `settled_seq` is what a plain OK to this uplink acknowledges.

    None where it is not known what the uplink holds: then `acked_seq` is always said.
    """
    flags = (
        _ACKED * (downlink.acked_seq != settled_seq)
        | _WATCHED * (downlink.watching_s > 0)
        | _TIME * (downlink.time_ms is not None)
        | _COMMANDS * bool(downlink.commands)
    )
    if downlink.answer is Answer.OK and not flags:
        return b""
    out = bytearray((VERSION << 4 | downlink.answer, flags))
    if flags & _ACKED:
        append_varint(out, downlink.acked_seq)
    if flags & _WATCHED:
        append_varint(out, downlink.watching_s)
    if downlink.time_ms is not None:
        append_varint(out, downlink.time_ms)
    if downlink.commands:
        out += msgspec.msgpack.encode([_row(command) for command in downlink.commands])
    return bytes(out)


def decode_downlink(data: bytes, settled_seq: int) -> Downlink:
    """The downlink in `data`, the answer to an uplink whose plain OK acknowledges `settled_seq`.

    Raises Malformed.
    """
    if not data:
        return Downlink(Answer.OK, settled_seq)
    cursor = Cursor(data)
    answer = _answer(cursor.byte())
    flags = cursor.byte()
    if flags & ~_KNOWN_FLAGS:
        raise Malformed(f"flags {flags:#04x} are not of this version")
    acked_seq = cursor.varint() if flags & _ACKED else settled_seq
    watching_s = cursor.varint() if flags & _WATCHED else 0
    time_ms = cursor.varint() if flags & _TIME else None
    commands = _commands(cursor.rest()) if flags & _COMMANDS else ()
    if cursor.remaining:
        raise Malformed(f"{cursor.remaining} bytes too many")
    return Downlink(answer, acked_seq, watching_s, time_ms, commands)


def fitting_commands(commands: Iterable[Command], limit_bytes: int) -> Sequence[Command]:
    """The first ones of `commands` that take at most `limit_bytes` together, in order."""
    chosen: list[Command] = []
    size_bytes = 0
    for command in commands:
        size_bytes += len(msgspec.msgpack.encode(_row(command)))
        if size_bytes > limit_bytes:
            break
        chosen.append(command)
    return chosen


def _answer(first: int) -> Answer:
    if first >> 4 != VERSION:
        raise Malformed(f"a downlink of version {first >> 4}; this end speaks {VERSION}")
    try:
        return Answer(first & 15)
    except ValueError as error:
        raise Malformed(f"answer {first & 15} is none of this version") from error


def _row(command: Command) -> tuple[int, str, str, int, int, dict[str, Scalar]]:
    return (
        command.id,
        command.issuer,
        command.kind,
        command.not_before_s,
        command.not_after_s,
        command.data,
    )


def _commands(packed: bytes) -> tuple[Command, ...]:
    try:
        commands = tuple(Command(*row) for row in _ROWS.decode(packed))
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise Malformed(f"commands: {error}") from error
    for command in commands:
        if not all(0 <= n <= HIGHEST for n in (command.id, command.not_before_s, command.not_after_s)):
            raise Malformed(f"command {command.id}: a number out of range")
    return commands
