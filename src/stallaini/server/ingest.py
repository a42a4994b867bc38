"""From an uplink's bytes to a durable store and the downlink that says so."""

from __future__ import annotations

import asyncio
import math
from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from typing import Generic, NamedTuple, Protocol, TypeVar
from weakref import WeakValueDictionary

from stallaini.clock import Clock
from stallaini.link.codec_range import Codecs, UnknownModel
from stallaini.link.downlink import encode_downlink
from stallaini.link.envelope import (
    Malformed,
    UnknownBase,
    UnknownHead,
    UplinkHead,
    decode_uplink,
    peek_uplink,
)
from stallaini.link.messages import (
    Answer,
    Command,
    Downlink,
    Entry,
    Event,
    Head,
    Live,
    Minute,
    Scalar,
    Uplink,
)
from stallaini.link.model import Model
from stallaini.server.alarms.life import KINDS as ALARM_KINDS
from stallaini.server.store.base import (
    MAX_SPAN_MINUTES,
    MAX_VALUE,
    Accepted,
    JournalState,
    Outcome,
    Refusal,
    Speaker,
    Store,
)
from stallaini.server.store.group import GroupCommit
from stallaini.site.description import Description, decode_description

FUTURE_MINUTES = 10
"""How far a site's clock may be ahead of the server's."""

EARLIEST_S = 946_684_800
"""2000-01-01T00:00Z: nothing recorded before it can be meant; a Pi without a clock starts at 1970."""

SETTLING_S = 600.0
"""How long after its start the server doubts its own clock rather than a site's.

So long after its machine's boot it tells no site the time, unless a time service vouches for its clock.
"""

_REMEMBERED = 20_000

Key = TypeVar("Key")
Value = TypeVar("Value")


class CommandBox(Protocol):
    """Where commands wait for a site; `server/commands.py` has the real one."""

    async def waiting(self, site: str, head: Head, seen: int | None) -> Sequence[Command]:
        """What to send to the edge that speaks with `head`, oldest first; it keeps those up to `seen`.

        At most `COMMAND_BYTES` of them, and durably marked as sent.
        """


class LiveSink(Protocol):
    """Where news goes once it may be shown; `server/live.py` has the real one."""

    def publish(self, site: str, news: Live | Minute, description: Description) -> None:
        """Take a live snapshot, or a minute that is durable."""

    def alarmed(self, site: str) -> None:
        """What the site said of its alarms is durable."""

    def watching_s(self, site: str) -> int:
        """For how many seconds more somebody watches the site."""


class NotReady(Exception):
    """This uplink cannot be judged now; nothing was acknowledged, the site sends it again."""


class Described(NamedTuple):
    """A description and the ways of coding its minutes."""

    description: Description
    codecs: Codecs


class _Taken(NamedTuple):
    """What became of an uplink; `uplink` is None where it was not read."""

    answer: Answer
    acked_seq: int
    uplink: Uplink | None = None


class Ingest:
    """Takes uplinks of authenticated sites, one at a time per site, all sites' commits grouped.

    `counters` counts uplinks by answer, and entries by what became of them. `models` are the minute models
    of sites' own; `box` holds the commands that go down in the answers. `alarmed` is called when something
    about alarms has become durable.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        live: LiveSink,
        models: Sequence[Model] = (),
        box: CommandBox | None = None,
        alarmed: Callable[[], object] = lambda: None,
    ) -> None:
        self._store = store
        self._clock = clock
        self._live = live
        self._models = models
        self._box = box
        self._alarmed = alarmed
        self._group = GroupCommit(store, clock)
        self._started_s = clock.monotonic_s()
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._speakers: _Recent[str, Speaker] = _Recent()
        self._journals: _Recent[tuple[str, bytes], JournalState] = _Recent()
        self._described: _Recent[tuple[str, bytes], Described] = _Recent()
        self.counters: Counter[str] = Counter()

    async def handle(self, site: str, payload: bytes) -> bytes:
        """The downlink for one uplink; an acknowledgement in it is durable.

        Raises Malformed, StoreUnavailable when the commit failed, NotReady; after each of them nothing
        of this uplink is stored and the server goes on.
        """
        turn = self._turns.setdefault(site, asyncio.Lock())
        async with turn:
            try:
                taken = await self._take(site, payload)
                downlink = await self._answer(site, taken)
            except Exception as error:
                self.counters[f"uplinks.{type(error).__name__}"] += 1
                raise
        self.counters[f"uplinks.{taken.answer.name}"] += 1
        return encode_downlink(downlink, None if taken.uplink is None else taken.uplink.settled_seq)

    async def _answer(self, site: str, taken: _Taken) -> Downlink:
        """The answer, with what waits for the site; commands bring the time they are judged by along."""
        commands: Sequence[Command] = ()
        uplink = taken.uplink
        if self._box is not None and uplink is not None and taken.answer is Answer.OK:
            commands = await self._box.waiting(site, uplink.head, uplink.commands_seen)
        time_wanted = bool(commands) or (uplink is not None and uplink.time_wanted)
        return Downlink(
            taken.answer,
            taken.acked_seq,
            self._live.watching_s(site),
            self._time_ms() if time_wanted else None,
            tuple(commands),
        )

    def _time_ms(self) -> int | None:
        """The time to tell a site; None while this machine may not have been told it itself."""
        wall_s = self._clock.wall_s()
        settled = self._clock.synchronized() or self._clock.monotonic_s() >= SETTLING_S
        return int(wall_s * 1000) if settled and wall_s >= EARLIEST_S else None

    async def _take(self, site: str, payload: bytes) -> _Taken:
        speaker = await self._speaker(site)
        try:
            peek = peek_uplink(payload, speaker.head)
        except UnknownHead:
            # Whose journal it is cannot be told, so neither can its acknowledgement.
            return _Taken(Answer.NEED_HEAD, 0)
        journal = await self._journal(site, peek.head.journal_id)
        if peek.head.boot_id in speaker.past_boots:
            # Two edges speak with one site's keys: the one that began later is heard, the other refused.
            await self._note_conflict(site, {"reason": "an earlier boot", "boot": peek.head.boot_id.hex()})
            return _Taken(Answer.CONFLICT, journal.acked_seq)
        described, encoded = await self._describe(site, peek)
        if described is None:
            return _Taken(Answer.NEED_DESCRIPTION, journal.acked_seq)
        try:
            uplink = decode_uplink(
                payload,
                described.codecs,
                known=speaker.head,
                acked_seq=journal.acked_seq,
                bases=[Entry(*base) for base in journal.bases],
            )
        except UnknownBase:
            return _Taken(Answer.UNKNOWN_BASE, journal.acked_seq)
        except UnknownModel:
            return _Taken(Answer.UNKNOWN_MODEL, journal.acked_seq)
        except UnknownHead:
            return _Taken(Answer.NEED_HEAD, 0)
        if uplink.live is not None:
            self._live.publish(site, uplink.live, described.description)
        if uplink.after_seq > journal.acked_seq and not (uplink.lost_before or uplink.ahead):
            return _Taken(Answer.RESEND, journal.acked_seq)
        accepted = self._checked(site, uplink, journal.acked_seq, encoded)
        journal = await self._make_durable(accepted, journal, described)
        self._speakers[site] = speaker.now(uplink.head)
        return _Taken(Answer.OK, journal.acked_seq, uplink)

    async def keys_copied(self, site: str) -> None:
        """Two edges seem to share a site's keys: spent numbers come again. They are refused, and noted."""
        await self._note_conflict(site, {"reason": "numbers used before"})

    async def _note_conflict(self, site: str, data: dict[str, Scalar]) -> None:
        await self._store.note(site, Event(int(self._clock.wall_s()), "link.conflict", data))

    async def _make_durable(
        self, accepted: Accepted, journal: JournalState, described: Described
    ) -> JournalState:
        """Commit what is new, then publish it; the journal's state afterwards."""
        site = accepted.site
        if not accepted.says_more_than(journal):
            self._store.note_heard(site, accepted.heard_s)
            return journal
        outcome = await self._group.commit(accepted)
        self._journals[site, accepted.head.journal_id] = outcome.journal
        self._described[site, accepted.head.description_hash] = described
        self._count(accepted, outcome)
        if any(
            isinstance(entry.body, Event) and entry.body.kind in ALARM_KINDS for entry in accepted.entries
        ):
            self._alarmed()
            self._live.alarmed(site)
        for minute in outcome.minutes:
            self._live.publish(site, minute, described.description)
        return outcome.journal

    def _count(self, accepted: Accepted, outcome: Outcome) -> None:
        self.counters["minutes.stored"] += len(outcome.minutes)
        self.counters["minutes.known"] += outcome.known
        self.counters["minutes.conflict"] += outcome.conflicts
        self.counters["events"] += sum(isinstance(entry.body, Event) for entry in accepted.entries)
        for refusal in accepted.refused:
            self.counters[f"minutes.refused.{refusal.reason}"] += 1

    async def _speaker(self, site: str) -> Speaker:
        if site not in self._speakers:
            self._speakers[site] = await self._store.speaker(site)
        return self._speakers[site]

    async def _journal(self, site: str, journal_id: bytes) -> JournalState:
        key = (site, journal_id)
        if key not in self._journals:
            self._journals[key] = await self._store.journal(site, journal_id)
        return self._journals[key]

    async def _describe(self, site: str, peek: UplinkHead) -> tuple[Described | None, bytes | None]:
        """The description of an uplink, and its bytes when they must be stored first."""
        key = (site, peek.head.description_hash)
        if key in self._described:
            return self._described[key], None
        stored = await self._store.description_bytes(site, peek.head.description_hash)
        encoded = stored or peek.description
        if encoded is None:
            return None, None
        try:
            description = decode_description(encoded)
        except ValueError as error:
            raise Malformed(str(error)) from error
        described = Described(description, Codecs(description, self._models))
        if stored is None:
            return described, encoded
        self._described[key] = described
        return described, None

    def _checked(self, site: str, uplink: Uplink, acked_seq: int, encoded: bytes | None) -> Accepted:
        """What of an uplink goes where: into the series, aside, or (not yet judged) nowhere."""
        now_s = int(self._clock.wall_s())
        entries: list[Entry] = []
        refused: list[Refusal] = []
        through_seq = max(acked_seq, uplink.after_seq)
        for entry in uplink.entries:
            if entry.seq <= acked_seq:
                continue
            if isinstance(entry.body, Event):
                entries.append(Entry(entry.seq, _plausible_event(entry.body, now_s)))
            elif (reason := _why_refused(entry.body, now_s // 60)) is None:
                entries.append(entry)
            elif uplink.ahead:
                continue  # judged when its turn comes
            elif reason == "future" and self._own_clock_in_doubt(now_s):
                if not entries and not refused:
                    raise NotReady("minutes ahead of this server's clock, which may not be set yet")
                break
            else:
                refused.append(Refusal(entry.seq, entry.body, reason))
            through_seq = entry.seq
        return Accepted(
            site=site,
            head=uplink.head,
            acked_seq=acked_seq if uplink.ahead else through_seq,
            heard_s=now_s,
            entries=tuple(entries),
            refused=tuple(refused),
            lost_through_seq=uplink.after_seq
            if uplink.lost_before and uplink.after_seq > acked_seq
            else None,
            ahead=uplink.ahead,
            description=encoded,
        )

    def _own_clock_in_doubt(self, now_s: int) -> bool:
        """A server without a clock chip starts in the past: its sites are not ahead, it is behind."""
        return now_s < EARLIEST_S or self._clock.monotonic_s() - self._started_s < SETTLING_S


def _why_refused(minute: Minute, now_minute: int) -> str | None:
    if not 1 <= minute.span_minutes <= MAX_SPAN_MINUTES:
        return "span"
    if minute.minute < EARLIEST_S // 60:
        return "past"
    if minute.minute + minute.span_minutes - 1 > now_minute + FUTURE_MINUTES:
        return "future"
    if any(value is not None and abs(value) > MAX_VALUE for value in minute.values):
        return "range"
    return None


def _plausible_event(event: Event, now_s: int) -> Event:
    """The event as it can be stored: an impossible time becomes that of its arrival and is kept beside."""
    data = {
        key: str(value) if isinstance(value, float) and not math.isfinite(value) else value
        for key, value in event.data.items()
    }
    if EARLIEST_S <= event.at_s <= now_s + FUTURE_MINUTES * 60:
        return Event(event.at_s, event.kind, data)
    return Event(now_s, event.kind, {**data, "said_at_s": event.at_s})


class _Recent(OrderedDict[Key, Value], Generic[Key, Value]):
    """A dictionary that forgets what was set longest ago."""

    def __setitem__(self, key: Key, value: Value) -> None:
        super().__setitem__(key, value)
        self.move_to_end(key)
        while len(self) > _REMEMBERED:
            self.popitem(last=False)
