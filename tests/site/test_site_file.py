"""What a clean site file compiles to."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.sites import BATTERY, SITE, parse

from stallaini.devices.catalogue import load_kinds
from stallaini.site.config import ClockConfig, JournalConfig, LinkConfig, SolarConfig, parse_site
from stallaini.site.description import decode_description

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"


def test_a_small_file_gets_every_default() -> None:
    config = parse(SITE + BATTERY)
    assert (config.site, config.title, config.timezone, config.latitude) == (
        "noto",
        "noto",
        "Europe/Rome",
        None,
    )
    (battery,) = config.devices
    assert (battery.name, battery.kind, battery.title) == ("battery", "battery_kind", "A battery")
    assert battery.settings == {"bus": "virtual:b", "profile": "auto", "poll_s": 1.0, "listen_only": True}
    assert config.link == LinkConfig("watched", 5.0, 2.0)
    assert config.journal == JournalConfig(64.0)
    assert config.clock == ClockConfig(trusted=False)
    assert config.loads == ()
    assert config.solar is None


def test_channels_and_series_follow_the_manifest_in_its_order() -> None:
    description = parse(SITE + BATTERY).description
    assert [channel.name for channel in description.channels] == [
        "battery.voltage",
        "battery.current",
        "battery.power",
        "battery.alarm.low_voltage",
        "battery.energy_charged",
    ]
    assert [series.name for series in description.series] == [
        "battery.voltage.mean",
        "battery.voltage.min",
        "battery.voltage.max",
        "battery.current.mean",
        "battery.energy_charged.last",
    ]
    voltage = description.channels[0]
    assert (voltage.unit, voltage.resolution, voltage.stale_after_s) == ("V", 0.01, 5.0)
    assert decode_description(description.encode()) == description


def test_the_series_table_overrides_the_manifest_quoted_or_dotted() -> None:
    series = """[series]
"battery.voltage" = []
battery.current = ["min", "max"]
battery.alarm.low_voltage = ["max"]
battery.energy_charged = []
"""
    description = parse(SITE + BATTERY + series).description
    assert [one.name for one in description.series] == [
        "battery.current.min",
        "battery.current.max",
        "battery.alarm.low_voltage.max",
    ]


@pytest.mark.parametrize(
    "written", ["power_w = 2200", 'power_w = "2.2 kW"', 'power = "2200 W"', 'power = "0.0022MW"']
)
def test_a_power_may_be_written_in_any_unit_of_power(written: str) -> None:
    (load,) = parse(SITE + f"[loads.pump]\n{written}\n").loads
    assert (load.name, load.title, load.power_w) == ("pump", "pump", 2200.0)


def test_times_sizes_and_angles_take_units_too() -> None:
    place = 'latitude = "36.9 deg"\nlongitude = "15 °"\n'
    text = SITE + place + '[link]\nlive_interval = "1 min"\n[journal]\nmax = "0.5 GB"\n'
    config = parse(text)
    assert (config.latitude, config.longitude) == (36.9, 15.0)
    assert config.link.live_interval_s == 60.0
    assert config.journal.max_mb == 500.0


def test_a_clock_can_be_trusted_from_the_start() -> None:
    assert parse(SITE + "[clock]\ntrusted = true\n").clock.trusted


def test_a_load_may_name_its_meter_and_its_switch() -> None:
    load = '[loads.pump]\npower_w = 1\nchannel = "battery.power"\nswitch = "battery"\n'
    (pump,) = parse(SITE + BATTERY + load).loads
    assert (pump.channel, pump.switch) == ("battery.power", "battery")


def test_windows_line_ends_and_a_byte_order_mark_do_no_harm() -> None:
    assert parse_site(("\ufeff" + SITE).replace("\n", "\r\n").encode(), {}).site == "noto"


def test_the_real_site() -> None:
    config = parse_site((EXAMPLES / "stallaini.toml").read_bytes(), load_kinds())
    assert config.timezone == "Europe/Rome"
    assert config.solar == SolarConfig(9, 260.0)
    assert {load.name: load.power_w for load in config.loads}["well_pump"] == 2200.0
    assert config.devices[0].settings["bus"] == "socketcan:can0"
    assert "battery.current.mean" in [series.name for series in config.description.series]


def test_the_second_site_is_another() -> None:
    config = parse_site((EXAMPLES / "byd-cabin.toml").read_bytes(), load_kinds())
    assert config.timezone == "Europe/Oslo"
    assert config.devices[0].settings == {"bus": "slcan:/dev/ttyACM0@115200", "profile": "victron"}
    assert config.link == LinkConfig("always", 60.0, 4.0)
    names = [series.name for series in config.description.series]
    assert "battery.temperature.min" in names
    assert "battery.charge_voltage_limit.last" not in names
