"""The tables of the reference pages, made from what the code declares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from stallaini.site import keys
from stallaini.site.alarms import (
    AlarmRule,
    Growth,
    Level,
    Messages,
    NoStart,
    Silence,
    States,
    Sunlight,
    flag_rule,
    unit_outside,
)  # fmt: skip
from stallaini.site.description import AlarmSpec
from stallaini.site.kinds import ChannelKind, DeviceKind, SettingKind
from stallaini.site.quantities import QUANTITIES
from stallaini.site.values import unit_of

_TYPES = {"str": "text", "int": "whole number", "float": "number", "bool": "true or false"}


def quantities_table() -> str:
    """Every quantity, as Markdown."""
    rows = [
        (
            f"`{quantity.name}`",
            quantity.unit or "-",
            f"{quantity.resolution:g}",
            f"{quantity.low:g} to {quantity.high:g}",
            quantity.sign,
            ", ".join(quantity.aggregates),
            ", ".join(quantity.fitting),
            f"{quantity.stale_after_s:g} s",
        )
        for quantity in QUANTITIES.values()
    ]
    heads = ("quantity", "unit", "resolution", "range", "sign", "kept by default", "possible", "stale after")
    return _table(heads, rows)


def keys_table(table: str) -> str:
    """Every key of one table of the site file, as Markdown."""
    return _settings(keys.TABLES[table])


def alarms_table(rules: Iterable[AlarmRule], specs: Mapping[str, AlarmSpec]) -> str:
    """Every rule of a site but those of trouble flags, as Markdown; `specs` of the same site."""
    rows = [
        (
            f"`{rule.name}`",
            specs[rule.name].title_en,
            rule.severity,
            *_watched(rule, specs[rule.name].unit),
            _span(rule.raise_after_s),
            _span(rule.clear_after_s),
        )
        for rule in rules
        if rule != flag_rule(rule.channel)
    ]
    heads = ("rule", "title", "severity", "watches", "raised", "cleared", "raised after", "cleared after")
    return _table(heads, rows)


def flag_alarms_table(rules: Iterable[AlarmRule]) -> str:
    """The rules of a site's trouble flags by what their names say, as Markdown."""
    flags = [rule for rule in rules if rule == flag_rule(rule.channel)]
    groups: dict[tuple[str, str], list[str]] = {}
    for rule in flags:
        kind, _, item = rule.channel.partition(".")[2].partition(".")
        items = groups.setdefault((kind, rule.severity), [])
        if f"`{item}`" not in items:
            items.append(f"`{item}`")
    rows = [(f"`{kind}.`", severity, ", ".join(items)) for (kind, severity), items in groups.items()]
    return _table(("flag", "severity", "which"), rows)


def kinds_sections(kinds: Mapping[str, DeviceKind]) -> str:
    """Every device kind with its settings and channels, as Markdown."""
    return "\n\n".join(_kind(kinds[name]) for name in sorted(kinds))


def _watched(rule: AlarmRule, unit: str) -> tuple[str, str, str]:
    """What a rule watches, where it is raised, where cleared."""
    watch, unit = rule.watch, f" {unit}" if unit else ""
    match watch:
        case Level():
            beyond, back = ("or more", "or less") if watch.rises else ("or less", "or more")
            own = unit_outside(watch)
            seen = f"`{watch.channel}`" + (", which the edge measures of itself" if own else "")
            if watch.unless is not None:
                seen += f", unless `{watch.unless[0]}` is {watch.unless[1]:g} or more"
            return seen, f"{watch.raise_level:g}{unit} {beyond}", f"{watch.clear_level:g}{unit} {back}"
        case States():
            numbers = ", ".join(str(number) for number in sorted(watch.numbers))
            return f"`{watch.channel}`", f"state {numbers}", "any other state"
        case Silence():
            seen = "every channel of the device" + (", while its gateway answers" if watch.link else "")
            return seen, f"none heard for {watch.after_s:g} s", "one is heard"
        case Growth():
            messages = ", ".join(str(number) for number in sorted(watch.messages))
            return f"`{watch.channel}`, and the messages {messages}", "it grows, or one comes", "quiet"
        case Messages():
            severities = " or ".join(sorted(watch.severities))
            return "the messages of its devices", f"one of severity {severities}", "quiet"
        case NoStart():
            contacts = ", ".join(f"`{contact.channel}`" for contact in watch.contacts)
            seen = f"{contacts} in generator mode, and `{watch.voltage}`"
            return seen, f"called, below {watch.least_v:g}{unit}", "not called, or voltage there"
        case Sunlight():
            seen = "energy of the chargers against clear sky, while none is curtailed"
            return seen, f"{watch.raise_pct:g}{unit} or less", f"{watch.clear_pct:g}{unit} or more"


def _span(seconds: float) -> str:
    for size_s, unit in ((3600, "h"), (60, "min")):
        if seconds >= size_s and seconds % size_s == 0:
            return f"{seconds / size_s:g} {unit}"
    return f"{seconds:g} s" if seconds else "at once"


def _kind(kind: DeviceKind) -> str:
    parts = [f"### `{kind.name}`: {kind.title}"]
    if kind.proven:
        parts.append(f"Proven on: {kind.proven}.")
    if kind.settings:
        parts.append(_settings(kind.settings))
    if kind.channels:
        rows = [
            (_field(channel), channel.quantity, ", ".join(channel.aggregates) or "-")
            for channel in kind.channels
            if channel.needs is None or channel.needs[1] == 1
        ]
        parts.append(_table(("channel", "quantity", "kept by default"), rows))
    return "\n\n".join(parts)


def _field(channel: ChannelKind) -> str:
    """The channel's name; of those that a setting counts only the first has a row."""
    return f"`{channel.field}`" + (f" ... one for each of `{channel.needs[0]}`" if channel.needs else "")


def _settings(settings: Iterable[SettingKind]) -> str:
    rows = [
        (f"`{key.name}`", _shape(key), "required" if key.required else _default(key), key.help)
        for key in settings
    ]
    return _table(("key", "value", "default", "meaning"), rows)


def _shape(key: SettingKind) -> str:
    if key.device_kind:
        return f"the name of a `{key.device_kind}`"
    if key.choices:
        return " or ".join(f'`"{choice}"`' for choice in key.choices)
    unit = f" in {unit_of(key)}" if unit_of(key) else ""
    bounds = f", {key.low:g} to {key.high:g}" if key.low is not None and key.high is not None else ""
    return f"{_TYPES[key.type]}{unit}{bounds}"


def _default(key: SettingKind) -> str:
    if key.default is None:
        return "-"
    if isinstance(key.default, bool):
        return f"`{str(key.default).lower()}`"
    return f'`"{key.default}"`' if isinstance(key.default, str) else f"`{key.default:g}`"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in lines)
