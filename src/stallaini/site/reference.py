"""The tables of the reference pages, made from what the code declares."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from stallaini.site import keys
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


def kinds_sections(kinds: Mapping[str, DeviceKind]) -> str:
    """Every device kind with its settings and channels, as Markdown."""
    return "\n\n".join(_kind(kinds[name]) for name in sorted(kinds))


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
