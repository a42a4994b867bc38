"""What stands for a steady uplink's head: four bytes that only the right server can read. Pure.

Most uplinks say nothing but the next minutes. Both ends then know the head, how far the journal is
acknowledged, and the base; so the uplink names only the last byte of `after_seq`, and a check over all
of it. Where the two ends disagree, the check does, and the server asks for the head.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from stallaini.link.codec import DEFAULT_CODEC
from stallaini.link.messages import Entry, Head, Minute
from stallaini.link.varint import Cursor

CHECK_BYTES = 3
_NUMBER_BYTES = 8


class UnknownHead(Exception):
    """What stands for the head means nothing known here: answer NEED_HEAD."""


def stand_in(head: Head, after_seq: int, base: Entry) -> bytes:
    """The four bytes: the low one of `after_seq`, and the check."""
    return bytes((after_seq & 0xFF,)) + _check(head, after_seq, base)


def meant(cursor: Cursor, known: Head, acked_seq: int, bases: Sequence[Entry]) -> tuple[int, Entry]:
    """The `after_seq` and the base that the next four bytes stand for, given what the server knows.

    `after_seq` is the number with that low byte nearest to `acked_seq`; the base is the newest of
    `bases` up to it. Raises Malformed when the bytes end, UnknownHead when the check disagrees.
    """
    low = cursor.byte()
    check = cursor.take(CHECK_BYTES)
    after_seq = _nearest(low, acked_seq)
    base = max((base for base in bases if base.seq <= after_seq), key=lambda base: base.seq, default=None)
    if base is None or _check(known, after_seq, base) != check:
        raise UnknownHead(f"a brief uplink after {after_seq} does not fit what is known")
    return after_seq, base


def plain_bytes(minute: Minute) -> bytes:
    """A minute as bytes that both ends make alike, to take a check over."""
    encoder = DEFAULT_CODEC.encoder(None)
    encoder.add(minute)
    return encoder.finish()


def _check(head: Head, after_seq: int, base: Entry) -> bytes:
    if not isinstance(base.body, Minute):
        raise ValueError("a base is a minute, not an event")
    digest = hashlib.sha256(b"".join(head))
    for number in (after_seq, base.seq):
        digest.update(number.to_bytes(_NUMBER_BYTES, "big"))
    digest.update(plain_bytes(base.body))
    return digest.digest()[:CHECK_BYTES]


def _nearest(low: int, around: int) -> int:
    """The number from 0 on with that low byte nearest to `around`."""
    number = around - ((around - low + 128) % 256 - 128)
    return number if number >= 0 else number + 256
