"""The meter: each byte to its day and purpose, over restarts, wrong clocks and counters that begin anew."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from stallaini.clock import VirtualClock
from stallaini.edge.interfaces import Passed
from stallaini.edge.line import Line, Traffic
from stallaini.edge.meter import Meter
from stallaini.edge.usage import DayUsage, Usage
from stallaini.link.accounting import PURPOSES
from stallaini.site.billing import BillingMonth
from stallaini.site.config import LinkConfig

NOVEMBER_25_S = 1_795_600_000.0
TODAY = date(2026, 11, 25)
MONTH = BillingMonth(date(2026, 11, 1), date(2026, 12, 1))


class FakeLine(Line):
    """An interface that passed what it is told."""

    def __init__(self) -> None:
        super().__init__(LinkConfig(interface="wwan0"), "", {})
        self.interface = "wwan0"
        self.total, self.vpn = Passed(0, 0), Passed(0, 0)

    def passed(self, now_s: float) -> Traffic:
        traffic, self.total, self.vpn = Traffic(self.total, self.vpn), Passed(0, 0), Passed(0, 0)
        return traffic


def a_clock(wall_s: float = NOVEMBER_25_S) -> VirtualClock:
    return VirtualClock(wall_s, monotonic_s=100.0)


def a_meter(usage: Usage | None = None, clock: VirtualClock | None = None, line: Line | None = None) -> Meter:
    return Meter(usage or Usage(), clock or a_clock(), "Europe/Rome", LinkConfig(), line)


def by_purpose(usage: DayUsage) -> dict[str, int]:
    return {purpose: usage.of(purpose) for purpose in PURPOSES if usage.of(purpose)}


def test_our_datagrams_go_to_what_they_carry() -> None:
    meter = a_meter()
    meter.carry({"telemetry": 0.25, "events": 0.75})
    meter.sent(101, repeated=False)
    meter.sent(101, repeated=True)
    meter.received(48, "acknowledgements")
    meter.received(48, "retransmission")
    today = meter.usage.day(TODAY)
    assert by_purpose(today) == {
        "telemetry": 25, "events": 76, "retransmission": 101 + 48, "acknowledgements": 48,
    }  # fmt: skip
    assert (sum(today.up.values()), sum(today.down.values())) == (202, 96)
    assert meter.own_bytes == meter.standing().used_bytes == 298


def test_what_the_interface_passed_besides_is_the_tunnels_and_others() -> None:
    line = FakeLine()
    meter = a_meter(line=line)
    meter.sent(100, repeated=False)
    line.total, line.vpn = Passed(1000, 300), Passed(400, 300)
    meter.poll()
    today = meter.usage.day(TODAY)
    assert today.up == {"telemetry": 100, "vpn": 400, "other": 500}
    assert today.down == {"vpn": 300}


def test_a_datagram_that_only_one_side_has_seen_yet_is_not_counted_twice() -> None:
    line = FakeLine()
    meter = a_meter(line=line)
    meter.sent(100, repeated=False)
    line.vpn = Passed(50, 0)
    meter.poll()
    line.total = Passed(150, 0)
    meter.poll()
    assert by_purpose(meter.usage.day(TODAY)) == {"telemetry": 100, "vpn": 50}


def test_our_own_datagrams_inside_the_tunnel_count_once() -> None:
    line = FakeLine()
    meter = a_meter(line=line)
    for _ in range(100):
        meter.sent(60, repeated=False)
        line.total, line.vpn = Passed(128, 0), Passed(128, 0)
        meter.poll()
    assert by_purpose(meter.usage.day(TODAY)) == {"telemetry": 6000, "vpn": 6800}


def test_a_days_bytes_end_at_the_sites_midnight() -> None:
    clock = a_clock()
    meter = a_meter(clock=clock)
    meter.sent(10, repeated=False)
    clock.advance(24 * 3600)
    meter.sent(20, repeated=False)
    assert meter.usage.day(TODAY).total_bytes == 10
    assert meter.usage.day(date(2026, 11, 26)).total_bytes == 20
    assert meter.standing().used_bytes == 30


def test_a_new_month_begins_at_nothing() -> None:
    clock = a_clock()
    meter = a_meter(clock=clock)
    meter.sent(10, repeated=False)
    clock.advance(7 * 24 * 3600)
    standing = meter.standing()
    assert standing.used_bytes == 0
    assert standing.elapsed_s + standing.left_s == 31 * 24 * 3600


def test_a_restart_goes_on_counting(tmp_path: Path) -> None:
    meter = a_meter(Usage(tmp_path / "usage.json"))
    meter.sent(70, repeated=False)
    meter.saved(batching_bytes=5)
    meter.save()
    again = a_meter(Usage(tmp_path / "usage.json"))
    again.sent(30, repeated=False)
    assert again.standing().used_bytes == 100
    assert again.usage.day(TODAY).batching_saved == 5


def test_a_power_cut_forgets_little_and_the_card_is_written_seldom(tmp_path: Path) -> None:
    file = tmp_path / "usage.json"
    meter = a_meter(Usage(file))
    writes, seen = 0, b""
    for _ in range(1000):
        meter.sent(100, repeated=False)
        now = file.read_bytes() if file.exists() else b""
        writes += now != seen
        seen = now
    assert writes == 5
    assert a_meter(Usage(file)).standing().used_bytes >= 100_000 - 20_000


@pytest.mark.parametrize("damage", [b"", b"{", b'{"days": {"2026-11-25": 3}}'])
def test_a_damaged_file_begins_anew(tmp_path: Path, damage: bytes) -> None:
    (tmp_path / "usage.json").write_bytes(damage)
    meter = a_meter(Usage(tmp_path / "usage.json"))
    meter.sent(30, repeated=False)
    meter.save()
    assert Usage(tmp_path / "usage.json").used_bytes(MONTH) == 30


def test_a_disk_that_takes_nothing_stops_nothing(tmp_path: Path) -> None:
    meter = a_meter(Usage(tmp_path / "missing" / "usage.json"))
    meter.sent(30_000, repeated=False)
    assert meter.standing().used_bytes == 30_000


def test_a_clock_that_starts_in_1970_counts_to_the_newest_day_known() -> None:
    usage = Usage()
    usage.day(TODAY).up["telemetry"] = 500
    clock = a_clock(wall_s=3600.0)
    meter = a_meter(usage, clock)
    meter.sent(100, repeated=False)
    assert meter.standing().used_bytes == 600
    clock.step_wall(NOVEMBER_25_S - 3600)
    assert meter.standing().used_bytes == 600


def test_what_a_fresh_edge_counts_before_it_knows_the_time_is_not_lost() -> None:
    clock = a_clock(wall_s=3600.0)
    meter = a_meter(clock=clock)
    meter.sent(100, repeated=False)
    clock.step_wall(NOVEMBER_25_S - 3600)
    assert meter.standing().used_bytes == 100
    assert meter.usage.untold(TODAY) == []
