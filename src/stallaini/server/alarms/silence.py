"""What only the server can judge: a site is silent, its clock is wrong, its plan is used up. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from stallaini.link.messages import Event
from stallaini.server.alarms.life import Severity
from stallaini.server.budget import Budget
from stallaini.site.alarm_texts import rule_title

NO_DATA, CLOCK_WRONG, LINK_BUDGET = "no_data", "clock_wrong", "link_budget"
SILENT_S = 1800
"""How long a site that sends each minute may be silent: mobile links have their bad quarters of an hour."""

CLOCK_HELD_S = 3600
PLAN_RAISE_PCT, PLAN_CLEAR_PCT = 90.0, 85.0
_INTERVALS, _ON_THE_WAY_S = 3, 300


class Verdict(NamedTuple):
    """Whether a rule of the server holds for a site; None: cannot be told, all stays as it is."""

    rule: str
    severity: Severity
    holds: bool | None
    value: float | None


@dataclass(frozen=True)
class Known:
    """What the server knows of a site now. `heard_s` None: never heard.

    `server_s` is since when the server has been able to hear; `doubted` are the site's newest events and
    refused minutes whose time could not be believed.
    """

    now_s: float
    server_s: float
    heard_s: float | None
    interval_s: int
    doubted: tuple[Event, ...]
    budget: Budget | None


def verdicts(known: Known, standing: Iterable[str]) -> list[Verdict]:
    """Every rule of the server; `standing` are those whose alarm is raised."""
    raised = set(standing)
    return [_silent(known), _clock(known), _plan(known, LINK_BUDGET in raised)]


def silent_after_s(interval_s: int) -> int:
    """After how many seconds without a word a site that calls every `interval_s` counts as silent."""
    return max(SILENT_S, _INTERVALS * interval_s + _ON_THE_WAY_S)


def _silent(known: Known) -> Verdict:
    if known.heard_s is None:
        return Verdict(NO_DATA, "warning", None, None)
    silent_s = known.now_s - known.heard_s
    limit_s = silent_after_s(known.interval_s)
    holds: bool | None = silent_s >= limit_s
    # A server that was away itself could not hear anybody.
    if holds and known.now_s - known.server_s < limit_s:
        holds = None
    return Verdict(NO_DATA, "warning", holds, round(silent_s / 60))


def _clock(known: Known) -> Verdict:
    recent = [event for event in known.doubted if event.at_s > known.now_s - CLOCK_HELD_S]
    return Verdict(CLOCK_WRONG, "warning", bool(recent), None)


def _plan(known: Known, stands: bool) -> Verdict:
    budget = known.budget
    if budget is None or budget.newest.data.plan <= 0:
        return Verdict(LINK_BUDGET, "warning", None, None)
    used_pct = 100 * budget.used.used_bytes / budget.newest.data.plan
    return Verdict(
        LINK_BUDGET, "warning", used_pct >= (PLAN_CLEAR_PCT if stands else PLAN_RAISE_PCT), round(used_pct, 1)
    )


UNITS = {NO_DATA: "min", CLOCK_WRONG: "", LINK_BUDGET: "%"}
"""The units of the values."""

_DOUBTS = ("future", "past")


def is_doubted(event: Event) -> bool:
    """Whether the store could not believe the time of what this event is or tells of."""
    return "said_at_s" in event.data or (
        event.kind == "minute.refused" and event.data.get("reason") in _DOUBTS
    )


def titles(rule: str) -> tuple[str, str]:
    """What a rule of the server is called, in English and Italian."""
    title = rule_title(rule, {})
    return (title.en, title.it) if title is not None else (rule, rule)
