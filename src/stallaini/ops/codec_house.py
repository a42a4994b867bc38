"""Minutes of the simulated house, made by the edge's decoder and sampler: to learn from, to measure on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from stallaini.devices.can_battery.battery import CanBattery
from stallaini.devices.can_battery.simulator import encode_burst
from stallaini.devices.can_bus.frame import Frame
from stallaini.devices.catalogue import load_kinds
from stallaini.edge.sampler import Sampler
from stallaini.link.messages import Minute
from stallaini.link.model import series_kinds
from stallaini.ops.codec_sources import Recording
from stallaini.ops.history import STEP_S
from stallaini.site.config import SiteConfig, parse_site
from stallaini.twin.physics.house import House

DAY_MINUTES = 1440
_OPS = Path(__file__).parent
_SITES = (
    (_OPS / "bench" / "link_site.toml", "pylon-plus"),
    (_OPS / "bench" / "bench_site.toml", "pylon-plus"),
    (_OPS / "codec_site.toml", "pylontech-1.2"),
)
"""Forty series, ten of them, and a site file that leaves the choice to the program; what each one speaks."""
_FIRST_MINUTE, _DAYS_APART = 27_000_000, 61
"""A day in May 2021, and a step that goes through all seasons."""
_SEEDS_FROM = 1000
# Real batteries speak each second, which takes fifteen times as long to simulate: every fourth day's lot.
_STEPS_S = (STEP_S, STEP_S, STEP_S, 1)


def house_recordings(days: int) -> Iterator[Recording]:
    """`days` days of a house, each with a weather and people of its own, as each of our sites keeps them."""
    for day in range(days):
        first_minute = _FIRST_MINUTE + day * _DAYS_APART * DAY_MINUTES
        for path, profile in _SITES:
            config = parse_site(path.read_text(), load_kinds())
            house = House(seed=_SEEDS_FROM + day)
            minutes = house_day(config, house, profile, first_minute, _STEPS_S[day % len(_STEPS_S)])
            yield Recording(series_kinds(config.description), iter([minutes]))


def house_day(
    config: SiteConfig, house: House, profile: str, first_minute: int, step_s: int, minutes: int = DAY_MINUTES
) -> list[Minute]:
    """The minutes from `first_minute` on of a house whose battery speaks each `step_s` seconds."""
    battery, sampler = CanBattery(config.devices[0].name, profile), Sampler(config.description)
    made, now_s = [], first_minute * 60
    for minute in range(first_minute, first_minute + minutes):
        for _ in range(60 // step_s):
            now_s += step_s
            for can_id, data in encode_burst(profile, house.step(now_s, step_s).bms):
                for reading in battery.feed(Frame(can_id, data, float(now_s - first_minute * 60))):
                    sampler.feed(reading)
        made.append(sampler.close(minute))
    return made
