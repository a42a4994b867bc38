"""The ways to code a run of minutes that `stallaini bench codec` sets side by side."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable, Sequence

import msgspec

from stallaini.link.codec import DeltaCodec, MinuteCodec
from stallaini.link.messages import Minute
from stallaini.link.model import SeriesKind

HEAD_BYTES = 1
"""What every one of our messages spends on naming version and codec; other ways carry their own time."""
_ABSENT = -32768

Coding = Callable[[Sequence[Minute], Minute], bytes]
"""A run of minutes and the one before it, as bytes."""


def plain_codings(kinds: Sequence[SeriesKind]) -> dict[str, Coding]:
    """The ways that learn nothing; ours of version 1 among them."""
    delta = DeltaCodec()
    chained = by_codec(delta, chained=True)
    return {
        "JSON, compact": lambda run, _: _json(kinds, run),
        "JSON + zlib": lambda run, _: zlib.compress(_json(kinds, run), 9),
        "MessagePack, whole numbers": lambda run, _: _msgpack(run),
        "struct, 16 bits a value": lambda run, _: _struct(run),
        "struct + deflate": lambda run, _: _deflate(_struct(run)),
        "mask + delta varint (codec 1), self-contained": by_codec(delta, chained=False),
        "mask + delta varint (codec 1), chained": chained,
        "mask + delta varint (codec 1), chained + deflate": lambda run, base: _deflate(chained(run, base)),
    }


def by_codec(codec: MinuteCodec, *, chained: bool) -> Coding:
    """A codec of ours as a coding, the byte that names it included."""

    def code(run: Sequence[Minute], base: Minute) -> bytes:
        encoder = codec.encoder(base if chained else None)
        for minute in run:
            encoder.add(minute)
        return bytes(HEAD_BYTES) + encoder.finish()

    return code


def _json(kinds: Sequence[SeriesKind], run: Sequence[Minute]) -> bytes:
    rows = [
        {"t": minute.minute * 60}
        | {
            kind.name: None if value is None else round(value * kind.resolution, 3)
            for kind, value in zip(kinds, minute.values, strict=True)
        }
        for minute in run
    ]
    return json.dumps(rows if len(rows) > 1 else rows[0], separators=(",", ":")).encode()


def _msgpack(run: Sequence[Minute]) -> bytes:
    return msgspec.msgpack.encode((run[0].minute, [minute.values for minute in run]))


def _struct(run: Sequence[Minute]) -> bytes:
    """Four bytes of time, then every value in 16 bits, cut where it does not fit."""
    rows = [
        [_ABSENT if value is None else max(_ABSENT + 1, min(32767, value)) for value in minute.values]
        for minute in run
    ]
    return struct.pack(">I", run[0].minute) + b"".join(struct.pack(f">{len(row)}h", *row) for row in rows)


def _deflate(data: bytes) -> bytes:
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15, 9)
    return deflater.compress(data) + deflater.flush()
