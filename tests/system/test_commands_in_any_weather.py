"""Real statements of the server against a real inbox, in random weather: acted on at most once, in its time.

The server is its SQLite tables, restored from backups; the edge its inbox file, killed at any commit.
"""

from __future__ import annotations

import asyncio
import sqlite3
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.command_edge import NOW_S, CommandEdge, Killed

from stallaini.clock import VirtualClock
from stallaini.link.messages import Command, Head
from stallaini.server.commands import REPORT_WITHIN_S, as_of
from stallaini.server.store.base import CommandRow, NewCommand
from stallaini.server.store.commanding import add_command, hand_out, read_commands, take_report
from stallaini.server.store.schema import add_commands

SITE = "noto"
ENDS = {"done", "refused", "expired", "unknown"}


class World:
    """One server, one edge, one true time; the server's clock is right, the site's may be anything."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = VirtualClock(wall_s=NOW_S, monotonic_s=1000.0)
        self.server = sqlite3.connect(":memory:", isolation_level=None)
        add_commands(self.server)
        self.backup: sqlite3.Connection | None = None
        self.edge = CommandEdge(folder, self.clock)
        self.journal_id = b"journal1"
        self.cards = 1
        self.delivered = 0
        self.told_id: int | None = None
        self.lasting: tuple[dict[Path, bytes], int] = {}, 0

    def post(self, begin_s: int, lasts_s: int) -> None:
        now_s = int(self.clock.wall_s())
        new = NewCommand("anna", "switch", now_s + begin_s, now_s + begin_s + lasts_s, {})
        add_command(self.server, SITE, new, self.clock.wall_s())

    async def exchange(self, *, up: bool = True, down: bool = True, takes_s: int = 0) -> None:
        """One exchange; the request, or the answer, may get lost, and the answer may be long under way."""
        self.lasting = {file: file.read_bytes() for file in self._card()}, len(self.edge.journal)
        if not up:
            return
        now_s, seen_id = int(self.clock.wall_s()), self.edge.commands.seen_id
        for event in self.edge.journal[self.delivered :]:
            take_report(self.server, SITE, event, now_s)
        head = Head(self.journal_id, self.edge.boot_id, b"describe")
        commands = hand_out(self.server, SITE, head, None if seen_id == self.told_id else seen_id, now_s)
        server_s = self.clock.wall_s()
        self.clock.advance(takes_s)
        if down:
            self.delivered = len(self.edge.journal)
            self.told_id = None if commands else seen_id
            await self.edge.hear(*commands, round_trip_s=takes_s, server_s=server_s)

    def restart(self, *, reboot: bool) -> None:
        self.edge.fate.die_at = None
        self.edge.start(reboot=reboot)
        self.told_id = None

    def replace_card(self) -> None:
        """Everything that was on the card is gone, what the journal had not delivered too."""
        self.edge.inbox.close()
        for file in self.folder.glob("commands.db*"):
            file.unlink()
        del self.edge.journal[self.delivered :]
        self.cards += 1
        self.journal_id = f"journal{self.cards}".encode()
        self.restart(reboot=True)

    def cut_power(self) -> None:
        """The card loses what it called written since the last exchange began."""
        files, events = self.lasting
        self.edge.inbox.close()
        for file in self.folder.glob("commands.db*"):
            file.unlink()
        for file, content in files.items():
            file.write_bytes(content)
        del self.edge.journal[events:]
        self.delivered = min(self.delivered, events)
        self.restart(reboot=True)

    def _card(self) -> list[Path]:
        return [file for file in self.folder.glob("commands.db*") if not file.name.endswith("-shm")]

    def back_up(self) -> None:
        self.backup = sqlite3.connect(":memory:", isolation_level=None)
        self.server.backup(self.backup)

    def restore(self) -> None:
        """The server forgets, within a second; the edge's journal is delivered again."""
        if self.backup is not None:
            self.clock.advance(1)
            self.backup.backup(self.server)
            self.delivered = 0

    async def act(self, what: tuple[object, ...]) -> None:
        match what:
            case ("post", int(begin_s), int(lasts_s)):
                self.post(begin_s, lasts_s)
            case ("exchange", bool(up), bool(down), int(takes_s)):
                await self.exchange(up=up, down=down, takes_s=takes_s)
            case ("pass", int(seconds)):
                await self.edge.pass_time(seconds)
            case ("kill", int(steps), bool(reboot)):
                await self.kill(steps, reboot=reboot)
            case ("restart", bool(reboot)):
                self.restart(reboot=reboot)
            case ("back up",):
                self.back_up()
            case ("restore",):
                self.restore()
            case ("cut power",):
                self.cut_power()
            case ("replace card",):
                self.replace_card()

    async def kill(self, steps: int, *, reboot: bool) -> None:
        """Exchange, and die so many points later, if there are so many."""
        self.edge.fate.die_at = len(self.edge.fate.passed) + steps
        try:
            await self.exchange()
        except Killed:
            self.restart(reboot=reboot)
        self.edge.fate.die_at = None

    async def calm_down(self) -> list[CommandRow]:
        """Good weather until everything has come to its end."""
        for _ in range(4):
            await self.exchange()
        await self.edge.pass_time(2000 + REPORT_WITHIN_S)
        for _ in range(4):
            await self.exchange()
        rows = read_commands(self.server, SITE, 1000)
        return [as_of(row, self.clock.wall_s()) for row in rows]


SECONDS = st.sampled_from([0, 1, 20, 59, 60, 200, 700])
LASTING = st.sampled_from([1, 30, 600])
FOR_LATER = st.tuples(st.just("post"), SECONDS, LASTING)
FOR_NOW = st.tuples(st.just("post"), st.just(0), LASTING)
WEATHER = [
    st.tuples(st.just("exchange"), st.booleans(), st.booleans(), st.sampled_from([0, 0, 0, 5, 45])),
    st.tuples(st.just("exchange"), st.just(True), st.just(True), st.just(0)),
    st.tuples(st.just("pass"), SECONDS),
    st.tuples(st.just("kill"), st.integers(0, 13), st.booleans()),
    st.tuples(st.just("restart"), st.booleans()),
]
# Each of these makes one side forget. Where two forget the same command in its time, it can be acted on
# twice, and the docs say so; so can one for later on a card that loses what it called written.
FORGETTING = [
    [FOR_LATER, st.just(("back up",)), st.just(("restore",))],
    [FOR_LATER, st.just(("replace card",))],
    [FOR_NOW, st.just(("cut power",))],
]
STORIES = st.one_of([st.lists(st.one_of(WEATHER + some), max_size=25) for some in FORGETTING])
ROOMY = Path("/dev/shm")
"""A folder in RAM: what is tried here is the order of commits, not the disk."""


def check(world: World, rows: list[CommandRow], seen: dict[int, Command]) -> None:
    acted = [id_ for id_, _ in world.edge.acts]
    assert len(acted) == len(set(acted)), "acted on twice"
    for id_, at_s in world.edge.acts:
        assert seen[id_].not_before_s <= at_s <= seen[id_].not_after_s, "acted on out of its time"
    for row in rows:
        assert row.state in ENDS, "no end"
        assert row.state != "done" or row.command.id in acted
        assert row.state not in ("refused", "expired") or row.command.id not in acted


async def tell(story: list[tuple[object, ...]], folder: Path) -> None:
    world = World(folder)
    seen: dict[int, Command] = {}
    for what in story:
        await world.act(what)
        for row in read_commands(world.server, SITE, 1000):
            assert seen.setdefault(row.command.id, row.command) == row.command, "an id given twice"
    check(world, await world.calm_down(), seen)
    world.edge.inbox.close()


@settings(max_examples=300)
@given(STORIES)
def test_in_any_weather_a_command_acts_at_most_once_in_its_time_and_ends(
    story: list[tuple[object, ...]],
) -> None:
    with tempfile.TemporaryDirectory(dir=ROOMY if ROOMY.is_dir() else None) as folder:
        asyncio.run(tell(story, Path(folder)))
