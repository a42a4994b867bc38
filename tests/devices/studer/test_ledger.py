"""The ledger of writes: what a day is, what a restart keeps, what a broken file means."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from stallaini.clock import VirtualClock
from stallaini.devices.studer.ledger import Held, Ledger

NOON_S = 1_750_154_400.0
HELD = Held(101, 1202, 4.0, "heater", NOON_S + 60, 1.0)


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(NOON_S)


def ledger(folder: Path, clock: VirtualClock, zone: str = "Europe/Rome") -> Ledger:
    return Ledger(folder / "writes.json", ZoneInfo(zone), clock)


def test_counts_and_intents_outlive_the_program(tmp_path: Path, clock: VirtualClock) -> None:
    first = ledger(tmp_path, clock)
    first.spend(101, 1202)
    first.spend(101, 1202)
    first.hold(HELD)
    second = ledger(tmp_path, clock)
    assert (second.spent(101, 1202), second.spent(101, 1311), second.held()) == (2, 0, (HELD,))
    second.drop(101, 1202)
    assert ledger(tmp_path, clock).held() == ()
    assert (tmp_path / "writes.json").stat().st_mode & 0o777 == 0o600


def test_a_day_begins_at_the_sites_midnight(tmp_path: Path, clock: VirtualClock) -> None:
    rome, tokyo = ledger(tmp_path, clock), Ledger(tmp_path / "tokyo.json", ZoneInfo("Asia/Tokyo"), clock)
    rome.spend(101, 1202)
    tokyo.spend(101, 1202)
    clock.advance(5 * 3600 + 1)
    assert (rome.spent(101, 1202), tokyo.spent(101, 1202)) == (1, 0)
    clock.advance(7 * 3600)
    assert rome.spent(101, 1202) == 0


def test_a_clock_that_goes_back_gives_no_new_day(tmp_path: Path, clock: VirtualClock) -> None:
    book = ledger(tmp_path, clock)
    book.spend(101, 1202)
    clock.step_wall(-3 * 86_400)
    assert book.spent(101, 1202) == 1
    clock.advance(86_400)
    assert book.spent(101, 1202) == 0


def test_a_clock_that_is_not_known_to_be_right_gives_a_new_day_after_24_hours(
    tmp_path: Path, clock: VirtualClock
) -> None:
    clock.right = False
    book = ledger(tmp_path, clock)
    book.spend(101, 1202)
    clock.step_wall(5 * 86_400)
    clock.advance(86_399)
    assert book.spent(101, 1202) == 1
    assert ledger(tmp_path, clock).spent(101, 1202) == 1
    clock.advance(1)
    assert book.spent(101, 1202) == 0


def test_when_the_time_becomes_known_the_same_day_goes_on(tmp_path: Path, clock: VirtualClock) -> None:
    clock.right = False
    book = ledger(tmp_path, clock)
    book.spend(101, 1202)
    clock.right = True
    assert book.spent(101, 1202) == 1


@pytest.mark.parametrize("content", [b"", b"{", b'{"spent": 7}', b"\xff\xfe", b'{"held": [{"address": 1}]}'])
def test_a_broken_file_closes_the_day(tmp_path: Path, clock: VirtualClock, content: bytes) -> None:
    (tmp_path / "writes.json").write_bytes(content)
    book = ledger(tmp_path, clock)
    assert book.spent(101, 1202) > 1000
    book.spend(101, 1311)
    assert ledger(tmp_path, clock).spent(101, 1202) > 1000
    clock.advance(86_400)
    assert book.spent(101, 1202) == 0


def test_a_failed_save_changes_nothing(
    tmp_path: Path, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    book = ledger(tmp_path, clock)
    book.spend(101, 1202)

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("stallaini.devices.studer.ledger.os.fsync", full)
        with pytest.raises(OSError, match="No space"):
            book.spend(101, 1202)
        with pytest.raises(OSError, match="No space"):
            book.hold(HELD)
    assert (book.spent(101, 1202), book.held()) == (1, ())
    assert ledger(tmp_path, clock).spent(101, 1202) == 1
