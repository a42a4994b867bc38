"""What is asked when: periods, minutes, a device that is away, a gateway too slow for all."""

from __future__ import annotations

from collections import Counter

import pytest

from stallaini.devices.studer.plan import AFTER_MINUTE_S, PollPlan, Question

FAST, SLOW = Question(101, 3000), Question(101, 3101)
OTHER = Question(301, 11004)
WALL_AT_0_S = 1_790_000_000.0 - 1_790_000_000 % 60


def asked_at(plan: PollPlan, until_s: float, takes_s: float = 0.0) -> dict[Question, list[float]]:
    """Ask whatever is due, one after the other, each taking that long; when each was asked."""
    times: dict[Question, list[float]] = {}
    now_s = 0.0
    while now_s < until_s:
        for question in plan.due(now_s)[:1]:
            times.setdefault(question, []).append(now_s)
            now_s += takes_s
            plan.asked(question, now_s, WALL_AT_0_S + now_s)
        now_s = max(now_s, min(plan.next_due_s(), until_s))
    return times


def test_everything_is_asked_at_once_and_then_in_step_with_the_wall_clock() -> None:
    plan = PollPlan(0.0)
    plan.add(FAST, 10)
    plan.add(SLOW, 60)
    times = asked_at(plan, 130)
    assert times[FAST][:4] == [0.0, 5.0, 15.0, 25.0]
    assert times[SLOW] == [0.0, AFTER_MINUTE_S, 60 + AFTER_MINUTE_S, 120 + AFTER_MINUTE_S]


def test_each_minute_holds_one_aggregate_even_where_the_gateway_is_slow() -> None:
    plan = PollPlan(0.0)
    plan.add(SLOW, 60)
    plan.add(FAST, 10)
    times = asked_at(plan, 1200, takes_s=7.3)
    assert set(Counter(int(at_s // 60) for at_s in times[SLOW][1:]).values()) == {1}


def test_where_there_is_no_time_for_all_each_waits_its_share() -> None:
    plan = PollPlan(0.0)
    questions = [Question(101, nr) for nr in range(10)]
    for question in questions:
        plan.add(question, 10)
    times = asked_at(plan, 300, takes_s=3.0)
    counts = [len(times[question]) for question in questions]
    assert max(counts) - min(counts) <= 2


def test_of_two_periods_the_shorter_counts() -> None:
    plan = PollPlan(0.0)
    plan.add(FAST, 60)
    plan.add(FAST, 10)
    assert len(asked_at(plan, 60)[FAST]) == 7


def test_what_is_unknown_is_never_asked_again_and_what_is_away_not_before_its_time() -> None:
    plan = PollPlan(0.0)
    for question in (FAST, SLOW, OTHER):
        plan.add(question, 10)
    plan.drop(OTHER)
    plan.away(101, 20.0)
    assert plan.due(19.9) == []
    assert plan.next_due_s() == 20.0
    assert plan.due(20.0) == [FAST, SLOW]
    plan.drop(FAST)
    plan.drop(SLOW)
    assert plan.next_due_s() == float("inf")


def test_a_doubted_value_is_asked_for_again_soon() -> None:
    plan = PollPlan(0.0)
    plan.add(SLOW, 60)
    plan.asked(SLOW, 1.0, WALL_AT_0_S + 1.0)
    plan.again([SLOW], 1.0)
    assert plan.next_due_s() == 3.0


def test_a_clock_corrected_by_a_moment_does_not_ask_twice() -> None:
    plan = PollPlan(0.0)
    plan.add(SLOW, 60)
    plan.asked(SLOW, 65.0, WALL_AT_0_S + 64.9)
    assert plan.next_due_s() == pytest.approx(125.1)
