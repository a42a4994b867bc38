"""A parameter is written in RAM, where it may be, seen to be in effect, and ended in time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from tests.support.studer_house import House, Wire, want

from stallaini.devices.studer.asker import Part, StuderRefused
from stallaini.devices.studer.errors import ScomError
from stallaini.devices.studer.intents import (
    Done,
    NotConfirmed,
    Refused,
    Result,
    SecondStepNeeded,
    SiteLimits,
)
from stallaini.devices.studer.objects import Family

AUX1, CHARGER, INPUT_LIMIT, INVERTER, CHARGE_CURRENT = 1202, 1125, 1107, 1124, 1138
ON, OFF = 4, 8


@pytest.fixture(params=["scom", "can"])
def house(request: pytest.FixtureRequest, tmp_path: Path) -> House:
    wire: Wire = request.param
    return House(tmp_path, wire)


def why(result: Result) -> str:
    assert isinstance(result, Refused), result
    return result.why


async def test_a_value_is_written_once_and_confirmed(house: House) -> None:
    assert await house.writer.assert_(want(101, AUX1, ON)) == Done(4, written=True, confirmed=True)
    assert house.plant.effective(101, AUX1) == ON
    assert house.plant.flash == {}
    assert await house.writer.assert_(want(101, AUX1, ON)) == Done(4, written=False, confirmed=True)
    assert house.plant.writes == [(101, AUX1, ON)]


async def test_what_is_in_effect_already_is_not_written(house: House) -> None:
    assert await house.writer.assert_(want(101, CHARGER, 1)) == Done(1, written=False, confirmed=True)
    assert house.plant.writes == []


@pytest.mark.parametrize(
    ("address", "nr", "value"),
    [
        (101, 1311, OFF),
        (101, CHARGER, 0),
        (101, 1126, 0),
        (101, INPUT_LIMIT, 10),
        (301, 10040, 1),
        (601, 6069, 8),
    ],
)
async def test_each_automatic_parameter_is_confirmed_by_its_info(
    house: House, address: int, nr: int, value: float
) -> None:
    assert await house.writer.assert_(want(address, nr, value)) == Done(value, written=True, confirmed=True)


async def test_a_value_that_no_info_tells_is_done_unconfirmed_and_written_on_change_only(
    house: House,
) -> None:
    assert await house.writer.assert_(want(601, 6068, 1)) == Done(1, written=True, confirmed=False)
    assert await house.writer.assert_(want(601, 6068, 1)) == Done(1, written=False, confirmed=False)
    assert await house.writer.assert_(want(601, 6068, 0)) == Done(0, written=True, confirmed=False)


async def test_a_write_without_effect_is_repeated_once_and_not_confirmed(house: House) -> None:
    house.plant.stuck = {AUX1}
    start_s = house.clock.monotonic_s()
    result = await house.writer.assert_(want(101, AUX1, ON))
    assert isinstance(result, NotConfirmed)
    assert "info 3054, 3031 does not tell so 5 s after it was written" in result.why
    assert house.plant.writes == [(101, AUX1, ON)] * 2
    assert 10 <= house.clock.monotonic_s() - start_s < 20


async def test_the_clamp_and_the_refusal_of_a_value_beyond_the_limits(tmp_path: Path) -> None:
    limits = SiteLimits(ranges={(Family.XT, INPUT_LIMIT): (5, 16), (Family.XT, CHARGE_CURRENT): (0, 40)})
    house = House(tmp_path, limits=limits)
    assert await house.writer.assert_(want(101, INPUT_LIMIT, 32)) == Done(16, written=True, confirmed=True)
    assert await house.writer.assert_(want(101, INPUT_LIMIT, 1)) == Done(5, written=True, confirmed=True)
    assert "1202 takes one of: 1 Automatic" in why(await house.writer.assert_(want(101, AUX1, 3)))
    assert "takes 1" in why(await house.writer.assert_(want(301, 10040, 0)))


@pytest.mark.parametrize(
    ("nr", "reason"),
    [
        (1163, "1163 is never written: equalisation: 62.4 V by default"),
        (1550, "1550 is never written: the watchdog"),
        (1628, "1628 is never written: the watchdog"),
        (1108, "protection of an empty battery"),
        (1999, "1999 is not on the list of what may be written"),
        (1512, "1512 is set once, by a person at the remote control"),
        (CHARGE_CURRENT, "1138 must be enabled in the site file first"),
        (INVERTER, "1124 is never written by a program; a person may ask for it"),
        (1399, "1399 is never written by a program"),
    ],
)
async def test_what_a_program_may_not_write(house: House, nr: int, reason: str) -> None:
    assert reason in why(await house.writer.assert_(want(101, nr, 1)))
    assert house.plant.writes == []


@pytest.mark.parametrize("address", [0, 100, 191, 300, 500, 600, 7, 999])
async def test_groups_and_other_addresses_are_refused(house: House, address: int) -> None:
    assert "is not the address of one device" in why(await house.writer.assert_(want(address, AUX1, ON)))


@pytest.mark.parametrize("lasts_s", [0.0, -5.0, 90_000.0, float("nan"), float("inf")])
async def test_an_intent_has_an_end(house: House, lasts_s: float) -> None:
    assert "at most a day" in why(await house.writer.assert_(want(101, AUX1, ON, lasts_s)))


async def test_a_guarded_parameter_is_written_where_the_site_says_so(tmp_path: Path) -> None:
    house = House(tmp_path, limits=SiteLimits(guarded=frozenset({(Family.XT, CHARGE_CURRENT)})))
    assert await house.writer.assert_(want(101, CHARGE_CURRENT, 30)) == Done(30, True, True)
    house.plant.refuses = {CHARGE_CURRENT: ScomError.ACCESS_DENIED}
    reason = why(await house.writer.assert_(want(101, CHARGE_CURRENT, 20)))
    assert "access denied (0x2b); a battery on the Xcom-CAN may own it" in reason
    assert [held.value for held in house.ledger.held()] == [30]


async def test_darkening_the_house_takes_a_person_and_two_steps(house: House) -> None:
    first = await house.writer.assert_(want(101, INVERTER, 0, by_person=True))
    assert isinstance(first, SecondStepNeeded)
    assert house.plant.writes == []
    again = replace(want(101, INVERTER, 0, by_person=True), ticket=first.ticket)
    assert await house.writer.assert_(again) == Done(0, written=True, confirmed=True)
    assert isinstance(await house.writer.assert_(replace(again, value=1)), SecondStepNeeded)


async def test_a_second_step_must_be_the_same_and_in_time(house: House) -> None:
    first = await house.writer.assert_(want(101, 1399, 1, by_person=True))
    assert isinstance(first, SecondStepNeeded)
    confirmed = replace(want(101, 1399, 1, by_person=True), ticket=first.ticket)
    other_person = replace(confirmed, issuer="bruno")
    assert isinstance(await house.writer.assert_(other_person), SecondStepNeeded)
    second = await house.writer.assert_(want(101, 1399, 1, by_person=True))
    assert isinstance(second, SecondStepNeeded)
    house.clock.advance(second.within_s + 1)
    late = replace(confirmed, ticket=second.ticket)
    assert isinstance(await house.writer.assert_(late), SecondStepNeeded)
    assert house.plant.writes == []


async def test_old_or_unknown_software_is_not_written_to(house: House) -> None:
    house.plant.infos[101][3131] = 0x060B
    assert "software 1.6.11; writing needs 1.6.12" in why(await house.writer.assert_(want(101, AUX1, ON)))
    del house.plant.infos[301][11050]
    assert "is not known; writing needs 1.6.14" in why(await house.writer.assert_(want(301, 10040, 1)))
    house.plant.infos[601][7037] = float("nan")
    assert "is not known" in why(await house.writer.assert_(want(601, 6068, 1)))
    assert house.plant.writes == []


async def test_where_no_info_tells_the_software_a_person_may(tmp_path: Path) -> None:
    blink = want(501, 5119, 101, 45, by_person=True)
    assert "is not known" in why(await House(tmp_path).writer.assert_(blink))
    house = House(tmp_path, limits=SiteLimits(software={501: (1, 6, 74)}))
    assert await house.writer.assert_(blink) == Done(101, written=True, confirmed=False)


async def test_a_refusal_of_the_device_leaves_the_earlier_intent(house: House) -> None:
    await house.writer.assert_(want(101, AUX1, ON))
    house.plant.refuses = {AUX1: ScomError.INVALID_DATA}
    assert "value not allowed" in why(await house.writer.assert_(want(101, AUX1, OFF)))
    assert [held.value for held in house.ledger.held()] == [ON]
    house.plant.refuses = {}
    assert await house.looked() == []


async def test_without_limits_or_what_flash_holds_nothing_is_written(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert "no value for 1107" in why(await house.writer.assert_(want(101, INPUT_LIMIT, float("nan"))))
    monkeypatch.setattr(house.asker, "read_parameter", _nan)
    assert "leave no value" in why(await house.writer.assert_(want(101, INPUT_LIMIT, 10)))
    assert "does not tell what must be known first" in why(await house.writer.assert_(want(101, AUX1, ON)))
    assert house.plant.writes == []


async def _nan(address: int, nr: int, part: Part = Part.VALUE) -> float:
    if part is Part.VALUE:
        raise StuderRefused(ScomError.READ_PROPERTY_FAILED)
    return float("nan")


async def test_a_silent_gateway_is_told_and_nothing_is_taken_for_done(house: House) -> None:
    house.silence(True)
    assert "the gateway is silent" in why(await house.writer.assert_(want(101, AUX1, ON)))
    house.silence(False)
    await house.writer.assert_(want(101, AUX1, ON))
    house.silence(True)
    assert "the gateway is silent" in why(await house.writer.assert_(want(101, AUX1, OFF)))
    assert await house.looked() == [("unseen", AUX1)]
    assert await house.looked() == []
    house.silence(False)
    assert await house.looked() == [("back", AUX1)]


async def test_a_write_whose_answer_is_lost_counts_as_made(house: House) -> None:
    house.deaf_after_writes = True
    result = await house.writer.assert_(want(101, AUX1, ON))
    assert result == NotConfirmed(ON, "the gateway is silent")
    assert house.ledger.spent(101, AUX1) == 2
    house.deaf = house.deaf_after_writes = False
    assert await house.looked() == []
    assert house.plant.effective(101, AUX1) == ON
    house.clock.advance(3600)
    assert await house.looked() == [("restored", AUX1)]


async def test_a_day_has_so_many_writes_and_a_restart_of_the_program_gives_no_more(house: House) -> None:
    values = [ON, OFF] * 28
    for number, value in enumerate(values):
        assert isinstance(await house.writer.assert_(want(101, AUX1, value)), Done)
        if number == 30:
            house.restart_program()
    reason = why(await house.writer.assert_(want(101, AUX1, ON)))
    assert "today's writes of 1202 are spent: 60 less 4 kept to restore it" in reason
    house.restart_program()
    assert "are spent" in why(await house.writer.assert_(want(101, AUX1, ON)))
    assert isinstance(await house.writer.assert_(want(101, 1311, ON)), Done)
    house.clock.advance(13 * 3600)
    assert isinstance(await house.writer.assert_(want(101, AUX1, ON)), Done)


async def test_what_cannot_be_remembered_is_not_written(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("stallaini.devices.studer.ledger.os.fsync", full)
    assert "could not be remembered" in why(await house.writer.assert_(want(101, AUX1, ON)))
    assert house.plant.writes == []
    assert house.ledger.held() == ()
