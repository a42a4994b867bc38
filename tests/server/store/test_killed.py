"""A server killed at any moment: what it acknowledged is there, once."""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from tests.support.ingest_forever import FIRST_MINUTE, SITES, body
from tests.support.uplinks import SERIES, Edge, Server

from stallaini.link.messages import Event, Minute

ROOT = Path(__file__).parents[3]
KILLS = 5


def run_and_kill(folder: Path, seed: int, after_s: float) -> dict[str, int]:
    """The last acknowledgement each site has seen before SIGKILL."""
    child = subprocess.Popen(
        [sys.executable, "-m", "tests.support.ingest_forever", str(folder), str(seed)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert child.stdout is not None
    first = child.stdout.readline()
    time.sleep(after_s)
    child.send_signal(signal.SIGKILL)
    lines = [first, *child.stdout]
    child.wait()
    child.stdout.close()
    complete = [line.split() for line in lines if line.endswith("\n")]
    return {site: int(acked) for site, acked in complete}


async def test_nothing_acknowledged_is_missing_or_doubled_after_kill_9(tmp_path: Path) -> None:
    rng = random.Random(5)
    seen = dict.fromkeys(SITES, 0)
    for kill in range(KILLS):
        seen.update(run_and_kill(tmp_path, seed=kill, after_s=rng.uniform(0.0, 0.6)))
        with Server.running(tmp_path) as server:
            for site in SITES:
                acked_seq = await server.store.acked(site, Edge(site).journal_id)
                assert acked_seq >= seen[site]
                await must_hold_exactly(server, site, acked_seq)
    assert min(seen.values()) > 100


async def must_hold_exactly(server: Server, site: str, acked_seq: int) -> None:
    said = [body(site, seq) for seq in range(1, acked_seq + 1)]
    minutes = [one for one in said if isinstance(one, Minute)]
    events = [one for one in said if isinstance(one, Event)]
    assert (await server.store.events(site, 0, 2**40, 10**6))[::-1] == events
    far = FIRST_MINUTE + acked_seq + 10**6
    present = await server.store.present_minutes(site, FIRST_MINUTE, far)
    assert present.tolist() == [one.minute for one in minutes]
    columns = await server.store.columns(site, SERIES, FIRST_MINUTE, far)
    for position, name in enumerate(SERIES):
        pairs = zip(columns[name].minutes.tolist(), columns[name].values.tolist(), strict=True)
        expected = [(m.minute, m.values[position]) for m in minutes if m.values[position] is not None]
        assert list(pairs) == expected
