"""What the cards say, from the API's answers alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from stallaini.bot.alarms import flag_news
from stallaini.bot.api_client import Event, Gap, Now, SiteRow, State, Uptime, Value
from stallaini.bot.cards import status_card, uptime_card
from stallaini.bot.texts import EN, IT, Texts

AT = datetime(2026, 11, 23, 9, 17, 40, tzinfo=UTC)
SITE = SiteRow(site="noto", title="Stalla & sons <1>", timezone="Europe/Rome", state="live")
WEEK = timedelta(days=7)


def now(age_s: float | None = 1.0, state: State = "live", **channels: Any) -> Now:
    """A battery whose fields are given with `_` for the dots after the first; `(value, age)` or a value."""
    values: dict[str, Value] = {}
    for name, given in channels.items():
        value, own_age_s = given if isinstance(given, tuple) else (given, age_s)
        quality: Any = "absent" if value is None else "fresh" if own_age_s < 5 else "stale"
        values[f"battery.{name.replace('__', '.')}"] = Value(
            value, "", None if value is None else own_age_s, quality
        )
    return Now(site="noto", at=AT, state=state, age_s=age_s, channels=values)


def card(present: Now, texts: Texts = EN, events: tuple[Event, ...] = ()) -> str:
    return status_card(SITE, present, flag_news(events), texts)


def test_power_is_reckoned_where_the_battery_tells_none() -> None:
    assert "Charging with <b>1,250</b> W" in card(now(voltage=50.0, current=25.0, soc=50.0))
    assert "Discharging with <b>750</b> W" in card(now(voltage=50.0, current=-15.0, soc=50.0))
    assert "Neither charging" in card(now(voltage=50.0, current=0.05, soc=50.0))


def test_zero_is_shown_and_absent_is_not() -> None:
    said = card(now(soc=0.0, current=0.0, voltage=None, temperature=None))
    assert "<b>0.0 %</b>" in said
    assert "Current: <b>0.0 A</b>" in said
    assert "Voltage" not in said
    assert "Temperature" not in said


def test_the_card_is_as_old_as_its_oldest_leading_value() -> None:
    said = card(now(soc=(50.0, 4000.0), current=(1.0, 1.0), voltage=(50.0, 1.0)))
    assert "STALE: these data are 1 h 6 min old (from Mon 23 Nov 09:11)" in said


def test_a_single_old_value_carries_its_own_age() -> None:
    said = card(now(soc=50.0, current=1.0, voltage=50.0, temperature=(20.0, 900.0)))
    assert "STALE" not in said
    assert "Temperature: <b>20.0 °C</b> ⚠️ (15 min old)" in said


def test_other_devices_tell_their_power_and_in_words_what_they_are_doing() -> None:
    present = now(soc=50.0, current=1.0, voltage=50.0)
    present.channels.update(
        {
            "roof_solar.power": Value(1234, "W", 9.0, "fresh"),
            "roof_solar.mode": Value(9, "", 40.0, "fresh", "curtailed: voltage"),
            "inverter.ac_power": Value(310, "W", 900.0, "stale"),
        }
    )
    said = card(present)
    assert "Roof solar: <b>1,234 W</b>, curtailed: voltage" in said
    assert "Inverter: <b>310 W</b> ⚠️ (15 min old)" in said


def test_a_title_cannot_break_the_markup() -> None:
    assert "<b>Stalla &amp; sons &lt;1&gt;</b>" in card(now(soc=50.0))


def test_a_site_without_a_battery_says_so() -> None:
    said = status_card(
        SITE, Now("noto", AT, "live", 1.0, {"meter.power": Value(5, "W", 1.0, "fresh")}), {}, EN
    )
    assert "no battery" in said


def test_a_site_never_heard_is_not_given_an_age() -> None:
    assert "has never sent anything" in card(now(None, "never"))
    assert "has never sent anything" in card(now(None, "late", soc=None))


def flag(kind: str, minutes_ago: int, channel: str = "battery.alarm.low_voltage") -> Event:
    return Event(AT - timedelta(minutes=minutes_ago), f"flag.{kind}", {"channel": channel})


@pytest.mark.parametrize(
    ("live", "events", "raised"),
    [
        (None, (), False),
        (False, (), False),
        (True, (), True),
        (None, (flag("raised", 5),), True),
        (None, (flag("cleared", 3), flag("raised", 5)), False),
        (None, (flag("raised", 3), flag("cleared", 5)), True),
        ((False, 60.0), (flag("raised", 5),), False),
        ((False, 3600.0), (flag("raised", 5),), True),
        ((True, 3600.0), (flag("cleared", 5),), False),
    ],
)
def test_of_live_value_and_event_the_newer_one_counts(
    live: Any, events: tuple[Event, ...], raised: bool
) -> None:
    said = card(now(soc=50.0, alarm__low_voltage=live), events=events)
    assert ("🔴 <b>Alarm: low voltage</b>" in said) is raised


def test_other_flags_and_events_are_no_alarms() -> None:
    events = (
        flag("raised", 1, "battery.force_charge_1"),
        Event(AT, "boot", {}),
        Event(AT, "flag.raised", {}),
    )
    assert "🔴" not in card(now(soc=50.0, force_charge_1=True, alarm__general=False), events=events)


def test_alarms_are_named_in_italian() -> None:
    said = card(now(soc=50.0, protection__under_voltage=True), IT)
    assert "🔴 <b>PROTEZIONE: sottotensione</b>, da lun 23 nov 10:17" in said


def uptime(days: int, *gaps: Gap) -> Uptime:
    missing = sum(gap.minutes for gap in gaps)
    expected = days * 1440
    percent = 100 * (expected - missing) / expected
    return Uptime(
        "noto", AT - days * timedelta(days=1), AT, expected, expected - missing, percent, list(gaps)
    )


def gap(hours_ago: float, minutes: int, reason: str | None = None) -> Gap:
    start = AT - timedelta(hours=hours_ago)
    return Gap(start, start + timedelta(minutes=minutes), minutes, reason)


def uptimes(*gaps: Gap) -> str:
    return uptime_card(SITE, [(7, uptime(7, *gaps)), (30, uptime(30, *gaps))], EN)


def test_a_hundred_percent_is_said_only_without_a_gap() -> None:
    assert "Last 7 days: <b>100.00 %</b>" in uptimes()
    assert "✅ No gap." in uptimes()
    one = uptimes(gap(3, 1))
    assert "Last 7 days: <b>99.99 %</b> (10,079 of 10,080 minutes)" in one
    assert "Last 30 days: <b>99.99 %</b>" in one


def test_gaps_come_newest_first_with_reason_and_length() -> None:
    lines = uptimes(gap(50, 125, "journal <lost>"), gap(2, 120, "not received yet")).splitlines()
    assert lines[-2] == "• Mon 23 Nov 08:17 – now (2 h): not received yet"
    assert lines[-1] == "• Sat 21 Nov 08:17 – 10:22 (2 h 5 min): journal &lt;lost&gt;"


def test_many_gaps_are_summed_up() -> None:
    lines = uptimes(*[gap(hours, 30) for hours in range(2, 30, 2)]).splitlines()
    assert len([line for line in lines if line.startswith("•")]) == 8
    assert lines[-1] == "… and 6 more, 3 h together"


def test_times_of_gaps_follow_the_clock_change() -> None:
    night = datetime(2026, 10, 25, 0, 30, tzinfo=UTC)
    over = Gap(night, night + timedelta(hours=2), 120, None)
    report = msgspec.structs.replace(uptime(30, over), end=night + WEEK)
    assert "Sun 25 Oct 02:30 – 03:30 (2 h)" in uptime_card(SITE, [(30, report)], EN)
