"""Commands on the server as ingest and people meet them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.uplinks import Edge, Server

from stallaini.link.commands import DONE, report
from stallaini.link.messages import Command, Event
from stallaini.server.commands import REPORT_WITHIN_S, BadCommand, ClockUnset, Commands, as_of
from stallaini.server.ingest import Ingest
from stallaini.server.store.base import CommandRow, NewCommand, StoreUnavailable


class Commanded(Server):
    """A server with a box of commands; `poked` lists the sites that were asked to call."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.poked: list[str] = []
        self.commands = Commands(self.store, self.clock, self.poked.append)
        self.ingest = Ingest(self.store, self.clock, self.ear, box=self.commands)

    @classmethod
    @contextlib.contextmanager
    def running(cls, folder: Path) -> Iterator[Commanded]:
        server = cls(folder)
        try:
            yield server
        finally:
            server.database.close()

    async def make(self, begin_s: int = 0, end_s: int = 600) -> CommandRow:
        now_s = int(self.clock.wall_s())
        return await self.commands.make(
            "noto", NewCommand("anna", "ping", now_s + begin_s, now_s + end_s, {})
        )

    async def state(self, made: CommandRow) -> str:
        found = await self.commands.one("noto", made.command.id)
        assert found is not None
        return found.state


@pytest.fixture
def server(tmp_path: Path) -> Iterator[Commanded]:
    with Commanded.running(tmp_path) as running:
        yield running


async def test_a_command_goes_down_with_the_next_answer_and_brings_the_time(server: Commanded) -> None:
    edge = Edge()
    assert (await edge.tell(server)).commands == ()
    made = await server.make()
    assert server.poked == ["noto"]
    answer = await edge.tell(server)
    assert answer.commands == (made.command,)
    assert answer.time_ms == int(server.clock.wall_s() * 1000)
    assert await server.state(made) == "sent"


async def test_what_is_confirmed_is_not_sent_again_and_its_end_comes_as_an_event(server: Commanded) -> None:
    edge = Edge()
    made = await server.make()
    await edge.tell(server)
    answer = await edge.send(server, replace(edge.uplink(), commands_seen=made.command.id))
    assert answer.commands == ()
    assert await server.state(made) == "received"
    done = Event(int(server.clock.wall_s()), *report(made.command, DONE))
    await edge.tell(server, done)
    await edge.tell(server, done)
    assert await server.state(made) == "done"
    events = await server.store.events("noto", 0, 2**40, 10)
    assert [event.kind for event in events] == ["command.done"] * 2


async def test_a_restarted_server_still_sends_what_waits(server: Commanded) -> None:
    edge = Edge()
    made = await server.make()
    again = Commands(server.store, server.clock, lambda _site: None)
    server.ingest = Ingest(server.store, server.clock, server.ear, box=again)
    assert (await edge.tell(server)).commands == (made.command,)


async def test_an_uplink_that_is_not_taken_gets_no_command(server: Commanded) -> None:
    edge = Edge()
    await server.make()
    refused = await edge.send(server, edge.uplink(after_seq=50))
    assert (refused.answer.name, refused.commands) == ("RESEND", ())


async def test_a_site_without_commands_costs_no_look_into_the_database(
    server: Commanded, monkeypatch: pytest.MonkeyPatch
) -> None:
    edge = Edge()
    await edge.tell(server)

    async def fail(*_args: object) -> list[Command]:
        raise AssertionError("looked")

    monkeypatch.setattr(server.store, "hand_out_commands", fail)
    await edge.tell(server)


async def test_one_nobody_told_of_ends_all_the_same(server: Commanded) -> None:
    never_sent = await server.make()
    server.clock.advance(601)
    assert await server.state(never_sent) == "expired"
    sent = await server.make()
    await Edge().tell(server)
    server.clock.advance(600 + REPORT_WITHIN_S)
    assert await server.state(sent) == "sent"
    server.clock.advance(1)
    assert await server.state(sent) == "unknown"
    assert [row.state for row in await server.commands.listed("noto", 5)] == ["unknown", "expired"]
    edge = Edge(journal=2)
    await edge.tell(server, Event(int(server.clock.wall_s()), *report(sent.command, DONE)))
    assert await server.state(sent) == "done", "the site's word, however late, wins"


def test_an_end_is_an_end_whatever_the_time() -> None:
    row = CommandRow(Command(1, "anna", "ping", 0, 600), "done", None, 0, 0, 0, 5)
    assert as_of(row, 10.0**9) == row


@pytest.mark.parametrize(
    ("begin_s", "end_s", "says"),
    [(0, 0, "after now"), (-600, -1, "after now"), (60, 60, "not_before"), (0, 32 * 86_400, "31 days")],
)
async def test_impossible_times_are_refused(server: Commanded, begin_s: int, end_s: int, says: str) -> None:
    with pytest.raises(BadCommand, match=says):
        await server.make(begin_s, end_s)
    assert server.poked == []


async def test_wrong_data_of_a_known_kind_and_too_much_of_any_are_refused(server: Commanded) -> None:
    now_s = int(server.clock.wall_s())
    wrong = NewCommand("anna", "live", now_s, now_s + 60, {"minutes": "many"})
    long = NewCommand("anna", "sing", now_s, now_s + 60, {f"line{n}": "x" * 160 for n in range(6)})
    with pytest.raises(BadCommand, match="minutes"):
        await server.commands.make("noto", wrong)
    with pytest.raises(BadCommand, match="too long"):
        await server.commands.make("noto", long)


async def test_a_server_without_a_clock_takes_and_sends_none(server: Commanded) -> None:
    await server.make()
    server.clock.step_wall(-server.clock.wall_s())
    with pytest.raises(ClockUnset):
        await server.make()
    assert (await Edge().tell(server)).commands == ()


async def test_a_full_disk_keeps_commands_back_but_not_the_acknowledgement(
    server: Commanded, monkeypatch: pytest.MonkeyPatch
) -> None:
    edge = Edge()
    made = await server.make()
    hand_out = server.store.hand_out_commands

    async def fail(*_args: object) -> list[Command]:
        raise StoreUnavailable("disk full")

    monkeypatch.setattr(server.store, "hand_out_commands", fail)
    answer = await edge.tell(server, Event(int(server.clock.wall_s()), "boot", {}))
    assert (answer.acked_seq, answer.commands) == (1, ())
    monkeypatch.setattr(server.store, "hand_out_commands", hand_out)
    assert (await edge.tell(server)).commands == (made.command,)
