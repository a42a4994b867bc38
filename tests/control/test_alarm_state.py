"""The life of one alarm: hold times that start anew, silence that clears nothing, flapping counted."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stallaini.control.alarm_state import (
    GAP_S,
    MOST_CHANGES,
    QUIET_S,
    STALE_AFTER_S,
    AlarmState,
    Finding,
    Holds,
    News,
    Verdict,
    step,
)  # fmt: skip

Step = Callable[[AlarmState, Finding, Holds, float], tuple[AlarmState, tuple[News, ...]]]
Look = tuple[float, Verdict]
Told = list[tuple[float, News]]

R, B, C, U = Verdict.RAISE, Verdict.BETWEEN, Verdict.CLEAR, Verdict.UNKNOWN
HOLDS = Holds(60, 30)


def live(looks: Sequence[Look], holds: Holds = HOLDS, by: Step = step) -> Told:
    """What is told over a series of looks."""
    state, told = AlarmState(), []
    for now_s, verdict in looks:
        state, news = by(state, Finding(verdict), holds, now_s)
        told += [(now_s, each) for each in news]
    return told


def seconds(*spans: tuple[Verdict, int]) -> list[Look]:
    """A look a second: each verdict for so many of them."""
    verdicts = [verdict for verdict, count in spans for _ in range(count)]
    return [(float(second), verdict) for second, verdict in enumerate(verdicts)]


def test_it_is_raised_once_the_condition_held_and_cleared_once_the_reverse_did() -> None:
    assert live(seconds((C, 10), (R, 100), (C, 100))) == [(70, News.RAISED), (140, News.CLEARED)]


def test_a_hold_time_starts_anew_when_the_condition_breaks() -> None:
    assert live(seconds((R, 59), (B, 1), (R, 59), (C, 1), (R, 59))) == []


def test_between_the_levels_nothing_changes() -> None:
    assert live(seconds((R, 100), (B, 1000))) == [(60, News.RAISED)]


def test_clearing_waits_as_raising_does() -> None:
    assert live(seconds((R, 61), (C, 29), (B, 1), (C, 29), (R, 5), (C, 29))) == [(60, News.RAISED)]


def test_silence_clears_nothing_and_is_told_once() -> None:
    told = live(seconds((R, 61), (U, 10_000), (R, 5), (C, 31)))
    assert told == [
        (60, News.RAISED),
        (61 + STALE_AFTER_S, News.STALE),
        (10_061, News.FRESH),
        (10_096, News.CLEARED),
    ]


def test_silence_raises_nothing() -> None:
    assert live(seconds((C, 5), (U, 10_000), (C, 5))) == []


def test_a_short_silence_does_not_count_and_a_long_one_ends_the_hold_time() -> None:
    assert live(seconds((R, 50), (U, 100), (R, 20))) == [(160, News.RAISED)]
    assert live(seconds((R, 50), (U, int(GAP_S) + 1), (R, 20))) == []


def test_an_alarm_that_flaps_a_thousand_times_in_an_hour_is_two_events() -> None:
    flapping = [(1.8 * n, R if n % 2 == 0 else C) for n in range(2000)]
    quiet = [(3600.0 + n, C) for n in range(100)]
    assert [news for _, news in live([*flapping, *quiet], Holds(0, 60))] == [News.RAISED, News.CLEARED]


def test_without_hold_times_the_rest_is_counted_once_a_minute() -> None:
    flapping = [(1.8 * n, R if n % 2 == 0 else C) for n in range(2000)]
    quiet = [(3600.0 + n, C) for n in range(1000)]
    told = live([*flapping, *quiet], Holds(0, 0))
    changes = [news for _, news in told if news is not News.FLAPPING]
    assert changes == [News.RAISED, News.CLEARED] * (MOST_CHANGES // 2 + 1)
    counted_s = [at_s for at_s, news in told if news is News.FLAPPING]
    assert len(counted_s) <= 61
    assert min(later - at_s for at_s, later in itertools.pairwise(counted_s)) >= 60
    assert told[-1][0] == pytest.approx(1999 * 1.8 + QUIET_S, abs=1.0)


def test_how_often_it_was_raised_within_the_hour_is_known() -> None:
    state = AlarmState()
    for n in range(100):
        state, _ = step(state, Finding(R if n % 2 == 0 else C), Holds(0, 0), float(n))
    assert state.count == 50
    for _ in range(2):
        state, _ = step(state, Finding(C), Holds(0, 0), 5000.0)
    assert state == AlarmState(flapping_told_s=state.flapping_told_s)


# -- what holds of every history


def breaches(looks: Sequence[Look], told: Told, holds: Holds) -> list[str]:
    """What of the promises a history broke."""
    found = []
    changes = [(at_s, news) for at_s, news in told if news in (News.RAISED, News.CLEARED)]
    for place, (at_s, news) in enumerate(changes):
        expected = News.CLEARED if place % 2 else News.RAISED
        if news is not expected:
            found.append(f"{news} out of turn at {at_s}")
        wanted, hold_s = (R, holds.raise_s) if news is News.RAISED else (C, holds.clear_s)
        if not _held(looks, at_s, wanted, hold_s):
            found.append(f"{news} at {at_s} without its hold time")
    return found


def _held(looks: Sequence[Look], at_s: float, wanted: Verdict, hold_s: float) -> bool:
    """Whether all that was heard in the hold time before `at_s` said so; silence says nothing."""
    heard = [(look_s, verdict) for look_s, verdict in looks if look_s <= at_s and verdict is not U]
    since_s = at_s
    for look_s, verdict in reversed(heard):
        if verdict is not wanted:
            break
        since_s = look_s
    return at_s - since_s >= hold_s and bool(heard) and heard[-1][1] is wanted


HISTORIES = st.lists(
    st.tuples(
        st.sampled_from([R, R, C, C, B, U]), st.integers(1, 90), st.sampled_from([1.0, 1.0, 7.0, 60.0])
    ),
    max_size=40,
)


def looks_of(history: Sequence[tuple[Verdict, int, float]]) -> list[Look]:
    looks, now_s = [], 0.0
    for verdict, count, every_s in history:
        for _ in range(count):
            now_s += every_s
            looks.append((now_s, verdict))
    return looks


@given(HISTORIES, st.sampled_from([0.0, 1.0, 60.0]), st.sampled_from([0.0, 10.0, 60.0]))
def test_no_change_without_its_hold_time_and_never_two_alike_in_a_row(
    history: list[tuple[Verdict, int, float]], raise_s: float, clear_s: float
) -> None:
    looks, holds = looks_of(history), Holds(raise_s, clear_s)
    assert breaches(looks, live(looks, holds), holds) == []


def _forgets_to_start_anew(
    state: AlarmState, finding: Finding, holds: Holds, now_s: float
) -> tuple[AlarmState, tuple[News, ...]]:
    """A planted error: a break in the condition does not end the hold time."""
    since_s = state.turning_s
    state, news = step(state, finding, holds, now_s)
    return (
        AlarmState(state.raised, state.told, since_s) if since_s is not None and not news else state
    ), news


def _clears_by_silence(
    state: AlarmState, finding: Finding, holds: Holds, now_s: float
) -> tuple[AlarmState, tuple[News, ...]]:
    """A planted error: what is not heard is taken for normal."""
    return step(state, Finding(C) if finding.verdict is U else finding, holds, now_s)


@pytest.mark.parametrize("wrong", [_forgets_to_start_anew, _clears_by_silence])
def test_the_check_finds_a_planted_error(wrong: Step) -> None:
    looks = seconds((R, 40), (B, 5), (R, 40), (R, 60), (U, 60), (C, 1))
    assert breaches(looks, live(looks, HOLDS, wrong), HOLDS)
    assert not breaches(looks, live(looks), HOLDS)
