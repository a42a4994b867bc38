"""Alarm rules stand by what a site has, and a site file changes them or adds its own."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.support.sites import BATTERY, SITE

from stallaini.devices.catalogue import load_kinds
from stallaini.site.alarm_texts import TITLES
from stallaini.site.alarms import SEVERITIES, AlarmRule, Contact, Level, NoStart, alarm_specs
from stallaini.site.config import Fault, SiteConfig, SiteFileError, parse_site
from stallaini.site.description import AlarmSpec, Description, decode_description

DOCS = Path(__file__).resolve().parents[2] / "docs"
TOML = re.compile(r"```toml\n(.*?)```", re.DOTALL)
WHOLE = TOML.findall((DOCS / "reference" / "alarms.md").read_text(encoding="utf-8"))[0]
HOUSE = """
[site]
name = "lab"
timezone = "UTC"
[devices.battery]
kind = "can_battery"
title = "Battery"
bus = "virtual:a"
"""


def house(more: str = "", base: str = HOUSE) -> SiteConfig:
    return parse_site(base + more, load_kinds())


def rules(more: str = "", base: str = HOUSE) -> dict[str, AlarmRule]:
    return {rule.name: rule for rule in house(more, base).alarms}


def fault(more: str) -> Fault:
    with pytest.raises(SiteFileError) as refused:
        house(more)
    (only,) = refused.value.faults
    return only


def test_a_battery_alone_has_the_battery_s_rules_and_the_machine_s() -> None:
    names = {name for name in rules() if not re.search("_(protection|alarm|warning)_", name)}
    assert names == {
        "soc_low", "soc_very_low", "battery_hot", "battery_very_hot", "battery_cold", "battery_very_cold",
        "cells_hot", "cells_cold", "charge_blocked", "discharge_blocked", "modules_offline",
        "silent_battery", "clock_unknown", "plan_short", "journal_full", "disk_full",
    }  # fmt: skip


def test_every_rule_of_a_whole_site_has_a_good_name_titles_and_a_severity() -> None:
    config = house(base=WHOLE)
    specs = alarm_specs(config.description)
    assert set(specs) == {rule.name for rule in config.alarms}
    for spec in specs.values():
        assert re.fullmatch("[a-z][a-z0-9_]*", spec.name)
        assert spec.title_en
        assert spec.title_it
        assert "{" not in spec.title_en + spec.title_it
        assert spec.severity in SEVERITIES
    stems = {stem for stem in TITLES if any(name.startswith(stem) for name in specs)}
    assert stems == set(TITLES) - {"no_data", "clock_wrong", "link_budget"}


def test_both_ends_tell_an_alarm_alike() -> None:
    arrived = decode_description(house(base=WHOLE).description.encode())
    specs = alarm_specs(arrived)
    assert specs["soc_low"] == AlarmSpec(
        "soc_low", "warning", "Battery low", "Batteria bassa", "battery.soc", "%", 20, 25
    )
    assert specs["battery_protection_over_voltage"].title_it == "Battery, protezione: sovratensione"
    assert specs["silent_cells"].title_en == "No data from: Battery cells"
    assert specs["inverter_off_pump_inverter"].title_en == "Inverter gives no power (Pump inverter)"
    assert specs["disk_full"].unit == "MB"


def test_flags_are_not_listed_unless_their_rule_was_changed() -> None:
    assert not [spec for spec in house().description.alarms if "protection" in spec.name]
    changed = house('[alarms.battery_alarm_general]\nseverity = "info"\n')
    assert alarm_specs(changed.description)["battery_alarm_general"].severity == "info"
    off = house("[alarms.battery_alarm_general]\nenabled = false\n")
    assert "battery_alarm_general" not in alarm_specs(off.description)
    assert "battery_alarm_general" not in {rule.name for rule in off.alarms}


def test_a_description_from_before_alarms_still_has_the_flags() -> None:
    config = house()
    older = Description(
        "lab", "Lab", "UTC", None, None, config.description.devices, config.description.channels, (), ()
    )
    assert set(alarm_specs(older)) == {name for name in rules() if "battery_" in name and name in FLAGS}


FLAGS = {name for name in rules() if re.search("_(protection|alarm|warning)_", name)}


def test_a_table_changes_what_it_names_and_leaves_the_rest() -> None:
    before, after = rules()["soc_low"], rules("[alarms.soc_low]\nraise_level = 15\n")["soc_low"]
    assert after.watch == Level("battery.soc", 15, 25)
    assert (after.severity, after.raise_after_s) == (before.severity, before.raise_after_s)
    assert "soc_low" not in rules("[alarms.soc_low]\nenabled = false\n")
    assert rules('[alarms.soc_low]\nraise_after = "5 min"\n')["soc_low"].raise_after_s == 300


def test_a_rule_of_the_site_s_own() -> None:
    own = """
[alarms.pack_voltage_low]
channel = "battery.voltage"
raise_level = 47
clear_level = 48.5
severity = "critical"
title = "Pack voltage low"
"""
    rule = rules(own)["pack_voltage_low"]
    assert rule.watch == Level("battery.voltage", 47, 48.5)
    assert not Level("battery.voltage", 47, 48.5).rises
    spec = alarm_specs(house(own).description)["pack_voltage_low"]
    assert (spec.title_en, spec.title_it, spec.unit) == ("Pack voltage low", "Pack voltage low", "V")


def test_a_rule_of_its_own_is_not_mistaken_for_a_standing_one_by_its_name() -> None:
    own = '[alarms.silent_night]\nchannel = "battery.soc"\nraise_level = 50\nclear_level = 60\n'
    assert alarm_specs(house(own).description)["silent_night"].title_en == "silent night"


@pytest.mark.parametrize(
    ("more", "reason", "fix"),
    [
        ("[alarms.soc_lo]\nraise_level = 3\n", "no standing alarm rule `soc_lo`", "did you mean `soc_low`?"),
        ("[alarms.soc_low]\nraise_level = 30\n", "clears at 25, which is not above", "above 30"),
        ("[alarms.soc_low]\nclear_level = 20\n", "clears at 20, which is not above", "above 20"),
        ("[alarms.soc_low]\nraise_level = 20\nclear_level = 120\n", "impossible value 120", "0 to 100 %"),
        ('[alarms.soc_low]\nchannel = "battery.voltage"\n', "is a voltage, not a soc", "name a soc channel"),
        ('[alarms.soc_low]\nchannel = "battery.sock"\n', "missing channel `battery.sock`", "`battery.soc`?"),
        ('[alarms.soc_low]\nseverity = "bad"\n', 'impossible value "bad"', "info"),
        ("[alarms.soc_low]\nraise_lvl = 3\n", "unknown key `raise_lvl`", "raise_level"),
        ("[alarms.silent_battery]\nclear_level = 3\n", "has no `clear_level`", "leave this key out"),
        ('[alarms."Bad name"]\nenabled = false\n', "bad name", "a letter first"),
        ("[alarms.mine]\nraise_level = 3\n", "`alarms.mine.channel` is missing", "add channel"),
        (
            '[alarms.mine]\nchannel = "battery.soc"\nraise_level = 3\nclear_level = 3\n',
            "`clear_level` is the same as `raise_level`",
            "leave a band",
        ),
    ],
)
def test_a_fault_names_its_line_and_what_to_do(more: str, reason: str, fix: str) -> None:
    if "alarms.mine" in more and "channel =" not in more:
        more += "clear_level = 5\n"
    found = fault(more)
    assert reason in found.reason
    assert fix in found.fix
    assert found.line >= HOUSE.count("\n") + 1


def test_the_guide_s_examples_are_right() -> None:
    guide = (DOCS / "how-to" / "change-an-alarm.md").read_text(encoding="utf-8")
    changed = rules("\n".join(TOML.findall(guide)), WHOLE)
    assert changed["soc_low"].watch == Level("battery.soc", 35, 40)
    assert "generator_running" not in changed
    starting = changed["generator_not_starting"].watch
    assert isinstance(starting, NoStart)
    assert starting.contacts == (Contact("inverter.aux1"),)
    assert changed["inverter_warm"].watch == Level("inverter.temperature_1", 70, 60)


def test_a_site_whose_file_is_full_of_faults_is_told_them_without_a_crash() -> None:
    with pytest.raises(SiteFileError):
        parse_site(
            SITE + BATTERY + "alarms = 3\n[solar]\npanels = 2\n[loads.pump]\nchannel = 3\n", load_kinds()
        )


def test_two_batteries_have_rules_of_their_own() -> None:
    both = rules('[devices.cabin]\nkind = "can_battery"\ntitle = "Cabin"\nbus = "virtual:b"\n')
    assert both["soc_low"].channel == "battery.soc"
    assert both["soc_low_cabin"].channel == "cabin.soc"
