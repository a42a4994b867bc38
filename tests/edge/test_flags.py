"""A flag that changes is told once, whatever it does in between."""

from __future__ import annotations

import dataclasses
from functools import partial

from tests.support.edge import DESCRIPTION

from stallaini.devices.catalogue import load_kinds
from stallaini.edge.flags import FlagWatcher
from stallaini.site.alarms import AlarmRule, Level, flag_rule
from stallaini.site.config import parse_site
from stallaini.site.reading import Reading

STUDER = parse_site(
    """
[site]
name = "lab"
timezone = "UTC"
[devices.xcom]
kind = "studer_gateway"
port = "tcp:10.0.0.5:4001"
[devices.inverter]
kind = "studer_xtender"
gateway = "xcom"
[devices.solar]
kind = "studer_variotrack"
gateway = "xcom"
""",
    load_kinds(),
).description
ALARM, ENABLED = "battery.alarm.high_temperature", "battery.charge_enabled"


def told(
    watcher: FlagWatcher, channel: str, values: list[bool | None], start_s: int = 0
) -> list[tuple[str, int]]:
    """Feed one value a second; what is told, and for which second."""
    events = []
    for second, value in enumerate(values, start_s):
        event = watcher.feed(Reading(channel, second, value), partial(float, second))
        if event is not None:
            assert event.data == {"channel": channel}
            events.append((event.kind, event.at_s))
    return events


def test_an_alarm_is_told_at_once_and_its_end_after_ten_quiet_seconds() -> None:
    watcher = FlagWatcher(DESCRIPTION)
    assert told(watcher, ALARM, [False, False, True]) == [("flag.raised", 2)]
    assert told(watcher, ALARM, [False] * 10, start_s=3) == []
    assert told(watcher, ALARM, [False], start_s=13) == [("flag.cleared", 3)]


def test_trouble_that_is_not_reported_any_more_is_over_after_ten_seconds() -> None:
    values: list[bool | None] = [False, True, *[None] * 12]
    assert told(FlagWatcher(DESCRIPTION), ALARM, values) == [("flag.raised", 1), ("flag.cleared", 2)]
    permission: list[bool | None] = [True, False, *[None] * 12]
    assert told(FlagWatcher(DESCRIPTION), ENABLED, permission) == [("flag.cleared", 1)]


def test_a_flapping_alarm_is_two_events() -> None:
    values: list[bool | None] = [False, *[True, False] * 30, *[False] * 20]
    assert told(FlagWatcher(DESCRIPTION), ALARM, values) == [("flag.raised", 1), ("flag.cleared", 60)]


def test_a_permission_withdrawn_is_told_at_once_and_given_back_after_ten_seconds() -> None:
    values: list[bool | None] = [True, True, False, *[True] * 12]
    assert told(FlagWatcher(DESCRIPTION), ENABLED, values) == [("flag.cleared", 2), ("flag.raised", 3)]


def test_the_first_word_of_a_flag_is_told_only_if_it_is_trouble() -> None:
    watcher = FlagWatcher(DESCRIPTION)
    assert told(watcher, ENABLED, [True]) == []
    assert told(watcher, ALARM, [True]) == [("flag.raised", 0)]


def test_not_reported_changes_nothing() -> None:
    values = [True, None, None, True]
    assert told(FlagWatcher(DESCRIPTION), ALARM, values) == [("flag.raised", 0)]


def test_a_restarted_program_does_not_tell_the_same_again_and_does_not_miss_the_end() -> None:
    before = FlagWatcher(DESCRIPTION)
    told(before, ALARM, [True])
    after = FlagWatcher(DESCRIPTION, before.memory)
    assert told(after, ALARM, [True]) == []
    assert told(after, ALARM, [False] * 11, start_s=1) == [("flag.cleared", 1)]


def rule(**changes: object) -> AlarmRule:
    """The alarm rule that every trouble flag has, as a site file may change it."""
    standing = flag_rule(ALARM)
    assert standing is not None
    return dataclasses.replace(standing, **changes)  # type: ignore[arg-type]


def test_trouble_that_raises_an_alarm_is_not_told_a_second_time_as_a_flag() -> None:
    watcher = FlagWatcher(DESCRIPTION, rules=[rule()])
    assert told(watcher, ALARM, [False, True, *[False] * 20]) == []
    assert told(watcher, ENABLED, [True, False], start_s=30) == [("flag.cleared", 31)]


def test_trouble_whose_alarm_may_stay_silent_is_told_as_a_flag() -> None:
    excused = Level(ALARM, 1, 0, unless=("battery.soc", 95.0))
    for changed in (rule(raise_after_s=5.0), rule(watch=excused), rule(watch=Level(ALARM, 0, 1))):
        watcher = FlagWatcher(DESCRIPTION, rules=[changed])
        assert told(watcher, ALARM, [False, True]) == [("flag.raised", 1)]


def test_what_was_told_as_a_flag_before_it_had_an_alarm_is_still_told_to_be_over() -> None:
    before = FlagWatcher(DESCRIPTION)
    told(before, ALARM, [True])
    after = FlagWatcher(DESCRIPTION, before.memory, [rule()])
    assert told(after, ALARM, [False] * 11, start_s=1) == [("flag.cleared", 1)]
    assert told(after, ALARM, [True], start_s=20) == []


def test_a_relay_with_an_alarm_of_its_own_is_told_all_the_same() -> None:
    own = rule(watch=Level("inverter.aux1", 1, 0))
    watcher = FlagWatcher(STUDER, rules=[own])
    assert told(watcher, "inverter.aux1", [False, True]) == [("flag.raised", 1)]


def test_a_memory_that_cannot_be_read_is_no_memory() -> None:
    assert told(FlagWatcher(DESCRIPTION, b"\xff\x00 rubbish"), ALARM, [True]) == [("flag.raised", 0)]


def test_an_inverter_that_stops_is_told_and_its_relays_too_but_no_cloud_is() -> None:
    watcher = FlagWatcher(STUDER)
    assert told(watcher, "inverter.inverter_on", [True, False]) == [("flag.cleared", 1)]
    assert told(watcher, "inverter.aux1", [False, True]) == [("flag.raised", 1)]
    assert told(watcher, "solar.curtailed", [False, True, False]) == []
