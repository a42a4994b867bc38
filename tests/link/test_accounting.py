"""What a datagram weighs, and for what it goes."""

from __future__ import annotations

import pytest

from stallaini.link.accounting import ip_bytes, shares_of
from stallaini.link.messages import Entry, Event, Minute

MINUTE = Entry(1, Minute(0, (1, 2)))
ALARM = Entry(2, Event(0, "flag.raised", {"channel": "battery.alarm.high_temperature"}))
DONE = Entry(3, Event(0, "command.done", {"id": "42"}))


def test_ipv6_costs_twenty_bytes_more_and_mapped_addresses_are_ipv4() -> None:
    assert ip_bytes("192.0.2.1", 10) == ip_bytes("::ffff:192.0.2.1", 10) == 38
    assert ip_bytes("2001:db8::1", 10) == 58


def test_a_message_is_split_over_what_it_carries() -> None:
    assert shares_of(12, [MINUTE]) == {"telemetry": 1.0}
    assert shares_of(70, [ALARM]) == {"events": 1.0}
    assert shares_of(70, [ALARM, DONE]).keys() == {"events", "commands"}
    mixed = shares_of(100, [MINUTE, ALARM])
    assert sum(mixed.values()) == pytest.approx(1)
    assert mixed["events"] == pytest.approx(0.54, abs=0.15)


def test_live_values_alone_are_telemetry() -> None:
    assert shares_of(80, []) == {"telemetry": 1.0}
