"""How the end of a command is told and read, and which data the kinds take."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stallaini.link.commands import Ending, Outcome, fault_in, refused, report, reported
from stallaini.link.downlink import COMMAND_BYTES, fitting_commands
from stallaini.link.messages import Command, Event, Scalar

COMMAND = Command(1_794_830_400_123, "anna", "ping", 0, 600)


@given(st.sampled_from(Ending), st.none() | st.text(max_size=40))
def test_what_is_told_is_what_is_read(ending: Ending, reason: str | None) -> None:
    outcome = Outcome(ending, reason)
    assert reported(Event(0, *report(COMMAND, outcome))) == (COMMAND.id, outcome)


@pytest.mark.parametrize(
    "event",
    [
        Event(0, "link.lost", {}),
        Event(0, "done", {"id": 1}),
        Event(0, "command.finished", {"id": 1}),
        Event(0, "command.done", {}),
        Event(0, "command.done", {"id": "1"}),
        Event(0, "command.done", {"id": 2**63}),
        Event(0, "command.done", {"id": -1}),
    ],
)
def test_other_events_tell_of_no_command(event: Event) -> None:
    assert reported(event) is None


def test_the_event_names_the_kind_and_the_reason() -> None:
    assert report(COMMAND, refused("the card is full")) == (
        "command.refused",
        {"id": COMMAND.id, "kind": "ping", "reason": "the card is full"},
    )


@pytest.mark.parametrize(
    ("kind", "data"),
    [
        ("ping", {}),
        ("live", {"minutes": 0}),
        ("live", {"minutes": 60}),
        ("link.mode", {"mode": "economy"}),
        ("link.mode", {"mode": "auto", "until_s": 1_794_830_400}),
        ("of.another.day", {"anything": None}),
    ],
)
def test_data_that_a_kind_takes(kind: str, data: dict[str, Scalar]) -> None:
    assert fault_in(kind, data) is None


@pytest.mark.parametrize(
    ("kind", "data", "says"),
    [
        ("ping", {"x": 1}, "no data"),
        ("live", {}, "minutes"),
        ("live", {"minutes": 61}, "0 .stop. to 60"),
        ("live", {"minutes": -1}, "minutes"),
        ("live", {"minutes": True}, "whole"),
        ("live", {"minutes": 1.5}, "whole"),
        ("live", {"minutes": 5, "more": 1}, "minutes"),
        ("link.mode", {}, "auto, minute, economy"),
        ("link.mode", {"mode": "fast"}, "auto, minute, economy"),
        ("link.mode", {"mode": "auto", "until_s": "noon"}, "Unix seconds"),
        ("link.mode", {"mode": "auto", "untill_s": 1}, "until_s"),
    ],
)
def test_data_that_it_does_not(kind: str, data: dict[str, Scalar], says: str) -> None:
    fault = fault_in(kind, data)
    assert fault is not None
    assert re.search(says, fault)


def test_commands_go_in_order_as_many_as_fit() -> None:
    commands = [Command(n, "anna", "note", 0, 600, {"text": "x" * 150}) for n in range(1, 9)]
    chosen = fitting_commands(commands, COMMAND_BYTES)
    assert [command.id for command in chosen] == [1, 2, 3, 4]
