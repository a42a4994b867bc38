"""Delivery: which bytes to send next, and what an answer means for the journal. No I/O, no clock."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from stallaini.edge.journal import Batch, Journal, Origin
from stallaini.edge.keeper import JournalKeeper
from stallaini.link.envelope import Malformed, decode_downlink, pack_uplink
from stallaini.link.messages import Answer, Downlink, Entry, Head, Live, Uplink
from stallaini.site.description import description_hash

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Flight:
    """The one uplink that waits for its answer."""

    journal: Journal
    head: Head
    after_seq: int
    entries: int
    chained: bool
    full_head: bool
    described: bool
    lost_before: bool
    carried: tuple[Entry, ...]


class Delivery:
    """Brings the journal's entries to the server, oldest first, one uplink at a time.

    `compose` gives the bytes of the next uplink; then exactly one of `answered` and `failed` is called.
    Whatever is answered, an entry leaves the journal only when the server said it is durable.
    `watching_s` is for how many seconds from the last answer somebody looks at the site.
    """

    def __init__(self, keeper: JournalKeeper, origin: Origin) -> None:
        self._keeper = keeper
        self._origin = origin
        self._known: Head | None = None
        self._wanted: bytes | None = None
        self._self_contained = False
        self._server_seq: dict[bytes, int] = {}
        self._flight: _Flight | None = None
        self.watching_s = 0

    def compose(self, live: Live | None = None) -> bytes | None:
        """The next uplink, with `live` in it where that is possible. None: there is nothing to send."""
        if self._flight is not None:
            raise RuntimeError("the uplink before this one has no answer yet")
        found = self._keeper.next_batch()
        if found is None:
            if live is None:
                return None
            journal = self._keeper.current
            found = journal, Batch(journal.acked_seq, self._origin, [], None)
        return self._pack(*found, live)

    def probe(self) -> bytes:
        """The smallest uplink there is: it only asks whether anybody answers."""
        if self._flight is not None:
            raise RuntimeError("the uplink before this one has no answer yet")
        journal = self._keeper.current
        return self._pack(journal, Batch(journal.acked_seq, self._origin, [], None), None)

    @property
    def carried(self) -> tuple[Entry, ...]:
        """The entries in the uplink that waits for its answer."""
        return () if self._flight is None else self._flight.carried

    def failed(self) -> None:
        """No answer came."""
        self._flight = None

    def answered(self, data: bytes) -> bool:
        """Take the answer. False: it brought nothing forward, so wait before the next uplink."""
        flight, self._flight = self._flight, None
        if flight is None:
            raise RuntimeError("an answer to no uplink")
        try:
            downlink = decode_downlink(data)
        except Malformed as error:
            logger.warning("the server's answer is no downlink: %s", error)
            return False
        self.watching_s = downlink.watching_s
        return self._take(flight, downlink)

    def _pack(self, journal: Journal, batch: Batch, live: Live | None) -> bytes:
        head = Head(journal.journal_id, batch.origin.boot_id, description_hash(batch.origin.description))
        described = self._wanted == head.description_hash
        uplink = Uplink(
            *head,
            after_seq=batch.after_seq,
            lost_before=batch.after_seq > self._server_seq.get(journal.journal_id, batch.after_seq),
            description=batch.origin.description if described else None,
            live=live if batch.origin.description == self._origin.description else None,
        )
        base = None if self._self_contained else batch.base
        full_head = self._known != head
        packed = pack_uplink(uplink, batch.entries, base, full_head=full_head)
        if packed.taken:
            journal.sent_seq = max(journal.sent_seq, batch.entries[packed.taken - 1].seq)
        self._flight = _Flight(
            journal=journal,
            head=head,
            after_seq=batch.after_seq,
            entries=packed.taken,
            chained=base is not None,
            full_head=full_head,
            described=described,
            lost_before=uplink.lost_before,
            carried=tuple(batch.entries[: packed.taken]),
        )
        return packed.payload

    def _take(self, flight: _Flight, downlink: Downlink) -> bool:
        if downlink.answer is Answer.NEED_HEAD:
            self._known = None
            return not flight.full_head
        if downlink.answer is Answer.NEED_DESCRIPTION:
            self._wanted = flight.head.description_hash
            return not flight.described
        if downlink.answer is Answer.UNKNOWN_BASE:
            self._self_contained = True
            return flight.chained
        if downlink.answer is Answer.OK:
            self._known = flight.head
            self._wanted = None
            self._self_contained = False
        return self._acknowledged(flight, downlink.acked_seq)

    def _acknowledged(self, flight: _Flight, acked_seq: int) -> bool:
        journal = flight.journal
        if acked_seq > max(journal.sent_seq, journal.opened_seq):
            self._keeper.renew(journal)
            return False
        self._server_seq[journal.journal_id] = acked_seq
        if acked_seq < flight.after_seq:
            before = journal.acked_seq
            self._keeper.rewind(journal, acked_seq)
            return journal.acked_seq < before or not flight.lost_before
        self._keeper.forget(journal, acked_seq)
        return acked_seq > flight.after_seq or not flight.entries
