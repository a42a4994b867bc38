"""The tables [alarms.NAME] of a site file against the rules that stand, and the rules that come of both."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import cast

from stallaini.site import keys
from stallaini.site.alarm_defaults import SiteParts, default_rules
from stallaini.site.alarms import (
    ALARM_NAME,
    AlarmRule,
    Contact,
    Growth,
    Level,
    Messages,
    NoStart,
    Severity,
    Silence,
    Sunlight,
)  # fmt: skip
from stallaini.site.document import Document
from stallaini.site.faults import nearest, suggest
from stallaini.site.kinds import ChannelKind
from stallaini.site.quantities import QUANTITIES
from stallaini.site.values import Values, as_text, read_table

UnknownChannel = Callable[[str], tuple[str, str] | None]
_OWN_NEEDS = ("channel", "raise_level", "clear_level")
_OWN_RAISE_S, _OWN_CLEAR_S = 60.0, 60.0


def check_alarms(document: Document, parts: SiteParts, unknown: UnknownChannel) -> tuple[AlarmRule, ...]:
    """The site's rules, those switched off too. `unknown` tells why a name is no channel, None when it is."""
    rules = {rule.name: rule for rule in default_rules(parts)}
    raw = document.tables.get("alarms", {})
    if not isinstance(raw, dict):
        document.fault(("alarms",), "`alarms` must hold tables", "write [alarms.soc_low] and its keys below")
        return tuple(rules.values())
    for name, entry in raw.items():
        values = read_table(document, ("alarms", name), entry, keys.ALARM)
        if not ALARM_NAME.fullmatch(name):
            fix = "use a to z, 0 to 9 and _, a letter first, 64 at most"
            document.fault(("alarms", name), f'bad name "{name[:40]}"', fix)
            continue
        table = _Table(document, name, values, parts.channels, unknown)
        rule = table.changed(rules[name]) if name in rules else table.new(list(rules))
        if rule is not None:
            rules[name] = rule
    return tuple(rules.values())


class _Table:
    """One table [alarms.NAME]."""

    def __init__(
        self,
        document: Document,
        name: str,
        values: Values,
        channels: Mapping[str, ChannelKind],
        unknown: UnknownChannel,
    ) -> None:
        self._document, self._name, self._values = document, name, values
        self._channels, self._unknown = channels, unknown

    def changed(self, rule: AlarmRule) -> AlarmRule:
        """A standing rule with what the table says instead."""
        watch = rule.watch
        match watch:
            case Level():
                rule = replace(rule, watch=self._level(watch))
            case Sunlight():
                raise_pct, clear_pct = self._levels(watch.raise_pct, watch.clear_pct)
                rule = replace(rule, watch=replace(watch, raise_pct=raise_pct, clear_pct=clear_pct))
                self._refuse("channel", "raise_after_s", "clear_after_s")
            case NoStart() if self._channel_stands("flag"):
                self._refuse("raise_level", "clear_level")
                contacts = (Contact(as_text(self._values, "channel")),)
                rule = replace(rule, watch=replace(watch, contacts=contacts))
            case Silence():
                self._refuse("channel", "clear_level")
                after_s = float(self._values.get("raise_level", watch.after_s))
                rule = replace(rule, watch=replace(watch, after_s=max(1.0, after_s)))
            case Growth() | Messages():
                self._refuse("channel", "raise_level", "clear_level", "raise_after_s")
            case _:
                self._refuse("channel", "raise_level", "clear_level")
        return self._common(rule)

    def new(self, known: list[str]) -> AlarmRule | None:
        """A rule of the site's own; None when the table does not make one."""
        missing = [key for key in _OWN_NEEDS if key not in self._values]
        match = nearest(self._name, known)
        if len(missing) == len(_OWN_NEEDS) or (missing and match):
            fix = suggest(self._name, known, "rule")
            reason = f"there is no standing alarm rule `{self._name}` on this site"
            self._fault("", reason, f"{fix} A rule of your own needs {', '.join(missing)}")
            return None
        for key in missing:
            self._document.missing(("alarms", self._name, key), f"add {key}: a rule of your own needs it")
        if missing or not self._channel_stands(None):
            return None
        channel = as_text(self._values, "channel")
        raise_level, clear_level = self._values["raise_level"], self._values["clear_level"]
        if raise_level == clear_level:
            self._fault(
                "clear_level", "`clear_level` is the same as `raise_level`", "leave a band between them"
            )
            return None
        rule = AlarmRule(
            self._name, "warning", Level(channel, float(raise_level), float(clear_level)),
            _OWN_RAISE_S, _OWN_CLEAR_S,
        )  # fmt: skip
        self._within_range(channel)
        rule = self._common(rule)
        return rule if rule.title_en else replace(rule, title_en=self._name.replace("_", " "))

    def _level(self, watch: Level) -> Level:
        channel = watch.channel
        if "channel" in self._values:
            quantity = self._channels[channel].quantity if channel in self._channels else None
            if quantity is None:
                self._refuse("channel")
            elif self._channel_stands(quantity):
                channel = as_text(self._values, "channel")
        raise_level, clear_level = self._levels(watch.raise_level, watch.clear_level)
        self._within_range(channel)
        return replace(watch, channel=channel, raise_level=raise_level, clear_level=clear_level)

    def _levels(self, raise_level: float, clear_level: float) -> tuple[float, float]:
        """The levels as changed; they must lie to each other as those of the standing rule do."""
        raised = float(self._values.get("raise_level", raise_level))
        cleared = float(self._values.get("clear_level", clear_level))
        if (raised > cleared) != (raise_level > clear_level) or raised == cleared:
            side = "below" if raise_level > clear_level else "above"
            key = "clear_level" if "clear_level" in self._values else "raise_level"
            reason = f"`{self._name}` clears at {cleared:g}, which is not {side} its raise_level {raised:g}"
            self._fault(key, reason, f"write a clear_level {side} {raised:g}")
        return raised, cleared

    def _within_range(self, channel: str) -> None:
        if channel not in self._channels:
            return
        quantity = QUANTITIES[self._channels[channel].quantity]
        for key in ("raise_level", "clear_level"):
            if key in self._values and not quantity.plausible(float(self._values[key])):
                unit = f" {quantity.unit}" if quantity.unit else ""
                fix = f"write a number from {quantity.low:g} to {quantity.high:g}{unit}"
                self._fault(key, f"`{key}`: impossible value {self._values[key]:g} of a {quantity.name}", fix)

    def _channel_stands(self, quantity: str | None) -> bool:
        """Whether the table names a channel that exists, of that quantity if one is given."""
        if "channel" not in self._values:
            return False
        channel = as_text(self._values, "channel")
        fault = self._unknown(channel)
        kind = self._channels.get(channel)
        if fault is None and kind is not None and quantity not in (None, kind.quantity):
            fault = f"`{channel}` is a {kind.quantity}, not a {quantity}", f"name a {quantity} channel"
        if fault is not None:
            self._fault("channel", *fault)
        return fault is None and kind is not None

    def _refuse(self, *names: str) -> None:
        for key in names:
            if key in self._values:
                self._fault(key, f"the rule `{self._name}` has no `{key}`", "leave this key out")

    def _common(self, rule: AlarmRule) -> AlarmRule:
        values = self._values
        severity = values.get("severity", rule.severity)
        return replace(
            rule,
            severity=cast(Severity, severity),
            title_en=as_text(values, "title"),
            title_it=as_text(values, "title_it"),
            raise_after_s=float(values.get("raise_after_s", rule.raise_after_s)),
            clear_after_s=float(values.get("clear_after_s", rule.clear_after_s)),
            enabled=values.get("enabled", True) is True,
        )

    def _fault(self, key: str, reason: str, fix: str) -> None:
        path = ("alarms", self._name, key) if key else ("alarms", self._name)
        self._document.fault(path, reason, fix)
