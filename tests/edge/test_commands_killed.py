"""Killed at every point of a command's life: acted on at most once, and its end is always told."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from tests.support.command_edge import ID, CommandEdge, Killed, command

POINTS = [
    "before keeping it",
    "after keeping it",
    "before marking the act",
    "after marking the act",
    "before acting",
    "after acting",
    "before writing its end",
    "after writing its end",
    "before telling it",
    "after telling it",
    "before marking it told",
    "after marking it told",
]
ACTED_FROM, CERTAIN_FROM = POINTS.index("after acting"), POINTS.index("after writing its end")


async def die(edge: CommandEdge, at: int) -> None:
    edge.fate.die_at = at
    with pytest.raises(Killed, match=POINTS[at]):
        await edge.hear(command(1))
    edge.fate.die_at = None


async def live_on(edge: CommandEdge) -> None:
    """What a server does: send again what is not confirmed, to the same boot only."""
    if edge.boot == 1 and (edge.commands.seen_id or 0) < ID + 1:
        await edge.hear(command(1))
    await edge.hear()


async def test_these_are_all_the_points(tmp_path: Path) -> None:
    edge = CommandEdge(tmp_path)
    await edge.hear(command(1))
    assert edge.fate.passed == POINTS


@pytest.mark.parametrize("at", range(len(POINTS)), ids=POINTS)
async def test_killed_and_started_again(tmp_path: Path, at: int) -> None:
    edge = CommandEdge(tmp_path)
    await die(edge, at)
    edge.start()
    await live_on(edge)
    marked, acted = at >= POINTS.index("after marking the act"), at >= ACTED_FROM
    assert edge.acted == ([1] if acted or not marked else [])
    certain = not marked or at >= CERTAIN_FROM
    assert set(edge.ends()) == {(1, "done" if certain else "unknown")}


@pytest.mark.parametrize("at", range(len(POINTS)), ids=POINTS)
async def test_killed_and_the_machine_started_again(tmp_path: Path, at: int) -> None:
    edge = CommandEdge(tmp_path)
    await die(edge, at)
    edge.start(reboot=True)
    await live_on(edge)
    assert edge.acted == ([1] if at >= ACTED_FROM else [])
    if at >= POINTS.index("after keeping it"):
        assert set(edge.ends()) == {(1, "done" if at >= CERTAIN_FROM else "unknown")}
    else:
        assert edge.ends() == [], "it never came; the server says so"


@pytest.mark.parametrize("at", range(len(POINTS)), ids=POINTS)
async def test_killed_and_started_after_its_time(tmp_path: Path, at: int) -> None:
    edge = CommandEdge(tmp_path)
    await die(edge, at)
    edge.clock.advance(601)
    edge.start()
    await live_on(edge)
    assert edge.acted == ([1] if at >= ACTED_FROM else [])
    if at < POINTS.index("after marking the act"):
        assert set(edge.ends()) == {(1, "expired")}


@pytest.mark.parametrize("second", range(14))
@pytest.mark.parametrize("first", range(len(POINTS)), ids=POINTS)
async def test_killed_again_while_it_recovers(tmp_path: Path, first: int, second: int) -> None:
    edge = CommandEdge(tmp_path)
    await die(edge, first)
    edge.fate.passed.clear()
    edge.fate.die_at = second
    edge.start()
    try:
        await live_on(edge)
    except Killed:
        edge.fate.die_at = None
        edge.start()
        await live_on(edge)
    assert edge.acted in ([], [1])
    endings = {ending for _, ending in edge.ends()}
    assert len(endings) == 1
    assert endings <= {"done", "unknown"}
    assert edge.acted == [1] or endings == {"unknown"}


async def test_stopped_while_it_is_acted_on(tmp_path: Path) -> None:
    edge = CommandEdge(tmp_path)

    async def act_for_ever(_command: object, /) -> None:
        edge.acts.append((ID + 1, 0.0))
        await asyncio.Event().wait()

    edge.switch.act = act_for_ever  # type: ignore[method-assign,assignment]
    acting = asyncio.create_task(edge.hear(command(1)))
    for _ in range(5):
        await asyncio.sleep(0)
    acting.cancel()
    await asyncio.gather(acting, return_exceptions=True)
    edge.inbox.close()
    edge.start()
    await live_on(edge)
    assert (edge.acted, edge.ends()) == ([1], [(1, "unknown")])
