"""A site file checked and compiled: `parse_site` gives the whole of it, or every fault in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, cast

from stallaini.site.alarms import AlarmRule, flag_rule
from stallaini.site.check import CheckedSite, channels_of, check_site
from stallaini.site.description import ChannelSpec, Description, DeviceSpec, LoadSpec, SeriesSpec
from stallaini.site.document import Document
from stallaini.site.faults import Fault, SiteFileError
from stallaini.site.kinds import ChannelKind, DeviceKind, Value
from stallaini.site.quantities import QUANTITIES
from stallaini.site.values import Values, as_number, as_text

__all__ = [
    "ClockConfig", "DeviceConfig", "Fault", "JournalConfig", "LinkConfig", "LoadConfig", "Mode", "SiteConfig",
    "SiteFileError", "SolarConfig", "parse_site",
]  # fmt: skip

Mode = Literal["auto", "minute", "economy"]


@dataclass(frozen=True)
class DeviceConfig:
    """One device: its name in channel names, its kind, and the settings that kind takes."""

    name: str
    kind: str
    title: str
    settings: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True)
class LoadConfig:
    """One switchable consumer; `channel` meters it, `switch` is the device that switches it."""

    name: str
    title: str
    power_w: float
    channel: str | None = None
    switch: str | None = None


@dataclass(frozen=True)
class SolarConfig:
    """The solar array as built; azimuth 180 is south."""

    panels: int
    panel_power_w: float
    tilt_deg: float = 30.0
    azimuth_deg: float = 180.0


@dataclass(frozen=True)
class LinkConfig:
    """When live values travel, how often, how long a message waits for its answer; the data plan; HTTPS.

    The plan is `monthly_mb` MB of 10^6 bytes from each `billing_day` on. `interface` None: the default
    route's, "none": none. `https_url` None: where the join line says.
    """

    live: Literal["watched", "always", "never"] = "watched"
    live_interval_s: float = 5.0
    ack_timeout_s: float = 2.0
    monthly_mb: float = 200.0
    billing_day: int = 1
    mode: Mode = "auto"
    interface: str | None = None
    vpn_interface: str | None = None
    https_url: str | None = None


@dataclass(frozen=True)
class JournalConfig:
    """The size the edge's journal may take on its card, in MB of 10^6 bytes."""

    max_mb: float = 64.0


@dataclass(frozen=True)
class ClockConfig:
    """Whether the edge's clock is right from the start, or believed only once somebody says so."""

    trusted: bool = False


@dataclass(frozen=True)
class SiteConfig:
    """One site as its file describes it."""

    site: str
    title: str
    timezone: str
    latitude: float | None
    longitude: float | None
    devices: tuple[DeviceConfig, ...]
    description: Description
    loads: tuple[LoadConfig, ...] = ()
    solar: SolarConfig | None = None
    link: LinkConfig = LinkConfig()
    journal: JournalConfig = JournalConfig()
    clock: ClockConfig = ClockConfig()
    alarms: tuple[AlarmRule, ...] = ()


def parse_site(text: str | bytes, kinds: Mapping[str, DeviceKind]) -> SiteConfig:
    """The site a file describes (bytes are UTF-8). Raises SiteFileError with every fault found."""
    document = Document(text if isinstance(text, str) else _decode(text))
    checked = check_site(document, kinds)
    if document.faults:
        raise SiteFileError(document.faults)
    return _compile(checked, kinds)


def _decode(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise SiteFileError([Fault(line, "not UTF-8 text", "save the file as UTF-8")]) from error


def _compile(checked: CheckedSite, kinds: Mapping[str, DeviceKind]) -> SiteConfig:
    description = _describe(checked, kinds)
    return SiteConfig(
        site=description.site,
        title=description.title,
        timezone=description.timezone,
        latitude=description.latitude,
        longitude=description.longitude,
        devices=tuple(_device(name, values, kinds) for name, values in checked.devices.items()),
        description=description,
        loads=tuple(_load(name, values) for name, values in checked.loads.items()),
        solar=None if checked.solar is None else SolarConfig(**cast(dict[str, Any], checked.solar)),
        link=LinkConfig(**cast(dict[str, Any], checked.link)),
        journal=JournalConfig(**cast(dict[str, Any], checked.journal)),
        clock=ClockConfig(**cast(dict[str, Any], checked.clock)),
        alarms=tuple(rule for rule in checked.alarms if rule.enabled),
    )


def _describe(checked: CheckedSite, kinds: Mapping[str, DeviceKind]) -> Description:
    site, channels = checked.site, channels_of(checked.devices, kinds)
    name = as_text(site, "name")
    devices = (_device(device, values, kinds) for device, values in checked.devices.items())
    loads = (_load(load, values) for load, values in checked.loads.items())
    return Description(
        site=name,
        title=as_text(site, "title", name),
        timezone=as_text(site, "timezone"),
        latitude=as_number(site, "latitude"),
        longitude=as_number(site, "longitude"),
        devices=tuple(DeviceSpec(device.name, device.kind, device.title) for device in devices),
        channels=tuple(_channel(full_name, channel) for full_name, channel in channels.items()),
        series=tuple(
            _series(full_name, aggregate, channel)
            for full_name, channel in channels.items()
            for aggregate in checked.series.get(full_name, channel.aggregates)
        ),
        loads=tuple(LoadSpec(load.name, load.title, load.power_w, load.channel or "") for load in loads),
        alarms=tuple(rule.spec for rule in checked.alarms if _told(rule)),
    )


def _told(rule: AlarmRule) -> bool:
    """Whether the server must be told of a rule: not of one that every flag of trouble has unasked."""
    standing = flag_rule(rule.channel)
    return rule != standing and (rule.enabled or standing is not None)


def _channel(name: str, channel: ChannelKind) -> ChannelSpec:
    quantity = QUANTITIES[channel.quantity]
    stale_after_s = channel.stale_after_s or quantity.stale_after_s
    return ChannelSpec(name, quantity.name, quantity.unit, quantity.resolution, stale_after_s, channel.states)


def _series(channel_name: str, aggregate: str, channel: ChannelKind) -> SeriesSpec:
    quantity = QUANTITIES[channel.quantity]
    return SeriesSpec(
        f"{channel_name}.{aggregate}", channel_name, aggregate, quantity.unit, quantity.resolution
    )


def _device(name: str, values: Values, kinds: Mapping[str, DeviceKind]) -> DeviceConfig:
    kind = kinds[as_text(values, "kind")]
    settings = {key.name: values[key.name] for key in kind.settings if key.name in values}
    return DeviceConfig(name, kind.name, as_text(values, "title", kind.title), settings)


def _load(name: str, values: Values) -> LoadConfig:
    return LoadConfig(
        name=name,
        title=as_text(values, "title", name),
        power_w=float(values["power_w"]),
        channel=as_text(values, "channel") or None,
        switch=as_text(values, "switch") or None,
    )
