"""The alarms of a site judged: its rules and one look after the other in, what there is to tell out."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from stallaini.control.alarm_state import AlarmState, Finding, Holds, News, step
from stallaini.control.alarm_watch import Look, Watcher, watcher
from stallaini.site.alarms import AlarmRule


class Change(NamedTuple):
    """What there is to tell of one rule, the finding that led to it, and its state since."""

    news: News
    rule: AlarmRule
    finding: Finding
    state: AlarmState


@dataclass
class _Judged:
    rule: AlarmRule
    holds: Holds
    watcher: Watcher
    state: AlarmState
    prompt: bool


class AlarmJudge:
    """Judges every rule at each `judge`, which wants to be called about once a second.

    Rules named in `prompt` are judged by their caller with every value that may raise them, so that `judge`
    leaves them out while they are at rest. `raised` names the rules that were told as raised before, and
    whether their silence was told.
    """

    def __init__(
        self,
        rules: Iterable[AlarmRule],
        raised: Mapping[str, bool],
        started_s: float,
        prompt: Container[str] = (),
    ) -> None:
        self._rules = {
            rule.name: _Judged(
                rule,
                Holds(rule.raise_after_s, rule.clear_after_s),
                watcher(rule.watch, started_s),
                _remembered(rule.name, raised),
                rule.name in prompt,
            )
            for rule in rules
        }

    def judge(self, look: Look) -> list[Change]:
        """Judge every rule."""
        changes: list[Change] = []
        for judged in self._rules.values():
            if not (judged.prompt and judged.state.at_rest):
                changes += _judge(judged, look)
        return changes

    def judge_some(self, names: Iterable[str], look: Look) -> list[Change]:
        """Judge these rules alone: something just said that they may have changed."""
        return [change for name in names for change in _judge(self._rules[name], look)]

    def hear(self, kind: str, data: Mapping[str, object]) -> list[str]:
        """Take an event; the names of the rules that are to be judged for it."""
        return [name for name, judged in self._rules.items() if judged.watcher.hear(kind, data)]


def _judge(judged: _Judged, look: Look) -> list[Change]:
    finding = judged.watcher.find(look)
    state, news = step(judged.state, finding, judged.holds, look.now_s)
    judged.state = state
    return [Change(each, judged.rule, finding, state) for each in news] if news else []


def _remembered(name: str, raised: Mapping[str, bool]) -> AlarmState:
    return AlarmState(raised=name in raised, told=name in raised, unsure=raised.get(name, False))
