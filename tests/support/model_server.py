"""The server's side of delivery in as few lines as possible: what the link's contract asks of it."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field

from stallaini.link.codec_range import Codecs, UnknownModel
from stallaini.link.downlink import encode_downlink
from stallaini.link.envelope import UnknownBase, UnknownHead, decode_uplink, peek_uplink
from stallaini.link.messages import Answer, Downlink, Entry, Event, Head, Live, Minute, Uplink
from stallaini.link.model import Model
from stallaini.site.description import decode_description


@dataclass
class State:
    """What is durable on the server: entries by journal id and number, acknowledgements, codecs."""

    entries: dict[tuple[bytes, int], Minute | Event] = field(default_factory=dict)
    acked: dict[bytes, int] = field(default_factory=dict)
    codecs: dict[bytes, Codecs] = field(default_factory=dict)


class ModelServer:
    """Takes uplinks, answers downlinks; can be set back to an earlier state as a backup does.

    `wall_s` gives the time it tells an edge that asks for it; None: it does not know the time itself.
    """

    def __init__(self) -> None:
        self.state = State()
        self.known: Head | None = None
        self.models: list[Model] = []
        self.watching_s = 0
        self.wall_s: Callable[[], float] | None = None
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
        answer, acked_seq, settled_seq = self._take(payload)
        self.answers.append(answer)
        asked = answer is Answer.OK and self.uplinks[-1].time_wanted
        time_ms = int(self.wall_s() * 1000) if asked and self.wall_s is not None else None
        return encode_downlink(Downlink(answer, acked_seq, self.watching_s, time_ms), settled_seq)

    def _take(self, payload: bytes) -> tuple[Answer, int, int | None]:
        try:
            peek = peek_uplink(payload, self.known)
        except UnknownHead:
            return Answer.NEED_HEAD, 0, None
        journal_id, _, hash_ = peek.head
        acked = self.state.acked.get(journal_id, 0)
        if peek.description is not None:
            self.state.codecs[hash_] = Codecs(decode_description(peek.description), self.models)
        codecs = self.state.codecs.get(hash_)
        if codecs is None:
            return Answer.NEED_DESCRIPTION, acked, None
        held = [
            Entry(seq, body) for (journal, seq), body in self.state.entries.items() if journal == journal_id
        ]
        bases = [entry for entry in held if isinstance(entry.body, Minute) and entry.seq <= acked]
        try:
            uplink = decode_uplink(payload, codecs, known=self.known, acked_seq=acked, bases=bases)
        except UnknownBase:
            return Answer.UNKNOWN_BASE, acked, None
        except UnknownModel:
            return Answer.UNKNOWN_MODEL, acked, None
        except UnknownHead:
            return Answer.NEED_HEAD, 0, None
        if uplink.after_seq > acked and not uplink.lost_before:
            return Answer.RESEND, acked, None
        self._store(uplink, acked)
        self.known = peek.head
        return Answer.OK, self.state.acked[journal_id], uplink.settled_seq

    def _store(self, uplink: Uplink, acked: int) -> None:
        self.uplinks.append(uplink)
        if uplink.live is not None:
            self.lives.append(uplink.live)
        fresh: list[Entry] = [entry for entry in uplink.entries if entry.seq > acked]
        for entry in fresh:
            self.state.entries[uplink.journal_id, entry.seq] = entry.body
        last = 0 if uplink.ahead else max((entry.seq for entry in fresh), default=0)
        self.state.acked[uplink.journal_id] = max(acked, uplink.after_seq, last)
