"""A server process to be killed: many sites' uplinks into one store, each acknowledgement printed.

`python -m tests.support.ingest_forever FOLDER SEED`; a line `SITE ACKED_SEQ` follows each answer. What a
site says at a sequence number is a function of both, so that a reader can tell what must be there.
"""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path

from tests.support.uplinks import DAY, NOON_MINUTE, Edge, Server

from stallaini.link.messages import Answer, Entry, Event, Minute

SITES = ("alm", "etna", "noto", "sud")
FIRST_MINUTE = NOON_MINUTE - 5 * DAY


def body(site: str, seq: int) -> Minute | Event:
    """What a site says at a sequence number."""
    if seq % 7 == 0:
        return Event((FIRST_MINUTE + seq) * 60, f"{site}.event", {"seq": seq})
    salt = SITES.index(site) + 1
    return Minute(FIRST_MINUTE + seq, (seq * salt % 1999, -seq, None if seq % 5 == 0 else salt, seq % 10_000))


async def _talk(server: Server, site: str, rng: random.Random) -> None:
    edge = Edge(site)
    acked_seq = await server.store.acked(site, edge.journal_id)
    while True:
        # Now and then the edge has missed an answer and sends again what is already acknowledged.
        after_seq = max(0, acked_seq - rng.choice((0, 0, 0, 3)))
        count = rng.randint(1, 30)
        entries = [Entry(seq, body(site, seq)) for seq in range(after_seq + 1, after_seq + 1 + count)]
        answer = await edge.send(server, edge.uplink(entries, after_seq=after_seq))
        assert answer.answer is Answer.OK
        acked_seq = answer.acked_seq
        print(site, acked_seq, flush=True)


async def _seal(server: Server) -> None:
    while True:
        await asyncio.sleep(0.05)
        await server.store.seal(NOON_MINUTE + 2 * DAY)


async def _main(folder: Path, seed: int) -> None:
    with Server.running(folder) as server:
        rng = random.Random(seed)
        await asyncio.gather(_seal(server), *(_talk(server, site, rng) for site in SITES))


if __name__ == "__main__":
    asyncio.run(_main(Path(sys.argv[1]), int(sys.argv[2])))
