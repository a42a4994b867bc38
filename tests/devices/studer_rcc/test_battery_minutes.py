"""The battery in a datalog, with a live and with a dead battery sensor."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.datalogs import datalog

from stallaini.devices.studer_rcc.battery import BatteryMinute, battery_minutes, charge_ah
from stallaini.devices.studer_rcc.datalog import parse_datalog

AT = "04.07.2016 00:00"


def minute(cells: str) -> BatteryMinute:
    (only,) = battery_minutes(parse_datalog(datalog([(AT, cells)])))
    return only


def test_a_live_sensor_is_believed() -> None:
    assert minute("50.00,-5.00,2.00,51.23,-3.27,61.37,21.04") == BatteryMinute(
        24_459_840, 51.23, -3.27, 61.37, 21.04
    )


def test_a_dead_sensor_is_recognised_and_the_inverter_and_solar_charger_stand_in() -> None:
    assert minute("50.00,-5.00,2.25,0.00,0.00,0.00,27.44") == BatteryMinute(
        24_459_840, 50.0, -2.75, None, None
    )


def test_a_resting_battery_is_not_a_dead_sensor() -> None:
    assert minute("50.00,0.00,0.00,50.10,0.00,61.00,20.00").soc_pct == 61.0


def test_a_sensor_that_is_silent_counts_as_dead() -> None:
    assert minute("50.00,-5.00,,,,,") == BatteryMinute(24_459_840, 50.0, -5.0, None, None)
    assert minute(",,,,,,") == BatteryMinute(24_459_840, None, None, None, None)


@pytest.mark.recordings
def test_the_charge_of_recorded_days_is_what_the_sensor_counted(shared_data: Path) -> None:
    for file in sorted((shared_data / "studer" / "datalogs").glob("*.CSV")):
        log = parse_datalog(file.read_bytes())
        charged_ah, discharged_ah = log.counters[7007], log.counters[7008]
        assert charged_ah is not None
        assert discharged_ah is not None
        net_ah = charge_ah([one.current_a for one in battery_minutes(log)])
        assert net_ah == pytest.approx(charged_ah - discharged_ah, abs=0.01 * charged_ah), file.name


@pytest.mark.recordings
def test_inverter_and_solar_charger_add_up_to_a_live_sensor(shared_data: Path) -> None:
    log = parse_datalog((shared_data / "studer" / "datalogs" / "LG171220.CSV").read_bytes())
    parts = zip(log.column(3095, "L1-1"), log.column(11040, "1"), log.column(7031, "1"), strict=True)
    apart_a = [inverter + solar - battery for inverter, solar, battery in parts]  # type: ignore[operator]
    assert abs(sum(apart_a) / len(apart_a)) < 1.0


@pytest.mark.recordings
def test_the_installation_with_the_dead_sensor_still_tells_its_battery(shared_data: Path) -> None:
    log = parse_datalog((shared_data / "telemetry" / "raw_examples" / "inst5_LG190615.CSV").read_bytes())
    minutes = battery_minutes(log)
    assert all(one.soc_pct is None and one.voltage_v is not None and one.voltage_v > 40 for one in minutes)
    assert charge_ah([one.current_a for one in minutes]) == pytest.approx(2.4, abs=0.5)
