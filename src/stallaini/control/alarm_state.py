"""The life of one alarm on the site: hold times, flapping, silence. Pure: state and finding in, news out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import Enum
from typing import NamedTuple

GAP_S = 120.0
"""A silence of up to this stops a hold time; after a longer one nobody can say that the condition held."""
STALE_AFTER_S = 300.0
"""So long must the input of a raised alarm be silent before that is told."""
MOST_CHANGES, WINDOW_S = 6, 3600.0
"""More changes than this within the window are told as flapping."""
QUIET_S = 600.0
"""A flapping alarm is cleared once it was clear for so long."""
FLAPPING_EVERY_S = 60.0


class Verdict(Enum):
    """What a rule's inputs say now: raise it, clear it, neither (the band between), or they are silent."""

    RAISE = "raise"
    BETWEEN = "between"
    CLEAR = "clear"
    UNKNOWN = "unknown"


class Finding(NamedTuple):
    """A verdict, with the value, the channel and the text that it was found on, where there is such a one."""

    verdict: Verdict
    value: float | None = None
    channel: str = ""
    text: str = ""


class News(Enum):
    """What there is to tell of an alarm."""

    RAISED = "alarm.raised"
    CLEARED = "alarm.cleared"
    FLAPPING = "alarm.flapping"
    STALE = "alarm.stale"
    FRESH = "alarm.fresh"


@dataclass(frozen=True)
class AlarmState:
    """`raised` is as judged by levels and hold times, `told` as people were told; they part while it flaps.

    `turning_s`: since when the inputs say the other state. `silent_s`: since when they are silent.
    `changes`: when `raised` changed within the last hour. `unsure`: that the inputs are silent was told.
    """

    raised: bool = False
    told: bool = False
    turning_s: float | None = None
    silent_s: float | None = None
    changes: tuple[float, ...] = ()
    flapping_told_s: float = float("-inf")
    unsure: bool = False

    @property
    def at_rest(self) -> bool:
        """Whether neither another finding of CLEAR nor silence changes anything."""
        return not (self.raised or self.told or self.changes or self.unsure) and (
            self.turning_s is None and self.silent_s is None
        )

    @property
    def count(self) -> int:
        """How often it was raised within the last hour."""
        return (len(self.changes) + self.raised) // 2


class Holds(NamedTuple):
    """How long what raises an alarm must hold, and what clears it."""

    raise_s: float
    clear_s: float


def step(
    state: AlarmState, finding: Finding, holds: Holds, now_s: float
) -> tuple[AlarmState, tuple[News, ...]]:
    """The state after a finding at monotonic `now_s`, and what there is to tell of it.

    RAISED and CLEARED come strictly in turn, neither without its hold time.
    """
    if finding.verdict is not Verdict.RAISE and state.at_rest:
        return state, ()
    if finding.verdict is Verdict.UNKNOWN:
        return _silent(state, now_s)
    news: list[News] = []
    state = _heard(state, now_s)
    if state.unsure:
        state = replace(state, unsure=False)
        news.append(News.FRESH)
    state = _judged(state, finding.verdict, holds, now_s)
    state, told = _told(state, now_s)
    return state, (*news, *told)


def _silent(state: AlarmState, now_s: float) -> tuple[AlarmState, tuple[News, ...]]:
    """Nothing is heard: the state stays, and if it is raised, that nobody knows is told after a while."""
    if state.silent_s is None:
        return replace(state, silent_s=now_s), ()
    if state.told and not state.unsure and now_s - state.silent_s >= STALE_AFTER_S:
        return replace(state, unsure=True), (News.STALE,)
    return state, ()


def _heard(state: AlarmState, now_s: float) -> AlarmState:
    """Something is heard again: a short silence does not count to the hold time, a long one ends it."""
    if state.silent_s is None:
        return state
    gap_s = now_s - state.silent_s
    turning_s = None if state.turning_s is None or gap_s > GAP_S else state.turning_s + gap_s
    return replace(state, silent_s=None, turning_s=turning_s)


def _judged(state: AlarmState, verdict: Verdict, holds: Holds, now_s: float) -> AlarmState:
    wanted, hold_s = (Verdict.CLEAR, holds.clear_s) if state.raised else (Verdict.RAISE, holds.raise_s)
    if verdict is not wanted:
        return state if state.turning_s is None else replace(state, turning_s=None)
    turning_s = now_s if state.turning_s is None else state.turning_s
    if now_s - turning_s < hold_s:
        return state if state.turning_s is not None else replace(state, turning_s=turning_s)
    return replace(state, raised=not state.raised, turning_s=None, changes=(*state.changes, now_s))


def _told(state: AlarmState, now_s: float) -> tuple[AlarmState, tuple[News, ...]]:
    """What of the judged state people are told: all of it, unless it flaps."""
    if state.changes and now_s - state.changes[0] > WINDOW_S:
        recent = tuple(at_s for at_s in state.changes if now_s - at_s <= WINDOW_S)
        state = replace(state, changes=recent)
    flapping = len(state.changes) > MOST_CHANGES
    if state.raised and not state.told:
        return replace(state, told=True, flapping_told_s=now_s), (News.RAISED,)
    if state.told and not state.raised and (not flapping or now_s - state.changes[-1] >= QUIET_S):
        return replace(state, told=False), (News.CLEARED,)
    changed = flapping and state.changes[-1] > state.flapping_told_s
    if changed and state.told and now_s - state.flapping_told_s >= FLAPPING_EVERY_S:
        return replace(state, flapping_told_s=now_s), (News.FLAPPING,)
    return state, ()
