"""Intents after they were asserted: compared every minute, ended in time, given up to a person."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.studer_house import House, Wire, want

from stallaini.devices.studer.allow import allow_list
from stallaini.devices.studer.hand import Hand
from stallaini.devices.studer.intents import Done, Refused, SecondStepNeeded, SiteLimits
from stallaini.devices.studer.ledger import Held
from stallaini.devices.studer.objects import Family

AUX1, CHARGER, TRANSFER, INVERTER, INPUT_LIMIT = 1202, 1125, 1128, 1124, 1107
SUN_ON, SUN_OFF = 10039, 10040
ON, OFF = 4, 8


@pytest.fixture(params=["scom", "can"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> House:
    wire: Wire = request.param
    return House(tmp_path, wire, SiteLimits(guarded=frozenset({(Family.XT, TRANSFER)})))


async def test_nothing_is_noticed_while_all_is_as_wanted(house: House) -> None:
    await house.writer.assert_(want(101, AUX1, ON))
    assert [await house.looked() for _ in range(5)] == [[]] * 5
    assert len(house.plant.writes) == 1


async def test_a_restart_of_the_device_is_told_and_the_value_written_again(house: House) -> None:
    await house.writer.assert_(want(101, AUX1, ON))
    house.plant.restart(101)
    assert await house.looked() == [("reasserted", AUX1)]
    assert house.plant.effective(101, AUX1) == ON
    assert await house.looked() == []


async def test_what_policy_does_not_write_again_is_told_once(house: House) -> None:
    await house.writer.assert_(want(101, TRANSFER, 0))
    house.plant.restart(101)
    assert [await house.looked() for _ in range(3)] == [[("mismatch", TRANSFER)], [], []]
    assert len(house.plant.writes) == 1
    assert isinstance(await house.writer.assert_(want(101, TRANSFER, 0)), Done)
    assert await house.looked() == []


async def test_a_person_at_the_remote_control_has_the_last_word(house: House) -> None:
    await house.writer.assert_(want(101, AUX1, ON))
    house.plant.person(101, AUX1, OFF)
    assert await house.looked() == [("overruled", AUX1)]
    assert house.ledger.held() == ()
    house.clock.advance(3600)
    assert await house.looked() == []
    assert house.plant.effective(101, AUX1) == OFF
    assert len(house.plant.writes) == 1


async def test_a_program_does_not_take_back_what_a_person_set_until_its_own_end(house: House) -> None:
    await house.writer.assert_(want(101, AUX1, ON, lasts_s=3600))
    house.plant.person(101, AUX1, OFF)
    again = await house.writer.assert_(want(101, AUX1, ON, lasts_s=3600))
    assert isinstance(again, Refused)
    assert "a person set 1202 at the remote control" in again.why
    assert await house.looked() == [("overruled", AUX1)]
    assert isinstance(await house.writer.assert_(want(101, AUX1, ON)), Refused)
    assert house.plant.effective(101, AUX1) == OFF
    assert isinstance(await house.writer.assert_(want(101, AUX1, ON, 60, by_person=True)), Done)
    assert await house.looked() == [("restored", AUX1)]
    assert house.plant.effective(101, AUX1) == OFF
    house.clock.advance(3600)
    assert isinstance(await house.writer.assert_(want(101, AUX1, ON)), Done)


async def test_a_person_may_ask_at_once_after_another_hand(house: House) -> None:
    await house.writer.assert_(want(101, AUX1, ON))
    house.plant.person(101, AUX1, OFF)
    assert isinstance(await house.writer.assert_(want(101, AUX1, ON, 60, by_person=True)), Done)
    assert [await house.looked() for _ in range(2)] == [
        [("restored", AUX1), ("overruled", AUX1)],
        [],
    ]
    assert house.plant.effective(101, AUX1) == OFF


async def test_a_restart_after_the_days_writes_are_spent_is_told_and_the_end_still_comes(
    house: House,
) -> None:
    for value in [ON, OFF] * 28:
        await house.writer.assert_(want(101, AUX1, value, lasts_s=200))
    house.plant.restart(101)
    assert [await house.looked() for _ in range(2)] == [[("not_reasserted", AUX1)], []]
    house.plant.write(101, AUX1, OFF, saved=False)
    assert [await house.looked() for _ in range(2)] == [[("back", AUX1)], [("restored", AUX1)]]


async def test_a_flash_that_tells_no_number_is_never_written_back(house: House) -> None:
    await house.writer.assert_(want(101, INPUT_LIMIT, 10, lasts_s=30))
    house.plant.flash[101, INPUT_LIMIT] = float("nan")
    assert await house.looked() == [("unseen", INPUT_LIMIT)]
    assert house.plant.effective(101, INPUT_LIMIT) == 10
    del house.plant.flash[101, INPUT_LIMIT]
    assert await house.looked() == [("restored", INPUT_LIMIT)]


async def test_the_hand_itself_reaches_nothing_else(house: House) -> None:
    hand = Hand(house.asker, house.clock, house.ledger, SiteLimits())
    permissions = allow_list().permissions
    aux1, once = permissions[Family.XT, AUX1], permissions[Family.XT, 1512]
    for permission, address, value in (
        (aux1, 100, 1.0),
        (aux1, 301, 1.0),
        (once, 101, 1.0),
        (aux1, 101, math.nan),
        (aux1, 101, math.inf),
    ):
        assert isinstance(await hand.write(permission, address, value, keep=0), Refused)
    assert house.plant.writes == []


async def test_a_contact_that_opens_by_itself_is_told_and_left(house: House) -> None:
    """The inverter's own longest time of an AUX contact: the mode says on, the contact is open."""
    await house.writer.assert_(want(101, AUX1, ON))
    house.plant.infos[101][3031] = 0.0
    assert [await house.looked() for _ in range(2)] == [[("mismatch", AUX1)], []]
    house.plant.infos[101][3031] = 1.0
    assert await house.looked() == [("back", AUX1)]


async def test_when_an_intent_ends_the_device_does_again_what_it_does_by_itself(house: House) -> None:
    await house.writer.assert_(want(101, AUX1, ON, lasts_s=90))
    assert await house.looked() == []
    assert await house.looked() == [("restored", AUX1)]
    assert house.plant.effective(101, AUX1) == 1
    assert house.plant.flash == {}
    assert house.ledger.held() == ()


async def test_asserting_again_moves_the_end(house: House) -> None:
    await house.writer.assert_(want(101, AUX1, ON, lasts_s=90))
    house.clock.advance(80)
    await house.writer.assert_(want(101, AUX1, ON, lasts_s=90))
    assert await house.looked() == []
    assert await house.looked() == [("restored", AUX1)]


async def test_after_a_restart_of_the_device_there_is_nothing_to_restore(house: House) -> None:
    await house.writer.assert_(want(101, CHARGER, 0, lasts_s=30))
    house.plant.restart(101)
    assert await house.looked() == [("restored", CHARGER)]
    assert len(house.plant.writes) == 1


async def test_the_house_is_lit_again_when_nobody_says_otherwise(house: House) -> None:
    first = await house.writer.assert_(want(101, INVERTER, 0, 120, by_person=True))
    assert isinstance(first, SecondStepNeeded)
    await house.writer.assert_(replace(want(101, INVERTER, 0, 120, by_person=True), ticket=first.ticket))
    assert [await house.looked() for _ in range(2)] == [[], [("restored", INVERTER)]]
    assert house.plant.effective(101, INVERTER) == 1


async def test_the_sun_comes_back_on(house: House) -> None:
    await house.writer.assert_(want(301, SUN_OFF, 1, lasts_s=30))
    assert house.plant.info(301, 11069) == 0
    assert await house.looked() == [("restored", SUN_OFF)]
    assert house.plant.info(301, 11069) == 1


async def test_of_two_opposite_signals_the_later_counts(house: House) -> None:
    await house.writer.assert_(want(301, SUN_OFF, 1))
    await house.writer.assert_(want(301, SUN_ON, 1, lasts_s=30))
    assert [held.nr for held in house.ledger.held()] == [SUN_ON]
    assert await house.looked() == [("lapsed", SUN_ON)]
    assert house.plant.info(301, 11069) == 1


async def test_a_charger_that_restarted_is_told_and_stays_on(house: House) -> None:
    await house.writer.assert_(want(301, SUN_OFF, 1))
    house.plant.restart(301)
    assert [await house.looked() for _ in range(2)] == [[("mismatch", SUN_OFF)], []]
    assert len(house.plant.writes) == 1


async def test_an_end_that_comes_in_silence_is_made_up_for(house: House) -> None:
    await house.writer.assert_(want(101, AUX1, ON, lasts_s=30))
    house.silence(True)
    assert [await house.looked() for _ in range(10)] == [[("unseen", AUX1)], *[[]] * 9]
    house.silence(False)
    assert await house.looked() == [("restored", AUX1)]
    assert len(house.plant.writes) == 2


async def test_an_end_that_the_device_does_not_take_is_told_and_tried_until_the_days_writes_are_spent(
    house: House,
) -> None:
    for value in [ON, OFF] * 28:
        await house.writer.assert_(want(101, AUX1, value, lasts_s=30))
    house.plant.stuck = {AUX1}
    assert [await house.looked() for _ in range(5)] == [[("not_restored", AUX1)], *[[]] * 4]
    assert len(house.plant.writes) == 60
    house.plant.stuck = set()
    house.clock.advance(86_400)
    assert await house.looked() == [("restored", AUX1)]


async def test_a_new_program_takes_over_what_the_old_one_wanted(house: House) -> None:
    await house.writer.assert_(want(101, AUX1, ON, lasts_s=200))
    house.restart_program()
    assert await house.looked() == []
    house.plant.restart(101)
    assert await house.looked() == [("reasserted", AUX1)]
    assert [await house.looked() for _ in range(2)] == [[], [("restored", AUX1)]]


async def test_a_program_that_does_not_know_the_time_ends_what_it_finds(house: House) -> None:
    await house.writer.assert_(want(101, AUX1, ON, lasts_s=80_000))
    house.clock.right = False
    house.restart_program()
    assert await house.looked() == [("restored", AUX1)]
    assert house.plant.effective(101, AUX1) == 1


async def test_what_a_file_holds_and_the_list_no_longer_allows_is_let_go(house: House) -> None:
    for held in (Held(101, 1163, 1, "x", 9e9), Held(101, 1512, 1, "x", 9e9), Held(101, AUX1, 3, "x", 9e9)):
        house.ledger.hold(held)
    house.ledger.hold(Held(100, AUX1, ON, "x", 9e9))
    house.restart_program()
    assert house.ledger.held() == ()
    assert await house.looked() == []


async def test_a_disk_that_fails_is_told(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    await house.writer.assert_(want(101, AUX1, ON, lasts_s=30))

    def broken(*_: object) -> None:
        raise OSError(5, "Input/output error")

    with monkeypatch.context() as patched:
        patched.setattr("stallaini.devices.studer.ledger.os.fsync", broken)
        assert [kind for kind, _ in await house.looked()] == ["not_restored"]
    assert await house.looked() == [("restored", AUX1)]
