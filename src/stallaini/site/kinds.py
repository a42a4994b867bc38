"""Device kinds: what a manifest says a kind of device offers and which settings it takes."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, cast

from stallaini.site.quantities import QUANTITIES

Value = str | int | float | bool
ValueType = Literal["str", "int", "float", "bool"]

_TYPES = ("str", "int", "float", "bool")
_CHANNEL_KEYS = {"field", "quantity", "aggregates", "stale_after_s", "states", "needs"}


@dataclass(frozen=True)
class ChannelKind:
    """One channel of a kind: its name under the device, its quantity, and the series kept by default.

    `aggregates` () means the channel is shown live but not kept. `stale_after_s` 0 means the quantity's own;
    a channel that is asked for each minute is stale later. `states` are the words for a state's numbers.
    `needs` (setting, n): only a device whose setting is n or more has the channel.
    """

    field: str
    quantity: str
    aggregates: tuple[str, ...]
    stale_after_s: float = 0.0
    states: tuple[tuple[int, str], ...] = ()
    needs: tuple[str, int] | None = None

    def exists(self, settings: Mapping[str, Value]) -> bool:
        """Whether a device with these settings has the channel."""
        if self.needs is None:
            return True
        value = settings.get(self.needs[0])
        return isinstance(value, int | float) and value >= self.needs[1]


@dataclass(frozen=True)
class SettingKind:
    """One key of the site file: its type, default and bounds, and a line for the reference page.

    `unit` is the unit of a bare number (empty: told by the name's ending, such as `_s`, or none);
    `low` and `high` are inclusive bounds in that unit. `device_kind`: the value names a device of that kind.
    `unique_with`: no two devices have the same value of this and of that setting. `ports`: the value is a
    port line (`site/port_line.py`) of one of these kinds; one of a CAN bus needs `transmit = true`.
    """

    name: str
    type: ValueType = "str"
    required: bool = False
    default: Value | None = None
    choices: tuple[str, ...] = ()
    help: str = ""
    unit: str = ""
    low: float | None = None
    high: float | None = None
    device_kind: str = ""
    unique_with: str = ""
    ports: tuple[str, ...] = ()


@dataclass(frozen=True)
class DeviceKind:
    """What a device folder's manifest declares."""

    name: str
    title: str
    channels: tuple[ChannelKind, ...]
    settings: tuple[SettingKind, ...]
    proven: str = ""


def parse_manifest(text: str) -> DeviceKind:
    """The device kind a `manifest.toml` declares. Raises ValueError naming what is wrong with it."""
    raw = tomllib.loads(text)
    unknown = set(raw) - {"name", "title", "proven", "channel", "setting"}
    if unknown:
        raise ValueError(f"manifest: unknown keys {sorted(unknown)}")
    kind = DeviceKind(
        name=str(raw["name"]) if "name" in raw else "",
        title=str(raw.get("title", "")),
        channels=tuple(_channel(entry) for entry in raw.get("channel", ())),
        settings=tuple(_setting(entry) for entry in raw.get("setting", ())),
        proven=str(raw.get("proven", "")),
    )
    if not kind.name or not kind.title:
        raise ValueError("manifest: `name` and `title` are required")
    _refuse_twice(kind.name, [channel.field for channel in kind.channels])
    _refuse_twice(kind.name, [setting.name for setting in kind.settings])
    numbers = {setting.name for setting in kind.settings if setting.type in ("int", "float")}
    for channel in kind.channels:
        if channel.needs is not None and channel.needs[0] not in numbers:
            raise ValueError(
                f"manifest: channel {channel.field!r} needs {channel.needs[0]!r}: no such setting"
            )
    return kind


def _channel(entry: Mapping[str, object]) -> ChannelKind:
    name = str(entry.get("field", ""))
    quantity = QUANTITIES.get(str(entry.get("quantity")))
    if not name or quantity is None:
        raise ValueError(f"manifest: channel {name!r} needs a field and a known quantity, not {entry!r}")
    unknown = set(entry) - _CHANNEL_KEYS
    if unknown:
        raise ValueError(f"manifest: channel {name!r}: unknown keys {sorted(unknown)}")
    aggregates = tuple(cast(Sequence[str], entry.get("aggregates", quantity.aggregates)))
    unfit = [aggregate for aggregate in aggregates if aggregate not in quantity.fitting]
    if unfit:
        raise ValueError(f"manifest: channel {name!r}: {unfit} does not fit the quantity {quantity.name}")
    stale_after_s = float(cast(float, entry.get("stale_after_s", 0.0)))
    states = _states(name, quantity.name, entry)
    return ChannelKind(name, quantity.name, aggregates, stale_after_s, states, _needs(name, entry))


def _needs(name: str, entry: Mapping[str, object]) -> tuple[str, int] | None:
    raw = entry.get("needs")
    if raw is None:
        return None
    if isinstance(raw, list) and [type(part) for part in raw] == [str, int]:
        return (raw[0], raw[1])
    raise ValueError(f"manifest: channel {name!r}: `needs` is a setting and its least number")


def _states(name: str, quantity: str, entry: Mapping[str, object]) -> tuple[tuple[int, str], ...]:
    raw = cast(Mapping[str, str], entry.get("states", {}))
    if bool(raw) != (quantity == "state"):
        raise ValueError(f"manifest: channel {name!r}: a state, and nothing else, needs `states`")
    try:
        return tuple((int(number), word) for number, word in raw.items())
    except ValueError:
        raise ValueError(f"manifest: channel {name!r}: `states` are words by their numbers") from None


def _setting(entry: Mapping[str, object]) -> SettingKind:
    known = SettingKind.__dataclass_fields__
    unknown = set(entry) - set(known)
    if unknown or "name" not in entry:
        raise ValueError(f"manifest: setting {entry!r} needs a name; known keys are {sorted(known)}")
    values = dict(entry)
    for listed in ("choices", "ports"):
        values[listed] = tuple(cast(Sequence[str], entry.get(listed, ())))
    if values.get("type", "str") not in _TYPES:
        raise ValueError(f"manifest: setting {entry['name']!r}: type must be one of {_TYPES}")
    return SettingKind(**values)  # type: ignore[arg-type]


def _refuse_twice(kind: str, names: Sequence[str]) -> None:
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"manifest {kind}: declared twice: {twice}")
