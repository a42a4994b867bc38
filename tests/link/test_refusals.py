"""A flood is counted to the last datagram and leaves one line per source and minute."""

from __future__ import annotations

import logging

import pytest

from stallaini.clock import VirtualClock
from stallaini.link.refusals import Refusals


def test_one_line_per_source_and_minute(caplog: pytest.LogCaptureFixture) -> None:
    clock = VirtualClock(wall_s=0.0)
    refusals = Refusals(clock, logging.getLogger("test"))
    for _ in range(500):
        refusals.refuse("malformed", "203.0.113.9")
        refusals.refuse("replayed", "203.0.113.9")
        refusals.refuse("wrong_key", "203.0.113.10", "no such id")
    assert refusals.counts == {"malformed": 500, "replayed": 500, "wrong_key": 500}
    assert caplog.messages == [
        "refused from 203.0.113.9: malformed",
        "refused from 203.0.113.10: wrong_key (no such id)",
    ]
    clock.advance(60)
    refusals.refuse("replayed", "203.0.113.9")
    assert caplog.messages[2:] == ["refused from 203.0.113.9: replayed; 1000 in the minute before"]
    clock.advance(120)
    refusals.refuse("malformed", "203.0.113.9")
    assert caplog.messages[3:] == ["refused from 203.0.113.9: malformed"]


def test_a_flood_from_a_million_addresses_stays_readable(caplog: pytest.LogCaptureFixture) -> None:
    refusals = Refusals(VirtualClock(wall_s=0.0), logging.getLogger("test"))
    for n in range(5000):
        refusals.refuse("malformed", f"2001:db8::{n:x}")
    assert refusals.counts["malformed"] == 5000
    assert len(caplog.messages) == 1001
    assert caplog.messages[-1] == "refused from other sources: malformed"
