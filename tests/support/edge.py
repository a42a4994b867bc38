"""A small site for the edge's tests: four channels, six series."""

from __future__ import annotations

from pathlib import Path

from stallaini.clock import VirtualClock
from stallaini.edge.journal import Journal, Origin
from stallaini.link.messages import Event, Minute
from stallaini.site.config import LinkConfig, SiteConfig
from stallaini.site.description import ChannelSpec, Description, SeriesSpec
from stallaini.site.quantities import QUANTITIES

BOOT = bytes.fromhex("b007b007b007b007")
NOON_S = 1_795_003_200
NOON = NOON_S // 60

CHANNELS = {
    "battery.current": ("current", ("mean", "min", "max")),
    "battery.soc": ("soc", ("last",)),
    "battery.charge_enabled": ("flag", ("min",)),
    "battery.alarm.high_temperature": ("flag", ("max",)),
}


def describe(site: str = "lab") -> Description:
    channels, series = [], []
    for name, (quantity_name, aggregates) in CHANNELS.items():
        quantity = QUANTITIES[quantity_name]
        channels.append(
            ChannelSpec(name, quantity.name, quantity.unit, quantity.resolution, quantity.stale_after_s)
        )
        series += [
            SeriesSpec(f"{name}.{aggregate}", name, aggregate, quantity.unit, quantity.resolution)
            for aggregate in aggregates
        ]
    return Description(site, "The lab", "UTC", None, None, (), tuple(channels), tuple(series), ())


DESCRIPTION = describe()
ORIGIN = Origin(BOOT, DESCRIPTION.encode())


def site_config(link: LinkConfig | None = None) -> SiteConfig:
    return SiteConfig("lab", "The lab", "UTC", None, None, (), DESCRIPTION, link=link or LinkConfig())


def clock_at_noon() -> VirtualClock:
    return VirtualClock(wall_s=NOON_S, monotonic_s=1000.0)


def minute(number: int, current: int = 0) -> Minute:
    """Minute number `number` after noon; its values follow from `current` (in 0.1 A)."""
    return Minute(NOON + number, (current, current - 1, current + 1, 5000 - number, 1, None))


def event(number: int) -> Event:
    return Event(NOON_S + number, "flag.raised", {"channel": f"battery.alarm.{number}"})


def open_journal(path: Path | None, max_bytes: int = 10**8, kept_acked: int = 0) -> Journal:
    return Journal(path, max_bytes, clock_at_noon(), ORIGIN, kept_acked)
