"""Uplinks as bytes, and back. Pure, no I/O; docs/reference/wire.md has the byte tables.

An uplink opens with a head of 24 bytes (journal id, boot id, description hash). Once the server has
answered one, two bytes stand in its place (`Head.tag`); and where nothing travels but the next minutes,
chained to the newest one the server acknowledged, four bytes stand for all of it (`brief.py`). A server
that cannot tell what they stand for answers NEED_HEAD, one without the base UNKNOWN_BASE.
"""

from __future__ import annotations

import enum
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NamedTuple

from stallaini.link import brief, sections
from stallaini.link.brief import UnknownHead
from stallaini.link.codec import DEFAULT_CODEC, MinuteCodec
from stallaini.link.codec_range import NAMED, Codecs
from stallaini.link.codec_state import run_minutes
from stallaini.link.messages import Entry, Event, Head, Minute, TimeQuality, Uplink
from stallaini.link.varint import Cursor, Malformed, append_varint, varint_bytes
from stallaini.site.description import description_hash

__all__ = [
    "PLAIN",
    "HeadForm",
    "Malformed",
    "Packed",
    "UnknownBase",
    "UnknownHead",
    "UplinkHead",
    "decode_uplink",
    "encode_uplink",
    "pack_uplink",
    "peek_uplink",
]

PLAIN, BRIEF = 2, 3
"""The two forms of an uplink of this version of the wire; 1 was the version before."""
MESSAGE_BYTES = 1024
_ID_BYTES, _TAG_BYTES = 8, 2
(
    _FULL_HEAD, _DESCRIPTION, _LOST_BEFORE, _LIVE, _CHAINED, _MIXED, _AHEAD, _TIME_WANTED, _SEEN, _QUALITIES,
) = (1 << bit for bit in range(10))  # fmt: skip
_KNOWN_FLAGS = (1 << 10) - 1


class HeadForm(enum.Enum):
    """How much of its head an uplink says: all, a tag, or as little as it can (BRIEF, or else the tag)."""

    FULL = enum.auto()
    TAG = enum.auto()
    BRIEF = enum.auto()


class UnknownBase(Exception):
    """The minutes are chained to a minute this end does not have: answer UNKNOWN_BASE."""


class UplinkHead(NamedTuple):
    """Whose uplink it is, which can be read without knowing its base or its series.

    `full` tells that the ids came in full; `description` holds the description's bytes when it came
    along, already checked against its hash.
    """

    head: Head
    full: bool
    description: bytes | None


class Packed(NamedTuple):
    """A filled message and how many of the offered entries it holds."""

    payload: bytes
    taken: int


class _Opening(NamedTuple):
    """What stands before an uplink's sections. `base_seq` is None for a self-contained uplink."""

    codec_version: int
    flags: int
    head: Head
    after_seq: int
    base_seq: int | None
    base_check: int
    description: bytes | None


def encode_uplink(
    uplink: Uplink,
    base: Entry | None = None,
    *,
    form: HeadForm = HeadForm.FULL,
    codec: MinuteCodec = DEFAULT_CODEC,
) -> bytes:
    """The bytes of an uplink.

    `base` is the entry of the newest minute the server acknowledged for this journal and description
    (None: self-contained). `form` TAG only after the server has answered an uplink with this head in
    full; BRIEF only when it has also acknowledged `after_seq` and nothing after it, as far as we know.
    Raises ValueError for an uplink that cannot be coded.
    """
    encoder = codec.encoder(_base_minute(base) if uplink.entries else None)
    for entry in uplink.entries:
        if isinstance(entry.body, Minute):
            encoder.add(entry.body)
    return _before_minutes(uplink, base, form, codec.version) + encoder.finish()


def peek_uplink(data: bytes, known: Head | None = None) -> UplinkHead:
    """Whose uplink it is; `known` is the head last accepted from this site.

    Raises Malformed, or UnknownHead when the head did not come in full and it is not `known`'s.
    """
    cursor = Cursor(data)
    if _form(cursor.byte()) == BRIEF:
        if known is None:
            raise UnknownHead("a brief uplink from a site of which no head is known")
        return UplinkHead(known, False, None)
    opening = _read_opening(Cursor(data), known)
    return UplinkHead(opening.head, bool(opening.flags & _FULL_HEAD), opening.description)


def decode_uplink(
    data: bytes,
    codecs: Codecs,
    *,
    known: Head | None = None,
    acked_seq: int = 0,
    bases: Sequence[Entry] = (),
) -> Uplink:
    """The uplink in `data`; `codecs` are those of the description that `peek_uplink` names.

    `acked_seq` is how far the journal it names is durable, `bases` the minutes an uplink may be chained to.
    Raises Malformed, UnknownModel, UnknownHead, or UnknownBase when the base the edge means is not there.
    """
    cursor = Cursor(data)
    first = cursor.byte()
    if _form(first) == BRIEF:
        if known is None:
            raise UnknownHead("a brief uplink from a site of which no head is known")
        after_seq, brief_base = brief.meant(cursor, known, acked_seq, bases)
        minutes = _minutes(cursor, first & 15, codecs, _base_minute(brief_base))
        return Uplink(*known, after_seq=after_seq, entries=_numbered(after_seq, minutes))
    return _decode_plain(data, codecs, known, bases)


def pack_uplink(
    uplink: Uplink,
    entries: Iterable[Entry],
    base: Entry | None = None,
    *,
    form: HeadForm = HeadForm.FULL,
    limit_bytes: int = MESSAGE_BYTES,
    codec: MinuteCodec = DEFAULT_CODEC,
) -> Packed:
    """Fill one message with as many of `entries` (oldest first) as fit `limit_bytes`.

    `uplink` gives everything but the entries. At least one entry goes, even when it alone exceeds the
    limit: the transport then splits the message. Stops reading `entries` at the first that is too much.
    """
    empty = encode_uplink(replace(uplink, entries=()), form=form, codec=codec)
    room = limit_bytes - len(empty) - sections.MIXED_BYTES
    room -= 0 if base is None else varint_bytes(uplink.after_seq) + 1
    encoder = codec.encoder(_base_minute(base))
    chosen: list[Entry] = []
    minutes = minutes_size = other_size = 0
    for entry in entries:
        other_size += sections.entry_overhead_bytes(chosen[-1] if chosen else None, entry)
        if isinstance(entry.body, Minute):
            minutes += 1
            fits = minutes <= run_minutes(len(entry.body.values))
            minutes_size = encoder.add(entry.body) if fits else limit_bytes
        if chosen and minutes_size + other_size > room:
            filled = replace(uplink, entries=tuple(chosen))
            return Packed(encode_uplink(filled, base, form=form, codec=codec), len(chosen))
        chosen.append(entry)
    filled = replace(uplink, entries=tuple(chosen))
    return Packed(_before_minutes(filled, base, form, codec.version) + encoder.finish(), len(chosen))


def _before_minutes(uplink: Uplink, base: Entry | None, form: HeadForm, codec_version: int) -> bytes:
    """All that stands before the minutes, in the shortest form that may be used."""
    if not uplink.entries:
        base = None
    if form is HeadForm.BRIEF and base is not None and _is_steady(uplink):
        stand_in = brief.stand_in(uplink.head, uplink.after_seq, base)
        return bytes((BRIEF << 4 | codec_version,)) + stand_in
    return bytes(_plain(uplink, base, form is HeadForm.FULL, codec_version))


def _plain(uplink: Uplink, base: Entry | None, full_head: bool, codec_version: int) -> bytearray:
    """All that stands before the minutes, in the plain form."""
    mixed = _is_mixed(uplink)
    doubtful = any(_quality(entry) for entry in uplink.entries)
    flags = (
        _FULL_HEAD * (full_head or uplink.description is not None)
        | _DESCRIPTION * (uplink.description is not None)
        | _LOST_BEFORE * uplink.lost_before
        | _LIVE * (uplink.live is not None)
        | _CHAINED * (base is not None)
        | _MIXED * mixed
        | _AHEAD * uplink.ahead
        | _TIME_WANTED * uplink.time_wanted
        | _SEEN * (uplink.commands_seen is not None)
        | _QUALITIES * doubtful
    )
    out = bytearray((PLAIN << 4 | codec_version,))
    append_varint(out, flags)
    out += b"".join(_checked_ids(uplink.head)) if flags & _FULL_HEAD else uplink.head.tag
    append_varint(out, uplink.after_seq)
    if base is not None:
        _append_base(out, uplink.after_seq, base)
    if uplink.description is not None:
        append_varint(out, len(uplink.description))
        out += uplink.description
    if uplink.commands_seen is not None:
        append_varint(out, uplink.commands_seen)
    if uplink.live is not None:
        sections.append_live(out, uplink.live)
    if mixed:
        sections.append_layout(out, uplink.after_seq, uplink.entries)
        sections.append_events(out, [e.body for e in uplink.entries if isinstance(e.body, Event)])
    if doubtful:
        sections.append_qualities(out, [e.body.quality for e in uplink.entries if isinstance(e.body, Minute)])
    return out


def _decode_plain(data: bytes, codecs: Codecs, known: Head | None, bases: Sequence[Entry]) -> Uplink:
    cursor = Cursor(data)
    opening = _read_opening(cursor, known)
    flags = opening.flags
    seen = cursor.varint() if flags & _SEEN else None
    live = sections.read_live(cursor) if flags & _LIVE else None
    runs = sections.read_layout(cursor, opening.after_seq) if flags & _MIXED else None
    events = sections.read_events(cursor) if flags & _MIXED else []
    qualities = sections.read_qualities(cursor) if flags & _QUALITIES else None
    minutes = _minutes(cursor, opening.codec_version, codecs, _base_of(opening, bases))
    if qualities is not None:
        minutes = sections.with_qualities(minutes, qualities)
    if runs is None:
        entries = _numbered(opening.after_seq, minutes)
    else:
        entries = sections.join_entries(runs, minutes, events)
    return Uplink(
        *opening.head,
        after_seq=opening.after_seq,
        entries=entries,
        lost_before=bool(flags & _LOST_BEFORE),
        ahead=bool(flags & _AHEAD),
        description=opening.description,
        live=live,
        time_wanted=bool(flags & _TIME_WANTED),
        commands_seen=seen,
    )


def _minutes(cursor: Cursor, version: int, codecs: Codecs, base: Minute | None) -> list[Minute]:
    if base is not None and len(base.values) != codecs.width:
        raise UnknownBase(f"a base of {len(base.values)} series for minutes of {codecs.width}")
    coded = cursor.rest()
    if not coded:
        return []
    return codecs.chosen(version).decode(coded, base, codecs.width)


def _numbered(after_seq: int, minutes: Sequence[Minute]) -> tuple[Entry, ...]:
    return tuple(Entry(seq, body) for seq, body in enumerate(minutes, after_seq + 1))


def _quality(entry: Entry) -> TimeQuality:
    return entry.body.quality if isinstance(entry.body, Minute) else TimeQuality.EXACT


def _is_mixed(uplink: Uplink) -> bool:
    """Whether the entries need a layout: they are not just minutes numbered from `after_seq` + 1 on."""
    numbered = enumerate(uplink.entries, uplink.after_seq + 1)
    return any(entry.seq != seq or isinstance(entry.body, Event) for seq, entry in numbered)


def _is_steady(uplink: Uplink) -> bool:
    """Whether an uplink is the next minutes and nothing else."""
    extras = uplink.lost_before or uplink.ahead or uplink.time_wanted
    extras = extras or uplink.description is not None or uplink.live is not None
    extras = extras or uplink.commands_seen is not None or _is_mixed(uplink)
    return not extras and not any(_quality(entry) for entry in uplink.entries)


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


def _base_of(opening: _Opening, bases: Sequence[Entry]) -> Minute | None:
    if opening.base_seq is None:
        return None
    found = next((base for base in bases if base.seq == opening.base_seq), None)
    minute = _base_minute(found)
    if minute is None or _check_of(minute) != opening.base_check:
        raise UnknownBase(f"no base minute at sequence number {opening.base_seq}")
    return minute


def _check_of(base: Minute) -> int:
    """One byte that tells a wrong base: the low byte of CRC-32 over the minute coded by itself."""
    return zlib.crc32(brief.plain_bytes(base)) & 0xFF


def _form(first: int) -> int:
    """The form in an uplink's first byte; raises Malformed."""
    form, codec_version = first >> 4, first & 15
    if form not in (PLAIN, BRIEF) or not 1 <= codec_version <= NAMED:
        raise Malformed(
            f"form {form} with minute codec {codec_version}; this end speaks {PLAIN} and {BRIEF} with 1 to 3"
        )
    return form


def _read_opening(cursor: Cursor, known: Head | None) -> _Opening:
    """A plain uplink up to its sections."""
    first = cursor.byte()
    _form(first)
    flags = cursor.varint()
    if flags & ~_KNOWN_FLAGS or (flags & _DESCRIPTION and not flags & _FULL_HEAD):
        raise Malformed(f"flags {flags:#06x} are not of this version")
    head = _read_ids(cursor, bool(flags & _FULL_HEAD), known)
    after_seq = cursor.varint()
    base_seq = after_seq - cursor.varint() if flags & _CHAINED else None
    base_check = cursor.byte() if flags & _CHAINED else 0
    if base_seq is not None and base_seq <= 0:
        raise Malformed(f"base sequence number {base_seq}")
    description = cursor.take(cursor.varint()) if flags & _DESCRIPTION else None
    if description is not None and description_hash(description) != head.description_hash:
        raise Malformed("the description is not the one its hash names")
    return _Opening(first & 15, flags, head, after_seq, base_seq, base_check, description)


def _read_ids(cursor: Cursor, full: bool, known: Head | None) -> Head:
    if full:
        return Head(*(cursor.take(_ID_BYTES) for _ in range(3)))
    tag = cursor.take(_TAG_BYTES)
    if known is None or known.tag != tag:
        raise UnknownHead(f"no head known by the tag {tag.hex()}")
    return known
