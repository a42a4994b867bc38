"""What the edge notes beside its entries, so that a restart neither repeats nor forgets what it told."""

from __future__ import annotations

from typing import NamedTuple

import msgspec


class Memory(NamedTuple):
    """The notes of the flags and of the alarms, each in its own form."""

    flags: bytes = b""
    alarms: bytes = b""

    def encode(self) -> bytes:
        """As the journal keeps it."""
        return msgspec.msgpack.encode(tuple(self))


def decode_memory(note: bytes) -> Memory:
    """The memory in a journal's note; one from before alarms holds the flags alone."""
    try:
        return Memory(*msgspec.msgpack.decode(note, type=tuple[bytes, bytes])) if note else Memory()
    except msgspec.DecodeError:
        return Memory(flags=note)
