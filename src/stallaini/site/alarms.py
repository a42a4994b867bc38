"""Alarm rules as declared: what a rule watches, at which levels, for how long. The edge judges them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from stallaini.site.alarm_texts import Title, flag_title, rule_title
from stallaini.site.description import AlarmSpec, ChannelSpec, Description
from stallaini.site.quantities import QUANTITIES

Severity = Literal["info", "warning", "critical"]
SEVERITIES: tuple[Severity, ...] = get_args(Severity)

ALARM_NAME = re.compile(r"[a-z][a-z0-9_]{0,63}")
FLAG_CLEAR_S = 60.0
_GRAVE_ITEMS = ("contactor", "short_circuit", "bms_internal", "internal_communication", "cell_failure")

CLOCK, PLAN, JOURNAL, DISK = "clock_unknown_s", "plan_forecast_pct", "journal_fill_pct", "disk_free_mb"
OWN_UNITS: Mapping[str, str] = {CLOCK: "s", PLAN: "%", JOURNAL: "%", DISK: "MB"}
"""What the edge measures of itself: rules name it like a channel, and no channel's name lacks a dot."""


@dataclass(frozen=True)
class Level:
    """Raised at `raise_level` or beyond, cleared at `clear_level` or beyond on the other side.

    `unless` (channel, level): while that channel is at its level or above, this is as it should be.
    `unsaid_clears`: a device that speaks and does not report the channel says that nothing is wrong, as some
    batteries do of a trouble that is over.
    """

    channel: str
    raise_level: float
    clear_level: float
    unless: tuple[str, float] | None = None
    unsaid_clears: bool = False

    @property
    def rises(self) -> bool:
        """Whether it is raised by a value that goes up."""
        return self.raise_level > self.clear_level

    def raised_by(self, value: float) -> bool:
        """Whether a value is at the raise level or beyond."""
        return value >= self.raise_level if self.rises else value <= self.raise_level

    def cleared_by(self, value: float) -> bool:
        """Whether a value is at the clear level or beyond, on the other side."""
        return value <= self.clear_level if self.rises else value >= self.clear_level


@dataclass(frozen=True)
class States:
    """Raised while a state's number is one of `numbers`."""

    channel: str
    numbers: frozenset[int]


@dataclass(frozen=True)
class Silence:
    """Raised when no channel of a device was heard for `after_s`; `link`: unless its gateway is silent."""

    device: str
    channels: tuple[str, ...]
    after_s: float
    link: str | None = None


@dataclass(frozen=True)
class Growth:
    """Raised by a count that grows, or by one of these messages of the device; cleared by quiet."""

    channel: str
    device: str
    messages: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Messages:
    """Raised by a message of one of `devices` that is this grave, but for `but`; cleared by quiet."""

    devices: frozenset[str]
    severities: frozenset[str]
    but: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Contact:
    """One contact that calls a generator: always, or (`mode` given) while its mode is `number`."""

    channel: str
    mode: str | None = None
    number: int = 0


@dataclass(frozen=True)
class NoStart:
    """Raised while a contact calls and `voltage` stays below `least_v`."""

    contacts: tuple[Contact, ...]
    voltage: str
    least_v: float


@dataclass(frozen=True)
class Sunlight:
    """Raised when the chargers got less than `raise_pct` of what clear sky would have given them.

    Judged each time another hour's worth of full sun fell on the array while no charger was curtailed.
    """

    power: tuple[str, ...]
    curtailed: tuple[str, ...]
    array_w: float
    tilt_deg: float
    azimuth_deg: float
    latitude_deg: float
    longitude_deg: float
    raise_pct: float
    clear_pct: float


Watch = Level | States | Silence | Growth | Messages | NoStart | Sunlight


@dataclass(frozen=True)
class AlarmRule:
    """One rule of a site. What it watches must hold for `raise_after_s` without a break, then the reverse
    for `clear_after_s`. Empty titles: the standard ones."""

    name: str
    severity: Severity
    watch: Watch
    raise_after_s: float
    clear_after_s: float
    title_en: str = ""
    title_it: str = ""
    enabled: bool = True

    @property
    def channel(self) -> str:
        """The one channel that it watches, or what the edge measures of itself; empty for others."""
        return getattr(self.watch, "channel", "")

    @property
    def spec(self) -> AlarmSpec:
        """What the server is told of it, without what it knows itself."""
        raise_level, clear_level = levels(self.watch)
        return AlarmSpec(
            name=self.name,
            severity=self.severity,
            title_en=self.title_en,
            title_it=self.title_it,
            channel=self.channel if "." in self.channel else "",
            unit=unit_outside(self.watch),
            raise_level=raise_level,
            clear_level=clear_level,
            enabled=self.enabled,
        )


def levels(watch: Watch) -> tuple[float | None, float | None]:
    """At which value a rule is raised and cleared, None where it has no such levels."""
    match watch:
        case Level():
            return watch.raise_level, watch.clear_level
        case Sunlight():
            return watch.raise_pct, watch.clear_pct
        case Silence():
            return watch.after_s, None
        case NoStart():
            return watch.least_v, None
        case _:
            return None, None


def unit_outside(watch: Watch) -> str:
    """The unit of the levels where no channel tells it."""
    match watch:
        case Level():
            return OWN_UNITS.get(watch.channel, "")
        case Sunlight():
            return "%"
        case Silence():
            return "s"
        case NoStart():
            return "V"
        case _:
            return ""


def flag_rule(channel: str) -> AlarmRule | None:
    """The rule of a trouble flag such as `battery.alarm.low_voltage`; None for any other channel."""
    field = channel.partition(".")[2]
    kind, _, item = field.partition(".")
    if kind not in ("protection", "alarm", "warning") or not item:
        return None
    grave = kind == "protection" or (kind == "alarm" and item in _GRAVE_ITEMS)
    severity: Severity = "critical" if grave else "warning"
    watch = Level(channel, 1, 0, unsaid_clears=True)
    return AlarmRule(channel.replace(".", "_"), severity, watch, 0.0, FLAG_CLEAR_S)


def alarm_specs(description: Description) -> dict[str, AlarmSpec]:
    """Every alarm that a site may raise, by name, with titles and units filled in.

    Trouble flags raise alarms without being listed in the description, unless their rule was changed.
    """
    channels = {channel.name: channel for channel in description.channels}
    flags = (flag_rule(name) for name, channel in channels.items() if channel.quantity == "flag")
    specs = {rule.name: rule.spec for rule in flags if rule is not None}
    specs |= {spec.name: spec for spec in description.alarms}
    names = {load.name: load.title for load in description.loads}
    names |= {device.name: device.title for device in description.devices}
    return {name: _filled(spec, channels, names) for name, spec in specs.items() if spec.enabled}


def _filled(spec: AlarmSpec, channels: Mapping[str, ChannelSpec], names: Mapping[str, str]) -> AlarmSpec:
    device, _, field = spec.channel.partition(".")
    if spec.channel and flag_rule(spec.channel) is not None:
        title: Title | None = flag_title(field, names.get(device, device))
    else:
        title = rule_title(spec.name, names)
    unit = spec.unit
    if not unit and spec.channel in channels:
        unit = QUANTITIES[channels[spec.channel].quantity].unit
    plain = spec.name.replace("_", " ")
    english = spec.title_en or (title.en if title else plain)
    italian = spec.title_it or spec.title_en or (title.it if title else plain)
    return AlarmSpec(
        spec.name, spec.severity, english, italian, spec.channel, unit, spec.raise_level, spec.clear_level
    )
