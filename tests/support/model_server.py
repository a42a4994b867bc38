"""The server's side of delivery in as few lines as possible: what the link's contract asks of it."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

from stallaini.link.envelope import (
    UnknownBase,
    UnknownHead,
    decode_uplink,
    encode_downlink,
    peek_uplink,
)
from stallaini.link.messages import Answer, Downlink, Entry, Event, Head, Live, Minute, Uplink
from stallaini.site.description import decode_description


@dataclass
class State:
    """What is durable on the server: entries by journal id and number, acknowledgements, descriptions."""

    entries: dict[tuple[bytes, int], Minute | Event] = field(default_factory=dict)
    acked: dict[bytes, int] = field(default_factory=dict)
    widths: dict[bytes, int] = field(default_factory=dict)


class ModelServer:
    """Takes uplinks, answers downlinks; can be set back to an earlier state as a backup does."""

    def __init__(self) -> None:
        self.state = State()
        self.known: Head | None = None
        self.watching_s = 0
        self.lives: list[Live] = []
        self.uplinks: list[Uplink] = []
        self.answers: list[Answer] = []

    def backup(self) -> State:
        return copy.deepcopy(self.state)

    def restore(self, state: State) -> None:
        self.state = copy.deepcopy(state)
        self.known = None

    @property
    def bodies(self) -> list[Minute | Event]:
        return list(self.state.entries.values())

    def handle(self, payload: bytes) -> bytes:
        answer, acked_seq = self._take(payload)
        self.answers.append(answer)
        return encode_downlink(Downlink(answer, acked_seq, self.watching_s))

    def _take(self, payload: bytes) -> tuple[Answer, int]:
        try:
            peek = peek_uplink(payload, self.known)
        except UnknownHead:
            return Answer.NEED_HEAD, 0
        acked = self.state.acked.get(peek.journal_id, 0)
        if peek.description is not None:
            series = decode_description(peek.description).series
            self.state.widths[peek.description_hash] = len(series)
        width = self.state.widths.get(peek.description_hash)
        if width is None:
            return Answer.NEED_DESCRIPTION, acked
        base = self.state.entries.get((peek.journal_id, peek.base_seq or 0))
        try:
            uplink = decode_uplink(payload, base if isinstance(base, Minute) else None, width, self.known)
        except UnknownBase:
            return Answer.UNKNOWN_BASE, acked
        if uplink.after_seq > acked and not uplink.lost_before:
            return Answer.RESEND, acked
        self._store(uplink, acked)
        self.known = peek.head
        return Answer.OK, self.state.acked[peek.journal_id]

    def _store(self, uplink: Uplink, acked: int) -> None:
        self.uplinks.append(uplink)
        if uplink.live is not None:
            self.lives.append(uplink.live)
        fresh: list[Entry] = [entry for entry in uplink.entries if entry.seq > acked]
        for entry in fresh:
            self.state.entries[uplink.journal_id, entry.seq] = entry.body
        last = max((entry.seq for entry in fresh), default=0)
        self.state.acked[uplink.journal_id] = max(acked, uplink.after_seq, last)
