"""The check of a site file: each table against its keys, then what the tables say of each other."""

from __future__ import annotations

import re
import zoneinfo
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from stallaini.site import keys
from stallaini.site.alarm_check import check_alarms
from stallaini.site.alarm_defaults import SiteParts
from stallaini.site.alarms import AlarmRule
from stallaini.site.document import Document, dotted
from stallaini.site.faults import suggest
from stallaini.site.kinds import ChannelKind, DeviceKind
from stallaini.site.lines import KeyPath
from stallaini.site.quantities import QUANTITIES
from stallaini.site.settings import check_settings
from stallaini.site.values import Values, read_table
from stallaini.site.web_address import parse_web_address

_SITE_NAME = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
_RESERVED = ("load",)


@dataclass
class CheckedSite:
    """The values of a site file's tables; complete only where the document has no faults."""

    site: Values = field(default_factory=dict)
    devices: dict[str, Values] = field(default_factory=dict)
    loads: dict[str, Values] = field(default_factory=dict)
    series: dict[str, tuple[str, ...]] = field(default_factory=dict)
    solar: Values | None = None
    link: Values = field(default_factory=dict)
    journal: Values = field(default_factory=dict)
    clock: Values = field(default_factory=dict)
    alarms: tuple[AlarmRule, ...] = ()


def check_site(document: Document, kinds: Mapping[str, DeviceKind]) -> CheckedSite:
    """The values of the file's tables; every fault goes to the document."""
    tables = document.tables
    for name in tables:
        if name not in keys.TABLES:
            reason = f"unknown table `{name}`" if isinstance(tables[name], dict) else f"unknown key `{name}`"
            document.fault((name,), reason, suggest(name, list(keys.TABLES), "table"))
    checked = CheckedSite(
        site=_site(document),
        devices=_devices(document, kinds),
        loads=_loads(document),
        solar=read_table(document, ("solar",), tables["solar"], keys.SOLAR) if "solar" in tables else None,
        link=_link(document),
        journal=read_table(document, ("journal",), tables.get("journal", {}), keys.JOURNAL),
        clock=read_table(document, ("clock",), tables.get("clock", {}), keys.CLOCK),
    )
    channels = channels_of(checked.devices, kinds)
    checked.series = _series(document, checked, channels)
    _check_references(document, checked, channels)
    check_settings(document, checked.devices, kinds)
    parts = SiteParts(checked.site, checked.devices, channels, checked.loads, checked.solar)
    checked.alarms = check_alarms(
        document, parts, lambda name: _unknown_channel(name, checked.devices, channels)
    )
    return checked


def channels_of(devices: Mapping[str, Values], kinds: Mapping[str, DeviceKind]) -> dict[str, ChannelKind]:
    """Every channel of every device, by full name, in the file's order."""
    return {
        f"{name}.{channel.field}": channel
        for name, values in devices.items()
        if str(values.get("kind")) in kinds
        for channel in kinds[str(values["kind"])].channels
        if channel.exists(values)
    }


def _site(document: Document) -> Values:
    if "site" not in document.tables:
        document.missing(("site",), 'add a table [site] with name = "..." and timezone = "..."')
        return {}
    values = read_table(document, ("site",), document.tables["site"], keys.SITE)
    if "name" in values and not _SITE_NAME.fullmatch(str(values["name"])):
        _bad_name(document, ("site", "name"), str(values["name"]), "-")
    if "timezone" in values:
        _check_timezone(document, str(values["timezone"]))
    for here, other in (("latitude", "longitude"), ("longitude", "latitude")):
        if here in values and other not in document.tables["site"]:
            document.fault(("site", here), f"`{here}` without `{other}`", f"add {other} = a number in deg")
    return values


def _check_timezone(document: Document, name: str) -> None:
    try:
        zoneinfo.ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        known = zoneinfo.available_timezones()
        if known:  # a machine without zone data cannot judge
            fix = suggest(name, sorted(known - {"Factory"}), "time zone")
            document.fault(("site", "timezone"), f'impossible value: no time zone "{name}"', fix)


def _devices(document: Document, kinds: Mapping[str, DeviceKind]) -> dict[str, Values]:
    devices: dict[str, Values] = {}
    for name, raw in _named_tables(document, "devices"):
        path: KeyPath = ("devices", name)
        if name in _RESERVED:
            document.fault(path, f"the name `{name}` is taken by the loads' channels", "choose another name")
        kind = kinds.get(raw["kind"]) if isinstance(raw, dict) and isinstance(raw.get("kind"), str) else None
        if kind is not None:
            devices[name] = read_table(document, path, raw, (*keys.DEVICE, *kind.settings))
            if not kind.channels:
                fix = "leave this device out: what it records is read from its files"
                document.fault((*path, "kind"), f'the device kind "{kind.name}" has no live channels', fix)
            continue
        # Which settings it may have only its kind could tell: check the keys that every device has.
        common = {key.name for key in keys.DEVICE}
        known = {key: value for key, value in raw.items() if key in common} if isinstance(raw, dict) else raw
        devices[name] = read_table(document, path, known, keys.DEVICE)
        written = devices[name].get("kind")
        if written is not None:
            fix = suggest(str(written), sorted(kinds), "device kind")
            document.fault((*path, "kind"), f'unknown device kind "{written}"', fix)
    return devices


def _link(document: Document) -> Values:
    values = read_table(document, ("link",), document.tables.get("link", {}), keys.LINK)
    if "https_url" in values:
        try:
            parse_web_address(str(values["https_url"]))
        except ValueError as error:
            fix = 'write "https://server.example.org", the address of the server\'s page'
            document.fault(("link", "https_url"), f"`https_url`: {error}", fix)
    return values


def _loads(document: Document) -> dict[str, Values]:
    return {
        name: read_table(document, ("loads", name), raw, keys.LOAD)
        for name, raw in _named_tables(document, "loads")
    }


def _named_tables(document: Document, table: str) -> Iterator[tuple[str, object]]:
    """The tables of `devices` or `loads`, after a check of their names and titles."""
    raw = document.tables.get(table, {})
    if not isinstance(raw, dict):
        document.fault(
            (table,), f"`{table}` must hold tables", f"write [{table}.some_name] and its keys below"
        )
        return
    titles: dict[str, str] = {}
    for name, entry in raw.items():
        if not _NAME.fullmatch(name):
            _bad_name(document, (table, name), name, "_")
        title = entry.get("title") if isinstance(entry, dict) else None
        if isinstance(title, str) and titles.setdefault(title, name) != name:
            reason = f'duplicate name: `{table}.{titles[title]}` has the title "{title}" too'
            document.fault((table, name, "title"), reason, "give each a title of its own")
        yield name, entry


def _bad_name(document: Document, path: KeyPath, name: str, joint: str) -> None:
    plain = re.sub(r"[^a-z0-9]+", joint, name.lower()).strip(joint)
    plain = re.sub(r"^[^a-z]+", "", plain)[:32]
    hint = f"; `{plain}` would do" if plain else ""
    fix = f"use a to z, 0 to 9 and {joint}, a letter first, 32 at most{hint}"
    document.fault(path, f'bad name "{name[:40]}"', fix)


def _series(
    document: Document, checked: CheckedSite, channels: Mapping[str, ChannelKind]
) -> dict[str, tuple[str, ...]]:
    series: dict[str, tuple[str, ...]] = {}
    for path, raw in _leaves(("series",), document.tables.get("series", {})):
        name = dotted(path[1:])
        if len(path) == 1:
            document.fault(path, "`series` must be a table", "write [series] and its channels below")
            continue
        if name in series:
            document.fault(path, f"duplicate name: `{name}` is there twice", "keep one of the two")
        series[name] = ()
        fault = _unknown_channel(name, checked.devices, channels)
        if fault is not None:
            document.fault(path, *fault)
        elif not isinstance(raw, list) or not all(isinstance(item, str) for item in raw):
            document.fault(path, f"`{name}` must be a list of aggregates", 'write ["mean", "min", "max"]')
        elif name in channels:
            series[name] = tuple(raw)
            _check_aggregates(document, path, raw, channels[name])
    return series


def _leaves(path: KeyPath, raw: object) -> Iterator[tuple[KeyPath, object]]:
    """A channel's name may be one quoted key, or a dotted one, which TOML reads as tables."""
    if not isinstance(raw, dict):
        yield path, raw
        return
    for name, value in raw.items():
        yield from _leaves((*path, name), value)


def _check_aggregates(document: Document, path: KeyPath, raw: list[str], channel: ChannelKind) -> None:
    fitting = QUANTITIES[channel.quantity].fitting
    for position, aggregate in enumerate(raw):
        if aggregate not in fitting:
            reason = f'"{aggregate}" is no aggregate of {channel.quantity}'
            document.fault(
                (*path, position), reason, "possible: " + ", ".join(f'"{name}"' for name in fitting)
            )
        elif aggregate in raw[:position]:
            document.fault((*path, position), f'duplicate name: "{aggregate}" is there twice', "keep one")


def _check_references(document: Document, checked: CheckedSite, channels: Mapping[str, ChannelKind]) -> None:
    for name, load in checked.loads.items():
        channel, switch = load.get("channel"), load.get("switch")
        if channel is not None:
            fault = _unknown_channel(str(channel), checked.devices, channels)
            kind = channels.get(str(channel))
            if fault is None and kind is not None and kind.quantity != "power":
                fault = (
                    f"`{channel}` is a {kind.quantity}, not a power",
                    "name the power channel of its meter",
                )
            if fault is not None:
                document.fault(("loads", name, "channel"), *fault)
        if switch is not None and switch not in checked.devices:
            fix = suggest(str(switch), list(checked.devices), "device")
            document.fault(("loads", name, "switch"), f"missing device `{switch}`", fix)


def _unknown_channel(
    name: str, devices: Mapping[str, Values], channels: Mapping[str, ChannelKind]
) -> tuple[str, str] | None:
    """Why `name` is no channel; None when it is one, or when a fault of its device hides whether it is."""
    device = name.partition(".")[0]
    if device not in devices:
        return f"missing device `{device}` in `{name}`", suggest(device, list(devices), "device")
    own = [channel for channel in channels if channel.startswith(f"{device}.")]
    if name in channels or not own:
        return None
    return f"missing channel `{name}`", suggest(name, own, "channel")
