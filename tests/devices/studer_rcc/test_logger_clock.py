"""The logger's clock: what each way of reading it makes of summer, autumn, spring and a clock set back."""

from __future__ import annotations

import lzma
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from zoneinfo import ZoneInfo

import pytest

from stallaini.devices.studer_rcc.logger_clock import LoggerClock

ROME = ZoneInfo("Europe/Rome")


def local(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) // 60


def placed_at(rule: str, text: str, zone: ZoneInfo = ROME) -> str | None:
    (minute,) = LoggerClock(rule, zone).place([local(text)]).minutes
    return None if minute is None else f"{datetime.fromtimestamp(minute * 60, UTC):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize(
    ("rule", "winter", "summer"),
    [
        ("standard", "2019-01-15 11:00", "2019-07-15 11:00"),
        ("site", "2019-01-15 11:00", "2019-07-15 10:00"),
        ("utc", "2019-01-15 12:00", "2019-07-15 12:00"),
        ("+02:00", "2019-01-15 10:00", "2019-07-15 10:00"),
        ("-03:30", "2019-01-15 15:30", "2019-07-15 15:30"),
    ],
)
def test_each_rule_in_winter_and_in_summer(rule: str, winter: str, summer: str) -> None:
    assert placed_at(rule, "2019-01-15 12:00") == winter
    assert placed_at(rule, "2019-07-15 12:00") == summer


def test_standard_time_is_winter_time_on_both_halves_of_the_earth_and_in_ireland() -> None:
    assert placed_at("standard", "2019-01-15 12:00", ZoneInfo("Australia/Sydney")) == "2019-01-15 02:00"
    assert placed_at("standard", "2019-07-15 12:00", ZoneInfo("Europe/Dublin")) == "2019-07-15 12:00"


def test_the_hour_that_autumn_repeats_is_told_apart_by_the_order_in_the_file() -> None:
    start = local("2019-10-27 02:00")
    twice = [*range(start, start + 60), *range(start, start + 60), start + 60]
    placed = LoggerClock("site", ROME).place(twice)
    assert placed.minutes == list(range(start - 120, start + 1))
    assert (placed.ambiguous, placed.doubled, placed.missing) == (0, 0, 0)


def test_a_repeated_hour_that_comes_once_is_taken_as_summer_time_and_told() -> None:
    placed = LoggerClock("site", ROME).place([local("2019-10-27 02:30"), local("2019-10-27 03:00")])
    assert placed.minutes == [local("2019-10-27 00:30"), local("2019-10-27 02:00")]
    assert placed.ambiguous == 1


def test_the_hour_that_spring_leaves_out_has_no_place_and_is_told() -> None:
    clock = LoggerClock("site", ROME)
    placed = clock.place([local("2019-03-31 01:59"), local("2019-03-31 02:30"), local("2019-03-31 03:00")])
    assert placed.minutes == [local("2019-03-31 00:59"), None, local("2019-03-31 01:00")]
    assert placed.missing == 1
    assert LoggerClock("standard", ROME).place([local("2019-03-31 02:30")]).missing == 0


@pytest.mark.parametrize("rule", ["standard", "site", "utc"])
def test_a_clock_set_back_repeats_times_which_keep_their_first_row(rule: str) -> None:
    noon = local("2019-06-15 12:00")
    placed = LoggerClock(rule, ROME).place([noon, noon + 1, noon, noon + 1, noon + 2])
    assert [minute is None for minute in placed.minutes] == [False, False, True, True, False]
    assert placed.doubled == 2


@pytest.mark.parametrize("rule", ["summer", "+1", "+15:00", "+01:60", ""])
def test_another_rule_is_refused(rule: str) -> None:
    with pytest.raises(ValueError, match="give standard, site, utc or an offset"):
        LoggerClock(rule, ROME)


@pytest.mark.recordings
def test_a_recorded_loggers_clock_does_not_follow_summer_time(shared_data: Path) -> None:
    """The reason for the default: the middle of the solar day stays where it is in spring and autumn."""
    file = shared_data / "telemetry" / "studer_inst5_xt_vt_2019-01_2020-02_1min.csv.xz"
    bright: dict[str, list[int]] = defaultdict(list)
    with lzma.open(file, "rt") as lines:
        names = next(lines).strip().split(",")
        power = names.index("vt_pv_kw")
        for line in lines:
            cells = line.split(",")
            if cells[power] and float(cells[power]) > 0.03:
                bright[line[:10]].append(int(line[11:13]) * 60 + int(line[14:16]))

    def middle(first: str, days: int = 14) -> float:
        start = datetime.fromisoformat(first)
        each = [bright[f"{start + timedelta(days=offset):%Y-%m-%d}"] for offset in range(days)]
        return median((minutes[0] + minutes[-1]) / 2 for minutes in each if len(minutes) > 120)

    for change in ("2019-03-31", "2019-10-27"):
        before = f"{datetime.fromisoformat(change) - timedelta(days=14):%Y-%m-%d}"
        assert abs(middle(change) - middle(before)) < 20
