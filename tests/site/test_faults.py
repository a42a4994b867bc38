"""Every fault of a site file is named with its line, the reason and what to do."""

from __future__ import annotations

import pytest
from tests.support.sites import BATTERY, KINDS, SITE, faults_of, only_fault

from stallaini.site.config import SiteFileError, parse_site

LOAD = "[loads.pump]\npower_w = 2200\n"


@pytest.mark.parametrize(
    ("text", "line", "reason", "fix"),
    [
        (SITE + 'titel = "x"\n', 4, "unknown key `titel`", "`title`"),
        (SITE + "[lnik]\n", 4, "unknown table `lnik`", "`link`"),
        (SITE + "[qqq]\n", 4, "unknown table `qqq`", "known tables: `site`, `devices`"),
        (SITE + "[loads.p]\npower = 2200\n", 5, "a number without a unit", 'power = "2200 W"'),
        (SITE + '[loads.p]\npower_w = "2.2 kg"\n', 5, "wrong unit", "W, kW, MW"),
        (SITE + '[loads.p]\npower = "2.2 KW"\n', 5, "wrong unit", "W, kW, MW"),
        (SITE + '[loads.p]\npower = "much"\n', 5, "not a number with a unit", "W, kW, MW"),
        (SITE + "[loads.p]\npower_kw = 2.2\n", 5, "wrong unit: unknown key `power_kw`", "`power_w`"),
        (SITE + '[link]\nlive_interval = "5 MB"\n', 5, "wrong unit", "ms, s, min, h, d"),
        (SITE + "[loads.p]\npower_w = -5\n", 5, "impossible value -5", "from 1 to 100000 W"),
        (SITE + "[loads.p]\npower_w = nan\n", 5, "impossible value nan", "from 1 to 100000 W"),
        (SITE + f"[loads.p]\npower_w = 1{'0' * 400}\n", 5, "impossible value 1", "from 1 to 100000 W"),
        (SITE + '[loads.p]\npower_w = "1e999 W"\n', 5, "impossible value", "from 1 to 100000 W"),
        (SITE + "latitude = 95\nlongitude = 15\n", 4, "impossible value 95", "from -90 to 90 deg"),
        (SITE + "latitude = 36.9\n", 4, "`latitude` without `longitude`", "add longitude"),
        (SITE + "longitude = 15\n", 4, "`longitude` without `latitude`", "add latitude"),
        (SITE.replace("Rome", "Roma"), 3, 'no time zone "Europe/Roma"', "`Europe/Rome`"),
        (SITE.replace("Europe/Rome", "../etc/passwd"), 3, "no time zone", "time zone"),
        (SITE.replace('"noto"', '"Casa di Noto"'), 2, 'bad name "Casa di Noto"', "`casa-di-noto` would do"),
        ('[site]\nname = "noto"\n', 1, "`site.timezone` is missing", "add timezone"),
        (LOAD, 1, "`site` is missing", "add a table [site]"),
        (SITE + "[loads.p]\n", 4, "`loads.p.power_w` is missing", "add power_w = a number in W"),
        (SITE + "[loads]\npump = 5\n", 5, "`loads.pump` must be a table", "[loads.pump]"),
        ("loads = 3\n" + SITE, 1, "`loads` must hold tables", "[loads."),
        ("journal = 3\n" + SITE, 1, "`journal` must be a table", "[journal]"),
        ("series = 3\n" + SITE, 1, "`series` must be a table", "[series]"),
        (SITE + "title = 5\n", 4, "must be text, not 5", "write title ="),
        (SITE + 'title = " "\n', 4, "is empty", "leave the key out"),
        (SITE + 'title = "a\\u0007"\n', 4, "cannot be shown", "plain text"),
        (SITE + "[loads.p]\npower_w = true\n", 5, "must be a number, not true", "a number"),
        (SITE + '[link]\nlive = "allways"\n', 5, 'impossible value "allways"', 'did you mean "always"?'),
        (SITE + '[link]\nhttps_url = "noto.example"\n', 5, "does not start with https://", "https://server"),
        (SITE + '[loads."Well Pump"]\npower_w = 1\n', 4, 'bad name "Well Pump"', "`well_pump` would do"),
        (SITE + BATTERY.replace("battery_kind", "batery_kind"), 5, "unknown device kind", "`battery_kind`"),
        (SITE + '[devices.b]\nkind = "log_kind"\n', 5, "no live channels", "leave this device out"),
        (SITE + "[devices.b]\n", 4, "`devices.b.kind` is missing", "add kind"),
        (
            SITE + BATTERY.replace("devices.battery", "devices.load"),
            4,
            "name `load` is taken",
            "another name",
        ),
        (SITE + '[devices.b]\nkind = "battery_kind"\n', 4, "`devices.b.bus` is missing", 'bus = "..."'),
        (SITE + BATTERY + "modules = 2.5\n", 7, "must be a whole number, not 2.5", "from 1 to 16"),
        (SITE + BATTERY + 'listen_only = "yes"\n', 7, 'impossible value "yes"', "true or false"),
        (SITE + BATTERY + 'proflie = "auto"\n', 7, "unknown key `proflie`", "`profile`"),
        (SITE + BATTERY + '[series]\n"batery.voltage" = []\n', 8, "missing device `batery`", "`battery`"),
        (SITE + BATTERY + '[series]\n"battery.voltag" = []\n', 8, "missing channel", "`battery.voltage`"),
        (SITE + BATTERY + '[series]\nbattery.voltage = ["avg"]\n', 8, '"avg" is no aggregate', '"mean"'),
        (
            SITE + BATTERY + '[series]\nbattery.energy_charged = ["mean"]\n',
            8,
            "no aggregate of energy",
            '"last"',
        ),
        (SITE + BATTERY + '[series]\nbattery.alarm.low_voltage = ["mean"]\n', 8, "of flag", '"max"'),
        (SITE + BATTERY + '[series]\nbattery.voltage = "mean"\n', 8, "must be a list", '["mean", "min"'),
        (SITE + BATTERY + '[series]\nbattery.voltage = ["min", "min"]\n', 8, "there twice", "keep one"),
        (SITE + BATTERY + LOAD + 'channel = "meter.power"\n', 9, "missing device `meter`", "`battery`"),
        (SITE + BATTERY + LOAD + 'channel = "battery.voltage"\n', 9, "not a power", "power channel"),
        (SITE + LOAD + 'switch = "relay"\n', 6, "missing device `relay`", "no device to name"),
    ],
)
def test_a_fault(text: str, line: int, reason: str, fix: str) -> None:
    fault = only_fault(text)
    assert fault.line == line
    assert reason in fault.reason
    assert fix in fault.fix


@pytest.mark.parametrize(
    ("text", "line", "reason"),
    [
        (SITE + "title = hello\n", 4, "not TOML: Invalid value"),
        (SITE + 'title = "hello\n', 4, "not TOML"),
        (SITE + "my title = 3\n", 4, "not TOML: Expected '='"),
        (SITE + "[loads.pump\npower_w = 1\n", 4, "not TOML"),
        (SITE + SITE, 4, "duplicate name"),
        (SITE + 'name = "other"\n', 4, "duplicate name"),
        (SITE + LOAD + LOAD, 6, "duplicate name"),
        (SITE + LOAD + 'power = "2 kW"\n', 6, "duplicate name"),
        (SITE + LOAD + 'title = "A"\n[loads.other]\npower_w = 1\ntitle = "A"\n', 9, "duplicate name"),
        (SITE + BATTERY + '[series]\nbattery.voltage = []\n"battery.voltage" = []\n', 9, "duplicate name"),
        ("x = " + "[" * 5000, 1, "nest too deep"),
        ("", 1, "`site` is missing"),
    ],
)
def test_a_fault_of_form(text: str, line: int, reason: str) -> None:
    fault = only_fault(text)
    assert (fault.line, reason in fault.reason) == (line, True), fault


def test_every_fault_is_told_at_once_in_the_file_s_order() -> None:
    text = """[site]
nam = "noto"
timezone = "Europe/Roma"
latitude = 95
longitude = = 3
[devices.battery]
kind = "battery_kind"
bus = "virtual:b"
profile = "auo"
[devices.battery]
kind = "battery_kind"
[loads.pump]
power = "2 kg"
title = Pump
[series]
battery.voltage = ["mean",
  "median"]
"""
    faults = faults_of(text)
    assert [fault.line for fault in faults] == [2, 3, 4, 5, 9, 10, 13, 14, 17]
    assert all(fault.reason and fault.fix for fault in faults)


def test_a_line_set_aside_is_not_called_missing_as_well() -> None:
    assert only_fault('[site]\nname = noto\ntimezone = "Europe/Rome"\n').line == 2


def test_what_a_broken_device_offers_is_not_guessed_at() -> None:
    text = SITE + BATTERY.replace("battery_kind", "unknown") + "[series]\nbattery.voltage = []\n"
    assert "unknown device kind" in only_fault(text).reason


def test_bytes_that_are_no_text_are_told_with_their_line() -> None:
    with pytest.raises(SiteFileError) as caught:
        parse_site(SITE.encode() + b'title = "caf\xe9"\n', KINDS)
    assert [(fault.line, fault.reason) for fault in caught.value.faults] == [(4, "not UTF-8 text")]
