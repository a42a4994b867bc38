"""What is believed of a device: nothing impossible, and no leap before it is confirmed."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from stallaini.devices.studer.belief import Belief, Verdict
from stallaini.devices.studer.device import StuderDevice
from stallaini.devices.studer.polling import Poll

SOC = Poll(7002, "soc", 10, low=0, high=100, jump=5)
BELIEVED, HELD, REJECTED = Verdict.BELIEVED, Verdict.HELD, Verdict.REJECTED


def judged(*values: float) -> list[Verdict]:
    belief = Belief(SOC)
    return [belief.judge(value) for value in values]


def test_a_single_wild_value_is_never_believed() -> None:
    assert judged(83, 22, 83, 83.5) == [BELIEVED, HELD, BELIEVED, BELIEVED]
    assert judged(83, 22, 61, 83) == [BELIEVED, HELD, HELD, BELIEVED]


def test_a_true_leap_is_believed_once_confirmed() -> None:
    assert judged(80, 100, 99.9, 80) == [BELIEVED, HELD, BELIEVED, HELD]


def test_what_cannot_be_is_rejected_and_confirms_nothing() -> None:
    assert judged(80, 250, 250, 80, math.inf, -1) == [
        BELIEVED,
        REJECTED,
        REJECTED,
        BELIEVED,
        REJECTED,
        REJECTED,
    ]


@given(st.lists(st.floats(allow_nan=True, allow_infinity=True, width=32)))
def test_each_believed_value_is_possible_and_near_the_one_before_or_the_one_held(values: list[float]) -> None:
    belief = Belief(SOC)
    before: float | None = None
    earlier: list[float] = []
    for value in values:
        if belief.judge(value) is BELIEVED:
            assert 0 <= value <= 100
            near = [known for known in (before, *earlier[-1:]) if known is not None]
            assert before is None or any(abs(value - known) <= 5 for known in near)
            before, earlier = value, []
        elif 0 <= value <= 100:
            earlier.append(value)


def test_no_sensor_and_not_reported_are_no_values() -> None:
    inverter = StuderDevice("inverter", "studer_xtender", {"address": 101})
    for answer in (32767.0, math.nan):
        (reading,) = inverter.take(3001, answer, 7.0)[0]
        assert (reading.channel, reading.value) == ("inverter.battery_temperature", None)


def test_one_answer_feeds_a_state_and_what_follows_from_it() -> None:
    solar = StuderDevice("solar", "studer_variotrack", {"address": 301})
    for mode, curtailed in ((8, False), (9, True), (10, True), (11, False), (12, True)):
        readings, _ = solar.take(11016, mode, 7.0)
        assert {one.channel: one.value for one in readings} == {
            "solar.mode": mode,
            "solar.curtailed": curtailed,
        }


def test_a_number_nobody_knows_is_shown_as_such_and_is_neither_yes_nor_no() -> None:
    solar = StuderDevice("solar", "studer_variotrack", {"address": 301})
    assert [one.channel for one in solar.take(11016, 77, 7.0)[0]] == ["solar.mode"]
    assert solar.counters["rejected.curtailed"] == 1


def test_the_sign_of_alternating_current_is_the_sites_choice() -> None:
    for sign, expected in (("normal", 640), ("reversed", -640)):
        inverter = StuderDevice("inverter", "studer_xtender", {"address": 101, "ac_sign": sign})
        assert [one.value for one in inverter.take(3136, 0.64, 0.0)[0]] == [expected]
        assert [one.value for one in inverter.take(3000, 53.2, 0.0)[0]] == [53.2]
