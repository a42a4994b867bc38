"""The alarms in the edge: what the sampler heard goes to the judge, what the judge tells becomes events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

import msgspec

from stallaini.control.alarm_state import News
from stallaini.control.alarm_watch import Input, Look
from stallaini.control.alarms import AlarmJudge, Change
from stallaini.edge.sampler import Sampler
from stallaini.edge.timekeeper import EARLIEST_S, Timekeeper
from stallaini.link.messages import Event, Scalar
from stallaini.site.alarms import AlarmRule, Level
from stallaini.site.reading import Reading


class _Raised(msgspec.Struct, array_like=True):
    """When a rule was told as raised, in Unix seconds as far as they were known; whether it fell silent."""

    at_s: int
    unsure: bool = False


class Alarms:
    """Judges a site's rules; what each call returns is to be journaled at once, with `memory`.

    A rule without a hold time is judged with the reading that raises it; everything else once a second.
    """

    def __init__(
        self,
        rules: Iterable[AlarmRule],
        sampler: Sampler,
        clock: Timekeeper,
        measures: Callable[[], Mapping[str, float | None]],
        memory: bytes = b"",
    ) -> None:
        rules = tuple(rules)
        self._sampler = sampler
        self._clock = clock
        self._measures = measures
        self._raised = _remembered(memory)
        names = {rule.name for rule in rules}
        self._gone = [name for name in self._raised if name not in names]
        unsure = {name: raised.unsure for name, raised in self._raised.items() if name in names}
        self._since_s: dict[str, float] = {}
        self._prompt = _prompt(rules)
        prompt = {rule.name for prompt in self._prompt.values() for rule in prompt}
        self._judge = AlarmJudge(rules, unsure, clock.monotonic_s(), prompt)

    @property
    def memory(self) -> bytes:
        """What a restarted program must know so as to neither repeat nor forget a raised alarm."""
        return msgspec.msgpack.encode(self._raised)

    @property
    def raised(self) -> list[str]:
        """The rules that are raised, as told."""
        return list(self._raised)

    def started(self) -> list[Event]:
        """What was raised by a rule that the site file no longer has ends with it."""
        gone, self._gone = self._gone, []
        return [self._event(News.CLEARED, {"rule": name, **self._lasted(name)}) for name in gone]

    def tick(self) -> list[Event]:
        """Judge every rule."""
        return self._told(self._judge.judge(self._look()))

    def feed(self, reading: Reading) -> list[Event]:
        """Judge what a reading, which the sampler has, raises at once."""
        rules = self._prompt.get(reading.channel)
        if rules is None or reading.value is None or reading.aggregate:
            return []
        names = [rule.name for rule in rules if _raises(rule, reading.value)]
        return self._told(self._judge.judge_some(names, self._look())) if names else []

    def hear(self, kind: str, data: Mapping[str, Scalar]) -> list[Event]:
        """Judge what an event changes."""
        names = self._judge.hear(kind, data)
        return self._told(self._judge.judge_some(names, self._look())) if names else []

    # -- inside

    def _look(self) -> Look:
        now_s, measures = self._clock.monotonic_s(), self._measures()

        def input_of(name: str) -> Input:
            if name in measures:
                return Input(measures[name], now_s)
            return Input(*self._sampler.newest(name, now_s))

        return Look(now_s, self._clock.known_s(), input_of)

    def _told(self, changes: list[Change]) -> list[Event]:
        return [self._event(change.news, self._data(change)) for change in changes]

    def _data(self, change: Change) -> dict[str, Scalar]:
        """The data of a change's event; what is raised is noted on the way."""
        name, now_s = change.rule.name, self._clock.monotonic_s()
        data: dict[str, Scalar] = {"rule": name}
        match change.news:
            case News.RAISED:
                self._raised[name] = _Raised(int(self._clock.wall_s()))
                self._since_s[name] = now_s
                data |= {"severity": change.rule.severity}
                data |= {"channel": change.finding.channel} if change.finding.channel else {}
                data |= {"text": change.finding.text} if change.finding.text else {}
                data |= _value(change.finding.value)
            case News.CLEARED:
                data |= _value(change.finding.value) | self._lasted(name)
            case News.FLAPPING:
                data |= {"count": change.state.count}
            case News.STALE:
                self._raised[name].unsure = True
                data |= {"silent_s": round(now_s - (change.state.silent_s or now_s))}
            case News.FRESH:
                self._raised[name].unsure = False
        return data

    def _lasted(self, name: str) -> dict[str, Scalar]:
        """For how long a rule was raised, where that is known; it is raised no more."""
        at_s, since_s = self._raised.pop(name).at_s, self._since_s.pop(name, None)
        if since_s is not None:
            return {"lasted_s": round(self._clock.monotonic_s() - since_s)}
        now_s = self._clock.wall_s()
        return {"lasted_s": max(0, round(now_s - at_s))} if min(at_s, now_s) >= EARLIEST_S else {}

    def _event(self, news: News, data: dict[str, Scalar]) -> Event:
        return Event(int(self._clock.wall_s()), news.value, data)


def _prompt(rules: Iterable[AlarmRule]) -> dict[str, list[AlarmRule]]:
    """The rules of levels without a hold time by their channels."""
    prompt: dict[str, list[AlarmRule]] = {}
    for rule in rules:
        if isinstance(rule.watch, Level) and rule.raise_after_s == 0 and "." in rule.channel:
            prompt.setdefault(rule.channel, []).append(rule)
    return prompt


def _raises(rule: AlarmRule, value: float) -> bool:
    watch = rule.watch
    return isinstance(watch, Level) and watch.raised_by(value)


def _value(value: float | None) -> dict[str, Scalar]:
    if value is None:
        return {}
    return {"value": int(value) if value == int(value) else round(value, 3)}


def _remembered(memory: bytes) -> dict[str, _Raised]:
    try:
        return msgspec.msgpack.decode(memory, type=dict[str, _Raised]) if memory else {}
    except msgspec.DecodeError:
        return {}
