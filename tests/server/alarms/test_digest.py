"""What a day was like, told in both languages."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import msgspec
from tests.support.alarm_house import ANNA, SITE, AlarmHouse
from tests.support.serving import START_MINUTE, START_S

from stallaini.link.messages import Event, Scalar
from stallaini.server.alarms.digest import Digest, Energy, LoadUse, Lowest
from stallaini.server.alarms.digest_words import digest_message
from stallaini.server.alarms.settings import Told, digest_due
from stallaini.server.alarms.tomorrow import Range, Tomorrow
from stallaini.server.people.roles import Language
from stallaini.site.billing import load_zone
from stallaini.site.description import LoadSpec

ROME = load_zone("Europe/Rome")
DIGEST = Digest(
    site="noto",
    title="Noto",
    timezone="Europe/Rome",
    first=date(2026, 11, 15),
    end=date(2026, 11, 16),
    energy=(
        Energy("battery.power", 6.14, 5.4),
        Energy("solar.power", 9.0, 0.0),
        Energy("inverter.input_power", 2.6, 0.0),
        Energy("inverter.ac_power", 0.01, 0.0),
    ),
    lowest=Lowest(41.5, 1_794_800_400),
    loads=(LoadUse("well_pump", "Well pump", 1.1, 31), LoadUse("heater", "Heater", 0.0, 0)),
    used_bytes=153_000,
    plan_bytes=200_000_000,
    minutes_expected=1440,
    minutes_present=1300,
)
AHEAD = Tomorrow(
    day=date(2026, 11, 17),
    days=7,
    sun=Range(9.04, 4.2, 12.8),
    house=Range(7.1, 6.0, 8.4),
    battery_kwh=0.9,
    soc_pct=61.7,
)
NOON_S = START_S
EIGHT_S = START_S + 19 * 3600


def test_in_both_languages() -> None:
    assert digest_message(DIGEST, "en").plain().splitlines() == [
        "📋 Noto, Sun 15/11",
        "battery: 6.1 kWh in, 5.4 kWh out",
        "sun: 9.0 kWh",
        "generator: 2.6 kWh",
        "lowest charge: 41.5 % (Mon 16/11 04:40)",
        "Well pump: 1.1 kWh, ran 31 min",
        "data: 0.2 MB of 200 MB a month",
        "data of 90.3 % of the minutes",
    ]
    italian = digest_message(DIGEST, "it").plain()
    assert "batteria: 6,1 kWh in carica, 5,4 kWh in scarica" in italian
    assert "generatore: 2,6 kWh" in italian
    assert "carica minima: 41,5 %" in italian


def tomorrow_lines(ahead: Tomorrow, language: Language) -> list[str]:
    lines = digest_message(replace(DIGEST, tomorrow=ahead), language).lines
    return list(lines[lines.index("") + 1 :])


def test_tomorrow_is_told_as_a_guess_from_the_last_days() -> None:
    assert tomorrow_lines(AHEAD, "en") == [
        "tomorrow, Tue 17/11, if it is like the last 7 days:",
        "sun: about 9.0 kWh (4.2 to 12.8)",
        "house: about 7.1 kWh (6.0 to 8.4)",
        "battery: fuller by about 0.9 kWh, 62 % at midnight",
    ]
    dark = replace(AHEAD, days=5, generator=Range(1.5, 0.0, 3.2), battery_kwh=-1.3, full_days=2)
    assert tomorrow_lines(dark, "it") == [
        "domani, mar 17/11, se sarà come 5 degli ultimi 7 giorni:",
        "sole: circa 9,0 kWh (da 4,2 a 12,8)",
        "casa: circa 7,1 kWh (da 6,0 a 8,4)",
        "generatore: circa 1,5 kWh (da 0,0 a 3,2)",
        "batteria: più scarica di circa 1,3 kWh, 62 % a mezzanotte",
        "batteria piena in 2 di questi: il sole poteva dare di più",
    ]


def test_what_of_tomorrow_is_not_known_is_not_told() -> None:
    assert tomorrow_lines(Tomorrow(AHEAD.day, 1), "en") == [
        "tomorrow: not enough whole days yet to tell (1 of 3)"
    ]
    idle = Tomorrow(AHEAD.day, 7, generator=Range(0.0, 0.0, 2.6), battery_kwh=0.1)
    assert tomorrow_lines(idle, "en")[1:] == ["battery: about as full as before"]


def test_what_is_not_known_is_left_out() -> None:
    empty = Digest("x", "X", "UTC", date(2026, 11, 9), date(2026, 11, 16), (), None, (), None, None, 1, 0)
    message = digest_message(empty, "en")
    assert message.headline == "📋 X, Mon 09/11 to Sun 15/11"
    assert message.lines == ("nothing is known of these days",)


def test_a_digest_is_told_in_the_morning_and_a_week_on_monday() -> None:
    assert digest_due("day", START_S + 15 * 3600, ROME) is None  # four in the morning
    assert digest_due("day", EIGHT_S, ROME) == (date(2026, 11, 16), date(2026, 11, 17))
    assert digest_due("week", EIGHT_S, ROME) is None  # a Tuesday
    assert digest_due("week", NOON_S, ROME) == (date(2026, 11, 9), date(2026, 11, 16))


async def test_what_a_load_with_a_meter_did(tmp_path: Path) -> None:
    house = AlarmHouse(tmp_path)
    await house.prepare()
    pump = LoadSpec("well_pump", "Well pump", 2200.0, "battery.power")
    house.site.description = msgspec.structs.replace(house.site.description, loads=(pump,))
    watts = [0.0, 2200.0, 2200.0, 2200.0, 5.0]
    await house.site.minutes(
        *((START_MINUTE + n, {"battery.power.mean": power}) for n, power in enumerate(watts))
    )
    digest = await house.desk.digest(SITE, date(2026, 11, 16), date(2026, 11, 17))
    assert digest.energy == ()
    (load,) = digest.loads
    assert (load.title, round(load.kwh, 2), load.minutes_on) == ("Well pump", 0.11, 3)
    house.kill()


async def test_whoever_wants_it_gets_yesterday_once(tmp_path: Path) -> None:
    house = AlarmHouse(tmp_path)
    await house.prepare(Told("anna", digest=("day",)))
    await house.site.minutes(
        *((START_MINUTE + n, {"battery.power.mean": 600.0, "battery.soc.min": 50.0 - n}) for n in range(10))
    )
    usage: dict[str, Scalar] = {
        "day": "2026-11-16",
        "plan": 200_000_000,
        "billing_day": 1,
        "mode": "normal",
        "interval_s": 60,
    }
    more: dict[str, Scalar] = {"live": True, "live_price": 0, "up": 900, "down": 100, "telemetry": 1_500_000}
    await house.site.events(Event(START_S, "link.usage", {**usage, **more}))
    house.clock.advance(19 * 3600 + 120)
    for _ in range(3):
        await house.patrol.walk()
        await house.later(60)
    (text,) = (text for text in house.telegram.sees(ANNA) if "📋" in text)
    assert text.startswith("<b>📋 The lab, Mon 16/11</b>\nbattery: 0.1 kWh\nlowest charge: 41.0 %")
    assert "data: 1.5 MB of 200 MB a month" in text
    house.kill()
