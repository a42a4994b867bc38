"""Flags that change become events: raised and cleared, without the chatter of a flag that flaps. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import msgspec

from stallaini.link.messages import Event
from stallaini.site.alarms import AlarmRule, Level
from stallaini.site.description import Description
from stallaini.site.reading import Reading

RAISED, CLEARED = "flag.raised", "flag.cleared"
HELD_S = 10.0
_TROUBLE = ("protection.", "alarm.", "warning.")
_NORMALLY_TRUE = ("_enabled", "_on", ".on", ".output")
_UNTOLD = (".curtailed",)
"""Flags that come and go with each cloud: the minutes keep them, no event costs bytes of the link."""


@dataclass
class _Flag:
    """`shown` is the value last told (None: none yet); `notable` the one that is told at once.

    `judged`: an alarm tells of its trouble.
    """

    notable: bool
    trouble: bool
    judged: bool
    shown: bool | None = None
    turning_since_s: float | None = None


class FlagWatcher:
    """Turns readings of flag channels into events.

    A flag that becomes notable (an alarm true, a permission false) is told at once; that it is normal
    again only after it has been so for 10 s without a break, so that a flapping flag is two events and
    not hundreds. A flag first heard is told only if it is trouble. Silence changes nothing, and neither does
    a value None (not reported), but that trouble told as raised is over then: some batteries say no more.

    Trouble that one of `rules` raises an alarm of at once is not told a second time as a flag; only what was
    told as raised before there was such a rule is still told as cleared.
    """

    def __init__(
        self, description: Description, memory: bytes = b"", rules: Iterable[AlarmRule] = ()
    ) -> None:
        judged = {rule.channel for rule in rules if _raises_at_once(rule)}
        self._flags = {
            channel.name: _new_flag(channel.name, channel.name in judged)
            for channel in description.channels
            if channel.quantity == "flag" and not channel.name.endswith(_UNTOLD)
        }
        for name, shown in _remembered(memory).items():
            if name in self._flags:
                self._flags[name].shown = shown

    @property
    def memory(self) -> bytes:
        """What a restarted program must know so as not to tell the same again."""
        shown = {name: flag.shown for name, flag in self._flags.items() if flag.shown is not None}
        return msgspec.msgpack.encode(shown)

    def feed(self, reading: Reading, wall_s: Callable[[], float]) -> Event | None:
        """Take one reading; `wall_s` tells the Unix time now. Returns the event it makes, if any."""
        flag = self._flags.get(reading.channel)
        if flag is None or (reading.value is None and not (flag.trouble and flag.shown)):
            return None
        if flag.trouble and flag.judged and not flag.shown:
            return None
        value = bool(reading.value)
        if value == flag.shown:
            flag.turning_since_s = None
            return None
        if flag.shown is None and not (flag.trouble and value):
            flag.shown = value
            return None
        if flag.turning_since_s is None:
            flag.turning_since_s = reading.monotonic_s
        turning_for_s = reading.monotonic_s - flag.turning_since_s
        if value != flag.notable and turning_for_s < HELD_S:
            return None
        flag.shown, flag.turning_since_s = value, None
        kind = RAISED if value else CLEARED
        return Event(int(wall_s() - turning_for_s), kind, {"channel": reading.channel})


def _new_flag(channel: str, judged: bool) -> _Flag:
    trouble = channel.partition(".")[2].startswith(_TROUBLE)
    return _Flag(not channel.endswith(_NORMALLY_TRUE), trouble, judged)


def _raises_at_once(rule: AlarmRule) -> bool:
    """Whether the rule raises its alarm whenever its flag does, and not only if that lasts."""
    watch = rule.watch
    return (
        isinstance(watch, Level) and watch.unless is None and watch.raised_by(1) and rule.raise_after_s == 0
    )


def _remembered(memory: bytes) -> dict[str, bool]:
    try:
        return msgspec.msgpack.decode(memory, type=dict[str, bool]) if memory else {}
    except msgspec.DecodeError:
        return {}
