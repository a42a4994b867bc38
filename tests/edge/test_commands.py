"""The life of a command on the site, told as what an edge hears and what becomes of it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.edge.test_inbox import limit_pages
from tests.support.command_edge import ID, NOW_S, CommandEdge, Killed, command

from stallaini.edge.command_kinds import LinkMode, LiveValues, Ping
from stallaini.link.commands import DONE, Outcome, refused
from stallaini.link.messages import Answer, Command, Downlink


@pytest.fixture
def edge(tmp_path: Path) -> CommandEdge:
    return CommandEdge(tmp_path)


async def test_a_command_is_acted_on_and_its_end_told(edge: CommandEdge) -> None:
    await edge.hear(command(1))
    assert (edge.acted, edge.ends()) == ([1], [(1, "done")])
    assert edge.commands.seen_id == ID + 1


async def test_the_same_command_many_times_is_one(edge: CommandEdge) -> None:
    for _ in range(5):
        await edge.hear(command(1), command(1))
    edge.start()
    await edge.hear(command(1))
    assert edge.acted == [1]
    assert set(edge.ends()) == {(1, "done")}, "told anew to a server that asks anew, never acted on"


async def test_commands_in_any_order_of_one_answer_are_acted_on_by_id(edge: CommandEdge) -> None:
    await edge.hear(command(3), command(1), command(2))
    assert edge.acted == [1, 2, 3]


async def test_an_unknown_command_below_a_known_one_is_refused(edge: CommandEdge) -> None:
    await edge.hear(command(5))
    await edge.hear(command(4))
    await edge.hear(command(4))
    assert edge.acted == [5]
    assert edge.ends() == [(5, "done"), (4, "refused")]
    assert "made later" in edge.reason()


async def test_a_number_used_for_another_command_is_refused(edge: CommandEdge) -> None:
    await edge.hear(command(1))
    await edge.hear(command(1, end_s=900))
    assert edge.ends() == [(1, "done"), (1, "refused")]
    assert "used before" in edge.reason()


async def test_an_unknown_kind_is_refused_with_those_there_are(edge: CommandEdge) -> None:
    await edge.hear(command(1, kind="fly"))
    assert edge.ends() == [(1, "refused")]
    assert edge.reason() == "this site knows no 'fly'; it knows switch"


async def test_a_command_waits_for_its_not_before_over_a_restart_of_the_machine(edge: CommandEdge) -> None:
    await edge.hear(command(1, begin_s=3600, end_s=4200))
    await edge.pass_time(3000)
    edge.start(reboot=True)
    await edge.pass_time(599)
    assert edge.acted == []
    await edge.pass_time(1)
    assert (edge.acted, edge.ends()) == ([1], [(1, "done")])


async def test_a_command_whose_time_passed_while_the_site_was_off_expires(edge: CommandEdge) -> None:
    await edge.hear(command(1, begin_s=3600, end_s=4200))
    edge.clock.advance(4201)
    edge.start(reboot=True)
    await edge.commands.act_due()
    assert (edge.acted, edge.ends()) == ([], [(1, "expired")])


async def test_an_answer_that_was_long_under_way_counts_as_late_as_it_may_be(edge: CommandEdge) -> None:
    await edge.hear(command(1, end_s=30), round_trip_s=0, server_s=NOW_S)
    await edge.hear(command(2, end_s=30), round_trip_s=31, server_s=NOW_S)
    await edge.hear(command(3, begin_s=20), round_trip_s=31, server_s=NOW_S)
    assert edge.acted == [1]
    assert edge.ends() == [(1, "done"), (2, "expired")]
    await edge.pass_time(20)
    assert edge.acted == [1, 3]


async def test_the_servers_time_rules_over_a_wrong_clock_on_the_site(edge: CommandEdge) -> None:
    edge.clock.step_wall(-86_400 * 365)
    await edge.hear(command(1), server_s=NOW_S)
    await edge.hear(command(2, begin_s=60), server_s=NOW_S)
    edge.clock.step_wall(86_400 * 700)
    await edge.commands.act_due()
    assert edge.acted == [1]
    await edge.pass_time(60)
    assert edge.acted == [1, 2]


async def test_while_no_time_is_known_commands_wait(edge: CommandEdge) -> None:
    await edge.hear(command(1, begin_s=3600, end_s=4200))
    edge.clock.advance(3700)
    edge.start(reboot=True)
    edge.knows_time = False
    await edge.commands.act_due()
    assert (edge.acted, edge.ends()) == ([], [])
    await edge.hear()
    assert (edge.acted, edge.ends()) == ([1], [(1, "done")])


async def test_a_due_command_is_not_begun_after_a_restart_of_the_machine(edge: CommandEdge) -> None:
    """The card may have lost that it was acted on."""
    edge.fate.die_at = 2
    with pytest.raises(Killed, match="before marking the act"):
        await edge.hear(command(1))
    edge.fate.die_at = None
    edge.start(reboot=True)
    await edge.commands.act_due()
    assert (edge.acted, edge.ends()) == ([], [(1, "unknown")])


async def test_what_can_be_verified_is_not_unknown(edge: CommandEdge) -> None:
    edge.fate.die_at = 5
    with pytest.raises(Killed, match="after acting"):
        await edge.hear(command(1))
    edge.fate.die_at = None
    edge.start()
    edge.switch.known = DONE
    await edge.commands.act_due()
    assert (edge.acted, edge.ends()) == ([1], [(1, "done")])


async def test_a_handler_may_refuse_and_may_fail(edge: CommandEdge) -> None:
    edge.outcome = refused("the pump is dry")
    await edge.hear(command(1))

    async def fail(_command: Command, /) -> Outcome:
        raise OSError("no such relay")

    edge.switch.act = fail  # type: ignore[method-assign]
    await edge.hear(command(2))
    assert edge.ends() == [(1, "refused"), (2, "unknown")]
    assert "no such relay" in edge.reason()


async def test_on_a_full_disk_commands_are_refused_and_not_acted_on(edge: CommandEdge) -> None:
    limit_pages(edge.inbox)
    many = [command(n, label="x" * 100) for n in range(40)]
    await edge.hear(*many)
    await edge.hear(*many)
    assert edge.acted == []
    assert edge.ends() == [(n, "refused") for n in range(40)]
    assert "write down" in edge.reason()
    assert edge.commands.seen_id == ID + 39


async def test_a_disk_that_fails_before_the_act_prevents_it(
    edge: CommandEdge, monkeypatch: pytest.MonkeyPatch
) -> None:
    await edge.hear(command(1, begin_s=60))
    broken(edge)
    await edge.pass_time(60)
    assert (edge.acted, edge.ends()) == ([], [(1, "refused")])


async def test_a_disk_that_fails_after_the_act_does_not_repeat_it(edge: CommandEdge) -> None:
    async def act_and_break(command: Command, /) -> Outcome:
        edge.acts.append((command.id, 0.0))
        broken(edge)
        return DONE

    edge.switch.act = act_and_break  # type: ignore[method-assign]
    await edge.hear(command(1))
    assert edge.ends() == [(1, "done")]
    for _ in range(3):
        await edge.pass_time(30)
    assert (edge.acted, edge.ends()) == ([1], [(1, "done")])
    mended(edge)
    await edge.pass_time(60)
    edge.start()
    await edge.commands.act_due()
    assert (edge.acted, edge.ends()) == ([1], [(1, "done")])


async def test_a_corrupt_inbox_is_an_event(edge: CommandEdge) -> None:
    edge.inbox.close()
    edge.path.write_bytes(b"rubbish" * 1000)
    edge.start()
    edge.commands.started()
    assert [(event.kind, event.data) for event in edge.journal] == [
        ("commands.set_aside", {"file": "commands.db.corrupt"})
    ]


async def test_running_it_acts_at_the_time_and_sleeps_in_between(edge: CommandEdge) -> None:
    running = asyncio.create_task(edge.commands.run())
    await edge.hear()
    edge.commands.heard(downlink_of(edge, command(1), command(2, begin_s=100, end_s=200)), 0.0)
    await settle()
    assert edge.acted == [1]
    for _ in range(10):
        edge.clock.advance(10)
        await settle()
    assert edge.acted == [1, 2]
    assert edge.acts[1][1] == NOW_S + 100
    running.cancel()


async def test_the_kinds_every_edge_has_do_what_they_say() -> None:
    done: list[object] = []
    live = LiveValues(done.append)
    mode = LinkMode(lambda *words: done.append(words))
    assert await Ping().act(command(1)) == DONE
    assert await live.act(command(2, minutes=5)) == DONE
    assert await mode.act(command(3, mode="economy", until_s=NOW_S + 60)) == DONE
    assert await mode.act(command(4, mode="auto")) == DONE
    assert done == [300.0, ("economy", NOW_S + 60), ("auto", None)]
    assert live.check({"minutes": 61}) is not None


def downlink_of(edge: CommandEdge, *commands: Command) -> Downlink:
    return Downlink(Answer.OK, 0, 0, int(edge.clock.wall_s() * 1000), commands)


async def settle() -> None:
    """Let everything that can run now run."""
    for _ in range(20):
        await asyncio.sleep(0)


def broken(edge: CommandEdge) -> None:
    """Let nothing be written to the file any more, as on a card gone read-only."""
    assert edge.inbox._db is not None
    edge.inbox._db.execute("PRAGMA query_only = ON")


def mended(edge: CommandEdge) -> None:
    """Let the file be written again."""
    assert edge.inbox._db is not None
    edge.inbox._db.execute("PRAGMA query_only = OFF")
