"""What tomorrow may be like, from the site's own last days."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import msgspec
import pytest
from tests.support.alarm_house import SITE, AlarmHouse
from tests.support.serving import START_S, description

from stallaini.clock import VirtualClock
from stallaini.server import queries
from stallaini.server.alarms.tomorrow import Past, Range, Tomorrow, meters_of, tomorrow_of
from stallaini.site.billing import day_start_s
from stallaini.site.description import ChannelSpec, Description, DeviceSpec, SeriesSpec

ROME = ZoneInfo("Europe/Rome")
TODAY, TOMORROW = date(2026, 11, 16), date(2026, 11, 17)
SPAN = 10
SUN, HOUSE = "solar.power.mean", "inverter.ac_power.mean"
GENERATOR = "inverter.input_power.mean"
BATTERY, SOC = "battery.power.mean", "battery.soc.last"
Words = Callable[[int, float], Mapping[str, float]]


def house_with_sun() -> Description:
    """The lab with a solar charger and an inverter."""
    devices = (
        DeviceSpec("solar", "studer_variotrack", "Solar charger"),
        DeviceSpec("inverter", "studer_xtender", "Inverter"),
    )
    channels = (
        ChannelSpec("solar.power", "power", "W", 1.0, 35.0),
        ChannelSpec("solar.curtailed", "flag", "", 1.0, 35.0),
        ChannelSpec("inverter.ac_power", "power", "W", 1.0, 35.0),
        ChannelSpec("inverter.input_power", "power", "W", 1.0, 35.0),
    )
    kept = (
        SeriesSpec(SUN, "solar.power", "mean", "W", 1.0),
        SeriesSpec(HOUSE, "inverter.ac_power", "mean", "W", 1.0),
        SeriesSpec(GENERATOR, "inverter.input_power", "mean", "W", 1.0),
    )
    lab = description()
    return msgspec.structs.replace(
        lab,
        devices=(*lab.devices, *devices),
        channels=(*lab.channels, *channels),
        series=(*lab.series, *kept),
    )


class Days:
    """A site whose days are written by hand: what its meters say at each hour of each day."""

    def __init__(self, folder: Path, now_s: float = START_S) -> None:
        self.now_s = now_s
        self.house = AlarmHouse(folder, clock=VirtualClock(wall_s=now_s, monotonic_s=50_000.0))
        self.house.site.description = house_with_sun()

    async def live(
        self, first: date, end: date, words: Words, lacking: tuple[float, float] = (0.0, 0.0)
    ) -> None:
        """Tell the days [first, end), all but the hours `lacking` of each; `words` by number and hour."""
        for number, day in enumerate(queries.periods("day", "Europe/Rome", first, end)):
            minutes = range(day.start_minute, day.end_minute, SPAN)
            hours = ((minute, (minute - day.start_minute) / 60) for minute in minutes)
            told = [(m, words(number, h)) for m, h in hours if not lacking[0] <= h < lacking[1]]
            await self.house.site.minutes(*told, span_minutes=SPAN)

    async def tomorrow(self, end: date = TODAY) -> Tomorrow | None:
        """What the digest that ends before this day tells."""
        await self.house.deliver()
        return (await self.house.desk.digest(SITE, end - timedelta(days=1), end)).tomorrow

    async def __aenter__(self) -> Days:
        await self.house.prepare()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.house.kill()


def by_the_sun(number: int, hour: float) -> dict[str, float]:
    """Six hours of sun, each day 100 W more; a house of 300 W; a battery that gains 4 % a day.

    Before sunrise the generator runs for an hour, each day with 100 W more.
    """
    sun = 1000.0 + 100.0 * number if 9 <= hour < 15 else 0.0
    battery = sun - 350.0
    charge = 30.0 + 4.0 * number + (4.0 * hour / 24)
    generator = 100.0 * number if 5 <= hour < 6 else 0.0
    return {SUN: sun, HOUSE: 300.0, GENERATOR: generator, BATTERY: battery, SOC: charge}


async def test_sun_and_house_are_told_as_the_last_seven_days_had_them(tmp_path: Path) -> None:
    async with Days(tmp_path) as days:
        # The day before those seven was the sunniest, and is not looked at.
        await days.live(date(2026, 11, 8), date(2026, 11, 9), lambda _, hour: by_the_sun(40, hour))
        await days.live(date(2026, 11, 9), TODAY, by_the_sun)
        told = await days.tomorrow()
        assert told is not None
        assert (told.day, told.days, told.full_days) == (TOMORROW, 7, 0)
        assert told.sun == pytest.approx((7.8, 6.0, 9.6))
        assert told.house == pytest.approx((7.2, 7.2, 7.2))
        assert told.generator == pytest.approx((0.3, 0.0, 0.6))


async def test_the_charge_goes_on_from_what_it_is_now(tmp_path: Path) -> None:
    async with Days(tmp_path) as days:
        await days.live(date(2026, 11, 9), TODAY, by_the_sun)
        before = await days.tomorrow()
        assert before is not None
        assert before.soc_pct is None  # nothing was heard of it today
        # Now it is one o'clock in the afternoon: 11 hours of today are left, and all of tomorrow.
        await days.house.site.minutes((START_S // 60 - 1, {SOC: 50.0}))
        told = await days.tomorrow()
        assert told is not None
        assert told.soc_pct == pytest.approx(50 + 4 * 11 / 24 + 4, abs=0.2)


async def test_the_energy_of_a_percent_is_learnt_from_what_left_the_battery(tmp_path: Path) -> None:
    def half_and_half(_: int, hour: float) -> dict[str, float]:
        """Until noon 4.8 kWh and 60 % leave; then 6 kWh go in, of which a fifth is lost: 5 % stay."""
        leaving = hour < 12
        charge = 80 - 5 * hour if leaving else 20 + 65 / 12 * (hour - 12)
        return {SUN: 0.0, HOUSE: 0.0, GENERATOR: 0.0, BATTERY: -400.0 if leaving else 500.0, SOC: charge}

    async with Days(tmp_path) as days:
        await days.live(date(2026, 11, 9), TODAY, half_and_half)
        told = await days.tomorrow()
        assert told is not None
        assert told.battery_kwh == pytest.approx(0.05 * 4.8 / 0.6, abs=0.1)


async def test_a_day_with_an_hour_and_a_half_missing_is_not_looked_at(tmp_path: Path) -> None:
    async with Days(tmp_path) as days:
        await days.live(date(2026, 11, 9), date(2026, 11, 10), by_the_sun, lacking=(11.0, 12.5))
        await days.live(date(2026, 11, 10), TODAY, by_the_sun, lacking=(3.0, 4.0))
        told = await days.tomorrow()
        assert told is not None
        assert told.days == 6


async def test_a_new_site_says_that_it_has_too_few_days(tmp_path: Path) -> None:
    async with Days(tmp_path) as days:
        await days.live(date(2026, 11, 14), TODAY, by_the_sun)
        assert await days.tomorrow() == Tomorrow(TOMORROW, 2)


async def test_a_digest_of_the_past_tells_of_no_tomorrow(tmp_path: Path) -> None:
    async with Days(tmp_path) as days:
        await days.live(date(2026, 11, 9), TODAY, by_the_sun)
        assert await days.tomorrow(end=date(2026, 11, 15)) is None


@pytest.mark.parametrize(
    ("change", "expected"),
    [(date(2026, 10, 25), Range(2.4, 2.4, 2.5)), (date(2026, 3, 29), Range(2.4, 2.3, 2.4))],
)
async def test_the_days_on_which_clocks_change_are_as_long_as_they_are(
    tmp_path: Path, change: date, expected: Range
) -> None:
    today = change + timedelta(days=3)
    async with Days(tmp_path, day_start_s(today, ROME) + 60) as days:
        steady = {SUN: 100.0, HOUSE: 100.0, GENERATOR: 0.0, BATTERY: 0.0, SOC: 50.0}
        await days.live(today - timedelta(days=7), today, lambda *_: steady)
        await days.house.site.minutes((int(days.now_s) // 60 - 1, {SOC: 50.0}))
        told = await days.tomorrow(today)
        assert told is not None
        assert told.sun is not None
        assert (told.day, told.days, told.soc_pct) == (today + timedelta(days=1), 7, 50.0)
        assert told.sun == pytest.approx(expected)


async def test_what_no_inverter_tells_is_what_sun_and_battery_leave(tmp_path: Path) -> None:
    async with Days(tmp_path) as days:
        whole = days.house.site.description
        kept = tuple(series for series in whole.series if series.name != HOUSE)
        days.house.site.description = msgspec.structs.replace(whole, series=kept)
        await days.live(date(2026, 11, 9), TODAY, by_the_sun)
        told = await days.tomorrow()
        assert told is not None
        assert told.house == pytest.approx((8.4, 8.4, 8.4))


async def test_the_sun_was_held_back_on_days_that_filled_the_battery(tmp_path: Path) -> None:
    def filled(number: int, hour: float) -> dict[str, float]:
        full = number in (1, 4) and 13 <= hour < 14
        return by_the_sun(number, hour) | ({SOC: 100.0} if full else {})

    async with Days(tmp_path) as days:
        await days.live(date(2026, 11, 9), TODAY, filled)
        told = await days.tomorrow()
        assert told is not None
        assert told.full_days == 2


DAY = Past(9.0, 7.0, None, 1.0, soc_change=5.0, soc_rest=-10.0, out_kwh=4.5, fell_pct=45.0)


def test_what_the_charge_did_tells_more_than_the_meter() -> None:
    told = tomorrow_of(TOMORROW, [DAY] * 7, 50.0)
    assert (told.battery_kwh, told.soc_pct) == (0.5, 45.0)
    still = [day._replace(fell_pct=1.0) for day in [DAY] * 7]
    assert tomorrow_of(TOMORROW, still, 50.0).battery_kwh == 1.0


@pytest.mark.parametrize(
    ("soc_pct", "change", "expected"), [(8.0, -6.0, (0.0, 0.0)), (100, 14.0, (100, 1.0))]
)
def test_a_battery_is_never_more_than_full_or_less_than_empty(
    soc_pct: float, change: float, expected: tuple[float, float]
) -> None:
    told = tomorrow_of(TOMORROW, [DAY._replace(soc_change=change)] * 7, soc_pct)
    assert (told.soc_pct, told.battery_kwh) == pytest.approx(expected)


def test_two_days_of_a_charge_are_too_few_for_it() -> None:
    silent = DAY._replace(soc_change=None, soc_rest=None)
    told = tomorrow_of(TOMORROW, [DAY, DAY, silent, silent], 50.0)
    assert (told.soc_pct, told.battery_kwh) == (None, 1.0)


def test_a_battery_that_two_devices_tell_of_is_one() -> None:
    whole = house_with_sun()
    bms = (
        SeriesSpec("bms.power.mean", "bms.power", "mean", "W", 1.0),
        SeriesSpec("bms.soc.last", "bms.soc", "last", "%", 0.01),
    )
    both = msgspec.structs.replace(
        whole,
        devices=(DeviceSpec("bms", "studer_bms", "BMS"), *whole.devices),
        channels=(ChannelSpec("bms.soc", "soc", "%", 0.01, 35.0), *whole.channels),
        series=(*bms, *whole.series),
    )
    assert meters_of(both) == meters_of(whole)
    alone = msgspec.structs.replace(
        both,
        devices=tuple(device for device in both.devices if device.name != "battery"),
    )
    assert (meters_of(alone).batteries, meters_of(alone).soc) == (("bms.power.mean",), "bms.soc.last")


def test_of_two_batteries_there_is_no_one_charge() -> None:
    whole = house_with_sun()
    second = DeviceSpec("second", "can_battery", "Second")
    both = msgspec.structs.replace(
        whole,
        devices=(*whole.devices, second),
        channels=(*whole.channels, ChannelSpec("second.soc", "soc", "%", 0.01, 5.0)),
        series=(*whole.series, SeriesSpec("second.power.mean", "second.power", "mean", "W", 1.0)),
    )
    assert meters_of(both).batteries == ("battery.power.mean", "second.power.mean")
    assert meters_of(both).soc is None
