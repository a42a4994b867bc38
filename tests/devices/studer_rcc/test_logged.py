"""A datalog's columns as series named like the live ones, and its sums beside the devices' own."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.datalogs import full_datalog, full_day, full_row

from stallaini.devices.catalogue import load_kinds
from stallaini.devices.studer_rcc.counted import counted_sums
from stallaini.devices.studer_rcc.datalog import Datalog, parse_datalog
from stallaini.devices.studer_rcc.logged import (
    BATTERY_INFOS,
    BATTERY_POWER,
    INVERTER_INFOS,
    SOLAR_INFOS,
    DeviceNames,
    LoggedInfo,
    LoggedSeries,
    columns_left_out,
    logged_series,
)
from stallaini.site.quantities import QUANTITIES

AT = "19.12.2017 00:00"


def one_row(**cells: str) -> Datalog:
    return parse_datalog(full_datalog([full_row(AT, **cells)]))


def first_values(log: Datalog, names: DeviceNames | None = None) -> dict[str, float | None]:
    found = {}
    for series in logged_series(log, names or DeviceNames()):
        value = series.values[0]
        found[series.name] = None if value is None else series.quantity.from_fixed(value)
    return found


def test_columns_become_series_in_the_units_of_the_live_ones() -> None:
    assert first_values(one_row()) == {
        "inverter.battery_voltage.mean": 50.25,
        "inverter.battery_voltage.min": 50.1,
        "inverter.battery_current.mean": -7.0,
        "inverter.ac_power.mean": 300.0,
        "inverter.ac_apparent_power.max": 2070.0,
        "inverter.input_voltage.mean": 2.0,
        "inverter.mode.last": 1.0,
        "inverter.transfer.max": 0.0,
        "solar.power.mean": 1200.0,
        "solar.battery_current.mean": 22.0,
        "battery.voltage.mean": 50.31,
        "battery.current.mean": 15.0,
        "battery.soc.last": 77.19,
        "battery.temperature.mean": 19.5,
        "battery.power.mean": 755.0,
    }


def test_devices_take_the_names_of_the_site_file() -> None:
    named = first_values(one_row(), DeviceNames("xtm", "roof", "bank"))
    assert {name.partition(".")[0] for name in named} == {"xtm", "roof", "bank"}


@pytest.mark.parametrize(("cell", "closed"), [("0", 0), ("1", 1), ("2", 1), ("3", 1)])
def test_a_contact_is_closed_if_it_was_at_any_time_of_the_minute(cell: str, closed: int) -> None:
    assert first_values(one_row(I3020=cell))["inverter.transfer.max"] == closed


@pytest.mark.parametrize(
    ("infos", "kind"),
    [
        (INVERTER_INFOS, "studer_xtender"),
        (SOLAR_INFOS, "studer_variotrack"),
        (SOLAR_INFOS, "studer_variostring"),
        ((*(info for info, _ in BATTERY_INFOS), BATTERY_POWER), "studer_bms"),
        ((*(info for info, _ in BATTERY_INFOS), BATTERY_POWER), "can_battery"),
    ],
)
def test_every_series_has_the_name_and_quantity_of_a_live_channel(
    infos: tuple[LoggedInfo, ...], kind: str
) -> None:
    live = {channel.field: channel for channel in load_kinds()[kind].channels}
    for info in infos:
        assert info.quantity == live[info.field].quantity, info
        assert info.aggregate in QUANTITIES[info.quantity].fitting
        # Where the live device keeps series of the channel, one of them goes on.
        kept = {(each.field, each.aggregate) for each in infos if each.field == info.field}
        aggregates = live[info.field].aggregates
        assert not aggregates or kept & {(info.field, aggregate) for aggregate in aggregates}, info


def test_a_dead_battery_monitor_leaves_the_battery_to_the_inverter_and_the_charger() -> None:
    named = first_values(one_row(I7030="0.00", I7031="0.00", I7032="0.00"))
    assert (named["battery.voltage.mean"], named["battery.current.mean"]) == (50.25, 15.0)
    assert "battery.soc.last" not in named


def test_an_empty_cell_is_none_and_an_impossible_one_is_counted() -> None:
    log = parse_datalog(full_datalog([full_row(AT, I3101=""), full_row("19.12.2017 00:01", I3092="5000.00")]))
    by_name = {series.name: series for series in logged_series(log, DeviceNames())}
    assert by_name["inverter.ac_power.mean"].values == [None, 300]
    voltage = by_name["inverter.battery_voltage.mean"]
    assert (voltage.values, voltage.implausible) == ([5025, None], 1)


def test_a_second_charger_gets_a_number_and_sums_are_left_out() -> None:
    data = full_datalog([full_row(AT)]).replace(b",1,ALL,", b",1,2,", 1)
    named = first_values(parse_datalog(data))
    assert (named["solar.power.mean"], named["solar_2.power.mean"]) == (1200.0, 1200.0)
    assert columns_left_out(one_row()) == ["unnamed (I11043 ALL)"]
    assert columns_left_out(one_row(I17997="42")) == ["unnamed (I11043 ALL)", "DEV SYS MSG (I17997 1)"]


def series_of(log: Datalog) -> list[LoggedSeries]:
    return logged_series(log, DeviceNames())


@pytest.mark.parametrize("separator", [",", ";"])
def test_the_sums_of_a_day_stand_beside_the_counters(separator: str) -> None:
    log = parse_datalog(full_day("19.12.2017", separator))
    sums = {each.what: each for each in counted_sums(log, series_of(log))}
    assert set(sums) == {"consumers", "solar", "battery, net"}
    assert (sums["consumers"].counted, sums["consumers"].summed, sums["consumers"].error_pct) == (7.2, 7.2, 0)
    assert (sums["battery, net"].summed, sums["battery, net"].unit) == (360.0, "Ah")


def test_a_sum_that_is_off_says_by_how_much_and_a_tiny_one_says_nothing() -> None:
    data = full_day("19.12.2017", I3101="0.33").replace(b"I11007,28.80", b"I11007,0.10")
    log = parse_datalog(data)
    sums = {each.what: each.error_pct for each in counted_sums(log, series_of(log))}
    assert sums["consumers"] == pytest.approx(10.0)
    assert sums["solar"] is None


def test_part_of_a_day_is_not_compared() -> None:
    log = parse_datalog(full_datalog([full_row(AT)]))
    assert counted_sums(log, series_of(log)) == []


@pytest.mark.recordings
def test_recorded_days_agree_with_their_counters_within_one_percent(shared_data: Path) -> None:
    folders = (shared_data / "studer" / "datalogs", shared_data / "telemetry" / "raw_examples")
    files = [file for folder in folders for file in sorted(folder.glob("*.CSV"))]
    compared = 0
    for file in files:
        log = parse_datalog(file.read_bytes())
        for each in counted_sums(log, series_of(log)):
            if each.error_pct is not None:
                compared += 1
                assert abs(each.error_pct) < 1.0, (file.name, each)
            else:
                assert each.counted < 0.5, (file.name, each)
    assert compared == 16
