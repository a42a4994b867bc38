"""Messages as bytes, and back. Pure, no I/O; docs/reference/wire.md has the byte tables.

An uplink opens with a head of 24 bytes (journal id, boot id, description hash). Once the server has
answered one, the edge sends two bytes in its place (`Head.tag`); a server that does not know the tag
answers NEED_HEAD. A chained uplink names its base, the newest minute the server acknowledged, by
sequence number and one check byte; a server without that minute answers UNKNOWN_BASE.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from stallaini.link import sections
from stallaini.link.codec import CODECS, DEFAULT_CODEC, MinuteCodec
from stallaini.link.messages import Answer, Downlink, Entry, Event, Head, Minute, Uplink
from stallaini.link.varint import Cursor, Malformed, append_varint, varint_bytes
from stallaini.site.description import description_hash

__all__ = [
    "VERSION",
    "Malformed",
    "Packed",
    "UnknownBase",
    "UnknownHead",
    "UplinkHead",
    "decode_downlink",
    "decode_uplink",
    "encode_downlink",
    "encode_uplink",
    "pack_uplink",
    "peek_uplink",
]

VERSION = 1
MESSAGE_BYTES = 1024
_ID_BYTES, _TAG_BYTES = 8, 2
_FULL_HEAD, _DESCRIPTION, _LOST_BEFORE, _LIVE, _CHAINED, _MIXED = (1 << bit for bit in range(6))
_KNOWN_FLAGS = (1 << 6) - 1


class UnknownBase(Exception):
    """The minutes are chained to a minute this end does not have: answer UNKNOWN_BASE."""


class UnknownHead(Exception):
    """The two-byte tag stands for no head known here: answer NEED_HEAD."""


class UplinkHead(NamedTuple):
    """The part of an uplink that can be read without knowing its base or its series.

    `full` tells that the ids came in full; `description` holds the description's bytes when it came
    along, already checked against `description_hash`.
    """

    version: int
    codec_version: int
    journal_id: bytes
    boot_id: bytes
    description_hash: bytes
    full: bool
    after_seq: int
    base_seq: int | None
    description: bytes | None

    @property
    def head(self) -> Head:
        """The three ids as one: what the server remembers as `known` for the next uplink."""
        return Head(self.journal_id, self.boot_id, self.description_hash)


class Packed(NamedTuple):
    """A filled message and how many of the offered entries it holds."""

    payload: bytes
    taken: int


def encode_uplink(
    uplink: Uplink,
    base: Entry | None = None,
    *,
    full_head: bool = True,
    codec: MinuteCodec = DEFAULT_CODEC,
) -> bytes:
    """The bytes of an uplink.

    `base` is the entry of the newest minute the server acknowledged for this journal and description
    (None: self-contained). `full_head` False only after the server has answered an uplink with this
    head in full. Raises ValueError for an uplink that cannot be coded.
    """
    if base is not None and not uplink.entries:
        base = None
    mixed = _is_mixed(uplink)
    flags = (
        _FULL_HEAD * (full_head or uplink.description is not None)
        | _DESCRIPTION * (uplink.description is not None)
        | _LOST_BEFORE * uplink.lost_before
        | _LIVE * (uplink.live is not None)
        | _CHAINED * (base is not None)
        | _MIXED * mixed
    )
    out = bytearray((VERSION << 4 | codec.version, flags))
    out += b"".join(_checked_ids(uplink.head)) if flags & _FULL_HEAD else uplink.head.tag
    append_varint(out, uplink.after_seq)
    if base is not None:
        _append_base(out, uplink.after_seq, base)
    if uplink.description is not None:
        append_varint(out, len(uplink.description))
        out += uplink.description
    if uplink.live is not None:
        sections.append_live(out, uplink.live)
    if mixed:
        sections.append_layout(out, uplink.after_seq, uplink.entries)
        sections.append_events(out, [e.body for e in uplink.entries if isinstance(e.body, Event)])
    encoder = codec.encoder(_base_minute(base))
    for entry in uplink.entries:
        if isinstance(entry.body, Minute):
            encoder.add(entry.body)
    return bytes(out) + encoder.finish()


def peek_uplink(data: bytes, known: Head | None = None) -> UplinkHead:
    """The head of an uplink; `known` is the head last accepted from this site.

    Raises Malformed, or UnknownHead when the message has only a tag and it is not `known`'s.
    """
    return _read_head(data, known)[0]


def decode_uplink(data: bytes, base: Minute | None, width: int, known: Head | None = None) -> Uplink:
    """The uplink in `data`, its minutes `width` series wide.

    `base` is the minute that `peek_uplink(...).base_seq` names, or None when there is none here.
    Raises Malformed, UnknownHead, or UnknownBase when `base` is not the minute the edge meant.
    """
    peek, flags, base_check, cursor = _read_head(data, known)
    live = sections.read_live(cursor) if flags & _LIVE else None
    runs = sections.read_layout(cursor, peek.after_seq) if flags & _MIXED else None
    events = sections.read_events(cursor) if flags & _MIXED else []
    if peek.base_seq is None:
        base = None
    elif base is None or len(base.values) != width or _check_of(base) != base_check:
        raise UnknownBase(f"no base minute at sequence number {peek.base_seq}")
    minutes = CODECS[peek.codec_version].decode(cursor.rest(), base, width)
    if runs is None:
        numbered = enumerate(minutes, peek.after_seq + 1)
        entries = tuple(Entry(seq, body) for seq, body in numbered)
    else:
        entries = sections.join_entries(runs, minutes, events)
    return Uplink(
        *peek.head,
        after_seq=peek.after_seq,
        entries=entries,
        lost_before=bool(flags & _LOST_BEFORE),
        description=peek.description,
        live=live,
    )


def pack_uplink(
    uplink: Uplink,
    entries: Iterable[Entry],
    base: Entry | None = None,
    *,
    full_head: bool = True,
    limit_bytes: int = MESSAGE_BYTES,
    codec: MinuteCodec = DEFAULT_CODEC,
) -> Packed:
    """Fill one message with as many of `entries` (oldest first) as fit `limit_bytes`.

    `uplink` gives everything but the entries. At least one entry goes, even when it alone exceeds the
    limit: the transport then splits the message. Stops reading `entries` at the first that is too much.
    """
    empty = encode_uplink(_with_entries(uplink, ()), full_head=full_head, codec=codec)
    room = limit_bytes - len(empty) - sections.MIXED_BYTES
    room -= 0 if base is None else varint_bytes(uplink.after_seq) + 1
    encoder = codec.encoder(_base_minute(base))
    chosen: list[Entry] = []
    minutes_size = other_size = 0
    for entry in entries:
        other_size += sections.entry_overhead_bytes(chosen[-1] if chosen else None, entry)
        if isinstance(entry.body, Minute):
            minutes_size = encoder.add(entry.body)
        if chosen and minutes_size + other_size > room:
            break
        chosen.append(entry)
    filled = _with_entries(uplink, chosen)
    return Packed(encode_uplink(filled, base, full_head=full_head, codec=codec), len(chosen))


def encode_downlink(downlink: Downlink) -> bytes:
    """The bytes of a downlink: version and answer, acknowledged sequence number, seconds watched."""
    out = bytearray((VERSION << 4 | downlink.answer,))
    append_varint(out, downlink.acked_seq)
    if downlink.watching_s:
        append_varint(out, downlink.watching_s)
    return bytes(out)


def decode_downlink(data: bytes) -> Downlink:
    """The downlink in `data`; raises Malformed."""
    cursor = Cursor(data)
    first = cursor.byte()
    if first >> 4 != VERSION:
        raise Malformed(f"a downlink of version {first >> 4}; this end speaks {VERSION}")
    try:
        answer = Answer(first & 15)
    except ValueError as error:
        raise Malformed(f"answer {first & 15} is none of this version") from error
    acked_seq = cursor.varint()
    watching_s = cursor.varint() if cursor.remaining else 0
    if cursor.remaining:
        raise Malformed(f"{cursor.remaining} bytes too many")
    return Downlink(answer, acked_seq, watching_s)


def _with_entries(uplink: Uplink, entries: Sequence[Entry]) -> Uplink:
    return Uplink(
        *uplink.head,
        after_seq=uplink.after_seq,
        entries=tuple(entries),
        lost_before=uplink.lost_before,
        description=uplink.description,
        live=uplink.live,
    )


def _is_mixed(uplink: Uplink) -> bool:
    """Whether the entries need a layout: they are not just minutes numbered from `after_seq` + 1 on."""
    numbered = enumerate(uplink.entries, uplink.after_seq + 1)
    return any(entry.seq != seq or isinstance(entry.body, Event) for seq, entry in numbered)


def _checked_ids(head: Head) -> Head:
    if any(len(part) != _ID_BYTES for part in head):
        raise ValueError(f"journal id, boot id and description hash are {_ID_BYTES} bytes each")
    return head


def _append_base(out: bytearray, after_seq: int, base: Entry) -> None:
    if not 0 < base.seq <= after_seq:
        raise ValueError(f"base {base.seq} is not among the acknowledged entries up to {after_seq}")
    append_varint(out, after_seq - base.seq)
    minute = _base_minute(base)
    assert minute is not None
    out.append(_check_of(minute))


def _base_minute(base: Entry | None) -> Minute | None:
    if base is None:
        return None
    if not isinstance(base.body, Minute):
        raise ValueError("a base is a minute, not an event")
    return base.body


def _check_of(base: Minute) -> int:
    """One byte that tells a wrong base: the low byte of CRC-32 over the minute coded by itself."""
    encoder = DEFAULT_CODEC.encoder(None)
    encoder.add(base)
    return zlib.crc32(encoder.finish()) & 0xFF


def _read_head(data: bytes, known: Head | None) -> tuple[UplinkHead, int, int, Cursor]:
    """The head, the flags, the base's check byte (0 when there is no base), the cursor behind it all."""
    cursor = Cursor(data)
    version, codec = divmod(cursor.byte(), 16)
    if version != VERSION or codec not in CODECS:
        raise Malformed(f"version {version} with minute codec {codec}; this end speaks {VERSION} with 1")
    flags = cursor.byte()
    if flags & ~_KNOWN_FLAGS or (flags & _DESCRIPTION and not flags & _FULL_HEAD):
        raise Malformed(f"flags {flags:#04x} are not of this version")
    head = _read_ids(cursor, bool(flags & _FULL_HEAD), known)
    after_seq = cursor.varint()
    base_seq = after_seq - cursor.varint() if flags & _CHAINED else None
    base_check = cursor.byte() if flags & _CHAINED else 0
    if base_seq is not None and base_seq <= 0:
        raise Malformed(f"base sequence number {base_seq}")
    description = cursor.take(cursor.varint()) if flags & _DESCRIPTION else None
    if description is not None and description_hash(description) != head.description_hash:
        raise Malformed("the description is not the one its hash names")
    full = bool(flags & _FULL_HEAD)
    peek = UplinkHead(version, codec, *head, full, after_seq, base_seq, description)
    return peek, flags, base_check, cursor


def _read_ids(cursor: Cursor, full: bool, known: Head | None) -> Head:
    if full:
        return Head(*(cursor.take(_ID_BYTES) for _ in range(3)))
    tag = cursor.take(_TAG_BYTES)
    if known is None or known.tag != tag:
        raise UnknownHead(f"no head known by the tag {tag.hex()}")
    return known
