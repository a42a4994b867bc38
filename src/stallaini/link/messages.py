"""The meaning of what travels on the link; `envelope.py` gives it bytes."""

from __future__ import annotations

import enum
import hashlib
from dataclasses import dataclass, field
from typing import NamedTuple

Scalar = str | int | float | bool | None


class TimeQuality(enum.IntEnum):
    """How well it is known when a minute was.

    EXACT: the site's clock was right when it was recorded. REPAIRED: it was not, but became known within
    the same boot, and monotonic time leads back from there; off by half a minute at most. BOUNDED: its
    boot never knew the time; it lies somewhere between its neighbours.
    """

    EXACT = 0
    REPAIRED = 1
    BOUNDED = 2


@dataclass(frozen=True)
class Minute:
    """The record of one minute: `minute` counts whole minutes since 1970 (UTC) at its start.

    `values` holds one fixed-point integer, or None, per series in the description's order.
    `span_minutes` > 1 is the record of that many minutes thinned into one, `minute` the first of them.
    """

    minute: int
    values: tuple[int | None, ...]
    span_minutes: int = 1
    quality: TimeQuality = TimeQuality.EXACT


@dataclass(frozen=True)
class Event:
    """Something that happened: `at_s` in Unix seconds, a dotted `kind`, and scalars that tell more."""

    at_s: int
    kind: str
    data: dict[str, Scalar] = field(default_factory=dict)


@dataclass(frozen=True)
class Entry:
    """A minute or an event in the journal: `seq` counts from 1 and never repeats within a journal."""

    seq: int
    body: Minute | Event


@dataclass(frozen=True)
class Live:
    """The newest value of every channel: (fixed-point value, age in whole seconds) or None, by position."""

    at_s: int
    values: tuple[tuple[int, int] | None, ...]


@dataclass(frozen=True)
class Command:
    """What a person or a plan asks of a site: to be acted on at most once, within [not-before, not-after].

    `id` is Unix milliseconds of its making, or the next free number after that: it never repeats for a
    site. Times are Unix seconds. `data` holds what this `kind` of command needs.
    """

    id: int
    issuer: str
    kind: str
    not_before_s: int
    not_after_s: int
    data: dict[str, Scalar] = field(default_factory=dict)


class Head(NamedTuple):
    """Whose words an uplink carries: 8 bytes each of journal id, boot id and description hash.

    The boot is the one the edge runs in now, whenever the entries were made. Once the server has answered
    an uplink with the full head, `tag` stands for it.
    """

    journal_id: bytes
    boot_id: bytes
    description_hash: bytes

    @property
    def tag(self) -> bytes:
        """Two bytes of SHA-256 over the three ids."""
        return hashlib.sha256(b"".join(self)).digest()[:2]


@dataclass(frozen=True)
class Uplink:
    """What the edge says: every entry it has in (`after_seq`, last seq here], oldest first.

    `lost_before` tells that the edge no longer has anything up to `after_seq`: the server must not wait
    for it. `ahead`: these entries jump the queue; they are to be stored and shown, but what lies between
    `after_seq` and them is still to come, so nothing of it is acknowledged. `description` is sent only
    while the server does not know `description_hash`. `time_wanted` asks for the server's time;
    `commands_seen` tells that commands up to this id are kept on the edge and need not be sent again.
    """

    journal_id: bytes
    boot_id: bytes
    description_hash: bytes
    after_seq: int
    entries: tuple[Entry, ...] = ()
    lost_before: bool = False
    ahead: bool = False
    description: bytes | None = None
    live: Live | None = None
    time_wanted: bool = False
    commands_seen: int | None = None

    @property
    def head(self) -> Head:
        """The three ids as one."""
        return Head(self.journal_id, self.boot_id, self.description_hash)

    @property
    def settled_seq(self) -> int:
        """What a plain OK acknowledges: the last entry, or `after_seq` when there is none or it is ahead."""
        return self.entries[-1].seq if self.entries and not self.ahead else self.after_seq


class Answer(enum.IntEnum):
    """What the server made of an uplink.

    NEED_DESCRIPTION: send the description with it. UNKNOWN_BASE: send it self-contained. RESEND: the
    server's acknowledgement went back (`acked_seq`), send what you still have after it. NEED_HEAD: send
    the full head, what stood for it means nothing here. UNKNOWN_MODEL: code by the shipped model.
    CONFLICT: another edge speaks for this site, with the same keys; nothing was taken.
    """

    OK = 0
    NEED_DESCRIPTION = 1
    UNKNOWN_BASE = 2
    RESEND = 3
    NEED_HEAD = 4
    UNKNOWN_MODEL = 5
    CONFLICT = 6


@dataclass(frozen=True)
class Downlink:
    """What the server answers: `acked_seq` and everything before it is durable.

    `watching_s` tells for how many seconds more somebody looks (0: nobody). `time_ms` is the server's time
    in Unix milliseconds, when it was asked for or commands come along.
    """

    answer: Answer
    acked_seq: int
    watching_s: int = 0
    time_ms: int | None = None
    commands: tuple[Command, ...] = ()
