"""The governor: the plan holds, what matters more comes first, and more is never less."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from stallaini.edge.governor import (
    COMMANDS_S,
    ECONOMY_S,
    MINUTE_S,
    Governor,
    Prices,
    Standing,
    longest_pause_s,
    reserve_bytes,
)
from stallaini.site.config import Mode

MONTH_S = 30 * 86_400.0
PRICES = Prices(exchange_bytes=100, minute_bytes=2, live_bytes=180)
MODES: list[Mode] = ["auto", "minute", "economy"]

PLANS = st.integers(1_000_000, 10**9)
SHARES = st.floats(0, 1)


def standing(plan_mb: float, used_mb: float = 0, day: float = 0) -> Standing:
    return Standing(int(plan_mb * 1e6), int(used_mb * 1e6), day * 86_400, MONTH_S - day * 86_400)


@pytest.mark.parametrize(
    ("plan_mb", "interval_s"), [(200, 60), (20, 60), (4.8, 60), (4, 70), (3, 95), (1, 293)]
)
def test_the_interval_follows_from_the_plan(plan_mb: float, interval_s: float) -> None:
    allowed = Governor("auto").allow(standing(plan_mb), PRICES)
    assert allowed.interval_s == pytest.approx(interval_s, rel=0.05)


def test_live_values_go_first_then_immediacy_then_the_minute() -> None:
    """Half a month on, with less and less left."""
    governor = Governor("auto")
    seen = []
    for used_mb in (10, 12, 17.4, 18.7):
        allowed = governor.allow(standing(20, used_mb, day=15), PRICES)
        seen.append((allowed.live, allowed.at_once, allowed.interval_s == MINUTE_S))
    assert seen[0] == (True, True, True)
    assert seen[1:3] == [(False, True, True)] * 2
    assert seen[3] == (False, False, False)
    small = governor.allow(standing(3), PRICES)
    assert (small.live, small.at_once) == (False, True)


def test_live_values_wait_when_they_ran_a_day_ahead() -> None:
    governor = Governor("auto")
    even_mb = 200 / 30
    assert governor.allow(standing(200, 10 * even_mb, day=10), PRICES).live
    assert not governor.allow(standing(200, 11.2 * even_mb, day=10), PRICES).live


def test_the_reserve_lets_commands_come_in_time_on_the_last_day() -> None:
    almost = standing(3, 2.92, day=29.5)
    assert Governor("auto").allow(almost, PRICES).interval_s == COMMANDS_S
    assert Governor("auto").allow(standing(3, 2.92, day=10), PRICES).interval_s is None


def test_minute_means_each_minute_while_commands_can_be_had_to_the_end() -> None:
    assert Governor("minute").allow(standing(3), PRICES).interval_s == MINUTE_S
    assert Governor("auto").allow(standing(3), PRICES).interval_s != MINUTE_S
    assert Governor("minute").allow(standing(3, 2, day=5), PRICES).interval_s != MINUTE_S


def test_economy_is_fifteen_minutes_and_no_live_values() -> None:
    allowed = Governor("economy").allow(standing(200), PRICES)
    assert allowed == (ECONOMY_S, False, False, True)


def test_alarms_stop_at_the_plan_and_go_again_once_others_have_broken_it() -> None:
    governor = Governor("auto")
    assert governor.allow(standing(3, 2.98), PRICES).urgent
    assert not governor.allow(standing(3, 2.995), PRICES).urgent
    broken = governor.allow(standing(3, 3.2), PRICES)
    assert (broken.urgent, broken.interval_s) == (True, None)


@given(PLANS, SHARES, SHARES, st.sampled_from(MODES), st.floats(60, 400), st.floats(0.5, 10))
def test_nothing_but_alarms_touches_the_reserve_before_the_last_days(
    plan: int, used: float, elapsed: float, mode: Mode, exchange: float, minute: float
) -> None:
    now = Standing(plan, int(plan * used), MONTH_S * elapsed, MONTH_S * (1 - elapsed))
    allowed = Governor(mode).allow(now, Prices(exchange, minute, 180))
    if plan - now.used_bytes < 10_000:
        assert allowed == (None, False, False, False)
    elif plan - now.used_bytes <= reserve_bytes(plan) and now.left_s > 5 * 86_400:
        assert allowed == (None, False, False, True)


@given(PLANS, SHARES, SHARES, SHARES, st.sampled_from(MODES))
def test_who_has_used_less_may_send_no_less(
    plan: int, less: float, more: float, elapsed: float, mode: Mode
) -> None:
    assume(less <= more)
    left, right = (
        Governor(mode).allow(
            Standing(plan, int(plan * used), MONTH_S * elapsed, MONTH_S * (1 - elapsed)), PRICES
        )
        for used in (less, more)
    )
    assert (left.interval_s or 1e9) <= (right.interval_s or 1e9) or left.interval_s == COMMANDS_S
    assert left.at_once >= right.at_once
    assert left.live >= right.live
    assert left.urgent >= right.urgent


@given(PLANS, SHARES, SHARES, st.floats(20, 2000))
def test_tries_in_vain_leave_something_to_the_months_end(
    plan: int, used: float, elapsed: float, try_bytes: float
) -> None:
    now = Standing(plan, int(plan * used), MONTH_S * elapsed, MONTH_S * (1 - elapsed))
    pause_s = longest_pause_s(now, try_bytes)
    assert pause_s >= 40
    if pause_s > 40:
        assert now.left_s / pause_s * try_bytes <= plan - now.used_bytes or plan - now.used_bytes < 2


def test_a_week_without_a_link_costs_no_more_than_a_week_with_one() -> None:
    pause_s = longest_pause_s(standing(3), 58)
    week_bytes = 7 * 86_400 / (pause_s + 10) * 58
    assert week_bytes < 0.2 * 3e6
