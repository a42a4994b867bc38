"""What the rest of the server asks of the store; one implementation per database engine stands behind it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from stallaini.link.messages import Command, Entry, Event, Head, Minute, Scalar, TimeQuality
from stallaini.site.description import Description, SeriesSpec

Integers = NDArray[np.int64]

MAX_VALUE = 2**52 - 1
"""The largest magnitude of a fixed-point value: a day's sum fits 64 bits, a value a double."""

_PAST_BOOTS = 16

MAX_SPAN_MINUTES = 60
"""The longest minute record: one that an edge thinned to stand for this many minutes."""


@dataclass(frozen=True)
class SiteRow:
    """One site as a list shows it.

    `last_minute` is the newest stored minute (whole minutes since 1970), `heard_s` the Unix second of
    the last authenticated uplink; None before the first. Title and zone are the site's own words once
    its description is known; before, its name and UTC.
    """

    site: str
    title: str
    timezone: str
    last_minute: int | None
    heard_s: int | None


@dataclass(frozen=True)
class Column:
    """One series over time: only minutes that have a value, ascending.

    `minutes` (whole minutes since 1970), `values` (fixed-point steps of `resolution`, in `unit`) and
    `spans` (minutes that a record stands for: 1, or more where the edge thinned) have equal length.
    """

    minutes: Integers
    values: Integers
    spans: Integers
    resolution: float
    unit: str

    def __len__(self) -> int:
        return len(self.minutes)


class DaySums(NamedTuple):
    """One series by UTC day: only days that have a value, ascending.

    `days` since 1970; per day how many minutes have a value, and the sum, the lowest and the highest of
    their fixed-point values.
    """

    days: Integers
    minutes: Integers
    total: Integers
    low: Integers
    high: Integers
    resolution: float
    unit: str


def covered_minutes(minutes: Integers, spans: Integers) -> Integers:
    """The minutes that records beginning at `minutes` stand for, ascending, each once."""
    if len(minutes) and int(spans.max()) > 1:
        offsets = np.arange(int(spans.sum()), dtype=np.int64)
        offsets -= np.repeat(np.cumsum(spans) - spans, spans)
        minutes = np.repeat(minutes, spans) + offsets
    if bool((minutes[1:] > minutes[:-1]).all()):
        return minutes
    return np.unique(minutes)


class InexactStretch(NamedTuple):
    """Minutes [start, end) that follow one on another and whose time is known only so well."""

    start_minute: int
    end_minute: int
    quality: TimeQuality


class NumberedMinute(NamedTuple):
    """A minute and its sequence number in its journal."""

    seq: int
    minute: Minute


@dataclass(frozen=True)
class JournalState:
    """How far one journal of a site is durable.

    `acked_seq` and everything before it needs no resending; `bases` are the last minutes of its newest
    acknowledged uplinks, oldest first, kept so that the next message can be coded against one of them.
    """

    acked_seq: int = 0
    bases: tuple[NumberedMinute, ...] = ()

    def base(self, seq: int) -> Minute | None:
        """The minute with this sequence number, or None when it is no longer kept."""
        return next((base.minute for base in self.bases if base.seq == seq), None)


@dataclass(frozen=True)
class Speaker:
    """Who speaks for a site: the head last accepted, and the boots that spoke before its boot.

    A boot never comes back: words from one of `past_boots` are those of a second edge with the same keys.
    """

    head: Head | None = None
    past_boots: tuple[bytes, ...] = ()

    def now(self, head: Head) -> Speaker:
        """The same after `head` was accepted."""
        if self.head is None or head.boot_id == self.head.boot_id:
            return Speaker(head, self.past_boots)
        return Speaker(head, (*self.past_boots, self.head.boot_id)[-_PAST_BOOTS:])


class Refusal(NamedTuple):
    """A minute that must not enter the series, kept aside, and why: `future`, `past`, `span`, `range`."""

    seq: int
    minute: Minute
    reason: str


@dataclass(frozen=True)
class Accepted:
    """One uplink, checked, for the store to make durable.

    `entries` are new to the server as far as the caller knows (the store looks again); `refused` are
    acknowledged without entering the series. Everything up to `acked_seq` is then acknowledged.
    `lost_through_seq`: what is not here up to that number is gone for good. `ahead`: the entries jump the
    queue, and come again in their turn. `description` is the encoded
    description, given when its hash may be new to the store.
    """

    site: str
    head: Head
    acked_seq: int
    heard_s: int
    entries: tuple[Entry, ...] = ()
    refused: tuple[Refusal, ...] = ()
    lost_through_seq: int | None = None
    ahead: bool = False
    description: bytes | None = None

    def says_more_than(self, journal: JournalState) -> bool:
        """Whether there is anything to make durable for a journal in this state."""
        news = self.entries or self.refused or self.description is not None
        return bool(news) or self.acked_seq > journal.acked_seq


@dataclass(frozen=True)
class Outcome:
    """What became of one `Accepted`: the journal's new state, the minutes that were new, and counts.

    `known` minutes were stored before with the same values, `conflicts` with other ones.
    """

    journal: JournalState
    minutes: tuple[Minute, ...] = ()
    known: int = 0
    conflicts: int = 0


@dataclass(frozen=True)
class SealReport:
    """What one call of `seal` did: site-days sealed anew, site-days rewritten with late minutes."""

    sealed: int = 0
    rewritten: int = 0


CommandState = Literal["waiting", "sent", "received", "done", "refused", "expired", "unknown"]


@dataclass(frozen=True)
class NewCommand:
    """A command that somebody wants, before it has an id; see `link.messages.Command`."""

    issuer: str
    kind: str
    not_before_s: int
    not_after_s: int
    data: dict[str, Scalar]


class CommandRow(NamedTuple):
    """A command and how far it is known to have come; times in Unix seconds, None for what has not been.

    `waiting` to be sent, `sent` and not confirmed, `received`: the edge keeps it; then one of the four ends.
    `ended_s` is the site's time where the site told the end.
    """

    command: Command
    state: CommandState
    reason: str | None
    made_s: int
    sent_s: int | None
    received_s: int | None
    ended_s: int | None


class HistorySeries(NamedTuple):
    """One series of a history to import: `minutes` since 1970, in any order, and a fixed-point value each."""

    spec: SeriesSpec
    minutes: Integers
    values: Integers


class History(NamedTuple):
    """One file's worth of minutes recorded elsewhere; `description` says what its series are."""

    description: Description
    minutes: Integers
    series: tuple[HistorySeries, ...]


@dataclass(frozen=True)
class Imported:
    """What became of one history's minutes.

    `added` are new, `known` were imported before, `live` of them all the site itself has recorded too:
    there its own values are shown. `differing` were imported before with another value, which stays.
    """

    added: int
    known: int
    live: int
    differing: int


class TooManyCommands(Exception):
    """So many commands of this site wait for their end that no more are taken."""


class StoreUnavailable(Exception):
    """The store cannot commit now (disk full, locked, broken disk): nothing was stored, try again later."""


class Store(Protocol):
    """Everything durable about sites. Each method is one transaction and touches the tables by site."""

    async def add_site(self, site: str, created_s: int) -> None:
        """Admit a site; admitting it again changes nothing."""

    async def sites(self) -> list[SiteRow]:
        """Every admitted site, by name."""

    async def description(self, site: str) -> Description | None:
        """The site's newest description; None before its first uplink and for an unknown site."""

    async def description_bytes(self, site: str, description_hash: bytes) -> bytes | None:
        """The encoded description with this hash, if the site ever sent it."""

    async def journal(self, site: str, journal_id: bytes) -> JournalState:
        """How far a journal is durable; an unknown journal starts at 0."""

    async def speaker(self, site: str) -> Speaker:
        """Who spoke for this site in the last uplink that became durable."""

    async def note(self, site: str, event: Event) -> None:
        """Store an event of the server's own, unless the site has one of its kind from the hour before."""

    async def acked(self, site: str, journal_id: bytes) -> int:
        """The last sequence number acknowledged to a journal."""

    async def ingest(self, batch: Sequence[Accepted]) -> list[Outcome]:
        """Make a batch durable in one transaction: all of it or, with an exception, nothing.

        Idempotent. Of two different records for one minute the first stored stays, the conflict is
        counted and an event `minute.conflict` noted. Raises StoreUnavailable when the engine cannot
        commit; any other exception is about something in the batch itself.
        """

    def note_heard(self, site: str, at_s: int) -> None:
        """Remember that the site spoke without sending entries; written with its next ones."""

    async def latest(self, site: str) -> dict[str, tuple[int, int]]:
        """Per series of the newest description its newest (minute, fixed-point value); silent ones absent."""

    async def column(self, site: str, series_name: str, start_minute: int, end_minute: int) -> Column:
        """The records of one series that cover any minute in [start, end); empty when nothing is known."""

    async def columns(
        self, site: str, series_names: Sequence[str], start_minute: int, end_minute: int
    ) -> dict[str, Column]:
        """Several columns of one range, read together."""

    async def day_sums(
        self, site: str, series_names: Sequence[str], first_day: int, end_day: int
    ) -> dict[str, DaySums]:
        """What `columns` would give, summed by UTC day (counted since 1970) in [first_day, end_day)."""

    async def present_minutes(self, site: str, start_minute: int, end_minute: int) -> Integers:
        """The minutes in [start, end) covered by any stored record, ascending, each once."""

    async def inexact(self, site: str, start_minute: int, end_minute: int) -> list[InexactStretch]:
        """Where records that begin in [start, end) are not dated exactly, oldest first."""

    async def first_minute(self, site: str) -> int | None:
        """The oldest stored minute of a site."""

    async def events(
        self, site: str, start_s: int, end_s: int, limit: int, kind: str | None = None
    ) -> list[Event]:
        """Events in [start, end), of one kind or of all, newest first, at most `limit`."""

    async def seal(self, now_minute: int) -> SealReport:
        """Turn hot minutes of finished UTC days into compressed chunks, merging late ones into theirs."""

    async def import_history(self, site: str, histories: Sequence[History]) -> list[Imported]:
        """Keep minutes recorded elsewhere beside the site's own, which are never touched; all or nothing.

        Idempotent. A series shows an imported value only in minutes for which the site itself told none.
        Raises StoreUnavailable.
        """

    async def imported_description(self, site: str) -> Description | None:
        """What all that was imported for a site consists of; None when nothing was."""

    async def forget_imported(self, site: str) -> int:
        """Delete all that was imported for a site; how many minutes that was."""

    async def add_command(self, site: str, new: NewCommand, now_s: float) -> CommandRow:
        """Make a command durable. Its id is never given again. Raises TooManyCommands."""

    async def commands(
        self, site: str, limit: int, id_: int | None = None, before: int | None = None
    ) -> list[CommandRow]:
        """Commands, newest first; only the one with this id, or those with lower ids than `before`."""

    async def hand_out_commands(
        self, site: str, head: Head, seen_id: int | None, now_s: int
    ) -> list[Command]:
        """What to send to the edge that speaks with `head` and keeps commands up to `seen_id`; oldest first.

        Marked as sent before it returns. Raises StoreUnavailable.
        """

    async def sites_to_command(self) -> list[str]:
        """The sites for which a command waits to be sent or confirmed."""
