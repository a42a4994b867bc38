"""Server and bot are killed at every point of an alarm's life: nothing is lost, nothing shown twice."""

from __future__ import annotations

import random
import shutil
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.support.alarm_house import ANNA, BRUNO, SITE, AlarmHouse, Fate

from stallaini.server.alarms.settings import Told
from stallaini.server.database import FILE_NAME

CHANGES = ["raised", "escalated", "snoozed", "woken", "acknowledged", "cleared"]
EVERYTHING = Told("anna", ("telegram", "email", "webhook"))


def _folder(path: Path) -> Path:
    path.mkdir()
    return path


def _copied(template: Path, folder: Path) -> Path:
    shutil.copy(template / FILE_NAME, _folder(folder) / FILE_NAME)
    return folder


async def _prepared(folder: Path) -> None:
    house = AlarmHouse(_folder(folder))
    await house.prepare(EVERYTHING, Told("bruno", turn=1))
    house.kill()


def _life(house: AlarmHouse) -> list[Callable[[], Awaitable[object]]]:
    """What happens, each step followed by everything being told."""

    async def change(verb: str) -> None:
        (alarm,) = await house.alarms()
        if verb == "ack":
            await house.desk.acknowledge(alarm.id, "anna")
        elif alarm.state != "snoozed":
            await house.desk.snooze(alarm.id, "bruno", int(house.clock.wall_s()) + 1800)

    async def pass_time(seconds: float) -> None:
        house.clock.advance(seconds)

    return [
        lambda: house.happens("raised", value=19.5),
        lambda: pass_time(901),
        lambda: change("snooze"),
        lambda: pass_time(1801),
        lambda: change("ack"),
        lambda: pass_time(60),
        lambda: house.happens("cleared", value=30.0, lasted_s=2762),
        lambda: pass_time(601),
    ]


async def _live(folder: Path, template: Path, *kill_at: int) -> AlarmHouse:
    fate = Fate()
    house = AlarmHouse(_copied(template, folder), fate)
    fate.kill_at = set(kill_at)
    for step in _life(house):
        await house.surviving(step)
        await house.surviving(house.deliver)
        house.clock.advance(10)
    await house.surviving(house.deliver)
    return house


async def _check(house: AlarmHouse) -> None:
    (alarm,) = await house.alarms()
    assert await house.changes(alarm) == CHANGES
    first, second = house.telegram.sees(ANNA)
    assert "silent until" in first
    assert "over: " in second
    assert "anna takes care of it" in second
    # Bruno was told in his turn, and of the alarm that woke.
    assert [("over: " in text) for text in house.telegram.sees(BRUNO)] == [False, True]
    assert len(house.mails) == 3
    told = [change["version"] for post in house.posts.values() for change in post["changes"]]
    assert sorted(set(told)) == [1, 2, 3, 4, 5, 6]
    assert await house.database.read(_unfinished) == []


def _unfinished(connection):  # type: ignore[no-untyped-def]
    return connection.execute(
        "SELECT person, way, part, shown, wanted FROM delivery WHERE site = ? AND shown < wanted", (SITE,)
    ).fetchall()


async def test_a_life_without_misfortune(tmp_path: Path) -> None:
    await _prepared(tmp_path / "template")
    house = await _live(tmp_path / "whole", tmp_path / "template")
    await _check(house)
    house.kill()


async def test_killed_at_every_point(tmp_path: Path) -> None:
    await _prepared(tmp_path / "template")
    whole = await _live(tmp_path / "whole", tmp_path / "template")
    points = whole.fate.names
    whole.kill()
    assert {"before a write", "after a write", "before a sending", "after a sending"} < set(points)
    assert {"after an edit", "after a mail", "after a post"} < set(points)
    for number, name in enumerate(points, 1):
        if name.startswith("before") and number > 1 and points[number - 2].startswith("after"):
            continue  # nothing has happened since the point before
        house = await _live(tmp_path / f"killed-{number}", tmp_path / "template", number)
        try:
            await _check(house)
        except AssertionError as error:
            pytest.fail(f"killed at point {number}, {name}: {error}")
        finally:
            house.kill()


@pytest.mark.parametrize("seed", range(4))
async def test_killed_again_and_again(tmp_path: Path, seed: int) -> None:
    await _prepared(tmp_path / "template")
    kill_at = random.Random(seed).sample(range(1, 130), 12)
    house = await _live(tmp_path / "house", tmp_path / "template", *kill_at)
    await _check(house)
    house.kill()
