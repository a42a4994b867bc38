"""What the inputs of a rule say now, for each sort of rule. Pure: time and inputs are handed in."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import NamedTuple, Protocol

from stallaini.control.alarm_state import Finding, Verdict
from stallaini.control.clear_sky import clear_sky_w_m2, sun_at
from stallaini.site.alarms import Contact, Growth, Level, Messages, NoStart, Silence, States, Sunlight, Watch

MESSAGE = "studer.message"
_LOWEST_SUN = math.radians(10)
_LONGEST_STEP_S = 90.0
_FULL_SUN_H = 1.0
_ANSWERING = 1
_UNKNOWN = Finding(Verdict.UNKNOWN)


class Input(NamedTuple):
    """A channel's newest value, None when it is not reported or stale; when it was heard, -inf: never.

    `fresh`: its device spoke of it lately, if only to say that it does not report it.
    """

    value: float | None
    heard_s: float
    fresh: bool = True


class Look(NamedTuple):
    """One look at a site: monotonic time, Unix time if it is known, and its inputs by name."""

    now_s: float
    unix_s: float | None
    inputs: Callable[[str], Input]

    def value(self, channel: str) -> float | None:
        """The channel's fresh value, if it has one."""
        return self.inputs(channel).value


class Watcher(Protocol):
    """Tells what one rule's inputs say."""

    def find(self, look: Look, /) -> Finding:
        """The finding now."""

    def hear(self, kind: str, data: Mapping[str, object], /) -> bool:
        """Take an event; whether it is one that this rule watches."""


def watcher(watch: Watch, started_s: float) -> Watcher:
    """The watcher of a rule, which began to look at `started_s`."""
    match watch:
        case Level():
            return _LevelWatcher(watch)
        case States():
            return _StatesWatcher(watch)
        case Silence():
            return _SilenceWatcher(watch, started_s)
        case Growth():
            return _GrowthWatcher(watch)
        case Messages():
            return _MessageWatcher(watch)
        case NoStart():
            return _NoStartWatcher(watch)
        case Sunlight():
            return _SunlightWatcher(watch)


class _Deaf:
    def hear(self, _kind: str, _data: Mapping[str, object]) -> bool:
        return False


class _LevelWatcher(_Deaf):
    def __init__(self, watch: Level) -> None:
        self._watch = watch

    def find(self, look: Look) -> Finding:
        watch = self._watch
        value, _, fresh = look.inputs(watch.channel)
        if value is None:
            unsaid = fresh and watch.unsaid_clears
            return Finding(Verdict.CLEAR, None, watch.channel) if unsaid else _UNKNOWN
        if not watch.raised_by(value):
            verdict = Verdict.CLEAR if watch.cleared_by(value) else Verdict.BETWEEN
            return Finding(verdict, value, watch.channel)
        if watch.unless is None:
            return Finding(Verdict.RAISE, value, watch.channel)
        other = look.value(watch.unless[0])
        if other is None:
            return _UNKNOWN
        excused = other >= watch.unless[1]
        return Finding(Verdict.CLEAR if excused else Verdict.RAISE, value, watch.channel)


class _StatesWatcher(_Deaf):
    def __init__(self, watch: States) -> None:
        self._watch = watch

    def find(self, look: Look) -> Finding:
        value = look.value(self._watch.channel)
        if value is None:
            return _UNKNOWN
        verdict = Verdict.RAISE if int(value) in self._watch.numbers else Verdict.CLEAR
        return Finding(verdict, value, self._watch.channel)


class _SilenceWatcher(_Deaf):
    """Silence counts from the program's start, and from when the gateway was last silent itself."""

    def __init__(self, watch: Silence, started_s: float) -> None:
        self._watch = watch
        self._since_s = started_s
        self._lively = watch.channels[0]

    def find(self, look: Look) -> Finding:
        watch = self._watch
        if watch.link is not None and look.value(watch.link) != _ANSWERING:
            self._since_s = look.now_s
            return _UNKNOWN
        heard_s = self._heard_s(look, max(self._since_s, look.now_s - watch.after_s))
        if heard_s >= self._since_s and look.now_s - heard_s < watch.after_s:
            return Finding(Verdict.CLEAR)
        silent_s = round(look.now_s - max(heard_s, self._since_s))
        return Finding(Verdict.RAISE, silent_s) if silent_s >= watch.after_s else _UNKNOWN

    def _heard_s(self, look: Look, early_s: float) -> float:
        """When the device was last heard; one channel heard since `early_s` is enough."""
        heard_s = look.inputs(self._lively).heard_s
        if heard_s >= early_s:
            return heard_s
        heard_s, self._lively = max((look.inputs(name).heard_s, name) for name in self._watch.channels)
        return heard_s


class _GrowthWatcher:
    def __init__(self, watch: Growth) -> None:
        self._watch = watch
        self._count: float | None = None
        self._told = False

    def hear(self, kind: str, data: Mapping[str, object]) -> bool:
        mine = kind == MESSAGE and data.get("device") == self._watch.device
        if mine and data.get("number") in self._watch.messages:
            self._told = True
        return self._told

    def find(self, look: Look) -> Finding:
        count, before = look.value(self._watch.channel), self._count
        told, self._told = self._told, False
        if count is not None:
            self._count = count
        if told or (count is not None and before is not None and count > before):
            return Finding(Verdict.RAISE, count, self._watch.channel)
        return _UNKNOWN if count is None else Finding(Verdict.CLEAR, count, self._watch.channel)


class _MessageWatcher:
    """What was heard since the last look. No message is no trouble: after the hold time, quiet clears."""

    def __init__(self, watch: Messages) -> None:
        self._watch = watch
        self._heard: Finding | None = None

    def hear(self, kind: str, data: Mapping[str, object]) -> bool:
        number = data.get("number")
        grave = data.get("severity") in self._watch.severities and number not in self._watch.but
        if kind != MESSAGE or not grave or data.get("device") not in self._watch.devices:
            return False
        value = float(number) if isinstance(number, int) else None
        self._heard = Finding(Verdict.RAISE, value, text=str(data.get("text", "")))
        return True

    def find(self, _look: Look) -> Finding:
        heard, self._heard = self._heard, None
        return heard or Finding(Verdict.CLEAR)


class _NoStartWatcher(_Deaf):
    def __init__(self, watch: NoStart) -> None:
        self._watch = watch

    def find(self, look: Look) -> Finding:
        calls = [_calls(contact, look) for contact in self._watch.contacts]
        if True not in calls:
            return _UNKNOWN if None in calls else Finding(Verdict.CLEAR)
        voltage = look.value(self._watch.voltage)
        if voltage is None:
            return _UNKNOWN
        verdict = Verdict.RAISE if voltage < self._watch.least_v else Verdict.CLEAR
        return Finding(verdict, voltage, self._watch.voltage)


def _calls(contact: Contact, look: Look) -> bool | None:
    """Whether a contact calls the generator; None when that is not known."""
    if contact.mode is not None:
        mode = look.value(contact.mode)
        if mode is None:
            return None
        if int(mode) != contact.number:
            return False
    closed = look.value(contact.channel)
    return None if closed is None else bool(closed)


class _SunlightWatcher(_Deaf):
    """Adds up what clear sky would have given and what came; a verdict each hour's worth of full sun."""

    def __init__(self, watch: Sunlight) -> None:
        self._watch = watch
        self._looked_s: float | None = None
        self._clear_wh = self._got_wh = 0.0

    def find(self, look: Look) -> Finding:
        watch = self._watch
        step_s = 0.0 if self._looked_s is None else min(look.now_s - self._looked_s, _LONGEST_STEP_S)
        self._looked_s = look.now_s
        powers = [look.value(channel) for channel in watch.power]
        curtailed = [look.value(channel) for channel in watch.curtailed]
        if look.unix_s is None or None in powers or None in curtailed:
            return _UNKNOWN
        sun = sun_at(look.unix_s, watch.latitude_deg, watch.longitude_deg)
        if sun.height < _LOWEST_SUN or any(curtailed):
            return Finding(Verdict.BETWEEN)
        light = clear_sky_w_m2(sun, watch.tilt_deg, watch.azimuth_deg)
        self._clear_wh += light / 1000 * watch.array_w * step_s / 3600
        self._got_wh += sum(power or 0.0 for power in powers) * step_s / 3600
        return self._judge()

    def _judge(self) -> Finding:
        watch = self._watch
        if self._clear_wh < watch.array_w * _FULL_SUN_H:
            return Finding(Verdict.BETWEEN)
        share_pct = round(100 * self._got_wh / self._clear_wh, 1)
        self._clear_wh = self._got_wh = 0.0
        if share_pct <= watch.raise_pct:
            return Finding(Verdict.RAISE, share_pct)
        return Finding(Verdict.CLEAR if share_pct >= watch.clear_pct else Verdict.BETWEEN, share_pct)
