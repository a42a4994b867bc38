"""A recorded day of a real site through bus, edge, link and server: complete, whatever is killed or cut."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from tests.support.programs import SITE, Programs
from tests.support.udp_relay import UdpRelay

from stallaini.clock import SharedClock, SystemClock
from stallaini.devices.studer_rcc.datalog import parse_datalog
from stallaini.ops.replayer import Pace, Replay
from stallaini.twin.wires.wire import wire_of

pytestmark = [pytest.mark.recordings, pytest.mark.long, pytest.mark.timeout(420)]

DAY_MINUTES = 1440
CUT_MINUTES = 6 * 60
_DRAIN_S = 120


class RealDay:
    """The programs, a relay that can be cut between them, and the day to be played."""

    def __init__(self, programs: Programs, relay: UdpRelay, clock: SharedClock, replay: Replay) -> None:
        self.programs = programs
        self.relay = relay
        self.clock = clock
        self.replay = replay
        self._start_s = clock.wall_s()

    async def series(self, name: str) -> dict[str, Any]:
        """One series of the day, one point a minute, as the API gives it."""
        query = urlencode({"name": name, "points": DAY_MINUTES, **self._range()})
        answer: dict[str, Any] = await self.programs.ask(f"/api/v1/sites/{SITE}/series?{query}")
        return answer

    async def gaps(self) -> dict[str, Any]:
        """What the API says is missing of the day."""
        answer: dict[str, Any] = await self.programs.ask(
            f"/api/v1/sites/{SITE}/gaps?{urlencode(self._range())}"
        )
        return answer

    async def drained(self) -> dict[str, Any]:
        """Let time go on until the store has the day or a while has passed; then what is missing."""
        for _ in range(_DRAIN_S * 10):
            self.clock.advance(1.0)
            await asyncio.sleep(0.1)
            gaps = await self.gaps()
            if gaps["minutes_present"] >= DAY_MINUTES:
                break
        return gaps

    def _range(self) -> dict[str, str]:
        start, end = (
            datetime.fromtimestamp(second, UTC).isoformat()
            for second in (self._start_s, self._start_s + DAY_MINUTES * 60)
        )
        return {"start": start, "end": end}


@asynccontextmanager
async def real_day(tmp_path: Path, shared_data: Path) -> AsyncIterator[RealDay]:
    """The recorded day of 4 July 2016, ready to be played to running programs."""
    datalog = parse_datalog((shared_data / "studer/datalogs/LG160704.CSV").read_bytes())
    clock = SharedClock.create(tmp_path / "clock", datalog.rows[0].local_minute * 60.0)
    programs = Programs(tmp_path, tmp_path / "clock")
    relay = UdpRelay(programs.coap_port)
    await relay.start()
    wire = wire_of(f"simbus:{programs.bus}")
    replay = Replay(datalog, wire, Pace(SystemClock(), 0, clock))
    try:
        programs.enrol(relay.port)
        programs.start_server()
        await programs.until_served()
        await wire.start()
        programs.start_edge()
        await programs.until_listening()
        yield RealDay(programs, relay, clock, replay)
    finally:
        programs.stop()
        await wire.close()
        await relay.close()


async def assert_day_is_whole(day: RealDay) -> None:
    """1,440 minutes, none missing or doubled, with the log's own charge and states of charge."""
    gaps = await day.drained()
    assert gaps["gaps"] == [], day.programs.log("edge")
    assert gaps["minutes_present"] == gaps["minutes_expected"] == DAY_MINUTES
    logged = day.replay.minutes
    current = await day.series("battery.current.mean")
    assert len(current["t"]) == len(set(current["t"])) == DAY_MINUTES
    logged_a = [minute.current_a or 0.0 for minute in logged]
    for part in (lambda a: a, lambda a: max(a, 0.0), lambda a: min(a, 0.0)):
        logged_ah = sum(map(part, logged_a)) / 60
        assert sum(map(part, current["mean"])) / 60 == pytest.approx(logged_ah, rel=0.01)
    soc = await day.series("battery.soc")
    logged_soc = [minute.soc_pct for minute in logged if minute.soc_pct is not None]
    assert min(soc["min"]) == pytest.approx(min(logged_soc), abs=1e-9)
    assert max(soc["max"]) == pytest.approx(max(logged_soc), abs=1e-9)
    events = await day.programs.ask(f"/api/v1/sites/{SITE}/events?limit=1000&start=2016-01-01T00:00:00Z")
    kinds = {event["kind"] for event in events["events"]}
    assert not kinds & {"minute.conflict", "minute.refused", "entries.lost", "journal.dropped"}


async def test_a_recorded_day_arrives_whole(tmp_path: Path, shared_data: Path) -> None:
    async with real_day(tmp_path, shared_data) as day:
        await day.replay.play()
        await assert_day_is_whole(day)


@pytest.mark.parametrize("seed", [11])
async def test_a_day_of_kills_and_a_cut_link_arrives_whole(
    tmp_path: Path, shared_data: Path, seed: int
) -> None:
    chance = random.Random(seed)
    async with real_day(tmp_path, shared_data) as day:
        playing = asyncio.create_task(day.replay.play())
        cut_from = chance.randrange(100, DAY_MINUTES - CUT_MINUTES - 100)
        mishaps = [
            *((chance.randrange(20, DAY_MINUTES - 20), _server_killed) for _ in range(3)),
            *((chance.randrange(20, DAY_MINUTES - 20), _edge_killed) for _ in range(3)),
            (cut_from, _link_cut),
            (cut_from + CUT_MINUTES, _link_joined),
        ]
        for minute, mishap in sorted(mishaps, key=lambda planned: planned[0]):
            await _reached(day, minute, playing)
            await asyncio.sleep(chance.random() * 0.03)
            await mishap(day)
        await playing
        await assert_day_is_whole(day)


async def _reached(day: RealDay, minute: int, playing: asyncio.Task[None]) -> None:
    while day.replay.minute < minute and not playing.done():  # noqa: ASYNC110 - a plain look is enough
        await asyncio.sleep(0.001)


async def _server_killed(day: RealDay) -> None:
    day.programs.kill("server")
    await asyncio.sleep(0.3)
    day.programs.start_server()
    await day.programs.until_served()


async def _edge_killed(day: RealDay) -> None:
    # A minute whose end was not journaled yet is not the journal's to keep: stay clear of its ends.
    while not 20 < day.clock.wall_s() % 60 < 50:  # noqa: ASYNC110 - a plain look is enough
        await asyncio.sleep(0)
    day.programs.kill("edge")
    day.programs.start_edge()


async def _link_cut(day: RealDay) -> None:
    day.relay.faults.cut = True


async def _link_joined(day: RealDay) -> None:
    day.relay.faults.cut = False
