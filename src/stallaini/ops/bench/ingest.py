"""Durable minutes a second: many sites' uplinks through the real ingest, group commits included."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Iterator
from pathlib import Path

from stallaini.clock import SystemClock, VirtualClock
from stallaini.devices.catalogue import load_kinds
from stallaini.link.envelope import HeadForm, encode_uplink
from stallaini.link.messages import Entry, Minute, Uplink
from stallaini.ops.bench.narrow_peer import NarrowTable
from stallaini.ops.bench.report import Figure
from stallaini.ops.bench.wire import SITE_FILE
from stallaini.ops.unwatched import Unwatched
from stallaini.server.database import Database
from stallaini.server.ingest import Ingest
from stallaini.server.store.sqlite import SqliteStore
from stallaini.site.config import parse_site
from stallaini.site.description import description_hash

_START_MINUTE = 29_000_000
_PEER_MINUTES = 500


async def measure(folder: Path, sites: int, minutes: int) -> list[Figure]:
    """`sites` sites send `minutes` minutes each, one uplink a minute, all at once; the peer commits each."""
    description = parse_site(SITE_FILE.read_text(), load_kinds()).description
    width = len(description.series)
    clock = SystemClock()
    database = Database(folder / "ingest.db")
    ingest = Ingest(SqliteStore(database), VirtualClock((_START_MINUTE + minutes) * 60.0), Unwatched())
    senders = [_uplinks(number, width, description.encode()) for number in range(sites)]
    try:
        await _send(ingest, sites, [next(sender) for sender in senders])
        rounds = [[next(sender) for sender in senders] for _ in range(minutes)]
        start_s = clock.monotonic_s()
        for payloads in rounds:
            await _send(ingest, sites, payloads)
        ours = sites * minutes / (clock.monotonic_s() - start_s)
    finally:
        database.close()
    peer_table = NarrowTable(folder / "narrow-ingest.db")
    peer = peer_table.minutes_per_s(_PEER_MINUTES, width)
    peer_table.close()
    note = f"{sites} sites, {width} series"
    return [Figure("durable minutes ingested", ours, "/s", peer, "narrow table, a commit each minute", note)]


async def _send(ingest: Ingest, sites: int, payloads: list[bytes]) -> None:
    await asyncio.gather(*(ingest.handle(f"site-{number}", payloads[number]) for number in range(sites)))


def _uplinks(number: int, width: int, description: bytes) -> Iterator[bytes]:
    """One site's uplinks, each with one minute coded against the one before; the first says everything."""
    journal_id = number.to_bytes(8, "big")
    base: Entry | None = None
    for seq in itertools.count(1):
        values = tuple((number + seq * (series + 1)) % 50 + 5000 for series in range(width))
        entry = Entry(seq, Minute(_START_MINUTE + seq - 1, values))
        uplink = Uplink(
            journal_id=journal_id,
            boot_id=journal_id,
            description_hash=description_hash(description),
            after_seq=seq - 1,
            entries=(entry,),
            description=description if base is None else None,
        )
        yield encode_uplink(uplink, base, form=HeadForm.FULL if base is None else HeadForm.BRIEF)
        base = entry
