"""Each standing rule in a scenario of its own: what raises it, what does not, and what clears it."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from stallaini.control.alarm_state import News
from stallaini.control.alarm_watch import Input, Look
from stallaini.control.alarms import AlarmJudge, Change
from stallaini.devices.catalogue import load_kinds
from stallaini.site.alarms import CLOCK, DISK, JOURNAL, PLAN
from stallaini.site.config import SiteConfig, parse_site

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "alarms.md"
SITE = re.findall(r"```toml\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[0]
NOON_S = 1_750_503_720.0  # 2025-06-21, the sun in the south of Noto
NORMAL = {
    "battery.soc": 70.0, "battery.temperature": 20.0, "battery.charge_enabled": 1.0,
    "battery.discharge_enabled": 1.0, "battery.modules_offline": 0.0, "cells.cell_temperature_max": 22.0,
    "cells.cell_temperature_min": 20.0, "xcom.link": 1.0, "solar.mode": 8.0, "solar.error": 0.0,
    "solar.power": 1500.0, "solar.curtailed": 0.0, CLOCK: 0.0, PLAN: 10.0, JOURNAL: 5.0, DISK: 9000.0,
} | {
    f"{inverter}.{field}": value
    for inverter in ("inverter", "pump_inverter")
    for field, value in {
        "ac_power": 300.0, "output": 1.0, "over_temperature": 0.0, "overloads": 3.0, "input_voltage": 0.0,
        "aux1": 0.0, "aux2": 0.0, "aux1_mode": 5.0, "aux2_mode": 1.0,
    }.items()
}  # fmt: skip


class Site:
    """A site whose channels say what one wants; a look a second."""

    def __init__(self, more: str = "", start_s: float = NOON_S) -> None:
        self.config: SiteConfig = parse_site(SITE + more, load_kinds())
        flags = [c.name for c in self.config.description.channels if c.quantity == "flag"]
        self.values = dict.fromkeys(flags, 0.0) | NORMAL
        self.silent: set[str] = set()
        self.heard_s: dict[str, float] = {}
        self.now_s, self.wall_s = 1000.0, start_s
        self.told: list[Change] = []
        self.start()
        self.live(5)

    def start(self) -> None:
        """The program starts, and knows what was raised."""
        raised = {change.rule.name: False for change in self.told if change.news is News.RAISED}
        for change in self.told:
            if change.news is News.CLEARED:
                raised.pop(change.rule.name, None)
        self.judge = AlarmJudge(self.config.alarms, raised, self.now_s)

    def live(self, seconds: float, every_s: float = 1.0, **changes: float) -> list[str]:
        """Let time pass with these values (`__` for the dot); what is told meanwhile."""
        self.values |= {name.replace("__", "."): value for name, value in changes.items()}
        before = len(self.told)
        for _ in range(int(seconds / every_s)):
            self.now_s += every_s
            self.wall_s += every_s
            self.told += self.judge.judge(Look(self.now_s, self.wall_s, self._input))
        return self._lines(before)

    def message(self, device: str, number: int, severity: str) -> list[str]:
        before = len(self.told)
        data = {"device": device, "number": number, "severity": severity, "text": "Some words"}
        names = self.judge.hear("studer.message", data)
        self.told += self.judge.judge_some(names, Look(self.now_s, self.wall_s, self._input))
        return self._lines(before)

    def _lines(self, since: int) -> list[str]:
        mark = {News.RAISED: "+", News.CLEARED: "-", News.STALE: "?", News.FRESH: "!"}
        return [mark[change.news] + change.rule.name for change in self.told[since:]]

    def _input(self, name: str) -> Input:
        device = name.partition(".")[0]
        if device not in self.silent and name not in self.silent:
            self.heard_s[name] = self.now_s
            return Input(self.values.get(name), self.now_s)
        return Input(None, self.heard_s.get(name, -math.inf), fresh=False)


def test_a_normal_day_raises_nothing() -> None:
    site = Site()
    assert site.live(2 * 3600, 10) == []
    assert site.told == []


LEVELS = [
    ("soc_low", "battery__soc", 20, 24.9, 25, 60),
    ("battery_hot", "battery__temperature", 45, 42.1, 42, 60),
    ("battery_cold", "battery__temperature", 3, 4.9, 5, 60),
    ("discharge_blocked", "battery__discharge_enabled", 0, 0, 1, 5),
    ("charge_blocked", "battery__charge_enabled", 0, 0, 1, 60),
    ("modules_offline", "battery__modules_offline", 1, 1, 0, 60),
    ("cells_hot", "cells__cell_temperature_max", 47, 44.5, 44, 60),
    ("cells_cold", "cells__cell_temperature_min", 2, 3.9, 4, 60),
    ("inverter_off", "inverter__output", 0, 0, 1, 15),
    ("inverter_hot", "inverter__over_temperature", 2, 2, 1, 0),
    ("mppt_fault", "solar__error", 4, 4, 0, 0),
    ("mppt_stopped", "solar__mode", 5, 11, 8, 300),
    ("generator_running", "inverter__input_voltage", 230, 100, 0, 0),
    ("clock_unknown", CLOCK, 600, 600, 0, 0),
    ("journal_full", JOURNAL, 80, 75, 70, 60),
    ("disk_full", DISK, 100, 149, 150, 60),
    ("battery_alarm_high_temperature", "battery__alarm.high_temperature", 1, 1, 0, 0),
    ("battery_protection_over_voltage", "battery__protection.over_voltage", 1, 1, 0, 0),
]


@pytest.mark.parametrize(("rule", "channel", "bad", "band", "good", "hold_s"), LEVELS)
def test_a_level_holds_is_told_and_is_cleared_beyond_the_band(
    rule: str, channel: str, bad: float, band: float, good: float, hold_s: int
) -> None:
    site = Site()
    assert site.live(hold_s, **{channel: bad}) == []
    assert site.live(2) == ["+" + rule]
    assert site.live(600, 10, **{channel: band}) == []
    assert site.live(62, **{channel: good}) == ["-" + rule]
    assert site.live(3600, 10) == []


def test_an_empty_battery_raises_the_second_rule_on_top() -> None:
    site = Site()
    assert site.live(100, battery__soc=9) == ["+soc_low", "+soc_very_low"]
    assert site.live(100, battery__soc=15) == ["-soc_very_low"]
    assert site.live(100, battery__soc=30) == ["-soc_low"]


def test_a_very_hot_and_a_very_cold_battery_are_critical() -> None:
    assert Site().live(100, battery__temperature=53) == ["+battery_hot", "+battery_very_hot"]
    assert Site().live(100, battery__temperature=-1) == ["+battery_cold", "+battery_very_cold"]


def test_a_full_battery_that_takes_no_more_is_no_alarm() -> None:
    site = Site()
    assert site.live(600, battery__charge_enabled=0, battery__soc=99) == []
    assert site.live(62, battery__soc=80) == ["+charge_blocked"]


def test_a_load_that_runs_on_is_told_after_three_hours() -> None:
    site = Site()
    run = site.live(2.9 * 3600, 10, pump_inverter__ac_power=2100)
    assert run == ["+heavy_load_pump_inverter"]
    assert site.live(1200, 10) == ["+load_on_long_well_pump"]
    assert site.live(100, pump_inverter__ac_power=0) == [
        "-load_on_long_well_pump",
        "-heavy_load_pump_inverter",
    ]


def test_a_pump_that_rests_now_and_then_is_no_alarm() -> None:
    site = Site()
    for _ in range(6):
        assert site.live(3600, 10, pump_inverter__ac_power=1500) == []
        assert site.live(60, 10, pump_inverter__ac_power=0) == []


def test_an_overload_is_told_by_the_count_or_by_a_message_and_clears_after_an_hour_of_quiet() -> None:
    site = Site()
    assert site.live(10, inverter__overloads=4) == ["+inverter_overload"]
    assert site.live(3590, 10) == []
    assert site.message("inverter", 15, "halted") == []
    assert site.live(3590, 10) == []
    assert site.live(60) == ["-inverter_overload"]
    assert site.message("inverter", 15, "halted") == ["+inverter_overload"]


def test_a_grave_message_of_a_studer_device_is_a_fault_and_a_note_is_none() -> None:
    site = Site()
    assert site.message("solar", 63, "info") == []
    assert site.message("inverter", 0, "warning") == []
    assert site.message("inverter", 20, "halted") == ["+studer_fault_xcom"]
    assert site.told[-1].finding.text == "Some words"
    assert site.live(3610, 10) == ["-studer_fault_xcom"]


def test_a_silent_battery_is_told_and_clears_when_it_is_heard() -> None:
    site = Site()
    site.silent.add("battery")
    assert site.live(119) == []
    assert site.live(3) == ["+silent_battery"]
    site.silent.clear()
    assert site.live(15) == ["-silent_battery"]


def test_a_device_that_was_never_heard_is_silent_too() -> None:
    site = Site()
    site.silent, site.heard_s = {"cells"}, {}
    site.start()
    assert site.live(119) == []
    assert site.live(3) == ["+silent_cells"]


def test_a_silent_gateway_is_one_alarm_and_not_four() -> None:
    site = Site()
    site.silent |= {"inverter", "pump_inverter", "solar"}
    assert site.live(400, xcom__link=0) == ["+silent_xcom"]
    site.silent.clear()
    assert site.live(15, xcom__link=1) == ["-silent_xcom"]
    site.silent.add("inverter")
    assert site.live(130) == ["+silent_inverter"]


def test_a_battery_that_stops_reporting_a_trouble_has_it_no_more() -> None:
    """In pairs of bits, 01 is raised, 10 is clear and 00 unsaid; some go from 01 to 00 when it is over."""
    site = Site()
    assert site.live(1, **{"battery__alarm.high_voltage": 1}) == ["+battery_alarm_high_voltage"]
    del site.values["battery.alarm.high_voltage"]
    assert site.live(62) == ["-battery_alarm_high_voltage"]


def test_what_falls_silent_while_raised_stays_raised_and_is_told_as_unknown() -> None:
    site = Site()
    assert site.live(100, battery__soc=18) == ["+soc_low"]
    site.silent.add("battery")
    assert site.live(3600, 10) == ["+silent_battery", "?soc_low"]
    site.silent.clear()
    assert site.live(100, battery__soc=80) == ["!soc_low", "-silent_battery", "-soc_low"]


def test_a_called_generator_that_does_not_come_within_two_minutes() -> None:
    site = Site()
    assert site.live(119, inverter__aux1=1) == []
    assert site.live(3) == ["+generator_not_starting"]
    assert site.live(3, inverter__input_voltage=230) == ["+generator_running", "-generator_not_starting"]


def test_a_generator_that_comes_in_time_and_a_contact_for_something_else() -> None:
    site = Site()
    assert site.live(100, inverter__aux1=1) == []
    assert site.live(600, inverter__input_voltage=228) == ["+generator_running"]
    assert Site().live(600, inverter__aux2=1) == []  # automatic, not in generator mode
    named = Site('[alarms.generator_not_starting]\nchannel = "inverter.aux2"\n')
    assert named.live(130, inverter__aux2=1) == ["+generator_not_starting"]


def test_a_plan_that_others_eat_up_is_told_after_an_hour() -> None:
    site = Site()
    assert site.live(3590, 10, **{PLAN: 130}) == []
    assert site.live(30) == ["+plan_short"]


SUNRISE_S = NOON_S - 6 * 3600


def day(site: Site, power_w: Callable[[float], float], **more: float) -> list[str]:
    told = []
    for quarter in range(48):
        hours_from_noon = quarter / 4 - 6
        told += site.live(900, 30, solar__power=power_w(hours_from_noon), **more)
    return told


def bell(share: float) -> Callable[[float], float]:
    return lambda hours: share * 2340 * max(0.0, math.cos(hours / 6 * math.pi / 2))


@pytest.mark.parametrize("share", [0.8, 0.3, 0.08])
def test_neither_sun_nor_clouds_nor_the_dullest_day_is_low_yield(share: float) -> None:
    assert day(Site(start_s=SUNRISE_S), bell(share)) == []


def test_an_open_breaker_is_low_yield_and_closed_again_it_clears() -> None:
    site = Site(start_s=SUNRISE_S)
    assert day(site, bell(0.0)) == ["+pv_low"]
    assert site.told[-1].finding.value == pytest.approx(0, abs=0.2)
    site.live(12 * 3600, 60, solar__power=0)
    assert day(site, bell(0.7)) == ["-pv_low"]


def test_a_charger_that_holds_back_is_not_blamed() -> None:
    assert day(Site(start_s=SUNRISE_S), bell(0.0), solar__curtailed=1) == []


def test_no_yield_is_expected_at_night() -> None:
    assert Site(start_s=NOON_S + 9 * 3600).live(6 * 3600, 60, solar__power=0) == []


def test_a_restart_neither_repeats_nor_forgets() -> None:
    site = Site()
    assert site.live(100, battery__soc=18) == ["+soc_low"]
    site.start()
    assert site.live(100) == []
    assert site.live(100, battery__soc=60) == ["-soc_low"]


def test_every_rule_of_the_site_was_raised_by_some_scenario() -> None:
    scenarios = Path(__file__).read_text(encoding="utf-8")
    rules = {rule.name for rule in Site().config.alarms}
    one_of_many = r"_(protection|alarm|warning)_|_pump_inverter$|^silent_solar$"
    plain = {name for name in rules if not re.search(one_of_many, name)}
    assert not {name for name in plain if f"+{name}" not in scenarios and f'"{name}"' not in scenarios}
