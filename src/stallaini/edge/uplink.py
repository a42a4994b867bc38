"""Delivery: which bytes to send next, and what an answer means for the journal. No I/O, no clock."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace

from stallaini.edge.journal import Batch, Journal, Origin
from stallaini.edge.keeper import JournalKeeper
from stallaini.link.codec import MinuteCodec
from stallaini.link.codec_range import RangeCodec
from stallaini.link.downlink import decode_downlink
from stallaini.link.envelope import HeadForm, Malformed, pack_uplink
from stallaini.link.messages import Answer, Downlink, Entry, Event, Head, Live, Minute, Uplink
from stallaini.link.model import Model, series_kinds
from stallaini.site.description import decode_description, description_hash

logger = logging.getLogger(__name__)

_NEWEST = 64
"""How many of the newest entries may jump the queue."""


@dataclass(frozen=True)
class _Flight:
    """The one uplink that waits for its answer, as it was packed."""

    journal: Journal
    uplink: Uplink
    chained: bool
    form: HeadForm


class Delivery:
    """Brings the journal's entries to the server, oldest first, one uplink at a time.

    `compose` gives the bytes of the next uplink; then exactly one of `answered` and `failed` is called.
    Whatever is answered, an entry leaves the journal only when the server said it is durable. The first
    uplink of a program start over an old journal carries no entries: its answer tells whether the server
    knows of numbers that this journal has not given yet, as it does when the card forgot what it had
    written. New entries under such numbers would pass for the old ones.

    `watching_s` is for how many seconds from the last answer somebody looks at the site, `downlink` the
    last answer that could be read. What the owner sets travels with the next uplink: `time_wanted`, and
    `commands_seen`, the newest command that is kept here; `called` makes one go even with nothing in it, for
    the sake of its answer. `model` is the site's own minute model.
    """

    def __init__(self, keeper: JournalKeeper, origin: Origin, model: Model | None = None) -> None:
        self._keeper = keeper
        self._origin = origin
        self._model = model
        self._codecs: dict[bytes, MinuteCodec] = {}
        self._known: Head | None = None
        self._wanted: bytes | None = None
        self._self_contained = False
        self._server_seq: dict[bytes, int] = {}
        self._seen_told: int | None = None
        self._trusted: set[bytes] = set()
        self._flight: _Flight | None = None
        self.time_wanted = False
        self.commands_seen: int | None = None
        self.called = False
        self.watching_s = 0
        self.downlink: Downlink | None = None

    def compose(self, live: Live | None = None, *, events_only: bool = False) -> bytes | None:
        """The next uplink, with `live` in it where that is possible. None: there is nothing to send.

        `events_only`: minutes wait, and events pass them.
        """
        if self._flight is not None:
            raise RuntimeError("the uplink before this one has no answer yet")
        found = self._keeper.next_batch()
        if found is None or events_only:
            journal = self._keeper.current if found is None else found[0]
            jumping = self._jumping(journal, journal.acked_seq, minutes=False) if events_only else []
            if not jumping and live is None and not self.time_wanted and not self.called:
                return None
            return self._pack_ahead(journal, jumping, live)
        journal, batch = found
        return self._pack(journal, batch, live)

    def failed(self) -> None:
        """No answer came."""
        self._flight = None

    def answered(self, data: bytes) -> bool:
        """Take the answer. False: it brought nothing forward, so wait before the next uplink."""
        flight, self._flight = self._flight, None
        self.downlink = None
        if flight is None:
            raise RuntimeError("an answer to no uplink")
        try:
            self.downlink = decode_downlink(data, flight.uplink.settled_seq)
        except Malformed as error:
            logger.warning("the server's answer is no downlink: %s", error)
            return False
        self.watching_s = self.downlink.watching_s
        if self.downlink.commands:
            self._seen_told = None  # the server does not know, or no longer, that they are kept here
        return self._take(flight, self.downlink)

    def _pack(self, journal: Journal, batch: Batch, live: Live | None) -> bytes:
        uplink = self._opened(journal, batch.after_seq, batch.origin.description, live)
        base = None if self._self_contained else batch.base
        form, codec = self._form(journal, uplink), self._codec(batch.origin.description)
        entries = batch.entries if self._trusts(journal) else []
        packed = pack_uplink(uplink, entries, base, form=form, codec=codec)
        taken = entries[: packed.taken]
        last_seq = taken[-1].seq if taken else batch.after_seq
        if last_seq < journal.last_seq and form is not HeadForm.FULL:
            jumping = self._jumping(journal, last_seq, minutes=self.watching_s > 0)
            if jumping:
                return self._pack_ahead(journal, jumping, live)
        journal.sent_seq = max(journal.sent_seq, last_seq)
        return self._fly(journal, uplink, taken, base, form, packed.payload)

    def _pack_ahead(self, journal: Journal, entries: Sequence[Entry], live: Live | None) -> bytes:
        """An uplink of entries that jump the queue, or of none."""
        uplink = self._opened(journal, journal.acked_seq, self._origin.description, live, ahead=bool(entries))
        form, codec = self._form(journal, uplink), self._codec(self._origin.description)
        packed = pack_uplink(uplink, entries, None, form=form, codec=codec)
        return self._fly(journal, uplink, entries[: packed.taken], None, form, packed.payload)

    def _opened(
        self, journal: Journal, after_seq: int, description: bytes, live: Live | None, *, ahead: bool = False
    ) -> Uplink:
        """An uplink without its entries."""
        head = Head(journal.journal_id, self._origin.boot_id, description_hash(description))
        return Uplink(
            *head,
            after_seq=after_seq,
            lost_before=after_seq > self._server_seq.get(journal.journal_id, after_seq),
            ahead=ahead,
            description=description if self._wanted == head.description_hash else None,
            live=live if description == self._origin.description else None,
            time_wanted=self.time_wanted,
            commands_seen=None if self.commands_seen == self._seen_told else self.commands_seen,
        )

    def _fly(
        self,
        journal: Journal,
        uplink: Uplink,
        entries: Sequence[Entry],
        base: Entry | None,
        form: HeadForm,
        payload: bytes,
    ) -> bytes:
        filled = replace(uplink, entries=tuple(entries))
        self._flight = _Flight(journal, filled, base is not None, form)
        self.called = False
        return payload

    def _form(self, journal: Journal, uplink: Uplink) -> HeadForm:
        if self._known != uplink.head:
            return HeadForm.FULL
        agreed = self._server_seq.get(journal.journal_id) == uplink.after_seq
        return HeadForm.BRIEF if agreed else HeadForm.TAG

    def _codec(self, description: bytes) -> MinuteCodec:
        if description not in self._codecs:
            kinds = series_kinds(decode_description(description))
            self._codecs[description] = RangeCodec(kinds, self._model)
        return self._codecs[description]

    def _jumping(self, journal: Journal, after_seq: int, *, minutes: bool) -> list[Entry]:
        """The newest entries that may jump the queue: events, and the last minute if `minutes`."""
        if not self._trusts(journal):
            return []
        newest = journal.newest(max(after_seq, journal.ahead_seq), _NEWEST)
        last = next((entry for entry in reversed(newest) if isinstance(entry.body, Minute)), None)
        return [entry for entry in newest if isinstance(entry.body, Event) or (minutes and entry is last)]

    def _trusts(self, journal: Journal) -> bool:
        """Whether the journal's numbers cannot have been given before, to entries it has forgotten."""
        return journal.new or journal.journal_id in self._trusted

    def _take(self, flight: _Flight, downlink: Downlink) -> bool:
        uplink = flight.uplink
        if downlink.answer is Answer.NEED_HEAD:
            self._known = None
            return flight.form is not HeadForm.FULL
        if downlink.answer is Answer.NEED_DESCRIPTION:
            self._wanted = uplink.description_hash
            return uplink.description is None
        if downlink.answer is Answer.UNKNOWN_BASE:
            self._self_contained = True
            return flight.chained
        if downlink.answer is Answer.UNKNOWN_MODEL:
            return self._drop_model()
        if downlink.answer is Answer.CONFLICT:
            logger.error(
                "another edge speaks for this site with the same keys: stop one of the two, and enrol it "
                "as a site of its own"
            )
            return False
        if downlink.answer is Answer.OK:
            self._known = uplink.head
            self._wanted = None
            self._self_contained = False
            if uplink.commands_seen is not None:
                self._seen_told = uplink.commands_seen
        return self._acknowledged(flight, downlink.acked_seq)

    def _drop_model(self) -> bool:
        """The server lacks the site's own model: code by the shipped one until the next start."""
        if self._model is None:
            return False
        logger.warning("the server does not have this site's minute model %s", self._model.id.hex())
        self._model = None
        self._codecs.clear()
        return True

    def _acknowledged(self, flight: _Flight, acked_seq: int) -> bool:
        journal, uplink = flight.journal, flight.uplink
        if acked_seq > max(journal.sent_seq, journal.opened_seq):
            self._keeper.renew(journal)
            return False
        self._trusted.add(journal.journal_id)
        self._server_seq[journal.journal_id] = acked_seq
        if acked_seq < uplink.after_seq:
            before = journal.acked_seq
            self._keeper.rewind(journal, acked_seq)
            return journal.acked_seq < before or not uplink.lost_before
        if uplink.ahead:
            journal.went_ahead(uplink.entries)
            return True
        self._keeper.forget(journal, acked_seq)
        return acked_seq > uplink.after_seq or not uplink.entries
